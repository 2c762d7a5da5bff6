import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import text
from chat.errors import Invalid

SHORT = st.text(max_size=40)
FAMILY = '👩‍👩‍👧‍👦'


def refusal(clean, raw):
    with pytest.raises(Invalid) as caught:
        clean(raw)
    return caught.value


# Bodies


@pytest.mark.parametrize(
    ('raw', 'stored'),
    [
        ('hello', 'hello'),
        ('  hello \n\n', 'hello'),
        ('\n \n    indented code\n', 'indented code'),
        ('one\r\ntwo\rthree\u2028four\x85five', 'one\ntwo\nthree\nfour\nfive'),
        ('a\x00b\x07c\x1b[31m\x9bd\x7f', 'abc[31md'),
        ('a\tb', 'a\tb'),
        ('می‌خواهم', 'می‌خواهم'),
    ],
)
def test_a_body_keeps_its_words_and_loses_what_is_not_text(raw, stored):
    assert text.clean_body(raw) == stored


@pytest.mark.parametrize('raw', ['', '  ', '\n\t\n', '\x00', '\u200b\u2060', '\u3164', '\u3000', '\ufeff'])
def test_a_body_without_anything_to_see_is_refused(raw):
    error = refusal(text.clean_body, raw)
    assert (str(error), error.field) == ('Write something first.', 'body')


def test_a_body_may_have_10000_characters_and_not_one_more():
    assert len(text.clean_body('x' * 10_000 + '\n')) == 10_000
    error = refusal(text.clean_body, 'x' * 10_001)
    assert str(error) == 'A message has at most 10,000 characters; this one has 10,001.'


@pytest.mark.parametrize('clean', [text.clean_body, text.clean_name, text.clean_room_name, text.clean_topic])
def test_half_a_character_is_refused_everywhere(clean):
    assert 'damaged' in str(refusal(clean, 'Ada \ud83d'))


@pytest.mark.parametrize(
    ('clean', 'raw', 'says'),
    [
        (text.clean_name, 'a' + '\u0300\u0316' * 64_000, 'A name has at most 32 characters; this one has 128,001.'),
        (text.clean_room_name, '👩\u200d' * 129, "A room's name has at most 64 characters; this one has 258."),
        (text.clean_topic, '👩\u200d' * 36_000, 'A topic has at most 250 characters; this one has 72,000.'),
    ],
)
def test_a_text_far_too_long_is_refused_before_anything_slow_looks_at_it(clean, raw, says, monkeypatch):
    """Sorting accents and finding emoji takes the square of the length: minutes for what fits into a request."""

    def slow(*_):
        raise AssertionError('reached')

    monkeypatch.setattr(text, '_visible', slow)
    monkeypatch.setattr(text, '_one_line', slow)
    assert str(refusal(clean, raw)) == says


def test_what_shrinks_to_the_limit_is_taken():
    assert len(text.clean_name('e\u0301' * 32)) == 32
    assert len(text.clean_topic(' \u200b \n' * 187 + 'x' * 250)) == 250


# Names


@pytest.mark.parametrize(
    ('raw', 'name'),
    [
        ('  Ada \t Lovelace\n', 'Ada Lovelace'),
        ('Zoe\u0301', 'Zoé'),
        ('Ada\u3000L', 'Ada L'),
        ('李小龍', '李小龍'),
        ("O'Brien-Smith Jr.", "O'Brien-Smith Jr."),
        ('👩‍💻', '👩‍💻'),
        ('🏴󠁧󠁢󠁥󠁮󠁧󠁿 fan', '🏴󠁧󠁢󠁥󠁮󠁧󠁿 fan'),
        ('❤️', '❤️'),
        ('علی‌رضا', 'علی‌رضا'),
        ('නි‍රෝ', 'නි‍රෝ'),
        ('ที่รัก', 'ที่รัก'),
        ('7', '7'),
        ('x' * 32, 'x' * 32),
        ('Ali', 'Ali'),
        ('Administratrix', 'Administratrix'),
        ('Roomba', 'Roomba'),
    ],
)
def test_people_may_be_called(raw, name):
    assert text.clean_name(raw) == name


