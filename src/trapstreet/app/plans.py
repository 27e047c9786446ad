"""Plans of changes on disk: what was advised, so that it can be read, made and taken back.

A folder has scripts for people, forward and rollback, rights.txt with all rights as they were, and plan.json
with everything; once it was begun, also begun.json. What the scripts end with, .sql or .sh, is the place's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from trapstreet.core.model.changes import ROW_SECURITY, Change, Step
from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.keys.files import write_private
from trapstreet.plugins.changes import kind_of
from trapstreet.render import advice as render

PLAN, RIGHTS, BEGUN = "plan.json", "rights.txt", "begun.json"
_FORM = "trapstreet-plan-1"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a plan is made of: as in `Plan`, and `details` on what was proved, for machines."""

    place: str
    edition: str
    changes: tuple[Change, ...]
    rights: dict[str, list[str]]
    effective: dict[str, tuple[str, str]]
    details: dict[str, object]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it lies in a folder, none of whose files was altered.

    place      where, without a password;  changes  in the order in which they are made
    rights     what they stand on, by database
    effective  by database: digests of effective access before and after
    """

    folder: Path
    place: str
    changes: tuple[Change, ...]
    rights: dict[str, list[str]]
    effective: dict[str, tuple[str, str]]

    @property
    def takes(self) -> list[tuple[str, tuple[str, ...]]]:
        """From whom which things are taken, where a right on them goes."""
        return [(each.of, each.on) for each in self.changes if each.kind != ROW_SECURITY]

    @property
    def begun(self) -> bool:
        """Whether somebody has begun to make the changes."""
        return (self.folder / BEGUN).exists()

    @property
    def ended(self) -> bool:
        """Whether all changes were made, and nobody stopped that."""
        try:
            return "ended" in json.loads((self.folder / BEGUN).read_bytes())
        except (OSError, ValueError, TypeError):
            return False

    def begin(self) -> None:
        """Note that the changes are being made, on disk before this returns; the way back is there, too."""
        self._note("begun")

    def end(self) -> None:
        """Note that all of them are made."""
        self._note("begun", "ended")

    def _note(self, *what: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        write_private(self.folder / BEGUN, _json(dict.fromkeys(what, now)), replace=True)

    def take_back(self) -> None:
        """Note that all is as before."""
        (self.folder / BEGUN).unlink(missing_ok=True)


def write_plan(folder: Path, draft: Draft) -> Path:
    """Put a plan into a folder, which is made; the script that makes its changes.

    Raises UnusableInput if one is there already.
    """
    refuse_taken(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unreachable(
            f"{folder} cannot be made: {error.strerror}", hint="choose another place"
        ) from error
    scripts = _scripts(draft.place, draft.changes)
    texts = scripts | {RIGHTS: _rights_text(draft.rights)}
    document = {
        "form": _FORM,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "place": draft.place,
        "edition": draft.edition,
        "changes": [render.change_object(each) for each in draft.changes],
        **draft.details,
        "effective": {name: [*digests] for name, digests in draft.effective.items()},
        "sha256": {name: sha256(_bytes(text)).hexdigest() for name, text in texts.items()},
    }
    for name, text in texts.items():
        write_private(folder / name, _bytes(text), replace=True)
    write_private(folder / PLAN, _json(document))
    return folder / next(iter(scripts))


def refuse_taken(folder: Path) -> None:
    """Raises UnusableInput if there is a plan in a folder."""
    if (folder / PLAN).exists():
        raise UnusableInput(f"there is a plan in {folder}", hint="choose another folder")


def plan_in(folder: Path) -> Plan:
    """The plan in a folder. Raises UnusableInput where there is none, or a file of it was altered."""
    try:
        document = json.loads((folder / PLAN).read_bytes())
        if document["form"] != _FORM:
            raise UnusableInput(f"{folder}: the plan is of another version", hint="make a new one")
        changes = tuple(map(_change, document["changes"]))
        scripts = _scripts(document["place"], changes)
        texts = {name: (folder / name).read_bytes() for name in (*scripts, RIGHTS)}
        for name, data in texts.items():
            text = scripts.get(name)
            altered = text is not None and _bytes(text) != data
            if altered or sha256(data).hexdigest() != document["sha256"][name]:
                raise UnusableInput(f"{folder / name} was altered", hint="make a new plan")
        return Plan(
            folder,
            document["place"],
            changes,
            _rights(texts[RIGHTS].decode()),
            {name: (was, then) for name, (was, then) in document["effective"].items()},
        )
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise UnusableInput(f"{folder} has no {missing}", hint="give the folder of access advise") from error
    except OSError as error:
        raise Unreachable(f"{folder}: {error.strerror}", hint="check its permissions") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnusableInput(f"{folder / PLAN} cannot be read", hint="make a new plan") from error


def _scripts(place: str, changes: tuple[Change, ...]) -> dict[str, str]:
    kind = kind_of(place)
    forward, rollback = f"forward.{kind.suffix}", f"rollback.{kind.suffix}"
    there = f"takes rights away; {rollback} gives them back"
    back = f"gives back what {forward} takes away; if some of it is gone: trapstreet access apply --undo"
    made = [Step(each.database, each.says, each.forward) for each in changes]
    taken_back = [Step(each.database, each.says, each.back) for each in reversed(changes)]
    return {
        forward: kind.script((there, place), made),
        rollback: kind.script((back, place), taken_back),
    }


def _change(found: Mapping[str, Any]) -> Change:
    return Change(
        key=str(found["key"]),
        database=str(found["database"]),
        on=tuple(found["on"]),
        kind=str(found["kind"]),
        right=str(found["right"]),
        of=str(found["of"]),
        forward=tuple(found["forward"]),
        back=tuple(found["back"]),
        rests=tuple(found["rests"]),
        to=tuple(found.get("to", ())),
        gives=tuple(found.get("gives", ())),
    )


def _rights_text(rights: Mapping[str, list[str]]) -> str:
    """One line of JSON for each right: names may have any character."""
    return "".join(f"{json.dumps([name, line])}\n" for name, lines in rights.items() for line in lines)


def _rights(text: str) -> dict[str, list[str]]:
    rights: dict[str, list[str]] = {}
    for name, line in map(json.loads, text.splitlines()):
        rights.setdefault(name, []).append(line)
    return rights


def _json(document: object) -> bytes:
    return json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _bytes(text: str) -> bytes:
    """A script: names of files in it need be no UTF-8."""
    return text.encode("utf-8", "surrogateescape")
