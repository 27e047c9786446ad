"""A key for an interface of the owner's, in an `.env` file among ordinary lines."""

import re
from math import log2
from typing import Annotated

import msgspec

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Made, Resources, Token, _ids, _template
from trapstreet.plugins.breadcrumbs._options import option

title = "API key"
needs = ("urls",)
channels = ("login", "http")
reveals = (
    "The host of your trap, which answers no key. The key looks like the one that you gave as an example."
)


class Settings(msgspec.Struct, frozen=True):
    like: Annotated[
        str,
        option("an old key, never a valid one: its beginning, length and letters are taken", "KEY"),
    ]
    service: Annotated[str, option("what it is for: the names of its variables begin with it", "WORD")] = ""
    template: Annotated[
        str, option("an .env file of your own, to which the key is added; else lines are made up", "FILE")
    ] = ""


settings = Settings

_SERVICES = "REPORTS BILLING CRM EXPORT ORDERS CUSTOMER DATA WAREHOUSE INTERNAL SUPPORT".split()
_ALPHABETS = (
    _ids.HEX,
    _ids.HEX.upper(),
    _ids.LETTERS_DIGITS,
    _ids.LETTERS_DIGITS.upper(),
    _ids.BASE62,
    _ids.BASE64URL,
)
_LINES = (
    ("APP_ENV=production", "NODE_ENV=production", "ENVIRONMENT=production", "RAILS_ENV=production"),
    ("LOG_LEVEL=info", "LOG_LEVEL=warning", "DEBUG=false", "APP_DEBUG=false"),
    ("PORT=8080", "PORT=3000", "HTTP_PORT=8000", "LISTEN=127.0.0.1:5000"),
    ("REDIS_URL=redis://localhost:6379/0", "CACHE_URL=redis://127.0.0.1:6379/1", "CACHE_DRIVER=file"),
    ("TZ=UTC", "WORKERS=4", "WEB_CONCURRENCY=2", "REQUEST_TIMEOUT=30"),
    ("SMTP_HOST=localhost", "MAIL_PORT=25", "QUEUE=default", "SESSION_LIFETIME=120"),
)


def make(settings: Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """A key in the form of the example, with at least 96 random bits."""
    key = _key(settings.like.strip(), draws)
    service = (settings.service or draws.choice(_SERVICES)).upper().replace("-", "_")
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,30}", service):
        raise UnusableInput("--service is no word", hint="give letters, like REPORTS")
    base = resources.url(draws) + draws.choice(("api/", "v1/", "v2/", "api/v1/", "rest/", ""))
    added = [
        f"{service}_{draws.choice(('API_URL', 'URL', 'BASE_URL', 'ENDPOINT'))}={base.rstrip('/')}",
        f"{service}_{draws.choice(('API_KEY', 'KEY', 'TOKEN', 'API_TOKEN', 'SECRET'))}={key}",
    ]
    lines = _lines(settings.template, draws)
    at = draws.below(len(lines) + 1)
    written = "".join(f"{line}\n" for line in (*lines[:at], *added, *lines[at:]))
    return Made(
        text="A key in .env.\n\nPlace it where software of yours is kept or runs. A use is heard where it is "
        "sent to your trap, the address beside it; whoever sends it elsewhere is not heard.",
        tokens=(Token("login", key),),
        files={".env": written.encode()},
    )


def _key(like: str, draws: KeyedDraws) -> str:
    """The example's beginning up to its last separator, and new letters of the kind behind it."""
    found = re.fullmatch(r"((?:[A-Za-z0-9]+[_.:-])*)([A-Za-z0-9_-]+)", like)
    tail = found[2] if found else ""
    alphabet = next((each for each in _ALPHABETS if set(tail) <= set(each)), "")
    if not found or len(tail) * log2(len(alphabet) or 1) < _ids.BITS:
        raise UnusableInput(
            "--like is no key whose random part is long enough",
            hint="give one like acme_live_ and 24 letters",
        )
    return found[1] + _ids.text(draws, alphabet, len(tail))


def _lines(template: str, draws: KeyedDraws) -> list[str]:
    if not template:
        chosen = [draws.choice(group) for group in _LINES if draws.below(4)]
        return sorted(chosen, key=lambda _: draws.word())
    try:
        return _template.read(template).decode().splitlines()
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{template} is not UTF-8", hint="save it as UTF-8") from error
