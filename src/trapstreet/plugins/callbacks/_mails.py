"""Mails as providers post them, as facts of a hit."""

import re
from collections.abc import Iterable, Iterator
from email.utils import getaddresses

_RECIPIENTS = 1000


def addresses(texts: Iterable[str]) -> tuple[str, ...]:
    """The addresses in some headers' values, lower case, each once."""
    found = (address.strip().lower() for text in texts for address in _listed(text[:4096]))
    return tuple(dict.fromkeys(address for address in found if "@" in address))[:_RECIPIENTS]


def _listed(text: str) -> list[str]:
    try:
        return [address for _, address in getaddresses([text])]
    except (RecursionError, ValueError, IndexError):  # brackets within brackets, thousands deep
        return []


def mail_facts(
    *, sender: str, headers: Iterable[tuple[str, str]], texts: Iterable[str], raw: str = ""
) -> Iterator[tuple[str, bytes]]:
    """The facts that a listener for mail would have heard, as far as they were told.

    raw  the whole mail, where the provider sends it
    """
    yield "mail-from", f"<{sender}>".encode("utf-8", "replace")
    if raw:
        head, body = re.split(r"\r?\n\r?\n", raw + "\n\n", maxsplit=1)
        for line in re.split(r"\r?\n(?![ \t])", head):
            yield "header", line.encode("utf-8", "replace")
        yield "body", body.encode("utf-8", "replace")
        return
    for name, value in headers:
        yield "header", f"{name}: {value}".encode("utf-8", "replace")
    for text in texts:
        yield "text", text.encode("utf-8", "replace")
