"""Outlook's folders, .pst and .ost: messages, contacts, appointments and what is attached to them.

libpff reads them in a disposable child. Each item goes by its folder and its number there. Items that were
deleted and are still listed somewhere come too.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text, _mapi
from trapstreet.plugins.formats import _parsed as parsed
from trapstreet.plugins.formats._stream import Stream

title = "Outlook mail folder"
rank = 25
container = True
begins = b"!"

_MAGIC = b"!BDN"
_PATIENCE, _SLOW = 120, 1 << 20  # seconds, and bytes a second
_NESTED = 10  # messages in messages
_DEEPEST = 100  # folders in folders


def recognises(data: Stream) -> bool:
    return data.peek(4) == _MAGIC


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    from trapstreet.sandbox import Limits

    seconds = _PATIENCE + data.file().seek(0, os.SEEK_END) // _SLOW
    limits = Limits(cpu=seconds, waiting=5.0 * seconds)
    yield from parsed.parts(f"{__name__}:items", data, path, limits=limits)


def items(file: BinaryIO) -> Iterator[object]:
    """In the child: every item, folder by folder."""
    import pypff

    store = pypff.file()
    try:
        store.open_file_object(file)
        waiting = [(store.root_folder, "!", 0)]
    except OSError as error:
        raise UnusableInput("the Outlook folders are damaged", hint="") from error
    while waiting:
        folder, place, depth = waiting.pop()
        for number in range(_count(folder, "sub_messages")):
            yield from _item(_got(folder.get_sub_message, number), f"{place}/{number + 1}", 0)
        for number in reversed(range(_count(folder, "sub_folders") if depth < _DEEPEST else 0)):
            inner = _got(folder.get_sub_folder, number)
            if inner is None:
                yield [parsed.UNREAD, f"{place}/folder-{number + 1}", "a damaged folder"]
            else:
                name = _text(inner) or f"folder-{number + 1}"
                waiting.append((inner, f"{place}/{name}", depth + 1))
    for number in range(_count(store, "orphan_items")):
        yield from _item(_got(store.get_orphan_item, number), f"!/(orphans)/{number + 1}", 0)


def _item(item: Any, place: str, depth: int) -> Iterator[object]:
    """A message, contact or appointment, what is attached to it, and what is attached to that."""
    whole = item is not None
    if whole:
        own, complete = _properties(item)
        recipients = [_of_sets([each])[0] for each in _sets(_got(getattr, item, "recipients"))]
        yield from _mapi.message(place, own, recipients)
        for number in range(_count(item, "attachments")):
            attachment = _got(item.get_attachment, number)
            yield from _attachment(attachment, place, number + 1, depth)
        whole = complete
    if not whole:
        yield [parsed.UNREAD, place, "a damaged item"]


def _attachment(attachment: Any, place: str, number: int, depth: int) -> Iterator[object]:
    if attachment is None:
        yield [parsed.UNREAD, f"{place}/part-{number}", "a damaged attachment"]
        return
    name = _properties(attachment)[0].name() or f"part-{number}"
    if _count(attachment, "sub_items"):
        if depth < _NESTED:
            yield from _item(_got(attachment.get_sub_item, 0), f"{place}/{name}", depth + 1)
        return
    size = _got(attachment.get_size) or 0
    yield [parsed.MEMBER, f"{place}/{name}", b""]
    while size > 0:
        block = _got(attachment.read_buffer, min(size, 4 * parsed.BLOCK))
        if not block:
            yield [parsed.UNREAD, f"{place}/{name}", "a damaged attachment, read as far as it goes"]
            return
        size -= len(block)
        yield block


def _properties(item: Any) -> tuple[_mapi.Properties, bool]:
    """What is said of an item, and whether all of it could be read."""
    return _of_sets(_sets(item))


def _sets(item: Any) -> list[Any]:
    return [
        found for number in range(_count(item, "record_sets")) if (found := _got(item.get_record_set, number))
    ]


def _of_sets(sets: list[Any]) -> tuple[_mapi.Properties, bool]:
    found, complete = _mapi.Properties(), True
    for each in sets:
        for number in range(_count(each, "entries")):
            entry = _got(each.get_entry, number)
            raw = _got(entry.get_data) if entry is not None else None
            if raw and entry.entry_type != _mapi.CONTENT:
                found.add(entry.entry_type or 0, entry.value_type or 0, raw)
            complete = complete and entry is not None
    return found, complete


def _text(folder: Any) -> str:
    return _got(folder.get_name) or ""


def _count(item: Any, what: str) -> int:
    counted = _got(getattr, item, f"number_of_{what}", 0)
    return counted or 0


def _got(read: Callable[..., Any], *arguments: object) -> Any:
    """What the library returns, None where it cannot read what stands there."""
    try:
        return read(*arguments)
    except OSError:
        return None
