"""In which line of `trapstreet.toml` something stands, for messages."""

import re
from fnmatch import fnmatchcase

_HEADER = re.compile(r"\s*\[\s*([^\]]+?)\s*\]")


def line_of_message(text: str, message: str) -> str:
    """`, line N` of the key that a validation message speaks of, where it is found."""
    unknown = re.search(r"unknown field `([^`]*)`", message)
    where = re.search(r"at `\$\.?([^`]*)`", message)
    names = where[1].replace("[...]", ".*").split(".") if where and where[1] else []
    if unknown:
        names.append(unknown[1])
    *sections, name = names or [""]
    return line_of(text, ".".join(sections), re.sub(r"\[.*", "", name))


def line_of(text: str, section: str, name: str) -> str:
    """`, line N` of a key in a section, or of a section where that is ""; "" if there is not exactly one.

    A `*` in the section stands for any name.
    """
    key = re.compile(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=")
    found, inside = [], not section
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            own = re.sub("[\"']", "", header[1])
            inside = fnmatchcase(own, section)
            if not section and own == name:
                found.append(number)
        elif inside and key.match(line):
            found.append(number)
    return f", line {found[0]}" if len(found) == 1 else ""
