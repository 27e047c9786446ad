"""A recipient whom the mail server puts off is told later, and nobody else twice."""

from alarms import seconds_from_now
from couriers import troubles
from desk import Desk
from receivers import Post
from trapstreet.app.delivering import deliver
from trapstreet.app.workspace import Workspace
from trapstreet.store import cases

HOUR = 3_600_000_000
RECIPIENTS = ("security@you.example", "slow@you.example", "office@you.example")


def with_recipients(desk: Desk, post: Post, *recipients: str) -> Workspace:
    file = desk.workspace / "trapstreet.toml"
    text = file.read_text().partition("\n[notify.desk]\n")[0]
    section = f'kind = "mail"\nhost = "127.0.0.1"\nport = {post.port}\nsecurity = "none"\n'
    listed = ", ".join(f'"{each}"' for each in recipients)
    file.write_text(f'{text}\n[notify.desk]\n{section}from = "trap@you.example"\nto = [{listed}]\n')
    return Workspace.open(desk.workspace)


def test_who_was_put_off_is_told_later_and_alone(desk: Desk) -> None:
    with Post(desk.folder, login=False, tls=False) as post:
        workspace = with_recipients(desk, post, *RECIPIENTS)
        troubles(workspace, 1)
        post.refuse["slow@you.example"] = "450 greylisted"
        start = seconds_from_now(1)
        first = deliver(workspace, holder="x", at=start)
        assert (first.sent, first.failed, first.waiting) == (0, 1, 1)
        assert "put off 1 of 3 recipients" in first.routes["desk"]
        assert deliver(workspace, holder="x", at=start + HOUR).failed == 1
        post.refuse.clear()
        assert deliver(workspace, holder="y", at=start + 2 * HOUR).sent == 1
        told = [mail.rcpt_tos for mail in post.mails]
    assert told == [["security@you.example", "office@you.example"], ["slow@you.example"]]
    assert cases.states() == {"desk": {"sent": 1}}


def test_who_is_no_recipient_any_more_is_not_told_later(desk: Desk) -> None:
    with Post(desk.folder, login=False, tls=False) as post:
        workspace = with_recipients(desk, post, *RECIPIENTS)
        troubles(workspace, 1)
        post.refuse["slow@you.example"] = "450 greylisted"
        start = seconds_from_now(1)
        deliver(workspace, holder="x", at=start)
        post.refuse.clear()
        workspace = with_recipients(desk, post, "security@you.example", "office@you.example")
        assert deliver(workspace, holder="x", at=start + HOUR).sent == 1
        assert len(post.mails) == 1


def test_who_was_put_off_is_told_at_the_address_that_was_mended(desk: Desk) -> None:
    with Post(desk.folder, login=False, tls=False) as post:
        workspace = with_recipients(desk, post, *RECIPIENTS)
        troubles(workspace, 1)
        post.refuse["slow@you.example"] = "450 4.1.2 Domain not found"
        start = seconds_from_now(1)
        deliver(workspace, holder="x", at=start)
        workspace = with_recipients(desk, post, "security@you.example", "swift@you.example")
        assert deliver(workspace, holder="x", at=start + HOUR).sent == 1
        assert [mail.rcpt_tos for mail in post.mails][1:] == [["swift@you.example"]]
