"""What the status of an answer means."""

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.plugins._connecting import retry_after
from trapstreet.plugins.sources import Later
from trapstreet.plugins.sources._http_address import address, shown
from trapstreet.plugins.sources._http_answer import Answer

BANNED = 900.0
"""Seconds for which a server is left alone that asks for it, but not for how long."""
LONGEST_BAN = 86400.0


class Answered(Unreachable):
    """The server is there, and answers, but not with what was asked for."""


class Missing(Answered):
    """It has nothing at the address."""


def good(answer: Answer) -> Answer:
    """An answer of 2xx or 304.

    Raises what another status means for those who can act; what the server says besides is in no error.
    """
    if 200 <= answer.status < 300 or answer.status == 304:
        return answer
    answer.skip()
    what = f"{shown(address(answer.url).host)} answered {answer.status}"
    match answer.status:
        case 401 | 407:
            raise AccessDenied(what, hint="it wants a login, or another one than it was given")
        case 403:
            raise AccessDenied(what, hint="it does not let us in, or not any more")
        case 404 | 410:
            raise Missing(what, hint="check the address: nothing is there")
        case 408 | 425 | 500 | 502 | 503 | 504:
            raise Answered(what, hint="see what is wrong there")
        case _:
            raise UnusableInput(what, hint="see whether the address is right and what it wants")


def asked_to_wait(answer: Answer) -> float | None:
    """Seconds for which the server wants to be left alone; None where it says nothing of the kind."""
    if answer.status not in (403, 429, 503):
        return None
    if "retry-after" in answer.headers:
        return retry_after(answer.headers["retry-after"], most=LONGEST_BAN) or BANNED
    return BANNED if answer.status == 429 else None


def later(host: str, seconds: float) -> Later:
    """The error that says so."""
    return Later(f"{shown(host)} asks to be left alone for {max(1.0, seconds):,.0f} seconds", seconds=seconds)
