"""Pipelines of spaCy's: where they lie, and what they can do. Nothing of spaCy is imported."""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.words import printable

_META = "meta.json"
_LARGEST = 1 << 20
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_PACKAGE = re.compile(r"[A-Za-z]\w{0,99}", re.ASCII)
_WHAT_THERE_IS = 'name a folder with a meta.json, an installed one ("en_core_web_sm"), or a language ("en")'
_SAFE = re.compile(r"[^\w.+-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline that is installed, or a language without one.

    folder    where it lies; None: there is none, and no names of people are found
    language  ISO 639 code;  name  with its version: "en_core_web_sm 3.8.0"
    """

    folder: Path | None
    language: str
    name: str


class _Meta(msgspec.Struct):
    lang: str
    name: str = "pipeline"
    version: str = ""


def pipeline_named(named: str, *, beside: Path) -> Pipeline:
    """The pipeline of a name, of a folder (relative to `beside`), or the language of a code like "en".

    Raises UnusableInput with what to do where there is none.
    """
    if _LANGUAGE.fullmatch(named):
        return _language(named)
    folder = beside / named
    if not (folder / _META).is_file():
        if _PACKAGE.fullmatch(named):
            return _described(_package(named), named)
        raise UnusableInput(
            f"texts under [discover]: no pipeline of spaCy's lies in {printable(named)}",
            hint=_WHAT_THERE_IS,
        )
    return _described(folder, named)


def _language(code: str) -> Pipeline:
    spacy = find_spec("spacy")
    if spacy and not any(
        (Path(place) / "lang" / code).is_dir() for place in spacy.submodule_search_locations or ()
    ):
        raise UnusableInput(
            f"texts under [discover]: spaCy does not know the language {code}",
            hint='name one by its code: "en", or "xx" for any',
        )
    return Pipeline(None, code, code)


def _package(name: str) -> Path:
    try:
        found = find_spec(name)
    except (ImportError, ValueError):
        found = None
    for place in (found.submodule_search_locations or ()) if found else ():
        inside = sorted(Path(place).glob(f"{name}-*/{_META}"))
        if inside:
            return inside[-1].parent
    if "_" not in name:
        raise UnusableInput(
            f"texts under [discover]: {name} is no code of a language, and no pipeline of spaCy's",
            hint=_WHAT_THERE_IS,
        )
    raise UnusableInput(
        f"texts under [discover]: the pipeline {name} is not installed",
        hint=f"python -m spacy download {name}",
    )


def _described(folder: Path, named: str) -> Pipeline:
    try:
        with (folder / _META).open("rb") as file:
            meta = msgspec.json.decode(file.read(_LARGEST), type=_Meta)
        if not _LANGUAGE.fullmatch(meta.lang):
            raise ValueError
    except (OSError, ValueError) as error:
        raise UnusableInput(
            f"texts under [discover]: {printable(named)} has no {_META} that can be read",
            hint="install the pipeline anew",
        ) from error
    name = _SAFE.sub("?", f"{meta.lang}_{meta.name}"[:80])
    return Pipeline(folder.resolve(), meta.lang, f"{name} {_SAFE.sub('?', meta.version[:20])}".rstrip())
