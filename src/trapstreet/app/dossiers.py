"""A case written down: its page, its data, and drafts of the letters that it may need."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from trapstreet.app.casework import case_shown
from trapstreet.app.clock import now
from trapstreet.app.workspace import Workspace
from trapstreet.cases import Known, drafts
from trapstreet.core.fields import kinds
from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.keys.files import refuse_taken, sync_folder, write_private
from trapstreet.render.case_page import case_page
from trapstreet.render.cases import CaseShown, moment
from trapstreet.store import catalogue
from trapstreet.store.models import DataSet

PAGE = ".html"


def export_case(workspace: Workspace, name: str, out: Path) -> list[Path]:
    """A case in a new file FILE.html, or in a new folder with page, data and each draft; what was written.

    Only its owner may read it. Raises UnusableInput where there is something of that name, or the name is
    that of a file of another kind.
    """
    refuse_taken(out)
    if out.suffix and out.suffix != PAGE:
        raise UnusableInput(
            f"a case is not written as {out.suffix}",
            hint=f"name a file {out.with_suffix(PAGE).name} to print or send, or a folder without an ending",
        )
    shown = case_shown(workspace, name)
    letters = drafts(_known(shown))
    page = case_page(shown, letters, made_at=moment(now())).encode()
    if out.suffix == PAGE:
        write_private(out, page)
        return [out]
    files = {"case.html": page, "case.json": _json(shown)}
    files |= {f"{letter.name}.txt": letter.text.encode() for letter in letters}
    _write_folder(out, files)
    return [out / each for each in files]


def _write_folder(out: Path, files: dict[str, bytes]) -> None:
    """A folder that is there with all of its files, or not at all."""
    parent = out.absolute().parent
    if not parent.is_dir():
        raise Unreachable(f"there is no folder {parent}", hint="make it, or choose another place")
    with TemporaryDirectory(prefix=f".{out.name}.", dir=parent) as temporary:
        whole = Path(temporary, "case")
        whole.mkdir(mode=0o700)
        for each, content in files.items():
            write_private(whole / each, content)
        whole.rename(out)
    sync_folder(parent)


def _json(shown: CaseShown) -> bytes:
    return msgspec.json.format(msgspec.json.encode(shown), indent=2)


def _known(shown: CaseShown) -> Known:
    name = next((each.facts["data_set"] for each in shown.alerts if each.facts.get("data_set")), "")
    data_set = DataSet.objects.filter(name=name).first()
    case = shown.case
    return Known(
        case=case.case,
        data_set=name,
        records=catalogue.latest(data_set).rows if data_set else 0,
        categories=_categories(data_set) if data_set else (),
        first=_microseconds(min([case.opened, *(each.at for each in shown.alerts)])),
        last=_microseconds(case.last),
        aware=_microseconds(case.aware_since) if case.aware_since else None,
        authority_by=_microseconds(case.authority_by) if case.authority_by else None,
        found=tuple(_found(shown)),
        happened=tuple(each.headline for each in shown.alerts[:20]),
        done=tuple(each.what for each in shown.entries if each.kind == "note"),
    )


def _found(shown: CaseShown) -> Iterator[tuple[str, str]]:
    """Where data was found, each place once, and the SHA-256 of what lay there."""
    for alert in shown.alerts:
        if alert.kind == "finding":
            known = [(each.where, each.sha256) for each in alert.found]
            old = [(alert.lay, alert.facts.get("sha256", ""))] if alert.lay else []  # of an older version
            yield from known or old


def _categories(data_set: DataSet) -> tuple[str, ...]:
    """What the columns of a data set hold, each once."""
    titles = (kinds()[each.kind].title for each in catalogue.columns_of(data_set) if each.kind in kinds())
    return tuple(dict.fromkeys(titles))


def _microseconds(time: datetime) -> int:
    return int(time.timestamp() * 1_000_000)
