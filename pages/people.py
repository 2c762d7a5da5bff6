"""Who belongs to the room and who is here."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from html import escape

from nicegui import events, ui

from chat.models import Member, Role, User
from chat.pacing import Paced
from chat.presence import Status
from pages import rows

MOST_SHOWN = 200  # beyond, the others are counted
SHOW_AT_MOST_EVERY = 1.0  # s; many who come or go at once are shown together
ROLES: dict[Role, str] = {'owner': 'Owner', 'moderator': 'Moderator', 'member': 'Member'}
ORDER: tuple[Status, ...] = ('online', 'away', 'offline')


class People:
    """The list of a room's members, those who are here first. ``button`` shows and hides it.

    On a wide window it stands beside the conversation, on others it is hidden and comes to lie over it: theme.css says
    which, and the browser tells what came of it.
    """

    def __init__(self, status: Callable[[int], Status], line: Callable[[int], str], button: ui.element) -> None:
        self._status = status
        self._line = line  # what somebody is up to
        self._members: dict[int, Member] = {}
        self._shown_status: dict[int, Status] = {}
        self._render = Paced(self._render_now, SHOW_AT_MOST_EVERY)
        self._is_toggled = self._is_visible = False
        self._button = button.on('click', self._toggle, args=[])
        with ui.element('aside').props('aria-label=People').classes('side-panel') as self._panel:
            self._title = ui.html('People', sanitize=False, tag='h2').classes('side-heading')
            self.list = ui.html('', sanitize=False, tag='ul').classes('people').props('aria-label=People')
            ui.element('q-resize-observer').on('resize', self._resized, args=['width'])
        ui.element('div').classes('backdrop').on('click', self._toggle, args=[])

    def close(self) -> None:
        """Show nothing any more."""
        self._render.close()

    def uncover(self) -> None:
        """Hide the list if it lies over the conversation."""
        if self._is_toggled and self._is_visible:
            self._toggle()

    def show(self, members: Iterable[Member]) -> None:
        """Show the members of another room."""
        self._members = {member.user.id: member for member in members}
        self._shown_status = {user_id: self._status(user_id) for user_id in self._members}
        self._render_now()

    def add(self, member: Member) -> None:
        """Show somebody who joined."""
        self._members[member.user.id] = member
        self._shown_status[member.user.id] = self._status(member.user.id)
        self._render()

    def change(self, member: Member) -> None:
        """Show somebody as they are now."""
        if member.user.id in self._members:
            self._members[member.user.id] = member
            self._render()

    def remove(self, member: Member) -> Member | None:
        """Show somebody no more; returns them as they were shown, if they were."""
        shown = self._members.pop(member.user.id, None)
        self._shown_status.pop(member.user.id, None)
        self._render()
        return shown

    def refresh(self, user_ids: Iterable[int]) -> list[tuple[Member, bool]]:
        """Show the presence of these people anew; returns who came (True) and who went (False)."""
        moved = []
        mine = [user_id for user_id in user_ids if user_id in self._members]
        for user_id in mine:
            before, now = self._shown_status[user_id], self._status(user_id)
            self._shown_status[user_id] = now
            if (before == 'offline') != (now == 'offline'):
                moved.append((self._members[user_id], now != 'offline'))
        if mine:
            self._render()
        return moved

    def refresh_lines(self, user_ids: frozenset[int]) -> None:
        """Show what these people are up to now."""
        if not user_ids.isdisjoint(self._members):
            self._render()

    def get(self, user_id: int) -> User | None:
        """Return somebody who is listed."""
        member = self._members.get(user_id)
        return None if member is None else member.user

    def role(self, user_id: int) -> Role | None:
        """Return the role of somebody who belongs to the room."""
        member = self._members.get(user_id)
        return None if member is None else member.role

    @property
    def users(self) -> list[User]:
        """Those who belong to the room."""
        return [member.user for member in self._members.values()]

    @property
    def ids(self) -> frozenset[int]:
        """The members' user ids."""
        return frozenset(self._members)

    def _toggle(self) -> None:
        self._is_toggled = not self._is_toggled
        self._panel.classes(toggle='toggled')

    def _resized(self, event: events.GenericEventArguments) -> None:
        width = event.args.get('width') if isinstance(event.args, dict) else 0
        self._is_visible = isinstance(width, int | float) and width > 0
        self._button.props['aria-expanded'] = 'true' if self._is_visible else 'false'

    def _render_now(self) -> None:
        def rank(member: Member) -> tuple[int, str]:
            return ORDER.index(self._shown_status[member.user.id]), member.user.name.casefold()

        members = sorted(self._members.values(), key=rank)
        here = sum(status != 'offline' for status in self._shown_status.values())
        self._title.content = f'People · {here} of {len(members)} here'
        shown = tuple(
            (member, self._shown_status[member.user.id], self._line(member.user.id)) for member in members[:MOST_SHOWN]
        )
        self.list.content = _entries(shown, len(members) - len(shown))


@lru_cache(maxsize=256)  # every page of a room shows the same
def _entries(shown: tuple[tuple[Member, Status, str], ...], others: int) -> str:
    more = f'<li class="others">and {others} more</li>' if others else ''
    return ''.join(_entry(*each) for each in shown) + more


def _entry(member: Member, status: Status, line: str) -> str:
    user = member.user
    up_to = f'<span class="line">{escape(line)}</span>' if line else ''
    role = '' if member.role == 'member' else f'<span class="role">{ROLES[member.role]}</span>'
    return (
        f'<li class="person {status} by-{user.id}" id="p{user.id}">'
        f'<button type="button" class="who" aria-haspopup="dialog">{rows.avatar(user, "small")}'
        f'<span class="who-text"><span class="name">{escape(user.name)}</span>{role}{up_to}</span></button>'
        f'<span class="status">{status}</span></li>'
    )
