"""All emoji of Unicode can be found and picked, and each is stored in one way only."""

import emoji
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import emojis

FULL = [sign for sign, known in emoji.EMOJI_DATA.items() if known['status'] == emoji.STATUS['fully_qualified']]
TONED = [sign for sign in FULL if any(tone in sign for tone in emojis.TONES[1:])]


def test_every_emoji_of_unicode_can_be_picked_once() -> None:
    characters = [each.character for each in emojis.all_emojis()]
    assert len(characters) == len(set(characters))
    assert set(characters) == set(FULL) - set(TONED)


def test_they_stand_group_by_group_in_the_order_that_people_know() -> None:
    groups = [each.group for each in emojis.all_emojis()]
    assert list(dict.fromkeys(groups)) == list(emojis.GROUPS)
    assert [each.character for each in emojis.all_emojis()[:3]] == ['😀', '😃', '😄']


@pytest.mark.parametrize(
    ('name', 'group'),
    [
        ('moose', 'Animals & Nature'),
        ('orca', 'Animals & Nature'),
        ('shaking face', 'Smileys & Emotion'),
        ('rightwards pushing hand', 'People & Body'),
        ('root vegetable', 'Food & Drink'),
        ('Sark', 'Flags'),
        ('phoenix', 'Animals & Nature'),
    ],
)
def test_new_ones_stand_beside_their_like(name: str, group: str) -> None:
    assert next(each.group for each in emojis.all_emojis() if each.name == name) == group


def test_a_shortcode_means_in_a_message_what_it_stands_for() -> None:
    named = [each for each in emojis.all_emojis() if each.shortcode]
    assert len(named) > 1_900
    assert [each for each in named if emojis.find(f':{each.shortcode}:') != each.character] == []
    sample = named[::40]
    assert [each for each in sample if emoji.emojize(f':{each.shortcode}:', language='alias') != each.character] == []


@pytest.mark.parametrize('each', ['👍', ':+1:', '+1', 'thumbsup', ':thumbs_up:'])
def test_an_emoji_is_found_by_itself_and_by_its_shortcodes(each: str) -> None:
    assert emojis.find(each) == '👍'


def test_one_emoji_is_stored_in_one_way() -> None:
    assert emojis.find('\u2764') == emojis.find('\u2764\ufe0f') == '\u2764\ufe0f'


@pytest.mark.parametrize(
    'text', ['', 'no such thing', ':', '::', '1', '#', '\U0001f3fd', '👍👍', '👍 ', 'ä', '\ud83d', 'x' * 65, '<b>']
)
def test_what_is_no_emoji_is_none(text: str) -> None:
    assert emojis.find(text) is None


def test_all_with_skin_tones_are_known_too() -> None:
    assert [sign for sign in FULL if emojis.find(sign) != sign] == []


@given(st.text(max_size=12))
def test_what_is_found_is_found_again(text: str) -> None:
    found = emojis.find(text)
    assert found is None or emojis.find(found) == found


@pytest.mark.parametrize(
    ('words', 'first'),
    [
        ('thumbs_up', '👍'),
        ('tada', '🎉'),
        ('party pop', '🎉'),
        ('red heart', '❤️'),
        ('germany', '🇩🇪'),
        ('lol', '😆'),
        ('HOORAY', '🙌'),
        ('👍🏽', '👍'),
        (':heart:', '❤️'),
    ],
)
def test_search_finds_by_name_shortcode_and_keyword(words: str, first: str) -> None:
    assert emojis.search(words, 8)[0].character == first


def test_search_gives_no_more_than_asked_for() -> None:
    assert len(emojis.search('face', 5)) == 5
    assert emojis.search('', 5) == emojis.search('xyzzy', 5) == []


def test_every_emoji_is_found_by_its_name() -> None:
    sample = emojis.all_emojis()[::17]
    assert [each for each in sample if each not in emojis.search(each.name, 100)] == []


@pytest.mark.parametrize(
    ('plain', 'tone', 'toned'),
    [
        ('👍', 3, '👍🏽'),
        ('👍🏿', 1, '👍🏻'),
        ('👍🏿', 0, '👍'),
        ('☝️', 5, '☝🏿'),
        ('🧑‍🤝‍🧑', 2, '🧑🏼‍🤝‍🧑🏼'),
        ('😀', 4, '😀'),
        ('👍', 6, '👍'),
        ('👍', -1, '👍'),
    ],
)
def test_a_skin_tone_is_put_on_and_taken_off(plain: str, tone: int, toned: str) -> None:
    assert emojis.with_tone(plain, tone) == toned


def test_who_takes_a_tone_has_all_five() -> None:
    takers = [each.character for each in emojis.all_emojis() if each.takes_tone]
    assert len(takers) > 300
    assert [each for each in takers if len({emojis.with_tone(each, tone) for tone in range(6)}) != 6] == []


def test_an_emoji_has_a_name_to_be_read_out() -> None:
    assert emojis.name_of('👍🏽') == 'thumbs up medium skin tone'
    assert emojis.name_of('x') == ''