@pytest.mark.parametrize(
    ('raw', 'says'),
    [
        ('', 'Please choose a name.'),
        (' \n ', 'Please choose a name.'),
        ('x' * 33, 'A name has at most 32 characters; this one has 33.'),
        ('Ada\u200b', 'invisible'),
        ('Ada\u200d', 'invisible'),
        ('A\u200cda', 'invisible'),
        ('Ada\u202egnp', 'invisible'),
        ('\u2066Ada', 'invisible'),
        ('A\u00adda', 'invisible'),
        ('Ada\x07', 'invisible'),
        ('Ada\x00', 'invisible'),
        ('Ada\ue000', 'invisible'),
        ('Ada\u0378', 'invisible'),
        ('\u3164', 'invisible'),
        ('\u2800', 'invisible'),
        ('Ada\ufe0f', 'invisible'),
        ('Ada\U000e0041', 'invisible'),
        ('Z\u0335\u0321\u0322\u0334a', 'accents'),
        ('...', 'at least one letter'),
        ('€$', 'at least one letter'),
        ('-_-', 'at least one letter'),
    ],
)
def test_a_name_is_refused_with_a_sentence(raw, says):
    error = refusal(text.clean_name, raw)
    assert says in str(error)
    assert error.field == 'name'


@pytest.mark.parametrize(
    'raw',
    [
        *sorted(text.MENTION_WORDS | text.ROLE_WORDS),
        *[
            'Admin',
            'ADMIN',
            'Adm1n',
            'аdmin',
            'a.d.m.i.n',
            'ad min',
            'Hеarth',
            'B0t',
            'ｓｙｓｔｅｍ',
            'All',
            '@everyone',
        ],
    ],
)
def test_nobody_is_called_like_the_house_or_like_a_mention_of_all(raw):
    assert 'Please choose another name.' in str(refusal(text.clean_name, raw))


# Names that count as the same


@pytest.mark.parametrize(
    ('one', 'other'),
    [
        ('Ada', 'ADA'),
        ('Ada', 'Ａｄａ'),
        ('Ada', '𝔸𝕕𝕒'),
        ('Ada', 'Аdа'),
        ('Ada', 'ᴀᴅᴀ'),
        ('Ada', 'A d-a_.'),
        ('Ada', 'Ada!'),
        ('Ada', 'A\u200bda'),
        ('Ada', 'A\u0332da'),
        ('Ian', 'lan'),
        ('Ian', '1an'),
        ('Ian', '|an'),
        ('Ιαη', 'ιαη'),
        ('Bob', 'B0b'),
        ('Nina', 'Νina'),
        ('Eve', 'Eνe'),
        ('Zoé', 'Zoe\u0301'),
        ('Zoë', 'Zoё'),
        ('Peter', 'Реtеr'),
        ('Peter', 'ΡETER'),
        ('Straße', 'STRASSE'),
        ('İpek', 'ipek'),
        ('Νίκος', 'ΝΊΚΟΣ'),
        ('Анна', 'АННА'),
        ("O'Neil", 'O’Neil'),
        ('カナ', 'ｶﾅ'),
        ('علي', 'عـلي'),
        ('👍', '👍\ufe0f'),
    ],
)
def test_two_names_count_as_the_same(one, other):
    assert text.skeleton(one) == text.skeleton(other)


@pytest.mark.parametrize(
    ('one', 'other'),
    [
        ('Zoe', 'Zoé'),
        ('Ada', 'Ida'),
        ('Ada', 'Ada 2'),
        ('Ada 2', 'Ada 3'),
        ('Ann', 'Ana'),
        ('Arne', 'Ame'),
        ('李', '季'),
        ('はは', 'ばば'),
        ('Анна', 'Нина'),
        ('👍', '👎'),
        ('👍', '👍🏽'),
        ('Søren', 'Soren'),
        ('Li', 'Lì'),
        ('नमन', 'नमनी'),
    ],
)
def test_two_names_stay_apart(one, other):
    assert text.skeleton(one) != text.skeleton(other)


