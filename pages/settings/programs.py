"""For administrators: bots with their tokens, and the webhooks of all rooms."""

import asyncio
from functools import partial

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, ui

from chat import Chat, permissions
from chat.errors import ChatError
from chat.models import Bot, Hook, Session
from pages import buttons, dialogs, keys, zones
from pages.acting import actor
from pages.asking import shows_errors
from pages.settings import frame
from pages.settings.entries import MOST_SHOWN, entry, part, plural, some_of

PATH = f'{frame.PATH}/programs'
EXPLAINED = (
    'Programs that speak here. A bot has tokens for the API; a webhook speaks in one room, whose owner makes it.'
)


def install(chat: Chat) -> None:
    """Register the page."""

    @ui.page(PATH, title='Hearth')
    async def programs(request: Request, client: Client) -> Response | None:
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        if not permissions.may_administer(session.user):
            return RedirectResponse(frame.PATH, 303)
        with frame.section(chat, client, session, PATH, 'Bots and webhooks', EXPLAINED):
            await Programs(chat, session, client).refresh()
        return None


class Programs:
    """Both lists, as one administrator sees them."""

    def __init__(self, chat: Chat, session: Session, client: Client) -> None:
        self._supervision = chat.supervision
        self._actor = actor(client, session.user)
        self._reader = zones.zone(session.time_zone)
        self._client = client
        with ui.element('div'):
            buttons.main('New bot', self._ask_name)
        part('Bots')
        self._bots = ui.element('ul').classes('accounts')
        self._no_bots = ui.label().classes('accounts-said')
        part('Webhooks')
        self._hooks = ui.element('ul').classes('accounts')
        self._no_hooks = ui.label().classes('accounts-said')

    @shows_errors
    async def refresh(self) -> None:
        """Read and show both lists anew."""
        bots, hooks = await self._supervision.programs(self._actor)
        if self._client.is_deleted:
            return
        self._bots.clear()
        with self._bots:
            for bot in bots[:MOST_SHOWN]:
                entry(bot.user.name, self._about(bot), partial(self._fill_bot, bot), user=bot.user)
        self._hooks.clear()
        with self._hooks:
            for hook in hooks[:MOST_SHOWN]:
                about = f'speaks in /{hook.room} since {self._day(hook)}'
                entry(hook.bot.name, about, partial(self._fill_hook, hook), user=hook.bot)
        self._no_bots.text, self._no_hooks.text = some_of(len(bots)), some_of(len(hooks))

    def _about(self, bot: Bot) -> str:
        used = max(token.last_used_at for token in bot.tokens)
        day = zones.long_day(zones.day_of(used, self._reader))
        return f'{plural(len(bot.tokens), "token", "tokens")} · last used on {day}'

    def _day(self, hook: Hook) -> str:
        return zones.long_day(zones.day_of(hook.created_at, self._reader))

    def _fill_bot(self, bot: Bot) -> None:
        buttons.entry('Make another token', partial(self._add_token, bot.user.name))
        for token in bot.tokens:
            label = f'End token {token.id}'
            buttons.entry(label, partial(self._revoke, bot.user.name, token.id)).classes('danger')
        if len(bot.tokens) > 1:
            buttons.entry('End all tokens', partial(self._revoke, bot.user.name, None)).classes('danger')

    def _fill_hook(self, hook: Hook) -> None:
        buttons.entry('End this webhook', partial(self._end_hook, hook.id)).classes('danger')

    @shows_errors
    async def _add_token(self, name: str) -> None:
        _, token = await self._supervision.add_bot_token(self._actor, name)
        self._show_token(name, token)
        await self.refresh()

    @shows_errors
    async def _revoke(self, name: str, token_id: int | None) -> None:
        await self._supervision.revoke_bot(self._actor, name, token_id)
        await self.refresh()

    @shows_errors
    async def _end_hook(self, hook_id: int) -> None:
        await self._supervision.end_hook(self._actor, hook_id)
        await self.refresh()

    def _ask_name(self) -> None:
        with dialogs.titled('New bot') as dialog:
            name = ui.input('Name').props('outlined autofocus maxlength=32').classes('full')
            problem = ui.label().classes('problem').props('role=alert')
            asking = asyncio.Lock()

            async def add() -> None:
                if asking.locked() or not dialog.value:
                    return  # a second Enter asks for no second bot
                async with asking:
                    try:
                        bot, token = await self._supervision.add_bot(self._actor, name.value or '')
                    except ChatError as error:
                        problem.text = error.message
                        return
                    dialog.close()
                self._show_token(bot.name, token)
                await self.refresh()

            keys.on_enter(name, add)
            with ui.element('div').classes('dialog-buttons'):
                buttons.plain('Cancel', dialog.close)
                buttons.main('Make it', add)

    def _show_token(self, name: str, token: str) -> None:
        with self._client, dialogs.titled(f'The token of {name}') as dialog:
            ui.label('It is shown this once. Whoever has it speaks as the bot.')
            shown = ui.input('Token', value=token).props('outlined readonly').classes('full')
            dialog.on('show', lambda: shown.run_method('select'), args=[])
            with ui.element('div').classes('dialog-buttons'):
                buttons.main('Done', dialog.close)
