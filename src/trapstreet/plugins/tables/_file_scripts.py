"""Scripts that plant in files, or remove what was planted, on a machine without trapstreet.

A script carries the very modules that plant and remove here, as text: what is tested here is what runs there.
"""

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from trapstreet.plugins.tables import _replace

_NEEDS = {"_row_groups": " with pyarrow"}

_HEAD = '''#!/usr/bin/env python3
"""{what}

This file is secret: whoever reads it knows which rows were planted. Keep it as keys are kept, and away from
the tables; delete it when it has done its work.

Run it with Python 3.11 or later{needs}: python3 -I THIS-FILE
It writes each changed file beside the old one and then puts it in its place, and says what it did. If
anything is in the way it changes nothing, says why and ends with status 1.
"""

import json
import sys
import types

PARTS = json.loads(r\'\'\'{parts}\'\'\')
'''

_LOAD = """

def module(name, source):
    made = types.ModuleType(name)
    sys.modules[name] = made
    exec(compile(source, name, "exec"), made.__dict__)
    return made


replace = module("_replace", REPLACE)
editors = {name: module(name, source) for name, source in EDITORS.items()}

"""

_MAIN = """
def main():
    held = []
    try:
        for part in PARTS:
            held.append(replace.Replacement(part["path"]))
        told = [change(part, file) for part, file in zip(PARTS, held)]
        replace.swap(ordered([file for file, (changed, _) in zip(held, told) if changed]))
    except (replace.NotReplaced, OSError, ValueError) as error:
        sys.exit(f"nothing was changed: {error}")
    finally:
        for file in held:
            file.close()
    for _, line in told:
        print(line)


main()
"""

_REMOVE = """
def change(part, file):
    editor = editors[part["editor"]]
    wanted = {named(row["cells"], part["key"]): row for row in part["rows"] if row["root"] not in staying}
    there, gone = set(), set()
    for line, cells in editor.read(file.path, part["form"]):
        row = wanted.get(named(cells, part["key"]))
        if row is not None:
            there.add(row["root"])
            if still_ours(row["cells"], cells, part):
                gone.add(line)
            elif not part["refers"]:
                staying.add(row["root"])
    if gone:
        with file.writing() as out:
            editor.cut(file.path, out, part["form"], gone)
    left = len(part["rows"]) - len(gone)
    return bool(gone), f"{part['path']}: {len(gone)} rows removed, {left} not there or not ours now"


def ordered(files):
    return files[::-1]  # what refers to rows goes before they do


staying = set()  # root rows that are somebody else's now; what refers to them stays with them


def named(cells, key):
    return tuple(cells[at] for at in key if at < len(cells)) if key else tuple(cells)


def still_ours(was, now, part):
    if len(was) != len(now):
        return False
    if part["refers"] and named(was, part["refers"]) == named(now, part["refers"]):
        return True
    told = [at for at, cell in enumerate(was) if cell is not None and at not in part["key"]]
    return not told or 2 * sum(was[at] == now[at] for at in told) > len(told)

"""

_ADD = """
def change(part, file):
    if file.seen.sha256 != part["sha256"]:
        raise replace.NotReplaced(part["path"], "it is not the file that this script was made for")
    with file.writing() as out:
        editors[part["editor"]].add(file.path, out, part["form"])
    return True, f"{part['path']}: {part['count']} rows added"


ordered = list
"""


@dataclass(frozen=True, slots=True)
class Addition:
    """Rows that a script adds to a file.

    content  what the file's editor takes; rows, how many there are in it
    sha256   of the file
    """

    path: str
    editor: ModuleType
    content: dict[str, Any] = field(repr=False)
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Removal:
    """Rows that a script removes from a file.

    form    what the file's editor must know
    roots   by the line of each row, which root row it belongs to
    key     positions of what identifies a row; refers, of what refers to the root
    """

    path: str
    editor: ModuleType
    form: dict[str, Any] = field(repr=False)
    roots: Mapping[int, int]
    key: Sequence[int]
    refers: Sequence[int]


def change_script(parts: Sequence[Addition]) -> str:
    """A script that adds rows to files, each of which must still be the file that it was made for."""
    told = [
        {**_told(part), "form": part.content, "count": part.rows, "sha256": part.sha256} for part in parts
    ]
    return _script("Adds rows to files.", parts, told, _ADD)


def removal_script(parts: Sequence[Removal]) -> str:
    """A script that removes rows from files, the root first, and leaves those that are others' by then."""
    told = []
    for part in parts:
        rows = [
            {"cells": cells, "root": part.roots[line]}
            for line, cells in part.editor.read(part.path, part.form)
            if line in part.roots
        ]
        keys = {"key": list(part.key), "refers": list(part.refers)}
        told.append({**_told(part), "form": part.form, **keys, "rows": rows})
    return _script("Removes rows from files.", parts, told, _REMOVE)


def _told(part: Addition | Removal) -> dict[str, Any]:
    return {"path": str(Path(part.path).resolve()), "editor": _name(part.editor)}


def _script(what: str, parts: Sequence[Addition | Removal], told: Sequence[Any], change: str) -> str:
    editors = {_name(part.editor): part.editor for part in parts}
    needs = "".join(_NEEDS.get(name, "") for name in editors)
    data = json.dumps(told, indent=0).replace("'", "\\u0027")
    sources = "".join(f"    {name!r}: r'''{inspect.getsource(each)}''',\n" for name, each in editors.items())
    return (
        _HEAD.format(what=what, needs=needs, parts=data)
        + f"REPLACE = r'''{inspect.getsource(_replace)}'''\n\nEDITORS = {{\n{sources}}}\n"
        + _LOAD
        + change
        + _MAIN
    )


def _name(editor: ModuleType) -> str:
    return editor.__name__.rpartition(".")[2]
