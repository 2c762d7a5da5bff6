"""What can be read from a message's HTML, which is our own: whether it asks something, and where its links lead."""

from html.parser import HTMLParser

QUESTION_MARKS = frozenset('?？؟⁇⁈⁉❓❔﹖՞፧')  # noqa: RUF001 - of all scripts
NOT_SAID = frozenset({'a', 'code', 'pre', 'blockquote'})  # addresses, code, and what somebody else said


def asks(html: str) -> bool:
    """Whether a question mark stands among the words: outside of links, code and quotes."""
    if not any(mark in html for mark in QUESTION_MARKS):
        return False
    reader = _Reader()
    reader.feed(html)
    return any(mark in words for words in reader.said for mark in QUESTION_MARKS)


def links(html: str) -> list[str]:
    """Return the addresses on the web that its links lead to, each once."""
    if '<a ' not in html:
        return []
    reader = _Reader()
    reader.feed(html)
    return list(dict.fromkeys(reader.addresses))


class _Reader(HTMLParser):
    """Collects the words that are said, and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.addresses: list[str] = []
        self._within = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a link leads, and that what follows is not said."""
        self._within += tag in NOT_SAID
        address = dict(attrs).get('href') if tag == 'a' else None
        if address and address.lower().startswith(('http://', 'https://')):
            self.addresses.append(address)

    def handle_endtag(self, tag: str) -> None:
        """Note that this is over."""
        self._within -= tag in NOT_SAID

    def handle_data(self, data: str) -> None:
        """Keep words that are said."""
        if not self._within:
            self.said.append(data)
