"""What programs send that were written for Slack's incoming webhooks, as Markdown. Pure functions.

Links and the three escaped characters are Slack's; ``*bold*`` and ``~struck~`` are left as they are, since at least as
many programs send Markdown.
"""

import re
from typing import NamedTuple

import emoji
from pydantic import BaseModel, Field

from chat.hooks import escaped, with_head

MOST_ATTACHMENTS = 100
LONGEST_ICON = 64  # characters of a shortcode
SIGN = re.compile(
    r'<(?P<url>(?i:https?://|mailto:)[^\s<>|]+)(?:\|(?P<label>[^<>\n]*))?>'
    r'|<(?P<kind>[@#!])(?P<id>[^\s<>|]+)(?:\|(?P<name>[^<>\n]*))?>'
    r'|&(?P<entity>amp|lt|gt);'
)
CODE_OR_SIGN = re.compile(rf'(?P<code>```.*?(?:```|\Z)|`[^`\n]+`)|{SIGN.pattern}', re.DOTALL)  # whichever begins first
CHARACTERS = {'amp': '&', 'lt': '<', 'gt': '>'}
REST_OF_AN_ENTITY = re.compile(r'#?\w{1,32};')
NOT_IN_AN_ADDRESS = {'&lt;': '%3C', '&gt;': '%3E', '\\': '%5C'}  # Markdown would see its end, or an escape


class Attachment(BaseModel):
    """A part of a message that is set apart; ``fallback`` stands for one without the others."""

    title: str | None = None
    text: str | None = None
    fallback: str | None = None


class Payload(BaseModel):
    """What is to be said, and on whose behalf; fields that are not known are ignored."""

    text: str | None = Field(None, examples=['The build is <https://ci.example.org/7|green>.'])
    username: str | None = None
    icon_emoji: str | None = None
    attachments: list[Attachment] | None = Field(None, max_length=MOST_ATTACHMENTS)


class Said(NamedTuple):
    """A message's Markdown, and the name it was said under, if any."""

    body: str
    username: str | None


def read(payload: Payload) -> Said:
    """Return what a payload says: its text, and each attachment as a quote; the icon stands before all."""
    quotes = [quote for each in payload.attachments or () if (quote := _quote(each))]
    parts = [part for part in (to_markdown(payload.text or '').strip(), *quotes) if part]
    body = '\n\n'.join(parts)
    icon = emoji.emojize((payload.icon_emoji or '')[:LONGEST_ICON], language='alias')
    if body and emoji.is_emoji(icon):
        body = with_head(icon, body)
    return Said(body, payload.username)


def to_markdown(text: str) -> str:
    """Return Slack's text with its links, mentions and escaped characters as Markdown has them."""
    return CODE_OR_SIGN.sub(_code_or_sign, text)


def _plain(text: str) -> str:
    """Return Slack's text as it is read, in which no sign has a meaning any more."""
    return SIGN.sub(_words, text)


def _words(sign: re.Match[str]) -> str:
    if sign['entity']:
        return CHARACTERS[sign['entity']]
    if sign['url']:
        return _plain(sign['label'] or sign['url'])
    name = _plain(sign['name'] or sign['id'])
    if sign['kind'] == '#':
        return f'#{name}'
    is_somebody = sign['kind'] == '@' or '^' not in sign['id']  # <!here>, and not <!date^…|yesterday>
    return f'@{name}' if is_somebody and not name.startswith('@') else name


def _code_or_sign(found: re.Match[str]) -> str:
    return _plain(found['code']) if found['code'] else _markdown(found)  # in code Markdown has no signs


def _markdown(sign: re.Match[str]) -> str:
    if sign['entity']:
        # "&amp;lt;" is how "&lt;" is written in Slack, and in Markdown as well.
        would_be_another = sign['entity'] == 'amp' and REST_OF_AN_ENTITY.match(sign.string, sign.end())
        return sign[0] if would_be_another else CHARACTERS[sign['entity']]
    if not sign['url']:
        return escaped(_words(sign))
    address = sign['url']
    for character, code in NOT_IN_AN_ADDRESS.items():
        address = address.replace(character, code)
    address = SIGN.sub(_markdown, address)
    return f'[{escaped(_words(sign))}](<{address}>)' if sign['label'] else f'<{address}>'


def _quote(attachment: Attachment) -> str:
    title = ' '.join(_plain(attachment.title or '').split())
    text = to_markdown(attachment.text or '').strip()
    parts = [part for part in (f'**{escaped(title)}**' if title else '', text) if part]
    lines = '\n\n'.join(parts or [to_markdown(attachment.fallback or '').strip()]).splitlines()
    return '\n'.join(f'> {line}'.rstrip() for line in lines)
