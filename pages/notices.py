"""People coming and going, folded into one quiet line."""

from html import escape

MOST_NAMES = 3  # named one by one; beyond, the others are counted


class Notices:
    """Who came and who went between two messages; only the last thing somebody did counts."""

    def __init__(self) -> None:
        self._came: dict[str, bool] = {}

    def add(self, name: str, *, came: bool) -> None:
        """Note that somebody came or went."""
        self._came.pop(name, None)
        self._came[name] = came

    def html(self) -> str:
        """Return the line, with names escaped."""
        came = [name for name, here in self._came.items() if here]
        went = [name for name, here in self._came.items() if not here]
        parts = [f'{_names(names)} {verb}' for names, verb in ((came, 'joined'), (went, 'left')) if names]
        return f'<p>{" · ".join(parts)}</p>'


def _names(names: list[str]) -> str:
    shown = [f'<strong>{escape(name)}</strong>' for name in names[:MOST_NAMES]]
    others = len(names) - len(shown)
    if others:
        shown.append(f'{others} other' if others == 1 else f'{others} others')
    if len(shown) == 1:
        return shown[0]
    return f'{", ".join(shown[:-1])} and {shown[-1]}'
