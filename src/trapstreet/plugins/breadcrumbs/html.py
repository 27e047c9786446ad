"""An HTML page that loads a style sheet from the trap when a browser opens it."""

import html
import re
from pathlib import Path
from typing import Annotated

import msgspec

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Made, Resources, _template, _web, http_token
from trapstreet.plugins.breadcrumbs._options import LikeUrl, Replace, Template, option

title = "HTML page"
suffixes = (".html", ".htm")
needs = ("urls",)
channels = ("http",)
reveals = "The host, to whoever reads the page's source or watches what the browser loads."


class Settings(msgspec.Struct, frozen=True):
    template: Template = ""
    replace: Replace = ""
    headline: Annotated[str, option("headline of the bare page", "TEXT")] = "Index"
    like: LikeUrl = ""


settings = Settings

_BARE = """\
<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<title>{headline}</title>
</head>
<body>
<h1>{headline}</h1>
</body>
</html>
"""


def make(settings: Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """The page with one address replaced, else with a style sheet more."""
    style = settings.like or _web.example(settings.replace)
    url = _web.address(resources, draws, what="page" if settings.replace else "style", like=style)
    if settings.template:
        page, name = _template.read(settings.template), Path(settings.template).name
    else:
        page, name = _BARE.format(headline=html.escape(settings.headline)).encode(), "index.html"
    label = settings.template or "the bare page"
    if b"\0" in page or not re.search(rb"<[a-zA-Z!]", page):
        raise UnusableInput(f"{label} is no HTML", hint="give a page in UTF-8, or in an encoding like it")
    baited = _readdressed(page, settings.replace, url, label) if settings.replace else _with_style(page, url)
    return Made(
        text=f"{name} loads {url} when a browser shows it"
        f"{', or on a click where you replaced a link' if settings.replace else ''}.\n\n"
        "Place it where pages of its kind lie, with the date of its neighbours.",
        tokens=(http_token(url),),
        files={name: baited},
    )


def _readdressed(page: bytes, old: str, new: str, label: str) -> bytes:
    spellings = b"|".join(re.escape(each.encode()) for each in {old, html.escape(old)})
    whole = re.compile(rb"(?<=[\"'=(\s])(?:" + spellings + rb")(?=[\"'>)\s])")
    changed, count = whole.subn(lambda _: new.encode(), page)
    if not count:
        raise UnusableInput(
            f"{label} does not have that address",
            hint="give --replace an address as it stands in the template",
        )
    return changed


def _with_style(page: bytes, url: str) -> bytes:
    """The page with a style sheet where its head ends, else in front of its body, else in front of all."""
    for mark in (rb"[ \t]*</head\b", rb"[ \t]*<body\b", rb"[ \t]*<(?!!|html\b|\?)[a-z]"):
        if found := re.search(mark, page, re.IGNORECASE):
            break
    at = found.start() if found else 0
    ending = b"\r\n" if b"\r\n" in page else b"\n" if b"\n" in page else b""
    return page[:at] + f'<link rel="stylesheet" href="{url}">'.encode() + ending + page[at:]
