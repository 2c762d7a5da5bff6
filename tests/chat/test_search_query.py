"""What somebody asks for, taken apart."""

from datetime import UTC, datetime

import pytest

from chat import search_query, search_terms
from chat.errors import Invalid
from chat.search_query import Query


def test_words_and_phrases_are_what_a_message_must_have() -> None:
    assert search_query.parse('new "big plan"').parts == (
        *search_terms.word('new'),
        *search_terms.phrase('big plan'),
    )


def test_what_narrows_it_is_named_before_a_colon() -> None:
    assert search_query.parse('from:@Ada in:#lobby has:link is:pinned') == Query(
        author='Ada', room='lobby', has=frozenset({'link'}), pinned=True
    )
    assert search_query.parse('FROM:"Ada Lovelace"').author == 'Ada Lovelace'
    assert search_query.parse('see http://x.org in:a').parts == (
        *search_terms.word('see'),
        *search_terms.word('http://x.org'),
    )


def test_before_a_day_and_after_a_day_leave_the_day_itself_out() -> None:
    query = search_query.parse('after:2026-11-01 before:2026-11-26', 'Europe/Berlin')
    assert query.after is not None
    assert query.before is not None
    assert query.after.astimezone(UTC) == datetime(2026, 11, 1, 23, tzinfo=UTC)
    assert query.before.astimezone(UTC) == datetime(2026, 11, 25, 23, tzinfo=UTC)


def test_what_is_given_beside_it_counts_unless_it_names_another() -> None:
    assert search_query.parse('', room='lobby', author='Ada') == Query(author='Ada', room='lobby')
    assert search_query.parse('in:den', room='lobby').room == 'den'


@pytest.mark.parametrize(
    ('asked', 'sentence'),
    [
        ('', 'Say what to look for'),
        ('…', 'Say what to look for'),
        ('from:', 'missing after "from:"'),
        ('before:yesterday', 'needs a day, such as before:2026-11-26'),
        ('after:9999-12-31', 'needs a day'),
        ('has:soul', '"has:" is a link'),
        ('is:red', '"is:" pinned'),
        ('x' * 251, 'at most 250 characters'),
        (' '.join(f'w{number}' for number in range(21)), 'at most 20 words'),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(asked: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as refused:
        search_query.parse(asked)
    assert refused.value.field == 'q'


@pytest.mark.parametrize('field', ['author', 'room'])
def test_a_name_without_end_is_refused_with_its_field(field: str) -> None:
    with pytest.raises(Invalid, match='at most 250 characters') as refused:
        search_query.parse('x', **{field: 'a' + '\u0316\u0301' * 15_000})
    assert refused.value.field == field


def test_half_characters_and_zeros_are_left_aside() -> None:
    assert search_query.parse('a\0b \ud800c', author='\ud800').author == '?'
