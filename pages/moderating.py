"""What moderators do from the room page: entries of a message's menu, and of the card about a person."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import Client, ui

from chat import Chat, permissions
from chat.audit import Actor
from chat.errors import ChatError
from chat.models import Message, Role, Room, Standing, User
from pages import acting, buttons, dialogs, keys
from pages.asking import shows_errors
from pages.row_menu import RowEntry

WITHOUT_END = 0
FOR_HOW_LONG = {60: '1 hour', 1440: '1 day', 10_080: '7 days', 43_200: '30 days', WITHOUT_END: 'Without end'}  # minutes
HOW_FAR_BACK = {15: '15 minutes', 60: '1 hour', 1440: '1 day', 10_080: '7 days', 43_200: '30 days'}  # minutes
HERE, EVERYWHERE = 'here', 'everywhere'


@dataclass(frozen=True, slots=True)
class Answers:
    """What a moderator has answered; what was not asked is as if nothing had been chosen."""

    reason: str
    minutes: int | None
    is_everywhere: bool
    with_address: bool


class Moderating:
    """What somebody may do in the room that is open about others, and what they said."""

    def __init__(
        self,
        chat: Chat,
        client: Client,
        user: Callable[[], User],
        room: Callable[[], Room],
        role: Callable[[int], Role | None],
    ) -> None:
        self._chat = chat
        self._client = client
        self._user = user
        self._room = room
        self._role = role  # of somebody in the room

    @property
    def may_here(self) -> bool:
        """Whether there is anybody in the room whom this person could moderate."""
        return not self._room().direct and permissions.rank(self._user(), self._role(self._user().id)) > 0

    def may(self, other: User) -> bool:
        """Whether this person may moderate somebody in the room."""
        me, room = self._user(), self._room()
        return permissions.may_moderate_in_room(me, self._role(me.id), room, other, self._role(other.id))

    # A message's menu.

    def row_entries(self) -> list[RowEntry]:
        """Return what stands below the entries for everybody."""
        return [
            RowEntry('Report', self.report, lambda each: permissions.may_report(self._user(), each)),
            RowEntry('Hide', self.hide, self._may_hide, is_danger=True),
            RowEntry('Show again', self.show_again, lambda each: each.hidden and self.may(each.author)),
        ]

    def _may_hide(self, message: Message) -> bool:
        return message.deleted_at is None and self.may(message.author)

    def report(self, message: Message) -> None:
        """Ask why a message is to be reported."""

        async def report(answers: Answers) -> str:
            await self._chat.reports.report(self._user(), message.id, answers.reason)
            return 'The moderators have been told.'

        says = 'The moderators see what it says, and who reported it.'
        _ask('Report this message', says, 'Report', report)

    def hide(self, message: Message) -> None:
        """Ask why a message is to be hidden."""

        async def hide(answers: Answers) -> str:
            await self._chat.moderation.hide(self._actor, message.id, answers.reason)
            return 'The message is hidden.'

        says = f'Nobody can read what {message.author.name} said here. For 7 days it can be shown again.'
        _ask('Hide this message', says, 'Hide', hide)

    @shows_errors
    async def show_again(self, message: Message) -> None:
        """Show a hidden message again."""
        await self._chat.moderation.show_again(self._actor, message.id)

    # The card about a person.

    async def standing(self, user: User) -> Standing | None:
        """Return how somebody stands, if this person may do something about it."""
        if permissions.rank(self._user()) == 0 and not self.may(user):
            return None
        try:
            return await self._chat.moderation.standing(self._user(), user.id, self._room().slug)
        except ChatError:
            return None

    def fill(self, standing: Standing, close_card: Callable[[], object]) -> None:
        """Make the buttons of the card: what is done is undone by one, and what is not asks first."""

        def button(label: str, act: Callable[[], object]) -> None:
            def chosen() -> object:
                close_card()
                return act()

            buttons.plain(label, chosen)

        user = standing.user
        for label, undo in self._undone(standing):
            button(label, partial(self._undo, undo))
        button('Mute', partial(self._mute, standing))
        if standing.may_here and standing.is_member:
            button('Remove from the room', partial(self._remove, user))
        button('Ban', partial(self._ban, standing))
        button('Hide messages', partial(self._hide_all, standing))
        button('Show hidden messages again', partial(self._show_all_again, standing))
        if standing.may_everywhere:
            button('Sign out everywhere', partial(self._sign_out, user))

    @property
    def _actor(self) -> Actor:
        return acting.actor(self._client, self._user())

    def _undone(self, standing: Standing) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """Return what is in force and may be undone, in words, and how."""
        moderation, user_id, slug = self._chat.moderation, standing.user.id, self._room().slug
        rules = (
            (standing.muted_here, standing.may_here, 'Unmute in this room', moderation.unmute, slug),
            (standing.muted, standing.may_everywhere, 'Unmute everywhere', moderation.unmute, None),
            (standing.banned_here, standing.may_here, 'End the ban from this room', moderation.unban, slug),
            (standing.banned, standing.may_everywhere, 'End the ban from the chat', moderation.unban, None),
        )
        return [
            (label, partial(undo, self._actor, user_id, where))
            for until, may, label, undo, where in rules
            if until is not None and may
        ]

    @shows_errors
    async def _undo(self, undo: Callable[[], Awaitable[None]]) -> None:
        await undo()
        ui.notify('That is undone.')

    def _mute(self, standing: Standing) -> None:
        user = standing.user

        async def mute(answers: Answers) -> str:
            await self._chat.moderation.mute(
                self._actor, user.id, self._where(answers), answers.minutes, answers.reason
            )
            return f'{user.name} is muted.'

        says = 'Whoever is muted can read, and not write.'
        _ask(f'Mute {user.name}', says, 'Mute', mute, scopes=_scopes(standing), minutes=FOR_HOW_LONG)

    def _remove(self, user: User) -> None:
        async def remove(answers: Answers) -> str:
            await self._chat.moderation.remove(self._actor, self._room().slug, user.id, answers.reason)
            return f'{user.name} was removed from the room.'

        says = 'They can come back only if somebody adds them again.'
        if not self._room().private:
            says = 'This room is open: they can come back. To keep them out, ban them.'
        _ask(f'Remove {user.name} from the room', says, 'Remove', remove)

    def _ban(self, standing: Standing) -> None:
        user = standing.user

        async def ban(answers: Answers) -> str:
            where = self._where(answers)
            is_by_address = answers.with_address and where is None
            await self._chat.moderation.ban(
                self._actor, user.id, where, answers.minutes, answers.reason, address=is_by_address
            )
            return f'{user.name} is banned.'

        says = 'Whoever is banned is taken out at once, and cannot come in.'
        _ask(
            f'Ban {user.name}', says, 'Ban', ban,
            scopes=_scopes(standing), minutes=FOR_HOW_LONG, asks_address=standing.may_everywhere,
        )  # fmt: skip

    def _hide_all(self, standing: Standing) -> None:
        user = standing.user

        async def hide(answers: Answers) -> str:
            count = await self._chat.moderation.hide_all(
                self._actor, user.id, self._where(answers), answers.minutes or 0, answers.reason
            )
            return _counted(count, 'hidden')

        says = 'For 7 days they can be shown again.'
        title = f'Hide what {user.name} said'
        _ask(title, says, 'Hide', hide, scopes=_scopes(standing), minutes=HOW_FAR_BACK, about='In the last')

    @shows_errors
    async def _show_all_again(self, standing: Standing) -> None:
        where = None if standing.may_everywhere else self._room().slug
        count = await self._chat.moderation.show_all_again(self._actor, standing.user.id, where)
        ui.notify(_counted(count, 'shown again'))

    def _sign_out(self, user: User) -> None:
        async def sign_out(answers: Answers) -> str:
            await self._chat.moderation.sign_out(self._actor, user.id, answers.reason)
            return f'{user.name} is signed out.'

        says = 'All their sessions end. A guest cannot come back under this name; others can sign in again.'
        _ask(f'Sign {user.name} out everywhere', says, 'Sign out', sign_out)

    def _where(self, answers: Answers) -> str | None:
        return None if answers.is_everywhere else self._room().slug


def _ask(
    title: str,
    says: str,
    yes: str,
    act: Callable[[Answers], Awaitable[str]],
    *,
    scopes: dict[str, str] | None = None,
    minutes: dict[int, str] | None = None,
    about: str = 'For how long',
    asks_address: bool = False,
) -> None:
    """Ask why, and where and for how long if there is a choice; ``act`` returns what was done, or raises ChatError."""
    with dialogs.titled(title) as dialog:
        ui.label(says)
        where = _choice('Where', scopes) if scopes and len(scopes) > 1 else None
        chosen = _choice(about, minutes) if minutes else None
        reason = ui.input('Reason').props('outlined autofocus maxlength=400').classes('full')
        address = ui.checkbox('Also let nobody new in from where they are') if asks_address else None
        if address is not None:
            address.props('dense')
        if address is not None and where is not None:
            address.bind_visibility_from(where, 'value', value=EVERYWHERE)
        problem = ui.label().classes('problem').props('role=alert')
        asking = asyncio.Lock()

        async def do() -> None:
            if asking.locked() or not dialog.value:
                return  # a second Enter does nothing twice
            async with asking:
                scope = where.value if where is not None else next(iter(scopes or {HERE: ''}))
                count = chosen.value if chosen is not None else None
                answers = Answers(
                    reason.value or '',
                    count or None,
                    scope == EVERYWHERE,
                    address is not None and bool(address.value),
                )
                try:
                    done = await act(answers)
                except ChatError as error:
                    problem.text = error.message
                    return
                dialog.close()
            ui.notify(done)

        keys.on_enter(reason, do)
        with ui.element('div').classes('dialog-buttons'):
            buttons.plain('Cancel', dialog.close)
            buttons.danger(yes, do)


def _choice(question: str, answers: dict[Any, str]) -> ui.radio:
    """Ask for one of a few answers, the first being chosen."""
    with ui.element('div').classes('choice'):
        ui.label(question).classes('choice-label')
        radio = ui.radio(answers, value=next(iter(answers))).props('inline dense')
    radio.props['role'] = 'radiogroup'
    radio.props['aria-label'] = question
    return radio


def _scopes(standing: Standing) -> dict[str, str]:
    """Return where somebody may be moderated, in words."""
    scopes = {HERE: 'In this room'} if standing.may_here else {}
    return {**scopes, **({EVERYWHERE: 'Everywhere'} if standing.may_everywhere else {})}


def _counted(count: int, done: str) -> str:
    return f'1 message is {done}.' if count == 1 else f'{count:,} messages are {done}.'
