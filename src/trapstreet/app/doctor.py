"""The doctor: is the workspace whole, and what is to be done where it is not?"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from trapstreet import __version__
from trapstreet.app.checks import Check, around
from trapstreet.app.delivering import mistakes
from trapstreet.app.own_names import names
from trapstreet.app.own_trap import own_trap, own_traps
from trapstreet.app.settings import FILE_NAME, read_settings
from trapstreet.app.workspace import FOLDERS, Workspace, find, load_keys, open_database
from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.core.model.words import counted
from trapstreet.keys.files import refuse_readable_by_others
from trapstreet.keys.inventory import Inventory
from trapstreet.store import cases, controls, leases, sightings

_NAMED = 5
"""Sources that are named one by one."""


def examine(start: Path | None) -> list[Check]:
    """Every check of a workspace, in an order in which each needs only those before it.

    Raises UnusableInput if there is no workspace or its settings do not read.
    """
    root = find(start)
    settings = read_settings(root / FILE_NAME)
    checks = [Check("settings", True, f"{root / FILE_NAME}, trapstreet {__version__}")]
    try:
        ring = load_keys(settings, root)
        checks.append(Check("keys", True, f"the right ones, log key {settings.keys.log}"))
        open_database(settings, root)
        checks.append(Check("registry", True, settings.database.url))
    except TrapstreetError as error:
        name = "keys" if len(checks) == 1 else "registry"
        return [*checks, Check(name, False, error.message, error.hint)]
    workspace = Workspace(root, settings, ring)
    return [
        *checks,
        *(_checked(name, look, workspace) for name, look in _LOOKS.items()),
        *_outside(workspace),
    ]


def _outside(workspace: Workspace) -> Iterator[Check]:
    """What has to be as it should for a use of a decoy to be heard, and for people to be told."""
    traps = own_traps(workspace)
    yield from around(workspace, traps)
    yield from names(workspace)
    if workspace.settings.serve.trap:
        yield from own_trap(workspace.root / workspace.settings.serve.trap)
    yield from _proofs()
    if traps:
        yield _worker()
    if traps or workspace.settings.notify:
        yield from _routes(workspace)
    yield _decoys()


def _proofs() -> Iterator[Check]:
    """Whether watched sources prove that they would find something."""
    failing, counts = controls.failing(), controls.counts()
    for name, why in failing[:_NAMED]:
        found = f"the watched source {name} does not prove any more that it would find something: {why}"
        yield Check("proofs", False, found, f"see trapstreet watch status {name}", name)
    if not failing and counts["proven"]:
        of = counted(sum(counts.values()), "watched source")
        yield Check("proofs", True, f"{counts['proven']:,} of {of} found their control records")


def _worker() -> Check:
    held = leases.held()
    if not held:
        return Check("worker", False, "none runs", "start it: trapstreet serve, or trapstreet work")
    holders = sorted({each.holder.rpartition(" ")[0] for each in held})
    return Check("worker", True, f"at work: {', '.join(holders)} (machine and process)")


def _routes(workspace: Workspace) -> Iterator[Check]:
    """Whether messages arrive, route by route."""
    if not workspace.settings.notify:
        yield Check("route", False, "nobody is told of alerts", "add [notify.NAME] (docs/alerts.md)")
    states, sent, wrong = cases.states(), cases.last_sent(), mistakes(workspace)
    for name in workspace.settings.notify:
        if name in wrong:
            yield Check("route", False, wrong[name], "nobody is told by it until that is mended", name)
            continue
        dead, waiting = (states.get(name, {}).get(state, 0) for state in (cases.DEAD, cases.WAITING))
        if dead:
            found = f"[notify.{name}] {dead:,} could not be delivered in days and are not tried any more"
            yield Check("route", False, found, "mend it, then: trapstreet alert retry", name)
        elif name not in sent:
            found = f"[notify.{name}] has never delivered anything; {waiting:,} wait"
            yield Check("route", False, found, f"trapstreet alert test {name}", name)
        else:
            when = datetime.fromtimestamp(sent[name] // 1_000_000, UTC)
            found = f"[notify.{name}] delivered last at {when:%Y-%m-%d %H:%M} UTC; {waiting:,} wait"
            yield Check("route", True, found, about=name)


def _decoys() -> Check:
    own = sightings.own_traffic()
    several = sum(map(len, own.values()))
    if several:
        whose = ", ".join(sorted(own)[:5])
        found = f"traffic of their own, which hides a thief's: {counted(several, 'decoy')} ({whose})"
        return Check(
            "decoys", False, found, "retire them and plant others: trapstreet decoy list shows which"
        )
    return Check("decoys", True, "none has traffic of its own")


def _checked(name: str, look: Callable[[Workspace], str], workspace: Workspace) -> Check:
    try:
        return Check(name, True, look(workspace))
    except TrapstreetError as error:
        return Check(name, False, error.message, error.hint)


def _log(workspace: Workspace) -> str:
    from trapstreet.store import log

    state = log.verify(workspace.settings.keys.log)
    if state.signed != state.size:
        raise UnusableInput(
            f"{state.size - state.signed} entries of the log are not signed",
            hint="after an interrupted command the next one signs them; else look who writes to the database",
        )
    return f"{state.size} entries, all signed for"


def _kit(workspace: Workspace) -> str:
    workspace.require_confirmed_kit()
    return "written and confirmed"


def _inventories(workspace: Workspace) -> str:
    files = sorted(workspace.sealed.glob("*.sealed"))
    current = bytes.fromhex(workspace.settings.keys.kit)
    others = sum(Inventory.from_bytes(file.read_bytes()).kit_public != current for file in files)
    if others:
        raise UnusableInput(
            f"{others} of {len(files)} are sealed to another kit", hint="run trapstreet key backup FILE"
        )
    return f"{len(files)} sealed to the kit"


def _folders(workspace: Workspace) -> str:
    for name in FOLDERS:
        if not (workspace.root / name).is_dir():
            raise UnusableInput(f"the folder {name} is gone", hint="restore a backup")
        refuse_readable_by_others(workspace.root / name)
    for file in workspace.root.glob("registry.sqlite3*"):
        refuse_readable_by_others(file)
    refuse_readable_by_others(workspace.root / FILE_NAME)
    return "readable by their owner only"


def _normal_forms(workspace: Workspace) -> str:
    from trapstreet.core.fields import NORMAL_FORMS
    from trapstreet.store.models import DataSet

    old = sorted(DataSet.objects.exclude(normal_forms=NORMAL_FORMS).values_list("name", flat=True))
    if old:
        raise UnusableInput(f"other normal forms in {', '.join(old)}", hint="register these data sets again")
    return f"version {NORMAL_FORMS} everywhere"


def _matcher(_workspace: Workspace) -> str:
    from trapstreet.index import native
    from trapstreet.plugins import decoders

    return native.remark() or decoders.remark() or f"compiled, {native.name()}"


def _sandbox(_workspace: Workspace) -> str:
    from trapstreet.sandbox import measures

    found = measures()
    kept = {
        "this user's files": found.landlock > 0,
        "the network": found.namespaces or found.filtered,
        "other processes": found.namespaces or found.landlock >= 6,
    }
    shut = [name for name in kept if kept[name]] or ["nothing"]
    left = [name for name in kept if not kept[name]]
    says = f"parsers are kept from {', '.join(shut)}"
    return f"{says}; this kernel cannot keep them from {', '.join(left)}" if left else says


def _copies(workspace: Workspace) -> str:
    from trapstreet.app.sharing import refuse_unknown_shares
    from trapstreet.store import catalogue

    refuse_unknown_shares(workspace)
    return f"{catalogue.count_copies()} handed out"


_LOOKS: dict[str, Callable[[Workspace], str]] = {
    "log": _log,
    "recovery kit": _kit,
    "inventories": _inventories,
    "copies": _copies,
    "folders": _folders,
    "normal forms": _normal_forms,
    "matcher": _matcher,
    "sandbox": _sandbox,
}