def test_the_skeleton_of_a_name_that_grows_still_fits_its_column():
    assert len(text.skeleton('\ufdfa' * 32)) == 96


@given(SHORT)
def test_the_skeleton_of_a_skeleton_is_itself(raw):
    assert text.skeleton(text.skeleton(raw)) == text.skeleton(raw)


@given(st.text('AbİıſßΣςνΝаАéё0lI1|. -_\u0301\u0307\u0345\u200d👍🏽ｶﾞ가', max_size=8))
def test_the_skeleton_does_not_depend_on_order_of_folding(raw):
    assert text.skeleton(text.skeleton(raw)) == text.skeleton(raw)
    assert text.skeleton(raw) == text.skeleton(unicodedata.normalize('NFD', raw))
    assert text.skeleton(raw) == text.skeleton(unicodedata.normalize('NFC', raw))


@pytest.mark.parametrize('clean', [text.clean_body, text.clean_name, text.clean_room_name, text.clean_topic])
@given(raw=SHORT)
def test_cleaning_twice_is_cleaning_once(clean, raw):
    try:
        once = clean(raw)
    except Invalid:
        return
    assert clean(once) == once


@pytest.mark.parametrize(
    ('raw', 'shown'),
    [
        ('Jenkins', 'Jenkins'),
        (' a\n b ', 'a b'),
        ('\u202ecod\u2066.exe', 'cod.exe'),
        ('x' * 99, 'x' * 32),
        ('e\u0301', 'é'),
        ('\ud83d', ''),
        (FAMILY * 9, FAMILY * 4),
    ],
)
def test_a_name_from_elsewhere_is_shown_without_what_cannot_be_seen(raw, shown):
    assert text.foreign_name(raw) == shown


# A taken name


def test_a_taken_name_gets_the_next_number():
    assert text.suggest_name('Ada', {'Ada'}.__contains__) == 'Ada 2'
    assert text.suggest_name('Ada', {'Ada', 'Ada 2', 'Ada 3'}.__contains__) == 'Ada 4'
    assert text.suggest_name('Ada 2', {'Ada 2'}.__contains__) == 'Ada 3'
    assert text.suggest_name('7', set().__contains__) == '7 2'


@pytest.mark.parametrize('name', ['x' * 32, 'x' * 30 + ' y', FAMILY * 4, '\u1ec7' * 32, 'Ada 99'])
def test_a_suggestion_is_a_name_that_can_be_taken(name):
    suggestion = text.suggest_name(name, lambda candidate: not candidate.endswith(' 12'))
    assert suggestion.endswith(' 12')
    assert text.clean_name(suggestion) == suggestion


# Rooms


@pytest.mark.parametrize(
    ('raw', 'name'),
    [(' Lobby  two\n', 'Lobby two'), ('設計', '設計'), ('a\u200bb\u202ec', 'abc'), ('!', '!'), ('x' * 64, 'x' * 64)],
)
def test_a_room_may_be_called(raw, name):
    assert text.clean_room_name(raw) == name


@pytest.mark.parametrize(('raw', 'says'), [('', 'name the room'), ('\u200b', 'name the room'), ('x' * 65, 'has 65')])
def test_a_room_name_is_refused(raw, says):
    error = refusal(text.clean_room_name, raw)
    assert says in str(error)
    assert error.field == 'name'


def test_a_topic_is_one_line_of_at_most_250_characters_and_may_be_empty():
    assert text.clean_topic(' ') == ''
    assert text.clean_topic('What we\nbuild  next') == 'What we build next'
    error = refusal(text.clean_topic, 'x' * 251)
    assert (str(error), error.field) == ('A topic has at most 250 characters; this one has 251.', 'topic')


