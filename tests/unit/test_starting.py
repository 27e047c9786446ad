"""What `start` guesses, and what it writes into settings."""

import re
from pathlib import Path

import pytest

from desk import Desk
from trapstreet.app import mailing, starting
from trapstreet.app.mailing import Sender, Server
from trapstreet.app.starting import Way
from trapstreet.app.workspace import Workspace
from trapstreet.cli.dialogue import Dialogue
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.plugins.listeners import mailbox


def test_usual_providers_are_known_by_their_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "_exchangers", lambda domain: pytest.fail("nobody is asked"))
    found = mailing.provider_of("GMail.com")
    assert found
    assert mailing.imap_servers("gmail.com", found)[0] == Server("imap.gmail.com", 993, "tls")
    assert mailing.smtp_servers("gmail.com", found, imap="x") == [Server("smtp.gmail.com", 587, "starttls")]


@pytest.mark.parametrize(
    ("exchangers", "imap"),
    [
        (["aspmx.l.google.com"], "imap.gmail.com"),
        (["you-example.mail.protection.outlook.com"], "outlook.office365.com"),
        (["mx.notgoogle.com", "mx.you.example"], None),
        ([], None),
    ],
)
def test_others_by_who_takes_their_mail(
    monkeypatch: pytest.MonkeyPatch, exchangers: list[str], imap: str | None
) -> None:
    monkeypatch.setattr(mailing, "_exchangers", lambda domain: exchangers)
    found = mailing.provider_of("you.example")
    assert (found.imap if found else None) == imap


def test_a_server_is_tried_without_tls_only_on_this_machine() -> None:
    assert mailing.named_servers("mail.you.example:144", tls=993, starttls=143) == [
        Server("mail.you.example", 144, "tls"),
        Server("mail.you.example", 144, "starttls"),
    ]
    assert mailing.named_servers("127.0.0.1", tls=993, starttls=143)[-1] == Server("127.0.0.1", 143, "plain")
    with pytest.raises(UnusableInput, match="is no mail server"):
        mailing.named_servers("imap you example", tls=993, starttls=143)


@pytest.mark.parametrize("way", [Way(plus="maria.k@you.example"), Way(domain="decoys.you.example")])
def test_a_way_is_found_again_in_the_traps_settings(way: Way) -> None:
    assert starting.way_of(mailbox.Settings(recipients=(way.pattern,))) == way


@pytest.mark.parametrize(
    "recipients", [(), ("*",), ("maria@you.example",), ("a+*@you.example", "*@b.example")]
)
def test_settings_by_hand_are_no_way(recipients: tuple[str, ...]) -> None:
    assert starting.way_of(mailbox.Settings(recipients=recipients)) is None


def _mailbox(workspace: Workspace) -> mailbox.Settings:
    password = starting.keep_password(workspace, Protected("s3cret"))
    assert password.stat().st_mode & 0o777 == 0o600
    assert not password.is_relative_to(workspace.root)
    return mailbox.Settings(
        host="imap.you.example", user='m"k', password_file=password, folders=("INBOX", "Unerwünscht")
    )


def test_each_answer_is_found_again_where_it_was_kept(desk: Desk) -> None:
    workspace, way = Workspace.open(desk.workspace), Way(plus="m.k@you.example")
    assert starting.mailbox_of(workspace) is None
    assert starting.sender_of(workspace) is None
    given = _mailbox(workspace)
    assert given.password_file
    workspace = starting.set_mailbox(workspace, given, way)
    found = starting.mailbox_of(workspace)
    assert found
    assert (found.host, found.user, found.folders) == (given.host, given.user, given.folders)
    assert starting.way_of(found) == way
    sender = Sender(Server("h", 465, "tls"), "m", "m.k@you.example", Protected("s3cret"), Path("/ca.pem"))
    workspace = starting.set_route(workspace, sender, "ops@you.example", password=given.password_file)
    again = starting.sender_of(workspace)
    assert again
    assert (again.server, again.user, again.address, again.ca) == (*sender[:3], sender.ca)
    assert again.password.reveal() == "s3cret"
    assert starting.told_by(workspace) == ["ops@you.example"]
    with pytest.raises(UnusableInput, match="has a \\[mailbox\\] already"):
        starting.set_mailbox(workspace, given, way)


