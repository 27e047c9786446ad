"""Logs that were imported: which there are, and taking one away again."""

import re
from collections.abc import Sequence

from django.db import transaction

from trapstreet.app.clock import now
from trapstreet.app.log_imports import importing, sweep
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.words import printable
from trapstreet.store import imports
from trapstreet.store.imports import TakenLog


def numbers_of(names: Sequence[str]) -> list[int]:
    """The numbers of logs like l3, each once. Raises UnusableInput for another name."""
    for name in names:
        if not re.fullmatch("l[1-9][0-9]{0,17}", name):
            raise UnusableInput(
                f"{printable(name)} is no imported log", hint="like l3; see: trapstreet access log list"
            )
    return [int(name[1:]) for name in dict.fromkeys(names)]


def remove(workspace: Workspace, numbers: Sequence[int]) -> list[TakenLog]:
    """Logs are taken away, with every use that they told of, and could be imported again; what was taken away
    is in the append-only log.

    All or none: they count no longer from one moment on, and their files are gone then, or, if this is killed
    before that, with the next import or removal. Raises UnusableInput for a number that is no log's,
    Unreachable while another command imports for long.
    """
    with importing(workspace), workspace.writing():
        found = [imports.log_numbered(each) for each in numbers]
        with transaction.atomic():
            imports.forget(numbers)
            for each in found:
                workspace.record(
                    {"event": "log removed", "digest": each.digest, "uses": each.events, "time": now()}
                )
        sweep(workspace)
    return found
