"""A document that names an e-mail address which nobody writes to: read, and written to, by who took it."""

import re
from pathlib import Path
from typing import Annotated

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Made, Resources, Token, _address, _office, _template
from trapstreet.plugins.breadcrumbs._options import Template, option

title = "document with an e-mail address"
needs = ("domains",)
channels = ("smtp",)
reveals = (
    "The address, to whoever reads it. It fetches nothing and tells nothing by being opened: it is heard "
    "when somebody writes to the address, who has read it or was given it."
)


class Settings(_address.Settings, frozen=True):
    template: Template = ""
    replace: Annotated[
        str, option("address in the template that becomes the bait's; else the only one", "ADDRESS")
    ] = ""


settings = Settings

_HEADS = (
    "Remote access - if you are locked out", "Getting back in", "VPN and mail: lost passwords",
    "Access outside office hours", "Locked out? Read this first", "Logins for the team - what to do",
)  # fmt: skip
_ASKS = (
    "Write to {address} with your staff number and the name of the machine.",
    "Mail {address}, say who you are and which account it is.",
    "Send your number and the account to {address}; no phone, please.",
    "Ask {address}. Name, department and machine are enough.",
)
_GETS = (
    "You get a one-time password within the hour, also at week-ends.",
    "A new password comes back by mail, usually in twenty minutes.",
    "They reset it and send a link that works once.",
    "The answer has a code for the VPN and one for mail.",
)
_OPENS = (
    "It opens mail, the shares and the customer database. Change it when you are in.",
    "Use it for the VPN first, then for the customer database.",
    "With it you also reach the file server and the ticket system.",
    "It is good for everything but payroll.",
)
_ENDS = (
    "Please do not pass this on outside the team.", "Internal only.", "Keep this to yourself.",
    "Not for contractors.", "",
)  # fmt: skip
_MAIN = {".docx": "word/document.xml", ".xlsx": "xl/workbook.xml"}
_FOUND = re.compile(rb"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+(?![\w-])")


def make(settings: Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """The template with one address replaced, else a short note."""
    address = _address.address(settings, resources, draws)
    if not settings.template:
        name, content = "note.txt", _bare(address, draws).encode()
    elif (main := _MAIN.get(Path(settings.template).suffix.lower())) is not None:
        name, content = Path(settings.template).name, _in_office(settings, address, main)
    else:
        name, content = Path(settings.template).name, _in_text(settings, address)
    return Made(
        text=f"{name} names {address}.\n\n"
        "Place it where documents of its kind lie, with the date of its neighbours. Nobody may have this "
        "address.",
        tokens=(Token("smtp", address),),
        files={name: content},
    )


def _bare(address: str, draws: KeyedDraws) -> str:
    """A short note, in some of its 1,920 wordings: one that is always the same would be looked for."""
    ask, gets, opens = draws.choice(_ASKS), draws.choice(_GETS), draws.choice(_OPENS)
    steps = "".join(f"{number}. {line}\n" for number, line in enumerate((ask, gets, opens), start=1))
    text = f"{draws.choice(_HEADS)}\n\n{steps}\n{draws.choice(_ENDS)}".rstrip()
    return f"{text.format(address=address)}\n"


def _in_text(settings: Settings, address: str) -> bytes:
    text = _template.read(settings.template)
    if b"\0" in text:
        raise UnusableInput(
            f"{settings.template} is no text",
            hint="give a .docx, .xlsx, or a text file like .txt, .csv, .html",
        )
    return _whole(_old(settings, text)).sub(address.encode(), text)


def _in_office(settings: Settings, address: str, main: str) -> bytes:
    document = _office.Document(_template.read(settings.template), label=settings.template, main=main)
    parts = {name: document.part(name) for name in document.parts()}
    whole = _whole(_old(settings, b"\n".join(parts.values())))
    for name, part in parts.items():
        if whole.search(part):
            document.put(name, whole.sub(address.encode(), part))
    return document.written()


def _old(settings: Settings, text: bytes) -> bytes:
    """The address that is to be replaced. Raises UnusableInput where the template does not say which."""
    found: set[bytes] = {address.lower() for address in _FOUND.findall(text)}
    if settings.replace:
        if settings.replace.lower().encode() in found:
            return settings.replace.encode()
        raise UnusableInput(
            f"{settings.template} does not have that address in one piece",
            hint="give --replace as it stands there",
        )
    if len(found) == 1:
        return found.pop()
    raise UnusableInput(
        f"{settings.template} has {len(found) or 'no'} e-mail addresses",
        hint="say with --replace which of them becomes the bait's" if found else "write one into it",
    )


def _whole(address: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![\w.+-])" + re.escape(address) + rb"(?![\w-])", re.IGNORECASE)
