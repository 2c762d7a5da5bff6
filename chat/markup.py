"""Raw Markdown to safe HTML.

Three things keep it safe, each on its own: markdown-it takes no HTML and checks every address, the rules below add no
text that is not escaped, and nh3 drops what its allow-list does not name. What would grow out of proportion (tables of
a million cells, a thousand levels) is shown as it was typed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from time import thread_time
from typing import Any

import emoji
import nh3
import pygments
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import table as markdown_table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline import linkify as markdown_link
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES
from pygments.token import Token as CodeToken

from chat.names import EVERYBODY, Names

# Raise it whenever the output for any body changes, as with a new emoji or Pygments: older HTML is rendered again.
VERSION = 1

LINK_REL = 'noopener noreferrer nofollow ugc'

MAX_NESTING = 20  # lists in quotes in lists …
MAX_DEPTH = 60  # bold in italics in bold …; browsers flatten pages at 512 levels
MAX_TOKENS = 12_000
MAX_TABLE_CELLS = 2_000
MAX_PENDING = 1_000  # characters of a line before an address
MAX_HIGHLIGHTED = 5_000  # characters of code in one message
HIGHLIGHTING_TIME = 0.1  # seconds of computing for one message; ordinary code takes a fifth of it
MAX_LARGE_EMOJI = 3
MAX_LENGTH_OF_EMOJI = 200  # characters of a message that may be only emoji, as shortcodes

LIGHT_CODE, DARK_CODE = '#f6f4f0', '#1d1b19'  # the backgrounds that code is read on
READABLE = 4.5  # contrast by WCAG AA


# One line of nothing but words and emoji, as most messages are: no sign in it means anything in Markdown or HTML.
_EMOJI = '\U0001f300-\U0001f64f\U0001f680-\U0001faff\u2600-\u27bf'
_ONLY_WORDS = re.compile(rf"""(?:[^\W\d_]|[{_EMOJI}])(?:[^\W_]|[ ,;!?'"()\u200d\ufe0f{_EMOJI}-]|\.(?![^ ]))*""")


def render(body: str, names: Names | None = None) -> str:
    """Return a message's Markdown as HTML that is safe to show as it is, with who is mentioned marked."""
    return mark(body, names)[0]


def mark(body: str, names: Names | None = None) -> tuple[str, frozenset[int]]:
    """Return the HTML as ``render`` does, and the ids of those of ``names`` whom it mentions, EVERYBODY among them."""
    if _ONLY_WORDS.fullmatch(body) and not body.endswith(' '):
        return f'<p>{body}</p>', frozenset()
    return _marked(body, names)


def _marked(body: str, names: Names | None = None) -> tuple[str, frozenset[int]]:
    body = _whole(body)
    tokens = _markdown().parse(body, {'names': names} if names else {})
    if _is_too_much(tokens):
        return _as_typed(body), frozenset()
    mentioned = frozenset(
        child.meta['user'] for token in tokens for child in token.children or () if child.type == 'mention'
    )
    html = _markdown().renderer.render(tokens, _markdown().options, {})
    return _cleaner(mentioned).clean(html).strip(), mentioned


def plain(body: str) -> str:
    """Return the words of a message's Markdown without its signs; blocks are separated by line ends."""
    return '\n'.join(_words(_markdown().parse(_whole(body)))).strip()


def is_only_emoji(body: str) -> bool:
    """Tell whether a message is one to three emoji and nothing else, which pages show larger."""
    if len(body) > MAX_LENGTH_OF_EMOJI:
        return False
    signs = ''.join(_with_emoji(body).split())
    return emoji.purely_emoji(signs) and 1 <= emoji.emoji_count(signs) <= MAX_LARGE_EMOJI


def pygments_css(light: str = '.code', dark: str = '.body--dark .code') -> tuple[str, str]:
    """Return the rules for highlighted code on a light and on a dark page, below the given selectors."""
    return _code_css('default', LIGHT_CODE, light), _code_css('github-dark', DARK_CODE, dark)


# From Markdown to tokens.


@cache
def _markdown() -> MarkdownIt:
    """Build the parser once; it keeps nothing of what it parses, so threads can share it."""
    options = {'html': False, 'breaks': True, 'typographer': False, 'maxNesting': MAX_NESTING, 'xhtmlOut': False}
    markdown = MarkdownIt('gfm-like', options, renderer_cls=_Html)
    markdown.validateLink = _is_allowed  # type: ignore[method-assign]
    markdown.block.ruler.at('table', _small_table, {'alt': ['paragraph', 'reference']})
    markdown.inline.ruler.at('linkify', _link_in_line)
    markdown.inline.ruler.after('text', 'mention', _mention)
    markdown.core.ruler.before('text_join', 'messages', _adapt)
    links: Any = markdown.linkify
    # "main.py" and "setup.sh" are files here, though .py and .sh are countries; "www." is a promise.
    links.set({'fuzzy_link': False, 'fuzzy_email': True, 'fuzzy_ip': False})
    address = re.compile(_HOST + links.re['src_port'] + links.re['src_host_terminator'] + links.re['src_path'])

    def length_after_www(_links: Any, text: str, place: int) -> int:
        found = address.match(text, place)
        return len(found.group()) if found else 0

    links.add('www.', {'validate': length_after_www, 'normalize': _add_scheme})
    return markdown


def _is_allowed(url: str) -> bool:
    """Take paths on this site, mail addresses, and web addresses that the cleaner can read."""
    if re.match(r'https?://[^/?#]|mailto:[^?]', url, re.IGNORECASE):
        return _cleaner().clean(f'<a href="{escapeHtml(url)}"></a>') != '<a></a>'
    return _is_path(url)


def _is_path(url: str) -> bool:
    return bool(re.match(r'/(?![/\\])', url))  # "//host" and "/\\host" would leave this site


def _add_scheme(_links: Any, match: Any) -> None:
    match.url = f'http://{match.url}'


def _link_in_line(state: StateInline, silent: bool) -> bool:
    # It searches what came before in the line, for each "://" again; what it leaves is linked later all the same.
    return len(state.pending) < MAX_PENDING and markdown_link(state, silent)


def _mention(state: StateInline, silent: bool) -> bool:
    """Take a name after an "@" as it stands, whatever its signs would mean in Markdown."""
    names = state.env.get('names')
    found = names.at(state.src, state.pos) if names and state.src[state.pos] == '@' else None
    if found is None:
        return False
    user_id, end = found
    if not silent:
        token = state.push('mention', 'span', 0)
        token.content, token.meta = state.src[state.pos : end], {'user': user_id}
    state.pos = end
    return True


def _small_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    # Rows are filled up to the width of the head: 10 kB of pipes would become 65,000 cells.
    columns = state.src.count('|', state.bMarks[start], state.eMarks[start]) + 1
    return columns * (end - start) <= MAX_TABLE_CELLS and markdown_table(state, start, end, silent)


def _adapt(state: StateCore) -> None:
    """Change what markdown-it makes of a text into what a message shows."""
    for place, token in enumerate(state.tokens):
        if token.type in {'heading_open', 'heading_close'}:
            token.tag = 'p'  # a heading inside a message must not appear in the outline of the page
            token.attrs = {'class': 'heading'} if token.nesting == 1 else {}
        elif token.type in {'th_open', 'td_open'} and 'style' in token.attrs:
            token.attrs = {'class': str(token.attrs['style']).replace('text-align:', 'align-')}
        elif token.children:
            if place >= 2 and state.tokens[place - 2].type == 'list_item_open':
                token.children[0].content = _with_checkbox(token.children[0].content)
            token.children = list(_adapt_inline(token.children))


def _adapt_inline(tokens: Iterable[Token]) -> Iterator[Token]:
    address: str | None = None  # of the link that the token is in; empty if it leads nowhere
    as_typed, has_words = False, False
    for token in tokens:
        if token.type == 'link_open':
            address, as_typed, has_words = str(token.attrs['href']), token.info == 'auto', False
            if address:
                yield _link(address)
        elif token.type == 'link_close':
            if address and not has_words:  # nobody could see it, or hear of it
                yield _text(address)
            if address:
                yield token
            address, as_typed = None, False
        elif token.type == 'image':
            has_words = True
            yield from _image_as_link(token, inside_link=address is not None)
        else:
            if token.type == 'text' and not as_typed:
                token.content = _with_emoji(token.content)
            has_words = has_words or bool(token.content.strip())
            yield token


def _image_as_link(image: Token, *, inside_link: bool) -> Iterator[Token]:
    """Offer an image as a link: loading it would tell its host who reads this, and when."""
    address = str(image.attrs['src'])
    words = _text(_inline_words(image.children or ()).strip() or address)
    if inside_link or not address:
        yield words
    else:
        yield from (_link(address), words, Token('link_close', 'a', -1))


def _link(address: str) -> Token:
    link = Token('link_open', 'a', 1, attrs={'href': address, 'rel': LINK_REL})
    if address.lower().startswith('http'):
        link.attrs['target'] = '_blank'
    return link


def _text(content: str) -> Token:
    return Token('text', '', 0, content=content)


def _with_checkbox(content: str) -> str:
    return re.sub(r'\A\[([ xX])\](?=\s)', lambda box: '☐' if box[1] == ' ' else '☑', content)


def _with_emoji(text: str) -> str:
    return _SHORTCODE.sub(lambda code: emoji.emojize(code.group(), language='alias'), text)


# Bounded, so that "www.www.www…" is not read to its end for each of them.
_HOST = r'(?:[\w-]{1,63}\.){1,8}\w{2,24}'
# Letters and digits at the sides keep times and ratios (1:100:2) what they are.
_SHORTCODE = re.compile(r'(?<![A-Za-z0-9_]):[A-Za-z0-9_+-]{1,60}:(?![A-Za-z0-9_])')


def _is_too_much(tokens: Sequence[Token]) -> bool:
    inline = [child for token in tokens for child in token.children or ()]
    return len(tokens) + len(inline) > MAX_TOKENS or max((child.level for child in inline), default=0) > MAX_DEPTH


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.children is not None:
            yield _inline_words(token.children)
        elif token.type in {'fence', 'code_block'}:
            yield token.content.strip('\n')


def _inline_words(tokens: Sequence[Token]) -> str:
    return ''.join('\n' if token.type in {'softbreak', 'hardbreak'} else token.content for token in tokens)


def _whole(body: str) -> str:
    """Replace half characters, which no encoder takes."""
    return body.encode('utf-8', 'replace').decode()


# From tokens to HTML.


class _Html(RendererHTML):
    # What scrolls sideways on a narrow screen takes the focus and has a name, so that a keyboard can scroll it, too.

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Show fenced code, in colors if its language is known."""
        code, language = tokens[idx].content, _language(tokens[idx].info)
        env['characters'] = env.get('characters', 0) + len(code)
        if language is None or env['characters'] > MAX_HIGHLIGHTED or _ODD_CODE.search(code):
            return self.code_block(tokens, idx, options, env)
        lexer = get_lexer_by_name(language)  # its first use takes long, so the clock starts after it
        start = thread_time()
        colored = pygments.format(_code_tokens(code, lexer, HIGHLIGHTING_TIME - env.get('time', 0)), _FORMATTER)
        env['time'] = env.get('time', 0) + thread_time() - start
        return f'{_PRE}<code class="language-{language}">{colored}</code></pre>\n'

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Show code without colors."""
        return f'{_PRE}<code>{escapeHtml(tokens[idx].content)}</code></pre>\n'

    def mention(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Mark a name: the one of a person by their id, so that pages can tell their reader."""
        user_id: int = tokens[idx].meta['user']
        kind = ' all"' if user_id == EVERYBODY else f'" data-user="{user_id:d}"'
        return f'<span class="mention{kind}>{escapeHtml(tokens[idx].content)}</span>'

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Let a wide table scroll inside its message."""
        return '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """End the scrolling part."""
        return '</table></div>\n'


def _code_tokens(code: str, lexer: Lexer, seconds: float) -> Iterator[tuple[Any, str]]:
    """Yield the code's tokens for at most so long, and the rest as one: lexers can take seconds for nonsense."""
    end = thread_time() + seconds
    for place, kind, text in lexer.get_tokens_unprocessed(code):
        if thread_time() > end:
            yield CodeToken.Text, code[place:]
            return
        yield kind, text


def _as_typed(body: str) -> str:
    return '<p>' + escapeHtml(body).replace('\n', '<br>\n') + '</p>\n'


def _language(info: str) -> str | None:
    """Return our name for the language that follows the fence, as in ``` ```py title="main.py" ```."""
    first = (info.split() or [''])[0].strip('{.}').lower()
    return first if first in LANGUAGES else _OTHER_NAMES.get(first)


@lru_cache(maxsize=64)
def _cleaner(mentioned: frozenset[int] = frozenset()) -> nh3.Cleaner:
    """Return what lets nothing else through, and no other mentions than these."""
    focusable = {'tabindex': {'0'}, 'role': {'group'}}
    people = {str(user_id) for user_id in mentioned if user_id != EVERYBODY}
    return nh3.Cleaner(
        tags=TAGS,
        attributes={'a': {'href'}, 'ol': {'start'}},
        tag_attribute_values={
            'a': {'rel': {LINK_REL}, 'target': {'_blank'}},
            'div': focusable | {'aria-label': {'Table'}},
            'pre': focusable | {'aria-label': {'Code'}},
            'span': {'data-user': people},
        },
        allowed_classes=CLASSES | {'span': CLASSES['span'] | {'mention', 'all'}} if mentioned else CLASSES,
        url_schemes={'http', 'https', 'mailto'},
        url_relative=lambda address: address if _is_path(address) else None,
        link_rel=None,
    )


_PRE = '<pre class="code" tabindex="0" role="group" aria-label="Code">'
_FORMATTER: HtmlFormatter[str] = HtmlFormatter(nowrap=True)

# Single steps of some lexers are slow on these, where the clock cannot stop them.
_ODD_CODE = re.compile(r'[^\n]{400}|\s{80}')

LANGUAGES = {
    'bash', 'c', 'clojure', 'cmake', 'console', 'cpp', 'csharp', 'css', 'dart', 'diff', 'docker', 'elixir', 'erlang',
    'fsharp', 'go', 'graphql', 'groovy', 'haskell', 'html', 'http', 'ini', 'java', 'javascript', 'json', 'jsx',
    'julia', 'kotlin', 'lua', 'make', 'nginx', 'nix', 'ocaml', 'perl', 'php', 'powershell', 'protobuf', 'pycon',
    'pytb', 'python', 'ruby', 'rust', 'scala', 'scss', 'sql', 'swift', 'terraform', 'toml', 'tsx', 'typescript',
    'vim', 'xml', 'yaml', 'zig',
}  # fmt: skip
_OTHER_NAMES = {
    'c#': 'csharp', 'c++': 'cpp', 'cc': 'cpp', 'clj': 'clojure', 'cs': 'csharp', 'dockerfile': 'docker',
    'ex': 'elixir', 'golang': 'go', 'h': 'c', 'hcl': 'terraform', 'hpp': 'cpp', 'hs': 'haskell', 'jl': 'julia',
    'js': 'javascript', 'kt': 'kotlin', 'makefile': 'make', 'patch': 'diff', 'pl': 'perl', 'proto': 'protobuf',
    'ps1': 'powershell', 'py': 'python', 'python3': 'python', 'rb': 'ruby', 'rs': 'rust', 'sh': 'bash',
    'shell': 'bash', 'svg': 'xml', 'tf': 'terraform', 'traceback': 'pytb', 'ts': 'typescript', 'yml': 'yaml',
    'zsh': 'bash',
}  # fmt: skip

TAGS = {
    'a', 'blockquote', 'br', 'code', 'del', 'div', 'em', 'hr', 'li', 'ol', 'p', 'pre', 's', 'span', 'strong',
    'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul',
}  # fmt: skip
_ALIGNED = {'align-left', 'align-center', 'align-right'}
CLASSES = {
    'code': {f'language-{language}' for language in LANGUAGES},
    'div': {'table-scroll'},
    'p': {'heading'},
    'pre': {'code'},
    'span': {name for name in STANDARD_TYPES.values() if name},
    'td': _ALIGNED,
    'th': _ALIGNED,
}


# Colors for code.


def _code_css(style_name: str, background: str, scope: str) -> str:
    """Return a Pygments style without its backgrounds, each color as readable as it must be on ours."""
    names: dict[str, list[str]] = {}
    for kind, style in get_style_by_name(style_name):
        looks = [f'color: {readable("#" + style["color"], background)}'] if style['color'] else []
        looks += ['font-weight: bold'] if style['bold'] else []
        looks += ['font-style: italic'] if style['italic'] else []
        looks += ['text-decoration: underline'] if style['underline'] else []
        if looks and (name := STANDARD_TYPES.get(kind)):
            names.setdefault('; '.join(looks), []).append(name)
    return '\n'.join(
        ', '.join(f'{scope} .{name}' for name in sorted(alike)) + f' {{ {looks} }}' for looks, alike in names.items()
    )


def readable(color: str, background: str) -> str:
    """Return the color, moved towards black or white until it can be read on the background."""
    goal = 0 if _luminance(background) > 0.5 else 255
    for percent in range(100):
        moved = '#' + ''.join(f'{part + (goal - part) * percent // 100:02x}' for part in _parts(color))
        if contrast(moved, background) >= READABLE:
            return moved
    return '#000000' if goal == 0 else '#ffffff'


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors as WCAG defines it, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    shares = [part / 255 for part in _parts(color)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
