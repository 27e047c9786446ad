"""Suppression wired to the workspace: jobs and their tokens, the export read, the rest of it written."""

import os
import pwd
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from trapstreet.app.clock import now
from trapstreet.app.search import shelf_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.table import Batch, Row
from trapstreet.keys.files import write_private
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.tables import Table, create_table, open_table
from trapstreet.registered.linked import linked_keys
from trapstreet.store import catalogue, suppression
from trapstreet.store.models import DataSet, SuppressionJob
from trapstreet.suppress import LEAST_JOB, SAMPLE, Alert, Suppression, admitted, finder_for, token_hash

if TYPE_CHECKING:
    from _typeshed import SupportsRead

VARIABLE = "TRAPSTREET_JOB_TOKEN"
"""Environment variable with a job's token."""

Told = Callable[[int], object]
"""Told how many rows have gone through."""

_PIECE = 1 << 20
_STREAMED = {"csv": ".csv", "jsonl": ".jsonl"}


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a user registers; `columns` are names in its exports by the data set's own."""

    name: str
    data_set: str
    purpose: str
    rows: int
    calls: int
    period: str
    columns: Mapping[str, str]


def add_job(workspace: Workspace, new: NewJob, token_file: Path) -> SuppressionJob:
    """A job that is registered, with its token in a new file that only its owner may read; or neither.

    The workspace must be held for writing.
    """
    data_set = catalogue.data_set_named(new.data_set)
    _refuse_unknown(data_set, new.columns)
    if suppression.open_job(new.name):
        raise UnusableInput(f"there is a job {new.name!r} already", hint="end it, or choose another name")
    if new.rows < LEAST_JOB:
        raise UnusableInput(
            f"a job has {LEAST_JOB} rows and more: with fewer it would ask about single people",
            hint="pass the whole table through it, and choose from what comes out",
        )
    token = Protected(secrets.token_urlsafe(32))
    write_private(token_file, f"{token.reveal()}\n".encode())
    try:
        return suppression.add(
            suppression.NewJob(
                name=new.name,
                data_set=data_set,
                purpose=new.purpose,
                token=token_hash(token),
                rows=new.rows,
                calls=new.calls,
                period=new.period,
                columns=new.columns,
            ),
            ring=workspace.ring,
            at=now(),
        )
    except BaseException:
        token_file.unlink(missing_ok=True)
        raise


def _refuse_unknown(data_set: DataSet, columns: Iterable[str]) -> None:
    """Raises UnusableInput for a column that neither the data set has nor, like orders.number, a key of a
    table that refers to a planting of it."""
    linked = linked_keys(data_set)
    names = [column.name for column in catalogue.columns_of(data_set)]
    names += [name for key in linked.keys for name in key.names]
    unknown = sorted(set(columns) - set(names))
    if unknown:
        hint = f"there are {', '.join(names)}"
        if linked.outdated:
            hint += f"; more once trapstreet decoy reconcile {' '.join(linked.outdated)} noted linked tables"
        raise UnusableInput(f"{data_set.name!r} has no column {', '.join(unknown)}", hint=hint)


def end_job(workspace: Workspace, name: str) -> SuppressionJob:
    """A job that is refused from now on."""
    job = suppression.open_job(name)
    if job is None:
        raise UnusableInput(f"no job {name!r} is open", hint="trapstreet suppress job list shows them")
    suppression.end(job, ring=workspace.ring, at=now())
    return job


def token_from(file: Path | None) -> Protected[str]:
    """The token in a file, else in the environment. Raises AccessDenied where there is none, and as `secret`
    does."""
    if file is not None:
        return secret(file, what="the token")
    if os.environ.get(VARIABLE):
        return Protected(os.environ[VARIABLE])
    raise AccessDenied("a job has a token", hint=f"name its file with --token, or put it into {VARIABLE}")


def suppress(
    job: str,
    columns: Sequence[str],
    batches: Iterable[Batch],
    *,
    token: Protected[str] | None = None,
    workspace: Workspace | None = None,
) -> Iterator[Batch]:
    """The rows of a registered job that are no decoys: the public function for jobs in Python.

    columns    names of the cells of each row
    token      the job's; else that in TRAPSTREET_JOB_TOKEN
    workspace  else the one that TRAPSTREET_WORKSPACE or the working folder names
    Rows come out in their order once a tenth of the job's registered size, or 10,000, has gone in; alerts are
    on record and told on standard error. Raises AccessDenied for a job, token or number of rows that is
    refused, UnusableInput where nothing in the rows tells decoys.
    """
    opened = workspace or Workspace.open()
    known = admit(opened, job, token or token_from(None))
    incoming = iter(batches)
    first = list(islice(incoming, 1))
    sample = [row for batch in first for row in batch.rows[:SAMPLE]]
    call = _call(opened, known, columns, sample, where=job)
    yield from call.kept(chain(first, incoming), where=job)
    tell(call.alerts)


