"""What a page's browser may say on its socket."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.frames import Verdict, clean_line, judge

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.text())
def test_no_text_makes_the_judge_stumble(text):
    assert isinstance(judge(text), Verdict)
    assert isinstance(judge('42' + text), Verdict)


@pytest.mark.slow
@given(st.sampled_from(['event', 'handshake', 'ack', 'log', 'javascript_response', 'connect']), ANYTHING)
def test_no_payload_makes_the_judge_stumble(name, payload):
    assert judge('42' + json.dumps([name, payload])) is Verdict.DROP


def test_a_line_of_the_log_stays_a_line_and_stays_readable():
    assert clean_line('Grüße, 世界 👍', 500) == 'Grüße, 世界 👍'
    assert clean_line('a\r\nb\x1b[2J\u202e\u2028', 500) == r'a\r\nb\x1b[2J\u202e\u2028'
    assert len(clean_line('\n' * 900, 500)) == 500
