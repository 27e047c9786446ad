"""Imports of logs, and what of the access to a place is used, as lines and for machines."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from trapstreet.access import UsedAccess, Window
from trapstreet.core.model.access_events import Strays
from trapstreet.core.model.words import counted, joined, printable
from trapstreet.render.access import access_text, name_of

if TYPE_CHECKING:
    from trapstreet.access.domain.people import Leaver, Staff
    from trapstreet.access.domain.usage import GrantUse, Impossible, Right, RootUse, Unused
    from trapstreet.events import Imported

MOST = 30
"""Lines of a list that are shown, unless all are asked for."""

_NAMED = 3
"""Things of a grant that are named."""

_EPOCH = date(1970, 1, 1).toordinal()


def day_text(day: int) -> str:
    """A day that is counted from 1970, like 2026-11-23."""
    return date.fromordinal(_EPOCH + day).isoformat()


def moment_day(moment: int | None) -> str:
    """The day (UTC) of a time in Unix microseconds."""
    return "never" if moment is None else datetime.fromtimestamp(moment // 1_000_000, UTC).date().isoformat()


def import_lines(done: "Imported") -> Iterator[str]:
    """What became of one log."""
    if done.events:
        when = f", {moment_day(done.first)} to {moment_day(done.last)}"
        yield f"{done.label}: {counted(done.events, 'use')}{when} ({done.kind})"
    else:
        why = "nothing new since it was imported before" if done.before else "no use of anything in it"
        why = "nothing yet" if done.waiting else why
        why = f"nothing new: l{done.piece_of} begins alike and has all of it" if done.piece_of else why
        yield f"{done.label}: {why} ({done.kind})"
    if done.unparsed:
        what = counted(done.unparsed, "statement")
        yield f"    {what} could not be parsed: of those only the tables count that the log itself names"
    if done.cut:
        what = "1 statement is" if done.cut == 1 else f"{done.cut:,} statements are"
        yield f"    {what} as long as any in it, perhaps cut: if so, raise server_audit_query_log_limit"
    if done.unread:
        what = counted(done.unread, "line")
        yield f"    NOT READ {what}, the first is line {done.line:,}: {done.why}"
    if done.strays:
        yield f"    {strays_line(done.strays)}"
    if done.waiting:
        what = counted(done.waiting, "line")
        yield f"    left to the next import: {what} at its end, just written, of statements that may go on"
    if done.torn:
        yield "    its last line is not whole yet: the next import reads it"
    if done.damaged:
        yield "    NOT READ what comes behind: the file is packed, and breaks off"


def import_object(done: "Imported") -> dict[str, object]:
    """The same for machines."""
    return {
        "log": done.label, "kind": done.kind, "events": done.events, "bytes_before": done.before,
        "first": done.first, "last": done.last, "unparsed": done.unparsed, "cut": done.cut,
        "unread": done.unread, "first_unread_line": done.line, "why": done.why, "torn": done.torn,
        "damaged": done.damaged, "waiting": done.waiting, "elsewhere": strays_object(done.strays),
        "piece_of": f"l{done.piece_of}" if done.piece_of else None,
    }  # fmt: skip


def strays_line(strays: Strays) -> str:
    """That uses are of nothing in the place of their log."""
    uses = f"{counted(strays.times, 'use')} {'is' if strays.times == 1 else 'are'} of nothing below"
    like = printable("/".join(each.rstrip("/") for each in strays.like))
    return f"NOT HERE {uses} {printable(strays.place)}, like {like}: give --place the folder that they are of"


def strays_object(strays: Strays | None) -> dict[str, object]:
    """The same for machines."""
    return {"uses": strays.times if strays else 0, "like": [*strays.like] if strays else None}


def unread_text(lines: int) -> str:
    """That logs could not be read whole, and what that means for all that is said by them."""
    of = "line of this place's logs is" if lines == 1 else "lines of this place's logs are"
    what = "what was done there is not known, and rights used there alone count as unused"
    return f"{lines:,} {of} not readable: {what}; see: trapstreet access log list"


def window_lines(window: Window, *, classified: bool) -> Iterator[str]:
    """What the logs cover, and what they do not."""
    yield (
        f"Logs from {day_text(window.first)} to {day_text(window.last)}, {counted(window.days, 'day')};"
        f" a use counts since {day_text(window.since)}."
    )
    if window.short:
        yield "NOT KNOWN what was used before: the logs do not go back that far"
    if window.empty:
        shown = ", ".join(map(day_text, window.empty[:3])) + (" …" if len(window.empty) > 3 else "")
        days = counted(len(window.empty), "day")
        yield f"NOT KNOWN what was used on {days} without any event: {shown}"
    if not classified:
        yield "Nothing there is classified, every record weighs 1: trapstreet discover"


def unused_rows(found: Sequence["Unused"]) -> tuple[tuple[str, ...], list[list[str]]]:
    """A table of how much of the access to each resource is used: header and rows."""
    header = (
        "what", "class", "records", "can read", "used", "by jobs only", "not for long", "never", "last use",
        "exposure",
    )  # fmt: skip
    rows = [
        [
            name_of(each.resource), each.sensitivity, "?" if each.records is None else f"{each.records:,}",
            str(each.can), str(each.used), str(each.by_jobs), str(each.stale), str(each.never),
            moment_day(each.last) if each.seen else "none in the logs: is it logged?",
            f"{each.score:,.0f}",
        ]
        for each in found
    ]  # fmt: skip
    return header, rows


def right_lines(rights: Sequence["Right"], *, of_resources: bool) -> Iterator[str]:
    """Each right with what was done with it; what is read stands first, or else who reads."""
    for each in rights:
        reading = each.reading
        subject = name_of(reading.resource) if of_resources else printable(reading.principal)
        done = f"{each.status.value}; {access_text(reading)}"
        if each.last is not None:
            programs = f", with {', '.join(map(printable, each.programs))}" if each.programs else ""
            done += f"; {counted(each.times, 'use')}, the last on {moment_day(each.last)}{programs}"
        yield f"{subject}: {done}"
        yield f"    {printable('; '.join(reading.way))}"


def grant_lines(grants: Sequence["GrantUse"]) -> Iterator[str]:
    """What is granted and was used by nobody: one grant on many things once, with the things."""
    together: dict[tuple[str, str, int], list[GrantUse]] = {}
    for each in grants:
        together.setdefault((each.what, each.to, each.members), []).append(each)
    for (what, to, members), those in together.items():
        names = sorted(each.resource.name for each in those)
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        of = f"{', '.join(names[:_NAMED])}{more} " if len(names) > 1 or not what.endswith(names[0]) else ""
        last = max((each.last for each in those if each.last is not None), default=None)
        day = f", the last on {moment_day(last)}" if last is not None else ""
        yield f"{printable(f'{what}, to {to}: {of}')}used by none of {counted(members, 'account')}{day}"


def impossible_lines(found: Sequence["Impossible"]) -> Iterator[str]:
    """Uses that the map has no way for."""
    for each in found:
        why = "the map has no way for it" if each.known else "there is no such account"
        uses = f"{counted(each.times, 'use')}, the last on {moment_day(each.last)}"
        yield f"{printable(each.who)} used {printable(joined(each.path))}: {uses}; {why}"


def root_lines(found: Sequence["RootUse"]) -> Iterator[str]:
    """What was used with root's rights."""
    for each in found:
        uses = f"{counted(each.times, 'use')}, the last on {moment_day(each.last)}"
        yield f"{printable(each.who)} used {printable(joined(each.path))}: {uses}"