@pytest.mark.parametrize(
    ('name', 'slug'),
    [
        ('Lobby', 'lobby'),
        ('Ada’s Room #2', 'adas-room-2'),
        ('Crème brûlée', 'creme-brulee'),
        ('Straße nach Łódź', 'strasse-nach-lodz'),
        ('設計 の 部屋', '設計-の-部屋'),
        ('が ば', 'が-ば'),
        ('Дизайн й', 'дизайн-й'),
        ('हिन्दी', 'हिन्दी'),
        ('ＡＢＣ', 'abc'),
        ('🎉', 'room'),
        ('...', 'room'),
        ('../../etc/passwd', 'etc-passwd'),
        ('a/b?c#d%2f', 'a-b-c-d-2f'),
        ('New', 'new-room'),
        ('x' * 64, 'x' * 48),
        ('x' * 47 + ' y', 'x' * 47),
    ],
)
def test_the_address_of_a_room_can_be_read(name, slug):
    assert text.slug_of(name) == slug


@given(SHORT)
def test_an_address_is_always_one_part_of_a_path(name):
    slug = text.slug_of(name)
    assert 1 <= len(slug) <= 48
    assert slug != 'new'
    assert not set(slug) & set('/?#%.\\ &"\'<>:@')
    assert text.slug_of(slug) == slug


# What stands for people and messages


@pytest.mark.parametrize(
    ('name', 'letters'),
    [
        ('Ada', 'A'),
        ('ada lovelace', 'AL'),
        ('Ada King Lovelace', 'AL'),
        ('Ada 2', 'A2'),
        ('李 小龍', '李'),
        ('👩‍💻 Ada', '👩‍💻'),
        ('Ada 🎉', 'A'),
        ('🇩🇪', '🇩🇪'),
        ('e\u0323\u0301a', 'E\u0323\u0301'),
        ('(Ada) [bo]', 'AB'),
        ('ßeta', 'ß'),
        ('...', '.'),
        ('', '?'),
    ],
)
def test_the_initials_of(name, letters):
    assert text.initials(name) == letters


@given(SHORT)
def test_everybody_has_initials(name):
    assert text.initials(name)


@pytest.mark.parametrize(
    ('body', 'line'),
    [
        ('**Hello**  _you_\n\nsecond', 'Hello you second'),
        ('# Title\n- one\n- two', 'Title one two'),
        ('see [docs](https://x.org) ![cat](http://x/y.png) :tada: `a  b`', 'see docs cat 🎉 a b'),
        ('```py\nx = 1\n```', 'x = 1'),
        ('> quoted\n\nanswer', 'quoted answer'),
        ('a | b\n-|-\n1 | 2', 'a b 1 2'),
        ('a\u202eb\u2066c', 'a b c'),
        ('---', '---'),
        ('<b>x</b> & y', '<b>x</b> & y'),
    ],
)
def test_an_excerpt_is_the_words_on_one_line(body, line):
    assert text.excerpt(body) == line


def test_an_excerpt_ends_where_a_character_ends():
    assert text.excerpt('word ' * 100, 12) == 'word word w…'
    assert text.excerpt(FAMILY * 3, 12) == FAMILY + '…'


@given(st.text(max_size=300), st.integers(2, 60))
def test_an_excerpt_is_never_too_long_and_never_two_lines(body, length):
    line = text.excerpt(body, length)
    assert len(line) <= length
    assert len(line.splitlines()) <= 1


@pytest.mark.parametrize('name', ['\ufdfa' * 9, '\ufdfa' * 32, 'x' * 32, '漢' * 32])
def test_a_free_name_is_suggested_after_a_few_tries_whatever_one_letter_stands_for(name: str) -> None:
    tried: set[str] = set()

    def is_taken(candidate: str) -> bool:
        tried.add(text.skeleton(candidate))
        return len(tried) < 30

    assert not is_taken(text.suggest_name(name, is_taken))
    assert len(tried) >= 30  # each is another name


def test_whoever_took_all_numbers_makes_nobody_wait() -> None:
    tried: list[str] = []
    text.suggest_name('Ada', lambda candidate: tried.append(candidate) or True)
    assert len(tried) < 50
