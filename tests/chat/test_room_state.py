"""Every listener is told each change in order, once, whatever happens to the events on their way."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat import room_state
from chat.errors import StorageFailed
from chat.events import (
    Changes,
    MemberChanged,
    MessageEvent,
    RoomChanged,
    RoomEvent,
    StartAfresh,
    Told,
    Typing,
    message_event,
)
from chat.models import Member, Message, User
from chat.room_state import RoomState
from tests.loops import run_without_waiting

ROOM = 1
ADA, BO = User(1, 'Ada', 'guest'), User(2, 'Bo', 'guest')


@pytest.fixture(autouse=True)
def little_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait long for events that overtook each other."""
    monkeypatch.setattr(room_state, 'OUT_OF_ORDER_GRACE', 0.002)


class FakeStorage:
    """A room that changes and whose messages are sent and edited, and what changed since a revision."""

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}
        self.room = RoomChanged(ROOM, 'lobby', 0, 'Lobby', '', private=False)
        self.revision = 0
        self.failures = 0
        self.forgets = False
        self.most_changes = 1_000
        self.reads = 0

    def change(self, message_id: int) -> MessageEvent:
        self.revision += 1
        is_new = message_id not in self.messages
        now = datetime.now(UTC)
        self.messages[message_id] = Message(
            message_id, ROOM, 'lobby', self.revision, ADA, f'version {self.revision}', '', None, now,
            None if is_new else now, None, None, worded_revision=self.revision,
            first_revision=self.revision if is_new else self.messages[message_id].first_revision,
        )  # fmt: skip
        return message_event(self.messages[message_id])

    def rename(self) -> RoomChanged:
        self.revision += 1
        self.room = RoomChanged(ROOM, 'lobby', self.revision, f'version {self.revision}', '', private=False)
        return self.room

    async def changes(self, _: int, since: int) -> Changes:
        self.reads += 1
        await asyncio.sleep(0)
        self._perhaps_fail()
        if self.forgets:
            return Changes((), self.revision, complete=False)
        everything: list[RoomEvent] = [self.room, *map(message_event, self.messages.values())]
        changed = sorted((e for e in everything if e.revision > since), key=lambda e: e.revision)
        if len(changed) > self.most_changes:
            return Changes((), self.revision, complete=False)
        found = Changes(tuple(changed), self.revision, complete=True)
        await asyncio.sleep(0.001)  # what is read may be old when it arrives
        return found

    async def revisions(self, room_ids: list[int]) -> dict[int, int]:
        self._perhaps_fail()
        return dict.fromkeys(room_ids, self.revision)

    def _perhaps_fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StorageFailed


class Listener:
    """A page: starts from a snapshot and applies what it is told as "put by id"."""

    def __init__(self, storage: FakeStorage) -> None:
        self.messages = dict(storage.messages)
        self.name = storage.room.name
        self.since = storage.revision
        self.revisions: list[int] = []
        self.states: list[Told] = []

    def deliver(self, events: Sequence[Told]) -> None:
        for event in events:
            if isinstance(event, MessageEvent):
                self.revisions.append(event.revision)
                self.messages[event.message.id] = event.message
            elif isinstance(event, RoomChanged):
                self.revisions.append(event.revision)
                self.name = event.name
            else:
                self.states.append(event)


def in_a_room(scene: Callable[[FakeStorage, RoomState], Awaitable[None]]) -> None:
    """Play a scene with a storage and a room state of its own."""

    async def play() -> None:
        storage = FakeStorage()
        state = RoomState(storage.changes, storage.revisions)
        try:
            await scene(storage, state)
        finally:
            await state.stop()

    run_without_waiting(play())


async def settle(state: RoomState) -> None:
    """Wait until everything that was missed has been filled."""
    for _ in range(3):
        await state.compare()
        await asyncio.sleep(0.01)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just('change'), st.integers(1, 6)),
        st.tuples(st.just('rename'), st.just(0)),
        st.tuples(st.just('listen'), st.booleans()),
        st.tuples(st.just('leave'), st.integers(0, 5)),
        st.tuples(st.just('breathe'), st.just(0)),
    ),
    max_size=40,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(steps=STEPS, mischief=st.randoms(use_true_random=False))
def test_all_listeners_end_equal_to_storage_in_order_and_none_twice(steps, mischief) -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        listeners: list[tuple[Listener, object]] = []
        late: list[Listener] = []
        on_the_way: list[RoomEvent] = []
        for what, value in [*steps, ('listen', False)]:
            if what in {'change', 'rename'}:
                event = storage.change(value) if what == 'change' else storage.rename()
                on_the_way += [event] * mischief.choice([0, 1, 1, 1, 2])  # lost, or doubled
            elif what == 'listen':
                late.append(Listener(storage))
                if not value:  # some take their time between snapshot and subscription
                    listeners += [
                        (each, state.subscribe(ROOM, each.since, each.deliver)) for each in late
                    ]  # fmt: skip
                    late = []
            elif what == 'leave' and value < len(listeners):
                _, subscription = listeners.pop(value)
                state.unsubscribe(subscription)
            else:
                await asyncio.sleep(0)
            mischief.shuffle(on_the_way)
            while on_the_way and mischief.random() < 0.7:
                state.publish(on_the_way.pop())
        for event in on_the_way:
            state.publish(event)
        await settle(state)
        for listener, _ in listeners:
            assert (listener.messages, listener.name) == (storage.messages, storage.room.name)
            assert listener.revisions == sorted(set(listener.revisions))

    in_a_room(scene)


