"""Addresses below the trap's, as ordinary sites have them."""

import re
from datetime import date
from urllib.parse import urlsplit

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Resources, _ids

# fmt: off
_STEMS = {
    "image": "logo header banner letterhead brand signature footer icon mark stamp team product".split(),
    "style": "main theme print app site page layout vendor base document".split(),
    "page": "report plan offer minutes overview summary draft budget review contract list schedule".split(),
}
_ENDINGS = {
    "image": ("png", "png", "jpg", "gif"), "style": ("css",), "page": ("pdf", "html", "docx", "xlsx"),
}
_SHAPES = {
    "image": (
        "assets/img/{stem}-{id}.{end}", "wp-content/uploads/{year}/{month}/{stem}-{id}.{end}", "i/{id}",
        "media/{a}/{b}/{a}{b}{id}.{end}", "images/{stem}/{id}.{end}", "static/{id}/{stem}.{end}",
        "img/{year}/{stem}_{id}.{end}", "content/dam/{stem}/{id}/{stem}.{end}", "media/{id}.{end}",
    ),
    "style": (
        "assets/{stem}.{id}.{end}", "static/css/{stem}.{id}.{end}", "{id}/{stem}.{end}",
        "build/{stem}-{id}.{end}", "css/{id}/{stem}.min.{end}", "wp-content/cache/{id}.{end}",
        "_next/static/css/{id}.{end}",
    ),
    "page": (
        "documents/{year}/{stem}-{id}.{end}", "s/{id}/{stem}.{end}", "share/{id}", "files/{id}/{stem}.{end}",
        "d/{id}/view", "dl/{id}", "portal/{stem}/{id}", "sites/{stem}/{id}/{stem}.{end}",
    ),
}
# fmt: on
_STYLED = re.compile(r"[\w.~-][\w.~/-]*", re.ASCII)


def address(resources: Resources, draws: KeyedDraws, *, what: str, like: str = "") -> str:
    """A new address with at least `_ids.BITS` random bits.

    what  "image", "style" or "page": what it seems to lead to
    like  an address of the owner's own site: folders, style and ending are taken from it
    """
    base = resources.url(draws)
    return base + (_after(like, draws, resources.today) if like else _made_up(what, draws, resources.today))


def example(url: str) -> str:
    """The address, if it has a path whose style can be taken, else ""."""
    return url if _STYLED.fullmatch(urlsplit(url).path.strip("/")) else ""


def _made_up(what: str, draws: KeyedDraws, today: date) -> str:
    year, month = _month(draws, today)
    return draws.choice(_SHAPES[what]).format(
        stem=draws.choice(_STEMS[what]),
        id=_ids.in_path(draws),
        end=draws.choice(_ENDINGS[what]),
        year=year,
        month=f"{month:02d}",
        a=_ids.text(draws, _ids.HEX, 2),
        b=_ids.text(draws, _ids.HEX, 2),
    )


def _month(draws: KeyedDraws, today: date) -> tuple[int, int]:
    """A month of the last four years that is over."""
    months = today.year * 12 + today.month - 2 - draws.below(48)
    return months // 12, months % 12 + 1


def _after(like: str, draws: KeyedDraws, today: date) -> str:
    """A path in the style of another one: its dates and random parts are drawn anew, its folders stay."""
    path = urlsplit(like if "//" in like else f"//{like}").path.strip("/")
    if not _STYLED.fullmatch(path):
        raise UnusableInput(
            "the example is no address with a path",
            hint="give one like https://www.you.example/media/logo.png",
        )
    *folders, name = filter(None, path.split("/"))
    year, month = _month(draws, today)
    written, bits, dated = list[str](), 0.0, False
    for folder in folders:
        if re.fullmatch(r"(19|20)\d\d", folder):
            dated, new, more = True, str(year), 0.0
        elif dated and re.fullmatch(r"0[1-9]|1[0-2]", folder):
            new, more = f"{month:02d}", 0.0
        else:
            new, more = _ids.again(folder, draws)
        bits += more
        written.append(new)
    stem, dot, ending = name.partition(".")
    stem, more = _ids.again(stem, draws)
    if bits + more < _ids.BITS:
        stem += draws.choice("-_") + _ids.in_path(draws)
    return "/".join((*written, stem + dot + ending))
