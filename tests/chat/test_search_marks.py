"""What is shown of a message that was found, and what is marked in it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat import markup, search_query, search_terms, text
from chat.search_marks import CUT, LENGTH, _compared, _line, excerpt


def marked(body: str, typed: str, length: int = LENGTH) -> str:
    """Return the excerpt with [brackets] around what is marked."""
    parts = search_query.parse(typed).parts
    return ''.join(f'[{each.text}]' if each.is_match else each.text for each in excerpt(body, parts, length=length))


@pytest.mark.parametrize(
    ('body', 'typed', 'shown'),
    [
        ('More Coffee, please', 'coffee', 'More [Coffee], please'),
        ('coffeehouse, coffee', 'coff', '[coff]eehouse, [coff]ee'),
        ('the offer', 'off', 'the [off]er'),
        ('the offer', 'ffer', 'the o[ffer]'),
        ('a coffee and a plan', 'plan coffee', 'a [coffee] and a [plan]'),
        ('Das Café im Büro', 'cafe BURO', 'Das [Café] im [Büro]'),
        ('Das Cafe\u0301 im Ort', 'café', 'Das [Cafe\u0301] im Ort'),
        ('Hauptstraße', 'hauptstras', '[Hauptstraß]e'),
        ('Straße hier', 'strasse', '[Straße] hier'),
        ('ｗｉｄｅ words', 'wide', '[ｗｉｄｅ] words'),
        ('a ﬁne day', 'fi', 'a [ﬁ]ne day'),
        ('新しい設計図です', '設計図', '新しい[設計図]です'),
        ('新しい設計図です', '図', '新しい設計[図]です'),
        ('大がくいも', 'がく', '大[がく]いも'),
        ('ｶﾞｲﾄﾞ ﾌﾞｯｸ', 'ガイド', '[ｶﾞｲﾄﾞ] ﾌﾞｯｸ'),
        ('新しいiPhone用ケース', 'iphone用', '新しい[iPhone用]ケース'),
        ('内회의는 세 시', '회의', '内[회의]는 세 시'),
        ('회의 (decomposed)', '회의', '[회의] (decomposed)'),
        ('พรุ่งนี้มีประชุมตอนบ่าย', 'ประชุม', 'พรุ่งนี้มี[ประชุม]ตอนบ่าย'),
        ('مَدْرَسَة كبيرة', 'مدرسة', '[مَدْرَسَة] كبيرة'),
        ('ﷺ', 'الله', '[ﷺ]'),
        ('he said ﷺ.', 'صلى', 'he said [ﷺ].'),
        ('The *new*, plan!', '"new plan"', 'The [new, plan]!'),
        ('new plans, new plan', '"new plan"', 'new plans, [new plan]'),
        ('ああああ', 'ああ', '[ああああ]'),
        ('**bold** and `code`', 'code', 'bold and [code]'),
        ('wi**th** it', 'th', 'wi**[th]** it'),
        ('[here](https://example.org/plan)', 'plan', '[here](https://example.org/[plan])'),
        ('one\n\ntwo\nthree', 'two', 'one [two] three'),
        ('fine 👍🏽!', '👍', 'fine [👍🏽]!'),
        ('<script>alert(1)</script>', 'script', '<[script]>alert(1)</[script]>'),
        ('NiceGUI 3.18 is out', '3.18', 'NiceGUI [3].[18] is out'),
        ('nothing of it', 'from:Ada', 'nothing of it'),
    ],
)
def test_marks_what_was_found_as_it_was_written(body: str, typed: str, shown: str) -> None:
    assert marked(body, typed) == shown


def test_the_names_of_files_are_part_of_what_is_shown_and_marked() -> None:
    for body, shown in (('**The** plan', 'The [plan] *of* [plan].pdf'), ('', '*of* [plan].pdf')):
        segments = excerpt(body, search_terms.word('plan'), ['*of* plan.pdf'])
        assert ''.join(f'[{each.text}]' if each.is_match else each.text for each in segments) == shown


def test_shows_what_stands_around_the_first_match() -> None:
    before, after = 'before ' * 100, ' after' * 100
    shown = marked(f'{before}needle{after}', 'needle', 80)
    assert shown.startswith(f'{CUT}before before')
    assert shown.endswith(f'after{CUT}')
    assert '[needle]' in shown
    assert len(shown) <= 80 + 2 * len(CUT) + len('[]')


def test_at_the_end_of_a_message_the_room_is_used_for_what_comes_before() -> None:
    shown = marked('word ' * 100 + 'needle', 'needle', 60)
    assert shown.endswith('word [needle]')
    assert len(shown) > 50


def test_the_beginning_of_a_message_is_shown_where_no_words_were_asked_for() -> None:
    assert marked('word ' * 100, 'has:link', 20) == f'word word word word{CUT}'


def test_letters_are_not_cut_from_their_marks() -> None:
    (only, cut) = excerpt('e\u0316' * 100, (), length=21)
    assert only.text == 'e\u0316' * 10
    assert cut.text == CUT


def test_a_letter_with_very_many_marks_is_cut_all_the_same() -> None:
    body = 'a' + '\u0316' * 9_000 + ' b'
    assert len(marked(body, 'a', 50)) < 60


SIGNS = 'aAeé\u0301\u0316 \n*_`[](<>&"\'ßﷺﬁ設計図がｶﾞ゛ประชุม회의ㅎㅗㅣ\u1112\u116c\u11a8\u0640\u200d\u200c👍🏽❤\ufe0f'
WRITTEN = st.text(st.one_of(st.characters(exclude_categories=['Cs']), st.sampled_from(SIGNS)), max_size=60)


@settings(max_examples=300, deadline=None)
@given(WRITTEN)
@example('\u1112\u0640\u116c')
@example('ก\u0e48\u0e48\u0e38')
def test_each_compared_character_leads_back_to_where_it_comes_from(words: str) -> None:
    line, places = _line(*_compared(words))
    assert line.strip() == search_terms.line(words).strip()
    assert len(places) == len(line)


@settings(max_examples=300, deadline=None)
@given(WRITTEN, st.integers(0, 59), st.integers(1, 6), st.booleans(), st.integers(8, 60))
def test_what_the_search_finds_is_marked_in_the_words_of_the_message(
    body: str, start: int, length: int, is_phrase: bool, most: int
) -> None:
    typed = body[start : start + length]
    parts = search_terms.phrase(typed) if is_phrase else search_terms.word(typed)
    segments = excerpt(body, parts, length=most)
    shown = ''.join(each.text for each in segments)
    originals = [text.on_one_line(body), text.on_one_line(markup.plain(body))]
    assert any(each.text for each in segments) or originals[0] == ''
    assert any(shown in each or shown.strip(CUT) in each for each in originals)
    is_found = search_terms.has_all(body, parts)
    assert any(each.is_match for each in segments) or not (parts and is_found)