@dataclass(frozen=True, slots=True)
class Ran:
    """A call that ended well: how many rows went in, and what was out of the ordinary."""

    job: str
    rows: int
    alerts: tuple[Alert, ...]


def run_job(
    workspace: Workspace, name: str, location: str, out: str, *, token: Protected[str], progress: Told
) -> Ran:
    """A table written again without decoys; it appears once the call is on record.

    location, out  as tables are read and written
    """
    job = admit(workspace, name, token)
    return _through(workspace, job, open_table(location), out, progress)


@contextmanager
def streamed(
    workspace: Workspace,
    job: SuppressionJob,
    source: "SupportsRead[bytes]",
    *,
    progress: Told = lambda rows: None,
    source_name: str = "standard input",
    by: str = "",
) -> Iterator[tuple[Ran, Path]]:
    """CSV or JSON lines from a stream as a file without decoys, when all of them have gone through.

    Meanwhile both lie in the workspace's folder for unfinished files, for its owner alone; nothing of them is
    left afterwards. Give `by` where the caller is somebody else than the system's user.
    Raises UnusableInput for other formats, and as `Suppression.kept` does.
    """
    with TemporaryDirectory(prefix="suppress-", dir=workspace.tmp) as folder:
        spooled = Path(folder, "in")
        with spooled.open("wb") as file:
            shutil.copyfileobj(source, file, _PIECE)
        with _speaking_of(source_name, instead_of=str(spooled)):
            table = open_table(str(spooled))
            if table.format not in _STREAMED:
                raise UnusableInput(
                    f"{spooled} is neither CSV nor JSON lines",
                    hint="name the file, and one to write with --out",
                )
            cleaned = Path(folder, f"out{_STREAMED[table.format]}")
            ran = _through(workspace, job, table, str(cleaned), progress, by=by)
        yield ran, cleaned


def tell(alerts: Sequence[Alert]) -> None:
    """A line on standard error for each alert."""
    for alert in alerts:
        sys.stderr.write(f"ALERT  {alert.said()}; it is in the log.\n")


def _through(
    workspace: Workspace, job: SuppressionJob, table: Table, out: str, progress: Told, *, by: str = ""
) -> Ran:
    sample = list(islice(chain.from_iterable(batch.rows for batch in table.batches(SAMPLE)), SAMPLE))
    call = _call(workspace, job, table.columns, sample, where=table.label, by=by)
    with create_table(out, like=table) as writer:
        for batch in call.kept(table.batches(), where=table.label):
            writer.write(batch)
            progress(call.rows)
    return Ran(job.name, call.rows, tuple(call.alerts))


def admit(workspace: Workspace, name: str, token: Protected[str], *, by: str = "") -> SuppressionJob:
    """The job of that name, if the token is its own. Raises AccessDenied else, which is on record."""
    return admitted(name, token, by=by or _caller(), ring=workspace.ring, at=now())


def _call(
    workspace: Workspace,
    job: SuppressionJob,
    columns: Sequence[str],
    sample: Sequence[Row],
    *,
    where: str,
    by: str = "",
) -> Suppression:
    ring = workspace.ring
    told_by, finder = finder_for(job, columns, sample, ring=ring, shelf=shelf_of(workspace), where=where)
    return Suppression(job, told_by, finder, by=by or _caller(), ring=ring, clock=now)


def _caller() -> str:
    """The system's user, and who became it with sudo. Not the environment's: anybody may set that."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    before = os.environ.get("SUDO_USER", "")
    return f"{name} for {before}"[:200] if before else name


@contextmanager
def _speaking_of(what: str, *, instead_of: str) -> Iterator[None]:
    """Errors inside name what people know instead of a file of ours."""
    try:
        yield
    except TrapstreetError as error:
        raise type(error)(
            error.message.replace(instead_of, what), hint=error.hint.replace(instead_of, what)
        ) from None
