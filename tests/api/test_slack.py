"""What was written for Slack, as Markdown: examples, and what holds for everything anybody could send."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api import slack
from api.slack import Payload, read, to_markdown
from chat import markup

SIGNS = st.sampled_from(
    ['<', '>', '|', '&', '&amp;', '&lt;', '&gt;', 'lt;', 'https://x.org', 'mailto:a@x.org', '<https://x.org|',
     '<!here>', '<@U1|', '<#', '`', '```', '\n', '\r', '\u2028', '\\', '*', '[', '](', ')', '"', "'", 'javascript:',
     '<b>', ' ', ':tada:'],
)  # fmt: skip
TEXTS = st.lists(SIGNS | st.text(max_size=5), max_size=12).map(''.join)
MAYBE = st.none() | TEXTS
PAYLOADS = st.builds(
    Payload,
    text=MAYBE,
    username=MAYBE,
    icon_emoji=MAYBE,
    attachments=st.none()
    | st.lists(st.builds(slack.Attachment, title=MAYBE, text=MAYBE, fallback=MAYBE), max_size=4),
)  # fmt: skip
ALLOWED = re.compile(r'(?:https?://|mailto:|/)')


def body(**fields: object) -> str:
    return read(Payload.model_validate(fields)).body


def escaped_for_slack(text: str) -> str:
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


@pytest.mark.parametrize(
    ('sent', 'markdown'),
    [
        ('plain *words*', 'plain *words*'),
        ('a &amp; b &lt;c&gt;', 'a & b <c>'),
        ('&amp;lt;', '&amp;lt;'),  # which Markdown shows as "&lt;", as Slack does
        ('&amp;&lt;', '&<'),
        ('<https://x.org>', '<https://x.org>'),
        ('<https://x.org|x>', '[x](<https://x.org>)'),
        ('<https://x.org|>', '<https://x.org>'),
        ('<HTTP://x.org|x>', '[x](<HTTP://x.org>)'),
        ('<https://x.org?a=1&amp;b=2|x>', '[x](<https://x.org?a=1&b=2>)'),
        ('<https://x.org?a=1&amp;lt;|x>', '[x](<https://x.org?a=1&amp;lt;>)'),
        ('<https://x.org/&gt;\\|x>', '[x](<https://x.org/%3E%5C>)'),
        ('<https://x.org|a &lt;b&gt; [c]>', r'[a \<b\> \[c\]](<https://x.org>)'),
        ('<mailto:a@x.org|write>', '[write](<mailto:a@x.org>)'),
        ('<javascript:alert(1)|x>', '<javascript:alert(1)|x>'),
        ('<!here> <!channel|channel> <@U1|ada> <@U2> <#C1|dev>', r'\@here \@channel \@ada \@U2 \#dev'),
        ('<!subteam^S1|@devs> <!date^1^{date}|yesterday>', r'\@devs yesterday'),
        ('`<https://x.org|x> &lt;b&gt;`', '`x <b>`'),
        ('```\n<https://x.org>\n&amp;lt;', '```\nhttps://x.org\n&lt;'),
        ('< a | b >', '< a | b >'),
    ],
)
def test_links_mentions_and_characters_become_those_of_markdown(sent: str, markdown: str) -> None:
    assert to_markdown(sent) == markdown


def test_attachments_follow_as_quotes() -> None:
    first = {'title': 'Build *7*', 'text': 'one\n<https://x.org|two>', 'fallback': 'not shown'}
    others = [{'fallback': 'only &lt;this&gt;'}, {}, {'title': ' '}, {'text': 'last'}]
    assert body(text='Done', attachments=[first, *others]) == (
        'Done\n\n> **Build \\*7\\***\n>\n> one\n> [two](<https://x.org>)\n\n> only <this>\n\n> last'
    )
    assert body(attachments=[{'text': 'alone'}]) == '> alone'


@pytest.mark.parametrize('icon', [':rocket:', '🚀'])
def test_an_icon_stands_before_the_words(icon: str) -> None:
    assert body(text='up', icon_emoji=icon) == '🚀 up'
    assert body(text='> up', icon_emoji=icon) == '🚀\n\n> up'
    assert body(icon_emoji=icon) == ''


@pytest.mark.parametrize('icon', ['', 'rocket', ':no_such_thing:', ':rocket: :rocket:', '**b**', ':rocket:' * 9_999])
def test_what_is_no_emoji_is_not_shown(icon: str) -> None:
    assert body(text='up', icon_emoji=icon) == 'up'


def test_what_is_not_known_is_ignored() -> None:
    assert read(Payload.model_validate({'text': 'x', 'channel': '#a', 'blocks': [{}], 'username': 'J'})) == ('x', 'J')


@pytest.mark.slow
@pytest.mark.parametrize('sign', ['<', '<https://', '<@', '`', '```', '&amp;', '<https://x|', '<!a|', '&lt'])
def test_a_message_made_to_be_slow_is_read_at_once(sign: str) -> None:
    many = sign * (256 * 1024 // len(sign))
    body(text=many, attachments=[{'title': many, 'text': many}])


@pytest.mark.slow
@given(PAYLOADS)
def test_whatever_is_sent_is_safe_to_show(payload: Payload) -> None:
    html = markup.render(read(payload).body)
    assert all(ALLOWED.match(address) for address in re.findall(r'href="([^"]*)"', html))
    assert '<b>' not in html


@pytest.mark.slow
@given(PAYLOADS)
def test_an_attachment_never_leaves_its_quote(payload: Payload) -> None:
    for attachment in payload.attachments or ():
        quote = body(attachments=[attachment.model_dump()])
        assert all(line.startswith('>') for line in quote.splitlines())


@given(st.text().filter(lambda text: not set(text) & set('<&')))
def test_text_without_slacks_signs_stays_as_it_is(text: str) -> None:
    assert to_markdown(text) == text


@given(st.text().filter(lambda text: not set(text) & set('`\n')).filter(bool))
def test_escaped_text_is_read_as_it_was_before(text: str) -> None:
    assert to_markdown(f'`{escaped_for_slack(text)}`') == f'`{text}`'


@given(st.text(st.characters(exclude_characters='<>|&', exclude_categories=('C', 'Z')), min_size=1, max_size=20))
@example('`0`')
def test_a_label_is_shown_as_it_is(label: str) -> None:
    assert markup.plain(to_markdown(f'<https://x.org|{label}>')) == label