def test_events_in_order_are_delivered_at_once() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        listener = Listener(storage)
        state.subscribe(ROOM, 0, listener.deliver)
        state.publish(storage.change(1))
        state.publish(storage.change(2))
        assert listener.revisions == [1, 2]

    in_a_room(scene)


def test_who_comes_during_a_read_with_an_older_snapshot_misses_nothing() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        slow = Listener(storage)
        for message_id in range(1, 6):
            storage.change(message_id)
        quick = Listener(storage)
        storage.change(6)
        state.subscribe(ROOM, 5, quick.deliver)
        await asyncio.sleep(0)  # now storage is read, from revision 5 on
        await asyncio.sleep(0)
        assert storage.reads == 1
        state.subscribe(ROOM, 0, slow.deliver)
        await settle(state)
        assert (quick.revisions, slow.revisions) == ([6], [1, 2, 3, 4, 5, 6])

    in_a_room(scene)


def test_a_lost_last_event_is_found_by_comparing_with_storage() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        listener = Listener(storage)
        state.subscribe(ROOM, 0, listener.deliver)
        await asyncio.sleep(0.03)
        storage.change(1)
        await settle(state)
        assert listener.revisions == [1]

    in_a_room(scene)


def test_when_too_much_has_changed_listeners_are_told_to_start_afresh() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        listener = Listener(storage)
        storage.forgets = True
        storage.change(1)
        state.subscribe(ROOM, 0, listener.deliver)
        await settle(state)
        assert listener.states == [StartAfresh(ROOM)]
        storage.forgets = False
        state.publish(storage.change(2))
        assert listener.revisions == [2]

    in_a_room(scene)


def test_a_listener_that_fails_keeps_nothing_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        def broken(_: Sequence[Told]) -> None:
            raise RuntimeError('broken page')

        listener = Listener(storage)
        state.subscribe(ROOM, 0, broken)
        state.subscribe(ROOM, 0, listener.deliver)
        state.publish(storage.change(1))
        assert listener.revisions == [1]

    with caplog.at_level(logging.CRITICAL, 'hearth.room_state'):
        in_a_room(scene)


def test_a_storage_that_fails_while_filling_is_asked_again() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        listener = Listener(storage)
        storage.failures = 1
        state.subscribe(ROOM, 0, listener.deliver)
        storage.change(1)
        await asyncio.sleep(0.01)
        await settle(state)
        assert listener.revisions == [1]

    in_a_room(scene)


def test_typing_is_told_ends_with_the_message_and_leaves_no_timer() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        listener = Listener(storage)
        subscription = state.subscribe(ROOM, 0, listener.deliver)
        state.typing(ROOM, ADA)
        state.typing(ROOM, ADA)
        state.typing(ROOM, BO)
        state.publish(storage.change(1))  # Ada's
        assert listener.states == [Typing(ROOM, (ADA,)), Typing(ROOM, (ADA, BO)), Typing(ROOM, (BO,))]
        state.unsubscribe(subscription)
        state.unsubscribe(subscription)
        assert state.listeners == 0

    in_a_room(scene)


def test_who_types_is_told_by_the_name_they_have_now() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        listener = Listener(storage)
        state.subscribe(ROOM, 0, listener.deliver)
        state.typing(ROOM, ADA)
        state.typing(ROOM, BO)
        eve = User(ADA.id, 'Eve', 'guest')
        state.publish(MemberChanged(ROOM, 'lobby', 1, Member(eve, 'member')))
        state.publish(MemberChanged(ROOM, 'lobby', 2, Member(User(99, 'Di', 'guest'), 'member')))
        typing = [state for state in listener.states if isinstance(state, Typing)]
        assert typing == [Typing(ROOM, (ADA,)), Typing(ROOM, (ADA, BO)), Typing(ROOM, (eve, BO))]

    in_a_room(scene)


def test_one_who_is_too_far_back_takes_nothing_from_those_who_are_not() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        storage.most_changes = 10
        for number in range(40):
            storage.change(number)
        listeners = {since: Listener(storage) for since in (0, 20, 30, 35, 39, 40)}
        for since, listener in listeners.items():
            state.subscribe(ROOM, since, listener.deliver)
        await asyncio.sleep(0.05)
        for since, listener in listeners.items():
            is_too_far_back = since < 30
            assert listener.states == ([StartAfresh(ROOM)] if is_too_far_back else [])
            assert listener.revisions == ([] if is_too_far_back else list(range(since + 1, 41)))

    in_a_room(scene)