def clockwork_lines(used: UsedAccess) -> Iterator[str]:
    """Uses that look like a job's, and are not declared to be one."""
    programs: dict[tuple[str, str], int] = {}
    for each in used.clockwork:
        at = each.who, each.program
        programs[at] = programs.get(at, 0) + each.times
    for (who, program), times in sorted(programs.items()):
        name = printable(program) or "a program without a name"
        yield f"{printable(who)} with {name}: {counted(times, 'use')} by the clock; a job? --job {name}"


def staff_lines(found: "Staff") -> Iterator[str]:
    """Leavers, movers and accounts without a person."""
    if not (found.leavers or found.movers or found.nobodys):
        yield "Every account that logs in belongs to somebody who is there."
    for each in found.leavers:
        since = f" since {each.since.isoformat()}" if each.since else ""
        yield f"LEFT {printable(each.account)}: its person is gone{since}; it still logs in, {_reach(each)}"
    for move in found.movers:
        group = f"{printable(move.group)} of {printable(move.former)}"
        reach = counted(move.reach, "thing")
        yield (
            f"MOVED {printable(move.account)}: now in {printable(move.present)}, still in {group},"
            f" which reads {reach}"
        )
    for each in found.nobodys:
        yield f"NOBODY'S {printable(each.account)}: not in the list; it logs in, {_reach(each)}"
    if found.absent:
        yield f"{counted(found.absent, 'account')} of the list are not there."


def unused_object(each: "Unused") -> dict[str, object]:
    """How much of the access to a resource is used, for machines."""
    return {
        "what": list(each.resource.path), "kind": each.resource.kind, "class": each.sensitivity,
        "weight": each.weight, "records": each.records, "can": each.can, "used": each.used,
        "by_jobs": each.by_jobs, "stale": each.stale, "never": each.never, "last": each.last,
        "exposure": each.score, "in_logs": each.seen,
    }  # fmt: skip


def right_object(each: "Right") -> dict[str, object]:
    """A right with what was done with it, for machines."""
    reading = each.reading
    return {
        "who": reading.principal, "what": list(reading.resource.path), "status": each.status.name.lower(),
        "times": each.times, "last": each.last, "idle_days": each.idle, "programs": list(each.programs),
        "level": reading.level.name.lower(), "way": list(reading.way),
    }  # fmt: skip


def grant_object(each: "GrantUse") -> dict[str, object]:
    """An unused grant, for machines."""
    return {
        "what": list(each.resource.path), "grant": each.what, "to": each.to, "members": each.members,
        "last": each.last, "exposure": each.score,
    }  # fmt: skip


def impossible_object(each: "Impossible") -> dict[str, object]:
    """A use that the map has no way for, for machines."""
    return {
        "who": each.who, "what": list(each.path), "times": each.times, "last": each.last,
        "account_known": each.known,
    }  # fmt: skip


def root_object(each: "RootUse") -> dict[str, object]:
    """A use with root's rights, for machines."""
    return {"who": each.who, "what": list(each.path), "times": each.times, "last": each.last}


def staff_object(found: "Staff") -> dict[str, object]:
    """Leavers, movers and accounts without a person, for machines."""

    def account(each: "Leaver") -> dict[str, object]:
        since = each.since.isoformat() if each.since else None
        return {"account": each.account, "since": since, "reach": each.reach, "records": each.records}

    return {
        "left": [*map(account, found.leavers)],
        "moved": [
            {
                "account": each.account, "group": each.group, "former": each.former, "present": each.present,
                "reach": each.reach,
            }
            for each in found.movers
        ],
        "nobodys": [*map(account, found.nobodys)],
        "absent": found.absent,
    }  # fmt: skip


def _reach(each: "Leaver") -> str:
    return f"reads {counted(each.reach, 'thing')} with {counted(each.records, 'record')}"
