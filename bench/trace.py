"""Tracing a leak of 2,000 rows against 1,000 copies takes 5 s.

The copy that leaks is shared by the command; the others are issued by issuing.py.
"""
# ruff: noqa: A005  a program, which nothing imports

import json
import sys
from pathlib import Path
from random import Random

from issuing import issue_copies
from measuring import Cost, Desk, apart, best_of, desk

FOUND = 1


def main() -> None:
    with desk() as at:
        table = at.with_customers()
        copies = 100 if at.quick else 1_000
        apart(issue_copies, at.workspace, table, copies - 1)
        leaked = at.folder / "copy.csv"
        at.say(f"share one more, after {copies - 1:,} copies", _share(at, leaked))
        leak = _leak_of(leaked, 2_000)
        cost = best_of(3, lambda: at.run("trace", leak, "--json", status=FOUND))
        _require_accused(cost, copies)
        at.say(f"trace 2,000 rows against {copies:,} copies", cost, seconds=5)
        if not at.quick:
            at.say(
                f"trace all 68,300 rows against {copies:,} copies",
                at.run("trace", leaked, "--json", status=FOUND),
            )


def _share(at: Desk, out: Path) -> Cost:
    return at.run("share", "customers", "--to", "Call centre Cork", "--recipient-is-new", "--out", out)


def _leak_of(copy: Path, rows: int) -> Path:
    header, *lines = copy.read_text(encoding="utf-8").splitlines(keepends=True)
    leak = copy.with_name("leak.csv")
    leak.write_text("".join([header, *Random(2_000).sample(lines, rows)]), encoding="utf-8")
    return leak


def _require_accused(cost: Cost, copies: int) -> None:
    """A quick wrong answer is no figure."""
    (result,) = json.loads(cost.output)["data_sets"]
    named = [each["copy"].partition("-")[0] for each in result["accused"]]
    if named != [str(copies)] or result["copies"] != copies:
        sys.exit(f"the trace accuses {named or 'nobody'}, not the copy that leaked")


if __name__ == "__main__":
    main()