def test_many_who_are_too_far_back_are_found_out_with_few_reads() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        storage.most_changes = 10
        for number in range(300):
            storage.change(number)
        listeners = [Listener(storage) for _ in range(299)]
        for since, listener in enumerate(listeners):
            state.subscribe(ROOM, since, listener.deliver)
        await asyncio.sleep(0.2)
        assert [listener.states for listener in listeners] == [[StartAfresh(ROOM)]] * 290 + [[]] * 9
        assert storage.reads < 30

    in_a_room(scene)


def test_a_revision_of_another_time_is_told_to_start_afresh_and_costs_the_others_nothing() -> None:
    """A program may come back with the number of a server that was since restored from a backup, or with any."""

    async def scene(storage: FakeStorage, state: RoomState) -> None:
        for _ in range(3):
            storage.change(1)
        listener = Listener(storage)
        state.subscribe(ROOM, 3, listener.deliver)
        stranger = Listener(storage)
        state.subscribe(ROOM, 10**9, stranger.deliver)
        await asyncio.sleep(0.05)
        assert stranger.states == [StartAfresh(ROOM)]
        assert listener.states == []
        assert storage.reads < 5
        state.publish(storage.change(2))
        assert listener.revisions == stranger.revisions == [4]

    in_a_room(scene)


def test_when_storage_goes_back_listeners_start_afresh_and_storage_is_not_asked_for_ever() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        listener, behind = Listener(storage), Listener(storage)
        state.subscribe(ROOM, 0, listener.deliver)
        state.subscribe(ROOM, 0, behind.deliver)
        lost = [storage.change(1) for _ in range(5)]
        state.publish(lost[0])
        storage.revision, storage.messages = 0, {}
        state.publish(lost[4])
        await asyncio.sleep(0.1)
        assert StartAfresh(ROOM) in listener.states
        assert storage.reads < 5
        state.publish(storage.change(1))
        assert listener.revisions[-1] == 1

    in_a_room(scene)


def test_who_has_stopped_listening_hears_nothing_more_even_of_the_same_news() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        late = Listener(storage)
        first = state.subscribe(ROOM, 0, lambda _: state.unsubscribe(second))
        second = state.subscribe(ROOM, 0, late.deliver)
        state.publish(storage.change(1))
        assert late.revisions == []
        state.unsubscribe(first)

    in_a_room(scene)


def test_a_listener_may_stop_while_what_it_missed_is_told() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        def leave(_: Sequence[Told]) -> None:
            state.unsubscribe(subscription)

        storage.change(1)
        subscription = state.subscribe(ROOM, 0, leave)
        await asyncio.sleep(0.05)
        assert (state.listeners, state._rooms) == (0, {})

    in_a_room(scene)


def test_who_comes_and_goes_leaves_nothing_behind() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        tasks = asyncio.all_tasks()
        for _ in range(50):
            subscription = state.subscribe(ROOM, 0, lambda _: None)
            state.typing(ROOM, ADA)
            state.publish(storage.change(1))
            await asyncio.sleep(0)
            state.unsubscribe(subscription)
        await asyncio.sleep(0.01)
        assert state._rooms == {}
        assert asyncio.all_tasks() == tasks

    in_a_room(scene)


def test_starting_and_stopping_twice_is_harmless() -> None:
    async def scene(storage: FakeStorage, state: RoomState) -> None:
        before = asyncio.all_tasks()
        for _ in range(2):
            state.start()
        assert len(asyncio.all_tasks() - before) == 1
        subscription = state.subscribe(ROOM, 0, lambda _: None)
        for _ in range(2):
            await state.stop()
        state.unsubscribe(subscription)
        await asyncio.sleep(0.01)
        assert asyncio.all_tasks() == before

    in_a_room(scene)


def test_the_comparing_outlives_a_storage_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_state, 'COMPARE_EVERY', 0.01)

    async def scene(storage: FakeStorage, state: RoomState) -> None:
        listener = Listener(storage)
        state.subscribe(ROOM, 0, listener.deliver)
        await asyncio.sleep(0.01)
        storage.failures = 3
        storage.change(1)  # and the event is lost
        state.start()
        await asyncio.sleep(0.2)
        assert storage.failures == 0
        assert listener.revisions == [1]

    in_a_room(scene)


def test_typing_is_forgotten_when_no_more_signs_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_state, 'TYPING_SHOWN', 0.02)

    async def scene(storage: FakeStorage, state: RoomState) -> None:
        listener = Listener(storage)
        state.subscribe(ROOM, 0, listener.deliver)
        state.typing(ROOM, ADA)
        await asyncio.sleep(0.05)
        assert listener.states == [Typing(ROOM, (ADA,)), Typing(ROOM, ())]

    in_a_room(scene)
