"""The four questions of `trapstreet start`: asked until their answers do, and kept at once."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec.structs import replace

from trapstreet.cli.dialogue import Dialogue
from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.core.model.protected import Protected

if TYPE_CHECKING:
    from trapstreet.app.mailing import Provider, Sender
    from trapstreet.app.starting import Way
    from trapstreet.app.workspace import Workspace
    from trapstreet.plugins.listeners.mailbox import Settings as Mailbox

PASSWORD = "TRAPSTREET_MAILBOX_PASSWORD"  # noqa: S105  the variable's name

_ADDRESSES = (
    "   Decoys need addresses that nobody else has. Most mailboxes take anything behind a +. Or name a\n"
    "   domain, like @decoys.you.example, at which nobody has an address and whose mails all come here."
)

_T = TypeVar("_T")


class Given(msgspec.Struct, frozen=True):
    """The options: answers that need not be asked for; None where one is not given."""

    mailbox: str | None
    user: str | None
    imap: str | None
    smtp: str | None
    ca: Path | None
    listen_for: str | None
    token_url: str | None
    client_id: str | None
    client_secret_file: Path | None
    refresh_token_file: Path | None
    scope: str | None
    tell: str | None
    lay: Path | None
    template: Path | None
    replace: str | None
    unconfirmed: bool


def read_mailbox(talk: Dialogue, workspace: "Workspace", given: Given) -> "Workspace":
    """Questions 1 and 2: the mailbox, and by which of its addresses it is heard."""
    from trapstreet.app import starting

    known = starting.mailbox_of(workspace)
    if known is not None:
        return _known_mailbox(talk, workspace, known, given)
    settings, address = again(talk, lambda: _mailbox(talk, workspace, given), TrapstreetError)
    junk = f" and {settings.folders[1]}" if len(settings.folders) > 1 else ""
    talk.say(f"   {settings.host} lets us in. INBOX{junk} will be read; nothing in it is changed.")

    def choose() -> "tuple[Workspace, Way]":
        way = _way(talk, given, address)
        return starting.set_way(workspace, way), way

    changed, way = again(talk, choose, UnusableInput)
    return starting.set_mailbox(changed, settings, way)


def _known_mailbox(talk: Dialogue, workspace: "Workspace", known: "Mailbox", given: Given) -> "Workspace":
    """One that is read already; --listen-for may change by which addresses."""
    from trapstreet.app import starting

    way = starting.way_of(known)
    if way is None:
        raise UnusableInput(
            f"[mailbox] in {starting.trap_folder(workspace)}/trap.toml names several recipients, or none",
            hint="this trap is set up by hand already: see trapstreet bait email and alert test",
        )
    if given.listen_for and (asked := _way(talk, given, way.plus or known.user)) != way:
        workspace, way = starting.change_way(workspace, asked), asked
    talk.say(f"1, 2. The trap reads {known.user} at {known.host}, for {way.pattern}.")
    return workspace


def _mailbox(talk: Dialogue, workspace: "Workspace", given: Given) -> "tuple[Mailbox, str]":
    """A mailbox that lets us in, and its address. The password stays in its file only if it is right."""
    from trapstreet.app import mailing, starting
    from trapstreet.plugins.listeners import mailbox

    before = talk.answered("--mailbox")
    question = "1. The mailbox that is to be read, by its address"
    address = _address(talk.ask(question, option="--mailbox", given=given.mailbox))
    domain = address.rpartition("@")[2]
    provider = mailing.provider_of(domain)
    if provider and provider.passwords == mailing.NONE and not given.refresh_token_file:
        raise UnusableInput(
            f"{provider.imap} takes no passwords from programs, but OAuth 2.0",
            hint="pass --refresh-token-file and --client-id (docs/start.md), or take any other mailbox",
        )
    servers = mailing.answering(mailing.imap_servers(domain, provider)) if not given.imap else []
    if not servers or talk.answered("--mailbox") == before:
        usual = servers[0].host if servers else ""
        named = talk.ask("   Its IMAP server", option="--imap", given=given.imap, usual=usual)
        servers = mailing.named_servers(named, tls=993, starttls=143)
    ca = given.ca.absolute() if given.ca else None
    login = mailbox.Settings(user=given.user or address, ca=ca)
    if given.refresh_token_file:
        return mailing.reach_imap(servers, _by_tokens(login, given, provider)), address
    wanted = f" ({provider.passwords})" if provider and provider.passwords else ""
    password = talk.ask(
        f"   Its password{wanted}", option=PASSWORD, given=os.environ.get(PASSWORD), hidden=True
    )
    file = starting.keep_password(workspace, Protected(password))
    try:
        return mailing.reach_imap(servers, replace(login, password_file=file)), address
    except BaseException:
        file.unlink()
        raise


def _by_tokens(login: "Mailbox", given: Given, provider: "Provider | None") -> "Mailbox":
    token_url = given.token_url or (provider.token_url if provider else "")
    if not token_url or not given.client_id:
        raise UnusableInput(
            "a refresh token without the program that it is for, or the place where it is used",
            hint="pass --client-id and --token-url, too",
        )
    secret, token = given.client_secret_file, given.refresh_token_file
    return replace(
        login,
        token_url=token_url,
        scope=given.scope or (provider.scope if provider else ""),
        client_id=given.client_id,
        client_secret_file=secret.absolute() if secret else None,
        refresh_token_file=token.absolute() if token else None,
    )


def _way(talk: Dialogue, given: Given, address: str) -> "Way":
    from trapstreet.app.starting import Way

    local, _, domain = address.rpartition("@")
    plus = f"{local.partition('+')[0]}+...@{domain}"
    if talk.attended and (given.listen_for is None or talk.answered("--listen-for")):
        talk.say(_ADDRESSES)
    answer = talk.ask("2. Their addresses", option="--listen-for", given=given.listen_for, usual=plus)
    if answer.startswith("@"):
        return Way(domain=_address(f"x{answer}").rpartition("@")[2])
    chosen = _address(answer.replace("+...", ""))
    local, _, domain = chosen.rpartition("@")
    return Way(plus=f"{local.partition('+')[0]}@{domain}")


def tell_somebody(talk: Dialogue, workspace: "Workspace", given: Given) -> "Workspace":
    """Question 3: who is told, by the mailbox's own way out."""
    from trapstreet.app import starting

    if starting.ROUTE in workspace.settings.notify:
        to = ", ".join(starting.told_by(workspace)) or "by another way than mail"
        talk.say(f"3. Alerts are told: {to}.")
        return workspace
    known = starting.mailbox_of(workspace)
    if known is None or known.password_file is None:
        raise UnusableInput(
            "the mailbox is read by OAuth 2.0, by which no alerts are sent",
            hint=f"add a section [notify.{starting.ROUTE}] to trapstreet.toml (docs/notifiers.md)",
        )
    way = starting.way_of(known)
    usual = known.user if "@" in known.user else way.plus if way else ""
    question = "3. Who is told of alerts, by the address"
    to = again(
        talk,
        lambda: _address(talk.ask(question, option="--tell", given=given.tell, usual=usual)),
        UnusableInput,
    )
    sender = again(talk, lambda: _sender(talk, known, usual, given), TrapstreetError)
    talk.say(f"   {sender.server.host} takes mails from us.")
    return starting.set_route(workspace, sender, to, password=known.password_file)


