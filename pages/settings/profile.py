"""How one presents oneself: the picture, the name and its color, what one is up to, time zone and theme."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from html import escape
from typing import Annotated, NamedTuple, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, app, ui
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect

from chat import Chat, text, time_zones
from chat.errors import ChatError, Invalid, NameTaken, Unauthenticated
from chat.models import Profile, Session, User
from chat.pictures import LARGEST, PictureTooLarge, UnfitPicture
from chat.profiles import Wanted
from chat.statuses import StatusFor
from pages import forms, looks, rows, zones
from pages.settings import frame
from web import cookies

PICTURE = f'{frame.PATH}/picture'
NO_PICTURE = f'{PICTURE}/remove'
FORMS = (frame.PATH, PICTURE, NO_PICTURE)
# Paths where more than usual is sent, and how many bytes. A photo that is too large still comes as far as to the page
# that says so in its place.
LARGER = {PICTURE: 4 * LARGEST}
EXPLAINED = 'How others see you, and how you see the chat.'
KINDS = 'image/jpeg,image/png,image/gif,image/webp'
COLOR_NAMES = (
    'Rust', 'Ocher', 'Olive', 'Green', 'Teal', 'Petrol', 'Blue', 'Indigo', 'Violet', 'Magenta', 'Raspberry', 'Taupe',
)  # fmt: skip
SPANS: dict[StatusFor, str] = {
    'never': 'Until I change it', '30m': 'For 30 minutes', '1h': 'For an hour', '4h': 'For 4 hours',
    'today': 'Until midnight', 'week': 'Until the end of this week',
}  # fmt: skip
AS_IT_IS = 'as-it-is'  # in place of a span: the end that the status has already
THEMES = [('', 'As the system has it'), ('light', 'Light'), ('dark', 'Dark')]
LONGEST_FIELD = 256  # characters of a form's field that are looked at


class Said(NamedTuple):
    """What an address says of the form that was sent last: which one, and what came of it."""

    part: str
    problem: str
    done: bool

    def above(self, part: str, done: str = 'Saved.') -> None:
        """Say it above the form that it is about."""
        if part == self.part:
            forms.say(self.problem)
            forms.confirm(done if self.done else '')


def install(chat: Chat) -> None:
    """Register the page and its forms."""

    @ui.page(frame.PATH, title='Hearth')
    async def profile(
        request: Request, client: Client, part: str = '', name: str = '', status: str = '', problem: str = '',
        wait: int = 0, done: str = '',
    ) -> Response | None:  # fmt: skip
        session = await frame.session_of(chat, request)
        if isinstance(session, Response):
            return session
        own = await chat.profiles.find(session.user.id)
        said = Said(part, await _sentence(chat, own.user, name, status, problem, wait), bool(done))
        with frame.section(chat, client, session, frame.PATH, 'Profile', EXPLAINED):
            ui.html(looks.style([own.look]), sanitize=False, tag='style')
            _ask_picture(own, said)
            _ask_who(own, name, said)
            _ask_status(own, status, zones.zone(session.time_zone), said)
            _ask_display(own, said)
        return None

    @app.post(frame.PATH, include_in_schema=False)
    async def change(
        request: Request,
        part: Annotated[str, Form()] = '',
        name: Annotated[str, Form()] = '',
        color: Annotated[str, Form()] = '',
        status: Annotated[str, Form()] = '',
        status_for: Annotated[str, Form()] = '',
        time_zone: Annotated[str, Form()] = '',
        theme: Annotated[str, Form()] = '',
    ) -> Response:
        wanted: dict[str, Wanted] = {
            'who': {'name': name, 'color': _number(color)},
            'status': {'status': status, 'status_for': cast(StatusFor, status_for)},
            'display': {'time_zone': time_zone or None, 'theme': theme or None},
        }

        async def save(session: Session) -> None:
            changes = wanted.get(part, {})
            if part == 'status' and status_for == AS_IT_IS:
                end = (await chat.profiles.find(session.user.id)).status_until
                changes = {'status': status, 'status_until': end}
            await chat.profiles.change(session, **changes)

        fields = {'name': name if part == 'who' else '', 'status': status if part == 'status' else ''}
        return await _answer(chat, request, save, part, **fields)

    @app.post(PICTURE, include_in_schema=False)
    async def set_picture(request: Request) -> Response:
        async def save(session: Session) -> None:
            async with chat.profiles.bring_picture(session.user):
                await chat.profiles.set_picture(session.user, await _uploaded(request))

        return await _answer(chat, request, save, 'picture')

    @app.post(NO_PICTURE, include_in_schema=False)
    async def remove_picture(request: Request) -> Response:
        return await _answer(chat, request, lambda session: chat.profiles.remove_picture(session.user), 'picture')


async def _answer(
    chat: Chat, request: Request, save: Callable[[Session], Awaitable[object]], part: str, **fields: str
) -> Response:
    """Let what a form asks for be done, and lead back to the page, which says what came of it."""
    part = part[:LONGEST_FIELD]
    try:
        forms.require_own(chat, request)
        session = await chat.sessions.find(cookies.read_token(request))
        if session is None:
            raise Unauthenticated
        await save(session)
    except Unauthenticated:
        return RedirectResponse('/', 303)
    except ChatError as error:
        kept = {name: value[:LONGEST_FIELD] for name, value in fields.items() if value}
        return RedirectResponse(forms.back(frame.PATH, error, part=part, **kept), 303)
    return RedirectResponse(f'{frame.PATH}?{urlencode({"part": part, "done": 1})}', 303)


async def _uploaded(request: Request) -> bytes:
    try:
        async with request.form(max_files=1, max_fields=1) as form:
            upload = form.get('picture')
            if not isinstance(upload, UploadFile) or not upload.size:
                raise UnfitPicture('picture_missing')
            if upload.size > LARGEST:
                raise PictureTooLarge
            return await upload.read()
    except ClientDisconnect:
        raise UnfitPicture('picture_broken') from None


def _number(color: str) -> int | None:
    """Return a color, one that there is not for what is none; None for the one that one was given."""
    if not color:
        return None
    return int(color) if color.isascii() and color.isdecimal() and len(color) < 3 else -1


async def _sentence(chat: Chat, user: User, name: str, status: str, problem: str, wait: int) -> str:
    """Return why the last try failed. It is found out anew: an address must not put words on this page."""
    try:
        if problem == NameTaken.code and text.skeleton(text.clean_name(name)) != text.skeleton(user.name):
            await chat.accounts.check_name(name)
        if problem == Invalid.code:
            text.clean_name(name or user.name)
            text.clean_status(status)
    except ChatError as error:
        return error.message
    wrong = {
        Invalid.code: 'This was not saved: something in it is not possible.',
        NameTaken.code: 'Somebody else had this name at that moment.',
    }
    return forms.sentence(problem, wait, **wrong)


def _ask_picture(own: Profile, said: Said) -> None:
    _title('Picture')
    with ui.element('div').classes('picture-now'):
        has = 'Your picture' if own.picture else 'Your avatar: you have no picture'
        avatar = f'<span role="img" aria-label="{has}">{rows.avatar(own.user, "huge")}</span>'
        ui.html(avatar, sanitize=False).classes(f'by-{own.user.id:d}')
        with ui.element('div').classes('picture-forms'):
            with forms.form(PICTURE).props('enctype=multipart/form-data'):
                said.above('picture', 'This is your picture now.' if own.picture else 'The picture is removed.')
                forms.file('A JPEG, PNG, GIF or WebP, at most 8 MB', 'picture', KINDS)
                forms.submit('Use this picture', 'second')
            if own.picture:
                with forms.form(NO_PICTURE):
                    forms.submit('Remove the picture', 'quiet')


def _ask_who(own: Profile, name: str, said: Said) -> None:
    _title('Name and color')
    with forms.form(frame.PATH):
        said.above('who')
        forms.hidden('part', 'who')
        forms.field('Your name', 'name', name or own.user.name, required=True, maxlength=32, autocomplete='nickname')
        with ui.element('fieldset').classes('colors'):
            with ui.element('legend'):
                ui.label('Color')
            ui.html(_colors(own), sanitize=False).classes('swatches')
        forms.submit('Save name and color')


def _colors(own: Profile) -> str:
    by_itself = own.user.id % len(COLOR_NAMES)
    choices = [('', by_itself, 'The one I was given'), *((f'{n}', n, name) for n, name in enumerate(COLOR_NAMES))]
    chosen = '' if own.color is None else f'{own.color:d}'
    letters = escape(text.initials(own.user.name))
    return ''.join(
        f'<label class="swatch" title="{name}"><input type="radio" name="color" value="{value}"'
        f'{" checked" * (value == chosen)} aria-label="{name}"><span class="avatar color-{number}" aria-hidden="true">'
        f'{letters if value else "Auto"}</span></label>'
        for value, number, name in choices
    )


def _ask_status(own: Profile, status: str, reader: ZoneInfo, said: Said) -> None:
    _title('Status')
    with forms.form(frame.PATH):
        said.above('status')
        forms.hidden('part', 'status')
        most = text.STATUS_LENGTH
        forms.field('What you are up to', 'status', status or own.status, maxlength=most, placeholder='At lunch')
        spans: list[tuple[str, str]] = [*SPANS.items()]
        if own.status_until is not None:
            spans.insert(0, (AS_IT_IS, _until(own.status_until, reader)))
        forms.choice('For how long', 'status_for', spans[0][0], spans)
        forms.submit('Save the status')


def _until(moment: datetime, reader: ZoneInfo) -> str:
    return f'Until {zones.clock_time(moment, reader)} on {zones.long_day(zones.day_of(moment, reader))}'


def _ask_display(own: Profile, said: Said) -> None:
    _title('Time and theme')
    with forms.form(frame.PATH):
        said.above('display')
        forms.hidden('part', 'display')
        places = time_zones.places()
        own_zone = own.time_zone or ''
        more = [(own_zone, own_zone)] if own_zone and own_zone not in places else []
        shown = [(place, place.replace('_', ' ')) for place in places]
        forms.choice('Time zone', 'time_zone', own_zone, [('', 'As my browser says'), *more, *shown])
        forms.choice('Theme', 'theme', own.theme or '', THEMES)
        forms.submit('Save time and theme')


def _title(title: str) -> None:
    with ui.element('h2'):
        ui.label(title)
