"""Sections of settings: what people wrote becomes a type, or one clear line."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import fields

from trapstreet.core.model.errors import AccessDenied, UnusableInput

Section = TypeVar("Section", bound=msgspec.Struct)


def read_section(
    given: object, kind: type[Section], *, where: str, hint: str, folder: Path = Path()
) -> Section:
    """What was given, as TOML has it, in its type. Raises UnusableInput where it does not fit.

    where   the section, for errors; "" where whoever asks names it (`within`);  hint  what to do
    folder  what values of the type Path are relative to, those that stand in the type included
    """

    def path(wanted: type[Any], value: object) -> object:
        if wanted is not Path or not isinstance(value, str):
            raise TypeError("Expected the name of a file")
        return folder / value

    sections: list[str] = []
    if isinstance(given, dict):
        sections = [name for name, value in given.items() if isinstance(value, dict)]
        given = {
            each.name: str(each.default) for each in fields(kind) if isinstance(each.default, Path)
        } | given
    try:
        return msgspec.convert(given, kind, dec_hook=path)
    except msgspec.ValidationError as error:
        said = in_our_words(str(error), sections)
        raise UnusableInput(f"{where}: {said}" if where else said, hint=hint) from error


def in_our_words(message: str, sections: Collection[str] = ()) -> str:
    """A message of msgspec's as people read it. sections: names of those that the whole has."""
    if unknown := re.search(r"unknown field `([^`]*)`", message):
        of_the_whole = message.endswith(f"`{unknown[1]}`")
        if of_the_whole and unknown[1] in sections:
            return f"unknown section [{unknown[1]}]"
        return f"unknown key {unknown[1]!r}"
    if missing := re.search(r"missing required field `([^`]*)`", message):
        return f"{missing[1]!r} is missing"
    return message.replace("`$.", "`").replace("Expected", "expected", 1)


def as_option(message: str) -> str:
    """The same where the keys are options of the command line."""
    found = re.fullmatch(r"(.*?)(?: - at `\$\.?([^`]*)`)?", message)
    what, where = (found[1], found[2]) if found else (message, None)
    if missing := re.search(r"missing required field `([^`]*)`", what):
        return f"--{missing[1].replace('_', '-')} is missing"
    return f"--{where.split('[')[0].replace('_', '-')}: {what[0].lower()}{what[1:]}" if where else what


@contextmanager
def within(where: str) -> Iterator[None]:
    """Inside, what cannot be used, or may not be read, names the section."""
    try:
        yield
    except (UnusableInput, AccessDenied) as error:
        raise type(error)(f"{where}: {error.message}", hint=error.hint) from error