def _sender(talk: Dialogue, known: "Mailbox", address: str, given: Given) -> "Sender":
    from trapstreet.app import mailing
    from trapstreet.plugins._secrets import secret

    assert known.password_file  # noqa: S101  the caller looked
    domain = address.rpartition("@")[2]
    guessed = mailing.smtp_servers(domain, mailing.provider_of(domain), imap=known.host)
    servers = mailing.answering(guessed) if not given.smtp else []
    if not servers:
        named = talk.ask("   Its SMTP server", option="--smtp", given=given.smtp)
        servers = mailing.named_servers(named, tls=465, starttls=587)
    password = secret(known.password_file, what="the password")
    return mailing.reach_smtp(
        [mailing.Sender(each, known.user, address, password, known.ca) for each in servers]
    )


def lay_bait(talk: Dialogue, workspace: "Workspace", given: Given) -> str:
    """Question 4: where the bait lies."""
    from trapstreet.app import starting

    known = starting.mailbox_of(workspace)
    way = starting.way_of(known) if known else None
    assert way  # noqa: S101  set before
    if place := starting.laid(workspace, way):
        talk.say(f"4. The bait lies in {place}.")
        return place

    def lay() -> str:
        documents = Path.home() / "Documents"
        usual = str(documents if documents.is_dir() else Path.cwd())
        question = "4. The folder in which a document with such an address is laid"
        lay = str(given.lay) if given.lay else None
        folder = Path(talk.ask(question, option="--lay", given=lay, usual=usual)).expanduser().absolute()
        template = _template(talk, given)
        made = starting.lay(workspace, way, folder, template=template, replace=given.replace or "")
        return str(made.files[0])

    place = again(talk, lay, TrapstreetError)
    talk.say(f"   Laid: {place}. Whoever writes to the address in it has read it.")
    return place


def _template(talk: Dialogue, given: Given) -> Path | None:
    if given.template is None and not talk.attended:
        return None
    asked = talk.ask(
        "   A document of yours to make it from, with an address in it (Enter: a short note)",
        option="--template",
        given=str(given.template) if given.template else None,
    )
    return Path(asked).expanduser().absolute() if asked else None


def _address(text: str) -> str:
    from trapstreet.app.mailing import ADDRESS

    if not ADDRESS.fullmatch(text):
        raise UnusableInput(f"{text!r} is no mail address", hint="write it like info@you.example")
    return text.lower()


def again(talk: Dialogue, step: Callable[[], _T], errors: type[TrapstreetError]) -> _T:
    """A step, until it works: a person may mistype. A script gets the error."""
    while True:
        try:
            return step()
        except errors as error:
            if not talk.attended:
                raise
            talk.say(f"   That did not work: {error}.")
