"""The menu of the open room: what it is like, who is in it, and how one stands to it."""

from collections.abc import Callable

from nicegui import Client

from chat import Chat, permissions
from chat.models import Level, Role, Room, RoomEntry, User
from chat.rooms import RoomChanges
from pages import acting, buttons, dialogs, inviting, links, people_choice, room_settings
from pages.asking import shows_errors
from pages.card import CardAction
from pages.conversation import Conversation
from pages.settings import frame as settings

ROLES: dict[Role, str] = {
    'owner': 'Owner: changes the room and says who is what',
    'moderator': 'Moderator: adds people and looks after the room',
    'member': 'Member: reads and writes',
}
LEVELS: dict[Level, str] = {
    'everything': 'Everything: each message makes itself noticed',
    'mentions': 'Mentions: only messages that mention you, or everybody',
    'nothing': 'Nothing: no message does, and none is counted in the title',
}


class RoomMenu:
    """Serves whichever room is open; ``on_listed`` is called when the list of rooms is another now."""

    def __init__(
        self,
        chat: Chat,
        client: Client,
        conversation: Callable[[], Conversation | None],
        entry: Callable[[int], RoomEntry | None],
        on_listed: Callable[[], object],
    ) -> None:
        self._chat = chat
        self._client = client
        self._conversation = conversation
        self._entry = entry
        self._on_listed = on_listed

    def fill(self) -> None:
        """Make the entries for the room that is open; they are made anew each time the menu is opened."""
        conversation = self._conversation()
        if conversation is None:
            return
        room, who = conversation.room, (conversation.user, conversation.role, conversation.room)
        buttons.entry('About this room', self.show_about)
        if permissions.may_calm_room(*who):
            buttons.entry('Room settings', self._show_settings)
        if permissions.may_add_people(*who):
            buttons.entry('Add people', self._add_people)
        if permissions.may_add_people(*who):
            buttons.entry('Invite people', self._invite)
            buttons.entry('Reports', lambda: self._client.open(f'{settings.PATH}/reports'))
        buttons.entry('Mark as read', conversation.seeing.mark_read)
        buttons.entry('Notifications', self._ask_for_level)
        buttons.entry("Copy the room's link", self._copy_link)
        is_favorite = self._is_favorite(room)
        label = 'Remove from favorites' if is_favorite else 'Add to favorites'
        buttons.entry(label, lambda: self._favor(room, favorite=not is_favorite))
        if permissions.may_leave(room):
            buttons.entry('Leave the room', self._ask_to_leave)

    def show_about(self) -> None:
        """Show what the room is for, and what holds in it."""
        conversation = self._conversation()
        if conversation is not None:
            with self._client:
                room_settings.about(conversation.room)

    def _show_settings(self) -> None:
        conversation = self._conversation()
        if conversation is None:
            return
        user, room, who = (
            conversation.user,
            conversation.room,
            (conversation.user, conversation.role, conversation.room),
        )

        async def save(changes: RoomChanges) -> None:
            await self._chat.rooms.change(user, room.slug, address=self._address(user), **changes)

        @shows_errors
        async def delete() -> None:
            await self._chat.rooms.delete(user, room.slug, address=self._address(user))

        with self._client:
            room_settings.RoomSettings(
                room,
                only_calming=not permissions.may_change_room(*who),
                may_delete=permissions.may_delete_room(*who),
                on_save=save,
                on_delete=delete,
            )

    @shows_errors
    async def _add_people(self) -> None:
        conversation = self._conversation()
        if conversation is None:
            return
        user, room, members = conversation.user, conversation.room, conversation.member_ids

        async def add(chosen: list[User]) -> None:
            for each in chosen:
                await self._chat.rooms.add_member(acting.actor(self._client, user), room.slug, each.id)

        with self._client:
            await people_choice.choose(
                f'Add people to {room.name}',
                'Add',
                find=lambda words: self._chat.directory.find(user, words),
                on_chosen=add,
                but=members,
            )

    @shows_errors
    async def _invite(self) -> None:
        conversation = self._conversation()
        if conversation is not None:
            await inviting.ask(self._chat, self._client, conversation.user, [conversation.room.slug])

    @shows_errors
    async def _favor(self, room: Room, *, favorite: bool) -> None:
        conversation = self._conversation()
        if conversation is not None:
            await self._chat.rooms.favor(conversation.user, room.slug, favorite)
            self._on_listed()

    async def _ask_to_leave(self) -> None:
        conversation = self._conversation()
        if conversation is not None and conversation.room.private:
            with self._client:
                dialogs.confirm(
                    'Leave this private room? You come back only if you are added again.', 'Leave', self._leave
                )
        else:
            await self._leave()

    @shows_errors
    async def _leave(self) -> None:
        conversation = self._conversation()
        if conversation is not None:
            await self._chat.rooms.leave(conversation.user, conversation.room.slug)

    def card_actions(self, user: User) -> list[CardAction]:
        """Return what can be done about a member of the room from the card about them."""
        conversation = self._conversation()
        if conversation is None or user.kind == 'bot' or conversation.role_of(user.id) is None:
            return []
        if not permissions.may_set_roles(conversation.user, conversation.role, conversation.room):
            return []
        return [('Role in this room', lambda: self._ask_for_role(user))]

    def _ask_for_role(self, user: User) -> None:
        conversation = self._conversation()
        role = conversation.role_of(user.id) if conversation is not None else None
        if conversation is None or role is None:
            return
        me, slug = conversation.user, conversation.room.slug
        with self._client:
            dialogs.choose_one(
                f'What {user.name} is in this room',
                ROLES,
                role,
                lambda chosen: self._chat.rooms.set_role(acting.actor(self._client, me), slug, user.id, chosen),
            )

    def _ask_for_level(self) -> None:
        conversation = self._conversation()
        if conversation is None:
            return
        me, room = conversation.user, conversation.room
        entry = self._entry(room.id)
        with self._client:
            dialogs.choose_one(
                f'What you are told of in {room.name}',
                LEVELS,
                room.usual_level if entry is None else entry.level,
                lambda chosen: self._chat.notifications.set_level(me, room.slug, chosen),
            )

    def _copy_link(self) -> None:
        conversation = self._conversation()
        if conversation is not None:
            path = links.address_of(conversation.room.slug)
            said = 'Link copied. Whoever opens it is asked for a name and lands here.'
            if conversation.room.private:
                said = 'Link copied. It leads those here who belong to this room.'
            links.share(self._client, self._chat.settings.public_url, path, said)

    def _address(self, user: User) -> str:
        return acting.actor(self._client, user).address

    def _is_favorite(self, room: Room) -> bool:
        entry = self._entry(room.id)
        return entry is not None and entry.favorite
