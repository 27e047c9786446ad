"""A web address that nobody visits: bare, as the picture of a page, or as a QR code."""

import io
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.plugins.breadcrumbs import Made, Resources, _web, http_token
from trapstreet.plugins.breadcrumbs._options import LikeUrl, option

title = "web address"
needs = ("urls",)
channels = ("http",)
reveals = (
    "The host of your trap, and that the address is one of a kind. A picture is fetched by whatever shows "
    "it, previews and mail scanners included."
)


class Settings(msgspec.Struct, frozen=True):
    form: Annotated[
        Literal["address", "image", "png", "svg"],
        option("the bare address, HTML that shows it as a picture, or a QR code"),
    ] = "address"
    like: LikeUrl = ""


settings = Settings


def make(settings: Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """An address with at least 96 random bits below one of the trap's."""
    what = "image" if settings.form == "image" else "page"
    url = _web.address(resources, draws, what=what, like=settings.like)
    return Made(
        text=f"{url}\n\nPut it where addresses are kept: a bookmark, a wiki page, a mail, a record's notes. "
        f"Your trap has to answer at {urlsplit(url).hostname}.",
        tokens=(http_token(url),),
        files=_files(url, settings.form),
    )


def _files(url: str, form: str) -> dict[str, bytes]:
    match form:
        case "image":
            return {"image.html": f'<img src="{url}" alt="">\n'.encode()}
        case "png" | "svg":
            return {f"code.{form}": _code(url, form)}
        case _:
            return {}


def _code(url: str, form: str) -> bytes:
    """A QR code as a picture that does not say what drew it."""
    import segno

    plain: dict[str, None] = {"svgclass": None, "lineclass": None} if form == "svg" else {}
    out = io.BytesIO()
    segno.make_qr(url).save(out, kind=form, scale=8, **plain)
    return out.getvalue()
