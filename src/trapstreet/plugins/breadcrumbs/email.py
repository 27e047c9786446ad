"""An e-mail address that nobody writes to: a name at one of the owner's mail domains."""

import re
from typing import Annotated

import msgspec

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Made, Resources, Token, _ids
from trapstreet.plugins.breadcrumbs._options import option

title = "e-mail address"
needs = ("domains",)
channels = ("smtp",)
reveals = (
    "The domain and its mail server, as of any address. Whoever writes to it gets no answer. Its name is "
    "made up: somebody who knows everybody in the organisation knows that it is nobody's."
)


class Settings(msgspec.Struct, frozen=True):
    like: Annotated[str, option("an address of your own, whose style is taken", "ADDRESS")] = ""
    name: Annotated[
        str, option('whose it seems to be, like "Maria Keller"; else a name is drawn', "NAME")
    ] = ""
    names_of: Annotated[str, option("country whose names are drawn, like de_DE", "LOCALE")] = "en_GB"


settings = Settings

_STYLES = ("{given}.{family}",) * 5 + ("{g}.{family}",) * 3 + ("{g}{family}",) * 3 + (
    "{given}{family}", "{given}_{family}", "{given}-{family}", "{family}.{given}", "{family}{g}",
    "{given}.{f}",
)  # fmt: skip


def make(settings: Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """An address in the style of the example, else in one that is usual."""
    domain = resources.domain(draws)
    given, family = _name(settings, draws)
    local = _style(settings.like, draws).format(given=given, family=family, g=given[:1], f=family[:1])
    address = f"{local}@{domain}"
    return Made(
        text=f"{address}\n\nPut it where a list of addresses would be copied from. Nobody may have this "
        f"address, and mail to {domain} has to reach your trap.",
        tokens=(Token("smtp", address),),
    )


def _name(settings: Settings, draws: KeyedDraws) -> tuple[str, str]:
    from anyascii import anyascii

    words = settings.name.split() or _drawn(settings.names_of, draws)
    letters = [re.sub(r"[^a-z]", "", anyascii(word).lower()) for word in words]
    if len(letters) < 2 or not all(letters):
        raise UnusableInput("--name has no given and family name", hint='give both, like "Maria Keller"')
    return letters[0], letters[-1]


def _drawn(locale: str, draws: KeyedDraws) -> list[str]:
    """A given and a family name, from lists of common ones."""
    from faker import Faker

    try:
        names = Faker(locale)
    except AttributeError as error:
        raise UnusableInput(f"there are no names of {locale!r}", hint="give a locale like de_DE") from error
    names.seed_instance(draws.word())
    return [re.split(r"[ -]", name)[0] for name in (names.first_name(), names.last_name())]


def _style(like: str, draws: KeyedDraws) -> str:
    """How the local part is written; the example's words stand for a given and a family name."""
    if not like:
        return draws.choice(_STYLES) + (_digits(2, draws) if draws.below(4) == 0 else "")
    local = like.partition("@")[0].lower()
    found = re.fullmatch(r"([a-z]+)(?:([._-])([a-z]+))?([._-]?)(\d*)", local)
    if not found:
        raise UnusableInput("--like is no address of a person", hint="give one like m.keller@you.example")
    first, separator, second, gap, digits = found.groups(default="")
    tail = gap + _digits(len(digits), draws) if digits else ""
    if not second:
        return "{g}{family}" + tail
    if len(first) == 1:
        return "{g}" + separator + "{family}" + tail
    return "{given}" + separator + ("{f}" if len(second) == 1 else "{family}") + tail


def _digits(count: int, draws: KeyedDraws) -> str:
    return _ids.text(draws, "123456789", 1) + _ids.text(draws, "0123456789", count - 1) if count else ""
