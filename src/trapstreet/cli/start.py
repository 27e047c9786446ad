"""`trapstreet start`."""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from trapstreet.cli.dialogue import Dialogue
from trapstreet.cli.options import FILE, FOLDER, example, json_option
from trapstreet.cli.output import emit, note
from trapstreet.core.model.errors import UnusableInput

if TYPE_CHECKING:
    from trapstreet.app.workspace import Workspace

NOT_SEEN = 4


@click.command(
    epilog=example(
        "trapstreet start",
        "trapstreet start --workspace /srv/ts --mailbox info@you.example --tell security@you.example",
    )
)
@click.option("--mailbox", metavar="ADDRESS", help="The mailbox that is to be read, by its address.")
@click.option("--user", metavar="NAME", help="Who logs in; else the address.")
@click.option("--imap", metavar="HOST", help="Its IMAP server, like imap.you.example or host:993.")
@click.option("--smtp", metavar="HOST", help="Its SMTP server, like smtp.you.example or host:587.")
@click.option("--ca", type=FILE, metavar="FILE", help="Authorities to trust, if its certificate is your own.")
@click.option(
    "--listen-for",
    metavar="ADDRESS|@DOMAIN",
    help="Decoys' addresses: this mailbox's with something behind a +, or any at a domain that nobody has an "
    "address at and whose mails all come to the mailbox.",
)
@click.option("--refresh-token-file", type=FILE, metavar="FILE", help="OAuth 2.0 instead of a password.")
@click.option("--client-id", metavar="ID", help="The program that the refresh token was given to.")
@click.option("--client-secret-file", type=FILE, metavar="FILE", help="Its secret, where it has one.")
@click.option("--token-url", metavar="URL", help="Where the token is used; known for Google and Microsoft.")
@click.option("--scope", metavar="TEXT", help="What for; known for Microsoft.")
@click.option("--tell", metavar="ADDRESS", help="Who is told of alerts.")
@click.option("--lay", type=FOLDER, metavar="DIR", help="The folder in which the bait document is laid.")
@click.option("--template", type=FILE, metavar="FILE", help="A document of yours that the bait is made from.")
@click.option("--replace", metavar="ADDRESS", help="The address in it that becomes the bait's.")
@click.option("--kit", type=FILE, metavar="FILE", help="Where the recovery kit is written.")
@click.option(
    "--kit-confirmed", is_flag=True, help="For scripts: kit and passphrase are kept; test them now."
)
@click.option("--keys", type=FOLDER, metavar="DIR", help="Folder for the master key of a new workspace.")
@click.option(
    "--unconfirmed", is_flag=True, help="For scripts: end when the alert is sent, and ask for no word."
)
@click.option(
    "--workspace",
    type=FOLDER,
    metavar="DIR",
    help="The workspace, made if it is none; else as for other commands, else ./trapstreet.",
)
@json_option
def command(
    *,
    workspace: Path | None,
    kit: Path | None,
    kit_confirmed: bool,
    keys: Path | None,
    as_json: bool,
    **answers: object,
) -> int:
    """The first alarm in ten minutes, with nothing but a mailbox: four questions, then a trial of it all.

    It makes a workspace if there is none, has the mailbox read, lays a document that names an address which
    nobody else knows, and writes to such an address: the alert has to reach you. Ended anywhere, it goes on
    from there when it is run again. The mailbox's password is asked for, or taken from
    TRAPSTREET_MAILBOX_PASSWORD; it is kept in a file beside the keys.
    """
    from trapstreet.cli.start_questions import Given, lay_bait, read_mailbox, tell_somebody
    from trapstreet.cli.start_trial import try_out

    given = msgspec.convert(answers, Given)
    talk = Dialogue(aside=as_json)
    try:
        opened = _workspace(talk, workspace, kit=kit, kit_confirmed=kit_confirmed, keys=keys)
        opened = read_mailbox(talk, opened, given)
        opened = tell_somebody(talk, opened, given)
        place = lay_bait(talk, opened, given)
        confirmed, seen = try_out(talk, opened, unconfirmed=given.unconfirmed)
    except (KeyboardInterrupt, click.Abort):
        note("\nWhat was done is kept: run trapstreet start again, and it goes on from here.")
        raise
    report = {
        "workspace": str(opened.root),
        "bait": place,
        "alert": seen.alert,
        "sent": seen.sent,
        "confirmed": confirmed,
    }
    emit(as_json, report, _afterwards(opened, confirmed=confirmed))
    return 0 if confirmed or (given.unconfirmed and seen.sent) else NOT_SEEN


