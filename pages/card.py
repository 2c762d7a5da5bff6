"""Who is who: a card about a person, beside their name or avatar. One card serves the whole page."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from html import escape
from zoneinfo import ZoneInfo

from nicegui import Client, events, ui

from chat import Chat
from chat.errors import ChatError
from chat.models import Profile, Role, User, UserKind
from pages import browser, buttons, rows, zones
from pages.moderating import Moderating

KINDS: dict[UserKind, str] = {
    'guest': 'Guest', 'member': 'Member', 'moderator': 'Moderator', 'administrator': 'Administrator', 'bot': 'Bot'
}  # fmt: skip
HERE: dict[Role, str] = {'owner': ' · owner of this room', 'moderator': ' · moderator of this room', 'member': ''}
CardAction = tuple[str, Callable[[], object]]
ROW = re.compile(r'([a-z])([0-9]{1,18})(?:u([0-9]{1,18}))?')
PROPS = 'no-parent-event anchor="bottom left" self="top left" :offset="[0,6]"'


class PersonCard:
    """Comes when the pointer rests on a name, and goes with it; pressed, it takes the focus and stays until Esc."""

    def __init__(
        self,
        chat: Chat,
        client: Client,
        reader: Callable[[], ZoneInfo],
        role_of: Callable[[int], Role | None],
        actions: Callable[[User], list[CardAction]],
    ) -> None:
        self._chat = chat
        self._client = client
        self._reader = reader
        self._role_of = role_of
        self._find_actions = actions
        self._place = ui.element('div')  # the card itself is made when it is wanted for the first time
        self.moderating: Moderating | None = None  # of the room that is open
        self._menu: ui.menu | None = None
        self._wanted = ''  # beside which name
        self._is_pressed = False

    def listen(self, place: ui.element, row: str, name: str, find: Callable[[int], User | None]) -> None:
        """Show who is meant in the rows of ``place``.

        The ids of rows begin with the letter ``row``; their names have the class ``name``; ``find`` returns whom the
        number in such an id stands for. Whoever is mentioned in a row is told with their own number after it.
        """

        async def pointed(event: events.GenericEventArguments) -> None:
            row_id, is_pressed = event.args if isinstance(event.args, list) and len(event.args) == 2 else ('', False)
            found = ROW.fullmatch(row_id) if isinstance(row_id, str) else None
            user = find(int(found[2])) if found is not None and found[1] == row else None
            if found is None or user is None:
                self._leave()
            elif found[3] is not None:
                target = f'#{row}{int(found[2])} .mention[data-user="{int(found[3])}"]'
                await self._come(target, int(found[3]), is_pressed=is_pressed is True)
            else:
                await self._come(f'#{row}{int(found[2])} .{name}', user.id, is_pressed=is_pressed is True)

        for kind in ('mouseover', 'mouseleave', 'click'):
            place.on(kind, pointed, js_handler=browser.POINTED_PERSON)

    def close(self) -> None:
        """Go, however the card was asked for."""
        self._is_pressed = False
        self._leave()

    async def _come(self, target: str, user_id: int, *, is_pressed: bool) -> None:
        if self._is_shown and self._is_pressed and not is_pressed:
            return
        self._wanted = target
        try:
            profile = await self._chat.profiles.find(user_id)
            user = profile.user
            standing = await self.moderating.standing(user) if is_pressed and self.moderating is not None else None
        except ChatError:
            return
        if self._wanted != target or self._client.is_deleted:
            return
        if self._menu is None:
            self._menu = self._build()
        self._is_pressed = is_pressed
        self._content.content = content(profile, self._reader(), datetime.now(UTC), self._role_of(user.id))
        self._show_actions(profile.user)
        if self.moderating is not None and standing is not None:
            with self._actions:
                self.moderating.fill(standing, self.close)
        buttons.put_beside(self._menu, target)
        self._menu.props['no-focus'] = not is_pressed
        self._menu.props['aria-label'] = f'About {profile.user.name}'
        if self._menu.value:
            self._menu.run_method('updatePosition')
            if is_pressed:
                self._menu.run_method('focus')
        self._menu.open()

    def _leave(self) -> None:
        """Go, unless the card was asked for by pressing."""
        self._wanted = ''
        if self._menu is not None and not self._is_pressed:
            self._menu.close()

    def _show_actions(self, user: User) -> None:
        self._actions.clear()
        with self._actions:
            for label, action in self._find_actions(user):
                buttons.plain(label, partial(self._do, action))

    def _do(self, action: Callable[[], object]) -> object:
        self.close()
        return action()

    @property
    def _is_shown(self) -> bool:
        return self._menu is not None and bool(self._menu.value)

    def _build(self) -> ui.menu:
        with self._place, ui.menu().props(PROPS).classes('card') as menu:
            menu.props['role'] = 'dialog'
            with ui.element('div') as inside:
                self._content = ui.html('', sanitize=False).classes('card-content')
                self._actions = ui.element('div').classes('card-actions')
            inside.on('mouseenter', js_handler=browser.STAY_WITH_PERSON)
            inside.on('mouseleave', self._leave, js_handler=browser.LEFT_PERSON)
        return menu


def content(profile: Profile, reader: ZoneInfo, now: datetime, role: Role | None = None) -> str:
    """Return what stands on the card, for somebody who reads it in that zone."""
    user = profile.user
    day = zones.long_day(zones.day_of(profile.created_at, reader)).partition(', ')[2]
    rest = [('Here since', day)]
    if profile.clock is not None:
        rest.insert(0, ('Local time', zones.clock_time(now, zones.zone(profile.clock))))
    kind = KINDS[user.kind] + HERE[role or 'member']
    name = f'<p class="card-name">{escape(user.name)}</p><p class="card-kind">{kind}</p>'
    facts = ''.join(f'<div><dt>{what}</dt><dd>{escape(value)}</dd></div>' for what, value in rest)
    status = f'<p class="card-status">{escape(profile.status)}</p>' if profile.status else ''
    return (
        f'<div class="card-head by-{user.id:d}">{rows.avatar(user, "large")}<div>{name}</div></div>'
        f'{status}<dl>{facts}</dl>'
    )
