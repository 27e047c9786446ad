"""A folder of bait files: documents made from the owner's own, under names that invite."""

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Annotated

import msgspec

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Kind, Made, Resources, Token, kinds
from trapstreet.plugins.breadcrumbs._options import LikeUrl, option

title = "folder of bait files"
needs = ("urls",)
channels = ("http",)
reveals = "What its files reveal, each by itself: they have no address in common but the trap's hosts."


class Settings(msgspec.Struct, frozen=True):
    template: Annotated[
        tuple[str, ...], option("a .docx, .xlsx, .pdf or .html file of your own; again for another", "FILE")
    ]
    name: Annotated[
        tuple[str, ...], option("name of a file without its ending; again for the next; else drawn", "NAME")
    ] = ()
    like: LikeUrl = ""


settings = Settings

_WHAT = (
    "Customer list", "Customers", "Contacts", "Price list", "Contracts", "Salaries", "Bonus", "Passwords",
    "Logins", "Accounts", "Board minutes", "Forecast", "Budget", "Invoices", "Payroll", "Key accounts",
    "Renewals", "Leads", "Complaints", "Supplier terms", "Bank details", "Org chart", "Merger",
    "Due diligence", "Network plan",
)  # fmt: skip
_WHICH = (
    "", "", "{year}", "{year}", "{year}-{month:02d}", "Q{quarter} {year}", "v{n}", "final", "final v{n}",
    "draft", "old", "export", "internal", "copy", "{year} final", "new", "signed off", "for review",
)  # fmt: skip


def make(settings: Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """One file from each template, with a token of its own: two files of one content would tell of bait."""
    by_suffix = {suffix: kind for kind in kinds().values() for suffix in getattr(kind, "suffixes", ())}
    sources = [(path, _kind(path, by_suffix)) for path in dict.fromkeys(settings.template)]
    if not sources:
        raise UnusableInput("--template is missing", hint="give at least one file of your own")
    names = _names(settings, len(sources), draws, resources)
    files: dict[str, bytes] = {}
    tokens: list[Token] = []
    for name, (path, kind) in zip(names, sources, strict=True):
        one = kind.make(kind.settings(template=path, like=settings.like), resources, draws)
        (content,) = one.files.values()
        files[f"{name}{PurePath(path).suffix}"] = content
        tokens += one.tokens
    return Made(
        text="".join(f"{name}\n" for name in files)
        + "\nPlace the folder where somebody who searches would find it. Give its files the dates of their "
        "neighbours: the day on which all of them were written tells them apart.",
        tokens=tuple(tokens),
        files=files,
    )


def _kind(path: str, by_suffix: Mapping[str, Kind]) -> Kind:
    suffix = Path(path).suffix.lower()
    if suffix not in by_suffix:
        raise UnusableInput(
            f"{path}: no bait is made of {suffix or 'this'}", hint=f"give {', '.join(by_suffix)}"
        )
    return by_suffix[suffix]


def _names(settings: Settings, count: int, draws: KeyedDraws, resources: Resources) -> list[str]:
    """Different names, the owner's first."""
    names = list(dict.fromkeys(settings.name))
    for name in names:
        if not name.strip(". ") or not name.isprintable() or "/" in name or "\\" in name:
            raise UnusableInput(f"{name!r} is no name of a file", hint="leave out slashes and dots")
    if len(names) > count:
        raise UnusableInput("there are more names than templates", hint="give one --template for each --name")
    joint = draws.choice((" ", " ", "_", "-"))
    while len(names) < count:
        drawn = _drawn(draws, resources.today.year).replace(" ", joint)
        if drawn not in names:
            names.append(drawn)
    return names


def _drawn(draws: KeyedDraws, this_year: int) -> str:
    which = draws.choice(_WHICH).format(
        year=this_year - 1 - draws.below(4),
        month=1 + draws.below(12),
        quarter=1 + draws.below(4),
        n=1 + draws.below(6),
    )
    return f"{draws.choice(_WHAT)} {which}".strip()
