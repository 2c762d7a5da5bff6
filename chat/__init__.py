"""The chat itself: knows neither NiceGUI nor FastAPI. ``Chat`` is all its parts put together."""

from contextlib import suppress
from datetime import timedelta

from chat import markup
from chat.accounts import Accounts
from chat.administration import Administration
from chat.bots import Bots
from chat.bus import Bus
from chat.catching_up import CatchingUp
from chat.credentials import Credentials
from chat.deletion import Deletion
from chat.direct import Direct
from chat.directory import Directory
from chat.drafts import Drafts
from chat.errors import StorageFailed
from chat.events import Changes
from chat.files import Files
from chat.health import HealthReport
from chat.hooks import Hooks
from chat.housekeeping import Housekeeping
from chat.identities import Identities
from chat.invitations import Invitations
from chat.log import Log
from chat.measures import Measures
from chat.messages import Messages
from chat.moderation import Moderation
from chat.notifications import Notifications
from chat.operator import Operator
from chat.passwords import Passwords
from chat.pictures import Pictures
from chat.pins import Pins
from chat.policies import Policies
from chat.presence import Presence
from chat.profiles import Profiles
from chat.rate_limits import RateLimits
from chat.reactions import Reactions
from chat.readiness import Readiness
from chat.reports import Reports
from chat.room_state import RoomState
from chat.rooms import Rooms
from chat.search import Search
from chat.sessions import Sessions
from chat.settings import Settings
from chat.statuses import Statuses
from chat.storage import Storage, changes
from chat.storage import rooms as room_rows
from chat.supervision import Supervision
from chat.totals import Totals
from chat.unread import Unread


class Chat:
    """One chat server's rooms, people and rules. ``open`` it before the event loop, ``start`` it inside."""

    def __init__(self, settings: Settings, storage: Storage | None = None) -> None:
        self.settings = settings
        self.measures = Measures()
        self.storage = storage or Storage(settings.data, settings.database_url, self.measures)
        self.bus = Bus(settings.redis_url)
        self.readiness = Readiness(self.storage, self.bus)
        self.totals = Totals(self.storage)
        self.rate_limits = RateLimits(enabled=settings.rate_limits, bus=self.bus)
        self.room_state = RoomState(self._changes_since, self._revisions, self.measures, self.bus)
        self.presence = Presence(bus=self.bus)
        self.measures.follow(self.presence)
        self.sessions = Sessions(self.storage, self.bus)
        self.passwords = Passwords()
        people = (self.storage, self.room_state, self.rate_limits, self.sessions)
        self.accounts = Accounts(*people, settings.sign_in)
        self.credentials = Credentials(*people, self.passwords, settings.sign_in)
        self.administration = Administration(*people, self.passwords)
        self.deletion = Deletion(*people, self.credentials)
        self.identities = Identities(*people, settings.oidc_file)
        self.moderation = Moderation(*people)
        self.reports = Reports(self.storage, self.room_state, self.rate_limits)
        self.log = Log(self.storage)
        self.invitations = Invitations(*people, self.passwords, settings.sign_in)
        people_chores = (self.sessions, self.accounts, self.administration, self.invitations)
        self.files = Files(self.storage, self.rate_limits, settings)
        chores = (*people_chores, self.moderation, self.reports, self.log, self.files)
        self.housekeeping = Housekeeping(*(each.sweep for each in chores))
        self.statuses = Statuses(self.storage, self.bus)
        self.pictures = Pictures()
        told = (self.storage, self.room_state, self.rate_limits)
        self.profiles = Profiles(*told, self.statuses, self.pictures)
        self.policies = Policies(self.storage, self.rate_limits)
        self.rooms = Rooms(self.storage, self.room_state, self.rate_limits)
        self.direct = Direct(self.storage, self.room_state, self.rate_limits)
        edit_window = timedelta(minutes=settings.edit_window_minutes) if settings.edit_window_minutes else None
        self.messages = Messages(self.storage, self.room_state, self.rate_limits, edit_window)
        self.reactions = Reactions(self.storage, self.room_state, self.rate_limits)
        self.pins = Pins(*told)
        self.bots = Bots(self.storage, self.sessions)
        self.supervision = Supervision(*people, self.bots)
        self.health = HealthReport(self.storage, self.measures, self.readiness, self.bus)
        self.hooks = Hooks(self.storage, self.room_state, self.rate_limits, self.messages)
        self.operator = Operator(settings.data)
        self.drafts = Drafts(self.storage)
        self.directory = Directory(self.storage)
        self.unread = Unread(self.storage, self.rate_limits, self.bus)
        self.notifications = Notifications(self.storage, self.rate_limits, self.unread.moved)
        self.search = Search(self.storage, self.rate_limits)
        self.catching_up = CatchingUp(self.storage, self.rate_limits)
        self.room_state.watch(self.unread.heard, self.unread.cares_for)
        self.room_state.watch_lists(self.unread.moved, self.unread.gone)

    def is_there(self) -> bool:
        """Whether there is a database to open, or a new one would be made."""
        return self.storage.is_there()

    def open(self) -> None:
        """Open the database, bringing it up to date; raises CannotOpen before anything listens if that fails."""
        self.storage.open()
        markup.render('https://example.org')  # compiles the rules about links, which nobody shall wait for

    def start(self) -> None:
        """Begin what runs beside the requests; needs the event loop. Starting twice is harmless."""
        self.room_state.start()
        self.presence.start()
        self.sessions.start()
        self.statuses.start()
        self.bus.start(self.storage.chat_id)
        self.housekeeping.start()
        self.deletion.start()
        self.files.start()
        if self.settings.database_url is None:  # else commands need no server to reach the data
            self.operator.start()

    async def stop(self) -> None:
        """Store what waits and let go of everything; stopping twice is harmless."""
        self.presence.stop()
        self.sessions.stop()
        self.housekeeping.stop()
        self.deletion.stop()
        self.operator.stop()
        self.passwords.stop()
        self.statuses.stop()
        self.pictures.stop()
        await self.room_state.stop()
        if self.storage.is_open:
            for store in (self.unread.stop, self.drafts.flush):
                with suppress(StorageFailed):  # it is in the log, and the rest must still be let go of
                    await store()
        await self.bus.stop()
        await self.files.stop()
        self.storage.close()

    async def _changes_since(self, room_id: int, revision: int) -> Changes:
        return await self.storage.read(changes.since, room_id, revision)

    async def _revisions(self, room_ids: list[int]) -> dict[int, int]:
        return await self.storage.read(room_rows.revisions, room_ids)
