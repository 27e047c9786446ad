"""Sources out there as they are added on the command line: a leak is found in the first round, and a quiet
round reads nothing."""

import gzip
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from desk import Desk
from source_yards import Yard, commoncrawl, github, microsoft365
from watched import health, leak, once, registered

KINDS = {"cloud": microsoft365, "crawl": commoncrawl, "pushes": github}


@pytest.fixture
def yards(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    with ExitStack() as stack:
        made = {}
        for name, module in KINDS.items():
            (tmp_path / name).mkdir()
            made[name] = stack.enter_context(closing(module.Here(request, tmp_path / name)))
        yield made
        made["pushes"].hub.events.clear()


def options(yard: Yard) -> list[str]:
    """The settings as they are typed."""
    typed = []
    for name, value in yard.settings().items():
        for each in value if isinstance(value, list) else [value]:
            typed += [f"--{name.replace('_', '-')}", *([] if each is True else [str(each)])]
    return typed


def test_a_leak_is_found_wherever_it_lies_and_a_quiet_round_reads_nothing(
    desk: Desk, yards: dict[str, Any]
) -> None:
    registered(desk)
    page = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{leak(0, 1)}"
    head = f"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: {len(page.encode())}\r\n\r\n"
    yards["crawl"].put("dump.txt", gzip.compress(f"{head}{page}\r\n\r\n".encode()))
    yards["cloud"].put("HR/people.txt", leak(2, 3).encode())
    hub, repository = yards["pushes"].hub, f"{yards['pushes'].owner}/app"
    yards["pushes"].put("readme.txt", b"nothing of yours")
    hub.changes[repository, "compare/aa...bb"] = {"old.csv": hub.kept(leak(1, 2).encode())}
    pushed = {"type": "PushEvent", "repo": {"name": repository}, "payload": {"before": "aa", "head": "bb"}}
    hub.events.append({"id": "1", **pushed})
    yards["pushes"].options["pushes"] = True
    for name, module in KINDS.items():
        desk.do("watch", "add", module.Here.kind, "--name", name, *options(yards[name]))

    first = once(desk, *KINDS, status=1)
    assert {name: (each["read"], each["findings"], each["error"]) for name, each in first.items()} == {
        "cloud": (1, 1, ""),
        "crawl": (1, 1, ""),
        "pushes": (2, 1, ""),
    }
    quiet = once(desk, *KINDS)
    assert {name: (each["read"], each["error"]) for name, each in quiet.items()} == dict.fromkeys(
        KINDS, (0, "")
    )
    assert all(health(desk, name)["found"] == 1 for name in KINDS)
