"""What is found by what: in every script, without case, accents and width."""

import pytest

from chat import search_terms, text
from chat.search_terms import Part


def finds(typed: str, body: str, *, phrase: bool = False) -> bool:
    parts = search_terms.phrase(typed) if phrase else search_terms.word(typed)
    assert parts
    stored = search_terms.terms(body)
    has_terms = all(
        set(part.terms) <= stored and all(_begins(part, start, stored) for start in part.beginnings) for part in parts
    )
    has_all = search_terms.has_all(body, parts)
    assert has_terms or not has_all, 'the index would hide what the message has'
    return has_terms and has_all


def _begins(part: Part, start: str, stored: frozenset[str]) -> bool:
    words = [term.removeprefix(search_terms.LISTED) for term in search_terms.listed(stored)]
    return any(term.startswith(start) for term in stored) or any(part.within and part.within in each for each in words)


@pytest.mark.parametrize(
    ('typed', 'body'),
    [
        ('coffee', 'More Coffee, please'),
        ('cof', 'coffee'),
        ('cafe', 'Das Café'),
        ('CAFÉ', 'cafe'),
        ('strasse', 'Hauptstr. / Straße'),
        ('ｗｉｄｅ', 'wide'),
        ('ёлка', 'Елка'),
        ('αθηνα', 'Αθήνα'),
        ('مدرسة', 'مَدْرَسَة'),
        ('שלום', 'שָׁלוֹם'),
        ('設計', '新しい設計図です'),
        ('図', '新しい設計図です'),
        ('す', '新しい設計図です'),
        ('設計図', '新しい設計図です'),
        ('がく', '大がくいも'),
        ('会议', '明天的会议改到三点'),
        ('회의', '내일회의는 세 시입니다'),
        ('ประชุม', 'พรุ่งนี้มีประชุมตอนบ่าย'),
        ('iphone用', '新しいiPhone用ケース'),
        ('3.18', 'NiceGUI 3.18 is out'),
        ('naïve', 'a naive plan'),
        ('👍', 'fine 👍🏽!'),
        ('x' * 100, 'x' * 100),
        ('script', 'JavaScript'),
        ('besprechung', 'Die Teambesprechung'),
        ('ава', 'Слава'),
    ],
)
def test_it_is_found(typed: str, body: str) -> None:
    assert finds(typed, body)


@pytest.mark.parametrize(
    ('typed', 'body'),
    [
        ('coffee', 'tea'),
        ('ee', 'coffee'),
        ('ofe', 'coffee'),
        ('ffeep', 'coffee please'),
        ('coffees', 'coffee'),
        ('設図', '設計図'),
        ('計設', '設計'),
        ('設計図', '設計 計図'),
        ('x' * 100, 'x' * 99),
        ('x' * 70 + 'y', 'x' * 71),
    ],
)
def test_it_is_not_found(typed: str, body: str) -> None:
    assert not finds(typed, body)


@pytest.mark.parametrize(
    ('typed', 'body', 'found'),
    [
        ('new plan', 'The *new* plan!', True),
        ('new plan', 'The plan is new', False),
        ('new plan', 'The new plans', False),
        ('ew plan', 'The new plan', False),
        ('計図 です', '設計図 です', True),
        ('新しい iPhone', '新しいiPhoneです', True),
        ('図', '設計図です', True),
    ],
)
def test_a_phrase_is_found_as_it_stands(typed: str, body: str, found: bool) -> None:
    assert finds(typed, body, phrase=True) is found


def test_nothing_but_signs_is_nothing_to_look_for() -> None:
    assert search_terms.word('!?…') == []
    assert search_terms.phrase('…') == []
    assert search_terms.terms('!?… ---') == frozenset()


def test_marks_that_are_piled_on_a_letter_are_left_out_before_they_are_put_in_order() -> None:
    piled = 'a' + '\u05b0\u05c2\u1dc0\u0316' * 2_500
    assert len(search_terms._calm(piled)) == 1 + text.MARKS_IN_A_ROW
    assert finds('a', piled)
    assert finds(piled[:200], piled)


def test_a_term_has_a_length_that_the_database_takes() -> None:
    for body in ('a' * 10_000, 'a' * 64, 'a' * 63, 'ﷺ' * 1_000, '設' * 1_000, '\U0001f468\u200d\U0001f469' * 100):
        terms = search_terms.terms(body)
        assert max(map(len, (*terms, *search_terms.listed(terms)))) <= search_terms.LONGEST_TERM


@pytest.mark.parametrize('body', ['Hello, World! a_b-c 3.18\t"x"\n`code` ~^+=<>|$', ''.join(map(chr, range(128)))])
def test_plain_english_goes_a_shorter_way_to_the_same_terms(body: str) -> None:
    assert search_terms.terms(body) | {'e'} == search_terms.terms(f'{body} é')


def test_a_hostile_message_has_not_more_terms_than_a_long_one() -> None:
    for body in ('ﷺ' * 10_000, ''.join(map(chr, range(0x4E00, 0x4E00 + 10_000))), 'a ' * 5_000, 'é a ' * 2_500):
        assert len(search_terms.terms(body)) <= search_terms.MOST_TERMS
        assert len(search_terms.line(body)) <= 2 * search_terms.MOST_CHARACTERS
    everyday = ' '.join(f'{number:x}' for number in range(2_500))
    for body in (everyday, f'é {everyday}', f'{everyday} é'):
        assert finds('7cf', body), 'all of a long message is found'


def test_what_is_put_together_from_two_characters_is_the_same_wherever_a_piece_of_a_long_message_ends() -> None:
    for length in range(search_terms.AT_ONCE - 2, search_terms.AT_ONCE + 1):
        assert finds('ガス', 'x' * length + ' カ\u3099ス')