def test_a_workspace_of_before_gets_a_section_for_its_trap(desk: Desk) -> None:
    path = desk.workspace / "trapstreet.toml"
    path.write_text(re.sub(r"\[serve\]\n(?:(?!\[).*\n)*", "", path.read_text()))
    assert "[serve]" not in path.read_text()
    workspace = Workspace.open(desk.workspace)
    workspace = starting.set_mailbox(workspace, _mailbox(workspace), Way(plus="m@you.example"))
    assert workspace.settings.serve.trap == "trap"
    assert starting.mailbox_of(workspace)


def test_a_trap_that_hears_something_else_goes_on_hearing_it(desk: Desk) -> None:
    path = desk.workspace / "trapstreet.toml"
    path.write_text(path.read_text().replace("domains = []", 'domains = ["you.example"]', 1))
    desk.do("serve", "--only", "trap", "--folder", desk.workspace / "trap", "--set-up")
    workspace = Workspace.open(desk.workspace)
    workspace = starting.set_mailbox(workspace, _mailbox(workspace), Way(plus="m@you.example"))
    text = (desk.workspace / "trap" / "trap.toml").read_text()
    assert "[smtp]" in text and "[http]" in text and text.count("[mailbox]") == 1


def test_a_domain_for_decoys_is_entered_unless_there_are_others(desk: Desk) -> None:
    workspace = starting.set_way(Workspace.open(desk.workspace), Way(domain="decoys.you.example"))
    assert workspace.settings.decoys.domains == ("decoys.you.example",)
    assert starting.set_way(workspace, Way(domain="decoys.you.example")) == workspace
    with pytest.raises(UnusableInput, match="other mail domains already"):
        starting.set_way(workspace, Way(domain="more.you.example"))


def test_addresses_that_do_not_arrive_are_changed_and_the_bait_with_them(desk: Desk, tmp_path: Path) -> None:
    workspace, plus = Workspace.open(desk.workspace), Way(plus="m@you.example")
    workspace = starting.set_mailbox(workspace, _mailbox(workspace), plus)
    assert starting.laid(workspace, plus) == ""
    made = starting.lay(workspace, plus, tmp_path / "share", template=None)
    assert starting.laid(workspace, plus) == str(made.files[0])
    catch_all = Way(domain="decoys.you.example")
    workspace = starting.change_way(workspace, catch_all)
    found = starting.mailbox_of(workspace)
    assert found
    assert starting.way_of(found) == catch_all
    assert workspace.settings.decoys.domains == ("decoys.you.example",)
    assert starting.laid(workspace, catch_all) == ""
    starting.lay(workspace, catch_all, tmp_path / "other", template=None)
    assert starting.laid(workspace, catch_all).startswith(str(tmp_path / "other"))


def test_a_bait_is_made_from_a_document_of_ones_own(desk: Desk, tmp_path: Path) -> None:
    workspace, plus = Workspace.open(desk.workspace), Way(plus="m@you.example")
    template = tmp_path / "list.csv"
    template.write_bytes(b"name,mail\r\nDesk,Desk@you.example\r\nAgain,desk@you.example.\r\n")
    made = starting.lay(workspace, plus, tmp_path / "share", template=template)
    text = made.files[0].read_bytes()
    assert re.fullmatch(rb"name,mail\r\nDesk,(m\+\w{12}@you\.example)\r\nAgain,\1\.\r\n", text), (
        "all else stays as it was"
    )
    template.write_bytes(b"a@you.example b@you.example")
    with pytest.raises(UnusableInput, match="has 2 e-mail addresses"):
        starting.lay(workspace, plus, tmp_path / "more", template=template)
    made = starting.lay(workspace, plus, tmp_path / "more", template=template, replace="B@you.example")
    assert made.files[0].read_bytes().startswith(b"a@you.example m+")
    template.write_bytes(b"nobody")
    with pytest.raises(UnusableInput, match="has no e-mail addresses"):
        starting.lay(workspace, plus, tmp_path / "none", template=template)


def test_without_a_terminal_the_question_and_its_option_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Dialogue(aside=False)
    monkeypatch.setattr(talk, "attended", False)
    with pytest.raises(
        UnusableInput, match=r"^nobody is there to ask: Which mailbox\?: pass --mailbox, or run"
    ):
        talk.ask("1. Which mailbox?", option="--mailbox", given=None)
