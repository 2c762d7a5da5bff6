"""Statements about files, and about those that share them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, exists, func, insert, select, update

from chat.clock import now_ms
from chat.models import Attachment, StoredFile
from chat.storage.tables import attachments, files

_ATTACHED = select(
    attachments.c.id, attachments.c.message_id, attachments.c.name, files.c.type, files.c.size, files.c.width,
    files.c.height,
).join_from(attachments, files)  # fmt: skip
_OF_MESSAGES = _ATTACHED.where(attachments.c.message_id.in_(bindparam('ids', expanding=True))).order_by(
    attachments.c.message_id, attachments.c.position
)


@dataclass(frozen=True, slots=True)
class Shared:
    """An attachment with its file, and who sees it: its owner until it is sent, then whoever sees the message."""

    attachment: Attachment
    file: StoredFile
    owner_id: int
    message_id: int | None


def of(connection: Connection, message_ids: Collection[int]) -> dict[int, tuple[Attachment, ...]]:
    """Return the attachments of some messages, in their order."""
    if not message_ids:
        return {}
    found: dict[int, list[Attachment]] = {}
    for row in connection.execute(_OF_MESSAGES, {'ids': list(message_ids)}):
        found.setdefault(row.message_id, []).append(_attachment(row))
    return {message_id: tuple(each) for message_id, each in found.items()}


def names_of(connection: Connection, message_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return what the files of some messages are called."""
    return {each: tuple(file.name for file in found) for each, found in of(connection, message_ids).items()}


def get(connection: Connection, attachment_id: int) -> Shared | None:
    """Return an attachment with its file, or None."""
    columns = (attachments.c.owner_id, files.c.digest, files.c.key, files.c.thumbnail_size)
    row = connection.execute(_ATTACHED.add_columns(*columns).where(attachments.c.id == attachment_id)).first()
    if row is None:
        return None
    file = StoredFile(row.digest, row.key, row.type, row.size, row.width, row.height, row.thumbnail_size)
    return Shared(_attachment(row), file, row.owner_id, row.message_id)


def by_digest(connection: Connection, digest: str) -> StoredFile | None:
    """Return the file that is kept of what had this digest when it came, or None."""
    row = connection.execute(select(files).where(files.c.digest == digest)).first()
    if row is None:
        return None
    return StoredFile(row.digest, row.key, row.type, row.size, row.width, row.height, row.thumbnail_size)


def add(connection: Connection, file: StoredFile) -> None:
    """Store what is known of a file that there was none of before."""
    values = {
        'digest': file.digest, 'key': file.key, 'type': file.type, 'size': file.size, 'width': file.width,
        'height': file.height, 'thumbnail_size': file.thumbnail_size, 'created_at': now_ms(),
    }  # fmt: skip
    connection.execute(insert(files), values)


def share(connection: Connection, file: StoredFile, room_id: int, owner_id: int, name: str) -> Attachment | None:
    """Store that somebody is about to share a file in a room; None if it was forgotten in this very moment."""
    file_id = connection.execute(select(files.c.id).where(files.c.key == file.key)).scalar()
    if file_id is None:
        return None
    values = {'file_id': file_id, 'room_id': room_id, 'owner_id': owner_id, 'name': name, 'created_at': now_ms()}
    attachment_id: int = connection.execute(insert(attachments).returning(attachments.c.id), values).scalar_one()
    return Attachment(attachment_id, name, file.type, file.size, file.width, file.height)


def pending(
    connection: Connection, owner_id: int, room_id: int, ids: Collection[int] | None = None
) -> tuple[Attachment, ...]:
    """Return what somebody has brought to a room and not sent yet, in the order in which it came.

    Those that are asked for by ``ids`` nobody else sends or takes back until the transaction ends.
    """
    query = _ATTACHED.where(
        attachments.c.owner_id == owner_id, attachments.c.room_id == room_id, attachments.c.message_id.is_(None)
    )
    if ids is not None:
        query = query.where(attachments.c.id.in_(list(ids))).with_for_update(of=attachments)
    return tuple(_attachment(row) for row in connection.execute(query.order_by(attachments.c.id)))


def send(connection: Connection, message_id: int, sent: Sequence[Attachment]) -> None:
    """Let attachments go with a message, in this order."""
    for position, each in enumerate(sent):
        this = update(attachments).where(attachments.c.id == each.id)
        connection.execute(this.values(message_id=message_id, position=position))


def used(connection: Connection, owner_id: int) -> int:
    """Return how many bytes there are of what somebody shares."""
    total = select(func.coalesce(func.sum(files.c.size), 0)).join_from(attachments, files)
    return int(connection.execute(total.where(attachments.c.owner_id == owner_id)).scalar_one())


def discard(connection: Connection, attachment_id: int) -> bool:
    """Delete an attachment unless it was sent; returns whether it was there and is not any more."""
    this = (attachments.c.id == attachment_id) & attachments.c.message_id.is_(None)
    return connection.execute(delete(attachments).where(this)).rowcount > 0


def forget(connection: Connection, message_ids: Collection[int]) -> None:
    """Delete the attachments of some messages."""
    connection.execute(delete(attachments).where(attachments.c.message_id.in_(list(message_ids))))


def forget_room(connection: Connection, room_id: int) -> None:
    """Delete the attachments of a room, sent or not."""
    connection.execute(delete(attachments).where(attachments.c.room_id == room_id))


def forget_unsent(connection: Connection, before: int) -> None:
    """Delete what was brought before then and never sent."""
    is_unsent = attachments.c.message_id.is_(None)
    connection.execute(delete(attachments).where(is_unsent, attachments.c.created_at < before))


def forget_unsent_of(connection: Connection, owners: Select[tuple[int]] | Sequence[int]) -> None:
    """Delete what some people brought and never sent."""
    is_unsent = attachments.c.message_id.is_(None)
    connection.execute(delete(attachments).where(is_unsent, attachments.c.owner_id.in_(owners)))


def count(connection: Connection) -> int:
    """Return how many files are kept."""
    number: int = connection.execute(select(func.count()).select_from(files)).scalar_one()
    return number


def size(connection: Connection) -> int:
    """Return how many bytes all files have, without thumbnails."""
    return int(connection.execute(select(func.coalesce(func.sum(files.c.size), 0))).scalar_one())


def forget_unshared(connection: Connection) -> list[str]:
    """Delete what is known of files that nobody shares any more; returns where their bytes are."""
    is_shared = exists().where(attachments.c.file_id == files.c.id)
    return list(connection.execute(delete(files).where(~is_shared).returning(files.c.key)).scalars())


def is_any_unshared(connection: Connection) -> bool:
    """Whether there is a file that nobody shares any more."""
    is_shared = exists().where(attachments.c.file_id == files.c.id)
    return connection.execute(select(files.c.id).where(~is_shared).limit(1)).first() is not None


def known(connection: Connection, keys: Collection[str]) -> frozenset[str]:
    """Return those of some keys that belong to a file."""
    return frozenset(connection.execute(select(files.c.key).where(files.c.key.in_(list(keys)))).scalars())


def _attachment(row: Row[*tuple[Any, ...]]) -> Attachment:
    return Attachment(row.id, row.name, row.type, row.size, row.width, row.height)
