"""Finding out what a place holds: tables of databases, files of whatever can be scanned."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from trapstreet.app.workspace import POLICY, Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.inventories import Inventory
from trapstreet.core.model.mentions import Reader
from trapstreet.discover import Policy, Stock, default_policy, read_policy, take_stock
from trapstreet.discover.domain.policy import DEFAULT_POLICY
from trapstreet.keys.files import write_private
from trapstreet.plugins.inventories import Pace, kind_of


def policy_of(workspace: Workspace) -> Policy:
    """The workspace's policy; trapstreet's own where it has none.

    Raises UnusableInput for one that cannot be used.
    """
    path = workspace.root / POLICY
    if not path.is_file():
        return default_policy()
    try:
        return read_policy(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{POLICY} is not UTF-8", hint="save it as UTF-8") from error
    except UnusableInput as error:
        raise UnusableInput(f"{POLICY}: {error.message}", hint=error.hint) from error


def reader_of(workspace: Workspace) -> Reader | None:
    """Who reads free text for the workspace; None where `texts` under [discover] is not set.

    Raises UnusableInput where the extra or the pipeline is missing.
    """
    named = workspace.settings.discover.texts
    if not named:
        return None
    from trapstreet.discover.domain.entities import recognisers
    from trapstreet.plugins.readers.presidio import Presidio

    return Presidio(named, recognisers(), beside=workspace.root)


def write_policy(workspace: Workspace) -> Path:
    """The workspace has a policy that a person can edit: trapstreet's own, to begin with.

    Raises UnusableInput if it has one.
    """
    path = workspace.root / POLICY
    if path.exists():
        raise UnusableInput(f"{path} is there already", hint="edit it, or move it away")
    write_private(path, DEFAULT_POLICY.encode())
    return path


def discover(
    workspace: Workspace,
    location: str,
    *,
    per_second: float,
    clock: Callable[[], int],
    told: Callable[[int], None] = lambda _: None,
) -> Stock:
    """The registry has what lies at a location now; what did not change since is not looked at again.

    per_second  statements that a database is asked at most
    Raises UnusableInput, Unreachable and AccessDenied where the place cannot be asked at all.
    """
    policy, reader = policy_of(workspace), reader_of(workspace)
    with closing(inventory_of(location, Pace(per_second))) as inventory:
        return take_stock(inventory, policy, clock=clock, told=told, reader=reader)


def inventory_of(location: str, pace: Pace) -> Inventory:
    """What can be looked at a location. Raises as `discover`."""
    kind = kind_of(location)
    if kind:
        return kind.inventory(location, pace)
    if location == "-":
        raise UnusableInput("standard input is no place", hint="give a folder, a file or a URL")
    from trapstreet.app.discovering_files import Files

    return Files(location)


def grants_for(location: str) -> Sequence[str]:
    """What a login has to be granted at a location for all to be looked at. Raises as `discover`."""
    kind = kind_of(location)
    if kind:
        return kind.grants(location)
    return ["Read access to the files, and to the folders that they lie in; no more."]