def _workspace(
    talk: Dialogue, asked: Path | None, *, kit: Path | None, kit_confirmed: bool, keys: Path | None
) -> "Workspace":
    """The workspace, with a recovery kit that was tested."""
    from trapstreet.app.settings import FILE_NAME
    from trapstreet.app.workspace import VARIABLE, Workspace, find

    root = asked or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if root is None:
        try:
            root = find(None)
        except UnusableInput:
            root = Path("trapstreet")
    root = root.absolute()
    page = (kit or root.with_name(f"{root.name}-kit.txt")).absolute()
    if (root / FILE_NAME).is_file():
        opened = Workspace.open(root)
        talk.say(f"The workspace is {root}.")
    else:
        opened = _new_workspace(talk, root, page, keys)
    return _with_kit(talk, opened, page, confirmed=kit_confirmed)


def _new_workspace(talk: Dialogue, root: Path, page: Path, keys: Path | None) -> "Workspace":
    from trapstreet.app.birth import create
    from trapstreet.app.clock import now
    from trapstreet.cli.passphrase import new_passphrase
    from trapstreet.keys.folder import KeyFolder

    talk.say(
        f"A workspace begins in {root}. First its recovery kit: should this machine be lost, the kit and "
        "its passphrase\nare all that can still tell your decoys from real customers."
    )
    return create(root, keys=KeyFolder.for_new(keys), kit=(page, new_passphrase()), now=now())


def _with_kit(talk: Dialogue, workspace: "Workspace", page: Path, *, confirmed: bool) -> "Workspace":
    """The workspace once its kit was tested, which is never skipped: without it no decoy is laid."""
    from trapstreet.app.clock import now
    from trapstreet.app.kits import replace_kit
    from trapstreet.cli.passphrase import confirm, new_passphrase
    from trapstreet.cli.start_questions import again
    from trapstreet.store.models import Kit

    if Kit.objects.filter(public_key=workspace.settings.keys.kit, confirmed_at__isnull=False).exists():
        return workspace
    if not page.exists():
        talk.say("The workspace has no recovery kit that was tested. It is written now.")
        workspace = replace_kit(workspace, page, new_passphrase(), now=now())
    if not again(talk, lambda: confirm(workspace, page, from_environment=confirmed), UnusableInput):
        raise UnusableInput(
            f"the recovery kit {page} was not tested",
            hint="run it at a terminal, or pass --kit-confirmed with TRAPSTREET_KIT_PASSPHRASE set",
        )
    return workspace


def _afterwards(workspace: "Workspace", *, confirmed: bool) -> str:
    if not confirmed:
        return (
            "Nobody has confirmed yet that alerts arrive. What was done is kept: run trapstreet start again."
        )
    return f"""\
Alerts reach you. From now on:
  trapstreet serve --workspace {shlex.quote(str(workspace.root))}
has to run; it hears what comes, also what came while it did not. As a service of systemd (docs/work.md):

{_unit(workspace)}
When somebody writes to the address in the bait, you get a mail that says what happened and what to do first.
More decoys: trapstreet bait (documents, addresses, logins), trapstreet plant (customers in your tables),
trapstreet share (copies that can be told apart). Keep the recovery kit away from this machine."""


def _unit(workspace: "Workspace") -> str:
    """Text of a unit for systemd."""
    import pwd
    import shutil
    import sys

    program = shutil.which("trapstreet") or str(Path(sys.argv[0]).absolute())
    lines = (
        "  [Unit]", "  After=network-online.target", "  Wants=network-online.target", "",
        "  [Service]", "  Type=notify",
        f"  ExecStart={program} serve --workspace {workspace.root}",
        "  Restart=always", "  WatchdogSec=60", "  TimeoutStopSec=150",
        f"  User={pwd.getpwuid(os.getuid()).pw_name}", "  NoNewPrivileges=yes", "",
        "  [Install]", "  WantedBy=multi-user.target", "",
    )  # fmt: skip
    return "\n".join(lines)
