"""Which of two messages answers a search better."""

import pytest

from chat import search_query, search_rank

DAY = 86_400_000  # ms


def score(body: str, typed: str, days: int = 0) -> float:
    return search_rank.score(body, search_query.parse(typed).parts, days * DAY)


@pytest.mark.parametrize(
    ('typed', 'better', 'worse', 'why'),
    [
        ('plan', 'The plan is here', 'The planet is here', 'the word before a longer one'),
        ('new plan', 'The new plans are out', 'The newest plans are out', 'one of them the word itself'),
        ('new plan', 'A new plan for all', 'A new day for a plan', 'side by side before apart'),
        ('new plan', 'My new plan is old', 'My plan new is old', 'in the order in which they were typed'),
        ('new plan', 'A new plan: day far from new or plan', 'A new day: plan far from new or plan', 'once is enough'),
        ('plan', 'The plan, please', 'The plan, and much else, with which we are not done', 'much of what it says'),
        ('plan', 'plan a, plan b, plan c', 'plan a, some b, some c', 'often'),
        ('会議', '会議です', '今回の会議は場所を変更して確認してください', 'much, in scripts without spaces'),
        ('会議 確認', '会議を確認', '会議の場所と時間を変更し確認', 'close together, in scripts without spaces'),
        ('👍 plan', 'plan 👍', 'planned, and then some 👍', 'symbols as words'),
    ],
)
def test_one_answers_better(typed: str, better: str, worse: str, why: str) -> None:
    assert score(better, typed) > score(worse, typed), why


def test_a_newer_message_answers_better_than_the_same_words_before_it() -> None:
    assert score('The plan', 'plan', 1) > score('The plan', 'plan', 2)
    assert score('', 'from:ada', 1) > score('', 'from:ada', 2)


def test_the_word_itself_is_worth_more_than_any_newness() -> None:
    assert score('The plan', 'plan', 10_000) > score('The planet', 'plan', 0)
    assert score('A new plan', 'new plan', 20) > score('A new day without any such thing as a plan', 'new plan', 0)


def test_a_new_answer_is_worth_more_than_an_old_one_that_says_a_little_less_else() -> None:
    assert score('The plan is ready', 'plan', 0) > score('The plan', 'plan', 365)


def test_a_word_that_is_said_without_end_is_counted_some_times() -> None:
    assert score('plan ' * 2_000, 'plan') < score('plan ' * 20, 'plan') - 0.5


def test_where_no_spaces_are_it_does_not_matter_where_a_word_stands() -> None:
    assert score('会議の今日', '会議') == score('今日の会議', '会議')
