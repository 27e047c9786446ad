"""How an e-mail address that nobody has is drawn: a name at a mail domain, or something behind a "+"."""

import re
from typing import Annotated

import msgspec

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Resources, _ids
from trapstreet.plugins.breadcrumbs._options import option

_BEHIND = 12
"""Letters and digits behind a "+": 62 random bits, which nobody finds by sending mails."""


class Settings(msgspec.Struct, frozen=True):
    like: Annotated[str, option("an address of your own, whose style is taken", "ADDRESS")] = ""
    name: Annotated[
        str, option('whose it seems to be, like "Maria Keller"; else a name is drawn', "NAME")
    ] = ""
    names_of: Annotated[str, option("country whose names are drawn, like de_DE", "LOCALE")] = "en_GB"
    plus: Annotated[
        str, option('a mailbox of your own; the address is that with letters behind a "+"', "ADDRESS")
    ] = ""


_STYLES = ("{given}.{family}",) * 5 + ("{g}.{family}",) * 3 + ("{g}{family}",) * 3 + (
    "{given}{family}", "{given}_{family}", "{given}-{family}", "{family}.{given}", "{family}{g}",
    "{given}.{f}",
)  # fmt: skip


def address(settings: Settings, resources: Resources, draws: KeyedDraws) -> str:
    """An address in the style of the example, else in one that is usual. Raises UnusableInput."""
    if settings.plus:
        return _behind_plus(settings.plus.lower(), draws)
    domain = resources.domain(draws)
    given, family = _name(settings, draws)
    local = _style(settings.like, draws).format(given=given, family=family, g=given[:1], f=family[:1])
    return f"{local}@{domain}"


def _behind_plus(mailbox: str, draws: KeyedDraws) -> str:
    local, _, domain = mailbox.rpartition("@")
    if not re.fullmatch(r"[\w.!#$%&'*/=?^`{|}~-]+@[\w-]+(\.[\w-]+)+", mailbox, re.ASCII):
        raise UnusableInput("--plus is no address", hint="give that of a mailbox, like info@you.example")
    return f"{local}+{_ids.text(draws, _ids.LETTERS_DIGITS, _BEHIND)}@{domain}"


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
