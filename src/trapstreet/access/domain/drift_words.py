"""Changes of rights as sentences."""

from collections.abc import Sequence

from trapstreet.access.domain.drifted import Drifted, Sort
from trapstreet.access.domain.reached import Degree, Unit
from trapstreet.core.model.words import counted

_MANY = 3
"""Names in a sentence."""

_GAINED = {
    Degree.PERHAPS: "may have become readable by {who}",
    Degree.COULD: "came within reach of {who}, after SET ROLE or a grant to oneself",
    Degree.PART: "became readable in part by {who}",
    Degree.WHOLE: "became readable by {who}",
}
_LOST = {
    Degree.PERHAPS: "can no longer perhaps be read by {who}",
    Degree.COULD: "{is_} out of reach for {who}",
    Degree.PART: "{is_} no longer readable in part by {who}",
    Degree.WHOLE: "{is_} no longer readable by {who}",
}


def sentence(change: Drifted) -> str:
    """The change in one line: "crm.customers became readable by everybody: SELECT to everybody"."""
    return _WORDS[Sort(change.sort)](change)


def things(change: Drifted) -> str:
    """What it is about: "crm.crm.customers", "312 tables in crm.crm", "3 files in /srv/finance"."""
    if change.files:
        first = change.what[0][0]
        where = first if change.things == 1 else f"{change.things:,} folders ({first} …)"
        return f"{counted(change.files, 'file')} in {where}"
    if change.things <= 1:
        return ", ".join(map(name_of, change.what)) or "everything"
    kind = _plural(change.kind)
    above = {each[:-1] for each in change.what}
    together = len(above) == 1 and change.what[0][:-1]
    named = ", ".join(each[-1] if together else name_of(each) for each in change.what[:_MANY])
    more = ", …" if change.things > _MANY else ""
    where = f" in {name_of(above.pop())}" if together else ""
    return f"{change.things:,} {kind}{where} ({named}{more})"


def people(change: Drifted) -> str:
    """Whom it is about: "everybody (40)", "anna and bert", "40 of 5,000 (anna, bert, carl …)"."""
    if change.everybody:
        return f"everybody ({change.of:,})"
    names = list(change.who[:_MANY])
    if change.people > _MANY:
        return f"{change.people:,} of {change.of:,} ({', '.join(names)} …)"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "nobody"


def name_of(unit: Unit) -> str:
    """A path in one text."""
    return ".".join(unit)


def _gained(change: Drifted) -> str:
    return _because(change, f"{things(change)} {_GAINED[Degree(change.degree)].format(who=people(change))}")


def _wider(change: Drifted) -> str:
    columns = f", columns {', '.join(change.columns)}," if change.columns else ""
    what = f"{things(change)}{columns}"
    if change.row_security:
        return f"row security no longer keeps rows of {what} from {people(change)}"
    if columns:
        how = _GAINED[Degree(change.degree) if change.degree == Degree.COULD else Degree.WHOLE]
        return _because(change, f"{what} {how.format(who=people(change))}")
    return _because(change, f"{people(change)} can read more of {what} ({_NOW[Degree(change.degree)]})")


def _lost(change: Drifted) -> str:
    if change.everybody:
        who = f"by any of the {change.of:,} who can log in"
        return _because(change, f"{things(change)} can no longer be read {who}")
    said = _LOST[Degree(change.degree)].format(who=people(change), is_=_is(change))
    return _because(change, f"{things(change)} {said}")


def _narrower(change: Drifted) -> str:
    columns = f", columns {', '.join(change.columns)}," if change.columns else ""
    if change.row_security:
        return f"row security keeps rows of {things(change)} from {people(change)}"
    if columns:
        how = _LOST[Degree(change.degree) if change.degree == Degree.COULD else Degree.WHOLE]
        said = how.format(who=people(change), is_=_are(change.columns))
        return _because(change, f"{things(change)}{columns} {said}")
    return _because(change, f"{people(change)} can read less of {things(change)} than before")


def _privileged(change: Drifted) -> str:
    return f"{people(change)} got or can take: {change.cause}"


def _dismissed(change: Drifted) -> str:
    have = "has" if change.people == 1 else "have"
    return f"{people(change)} no longer {have}: {change.cause}"


def _new(change: Drifted) -> str:
    who = f"readable by {people(change)}" if change.people else "out of everybody's reach"
    return f"new: {things(change)}, {who}{f': {change.cause}' if change.to_all else ''}"


def _gone(change: Drifted) -> str:
    return f"gone: {things(change)}"


def _came(change: Drifted) -> str:
    reach = f"; within reach: {things(change)}" if change.things else ""
    return f"new: {people(change)} can log in, {change.cause}{reach}"


def _left(change: Drifted) -> str:
    return f"gone, or can no longer log in: {people(change)}, {change.cause}"


def _joined(change: Drifted) -> str:
    return change.cause


def _noted(change: Drifted) -> str:
    return f"new: {change.cause}"


def _copied(change: Drifted) -> str:
    like = name_of(change.like)
    who = f", readable by {people(change)}" if change.people else ""
    return f"{things(change)} is new and looks like a copy of {like}{who}"


def _more(change: Drifted) -> str:
    return f"{counted(change.things, 'further change')}, too many to be kept one by one"


def _because(change: Drifted, what: str) -> str:
    given = " again, which had been taken away on purpose" if change.given_back else ""
    return f"{what}{given}: {change.cause}" if change.cause else f"{what}{given}"


def _is(change: Drifted) -> str:
    return "are" if change.things > 1 or change.files > 1 else "is"


def _are(columns: Sequence[str]) -> str:
    return "are" if len(columns) > 1 else "is"


def _plural(kind: str) -> str:
    return "tables and views" if kind == "table or view" else "folders" if kind == "files" else f"{kind}s"


_NOW = {
    Degree.PERHAPS: "perhaps",
    Degree.COULD: "after SET ROLE or a grant to oneself",
    Degree.PART: "at once, in part",
    Degree.WHOLE: "all of it, at once",
}
_WORDS = {
    Sort.GAINED: _gained,
    Sort.WIDER: _wider,
    Sort.LOST: _lost,
    Sort.NARROWER: _narrower,
    Sort.PRIVILEGED: _privileged,
    Sort.DISMISSED: _dismissed,
    Sort.NEW: _new,
    Sort.GONE: _gone,
    Sort.CAME: _came,
    Sort.LEFT: _left,
    Sort.JOINED: _joined,
    Sort.NOTED: _noted,
    Sort.COPIED: _copied,
    Sort.MORE: _more,
}
