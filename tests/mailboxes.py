"""A real Dovecot on loopback: IMAP with and without TLS, LMTP, logins by password and by OAuth 2.0.

`from mailboxes import dovecot` makes the fixture known to a test file. Each test takes a user of its own; the
password of each is PASSWORD, and any user exists. Skips where Dovecot is not installed, as servers.py does.
"""

import asyncio
import atexit
import json
import os
import shutil
import smtplib
import ssl
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from getpass import getuser
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from imapclient import IMAPClient

from servers import _folder, _free_port, _present, _wait_for_port
from traps import certificate

PASSWORD = 'pass "word" wörd\\ 1'
HOST = "localhost"


@dataclass
class Tokens:
    """A token endpoint and an introspection endpoint.

    refresh  tokens that are good, and whose they are;  access  those that were handed out
    asked    forms that came in;  rotated  the next refresh token, where it is to change
    """

    url: str = ""
    refresh: dict[str, str] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    rotated: str = ""
    status: int = 200

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/introspect":
            user = self.access.get(form["token"])
            return 200, {"active": user is not None, "username": user or ""}
        self.asked.append(form)
        user = self.refresh.get(form["refresh_token"])
        if self.status != 200:
            return self.status, {"error": "temporarily_unavailable"}
        if not user:
            return 400, {"error": "invalid_grant", "error_description": "<b>revoked</b>"}
        token = f"access.{len(self.access)}-{user.partition('@')[0]}"
        self.access[token] = user
        answer: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        if self.rotated:
            self.refresh[self.rotated] = user
            answer["refresh_token"] = self.rotated
        return 200, answer


@dataclass
class Dovecot:
    """A running Dovecot; ca is the certificate that its TLS shows, for "localhost"."""

    folder: Path
    imap: int
    imaps: int
    lmtp: int
    ca: Path
    tokens: Tokens
    config: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        self.process = subprocess.Popen(["dovecot", "-F", "-c", self.config])
        _wait_for_port(self.imap, self.process)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def login(self, user: str, folder: str = "INBOX") -> IMAPClient:
        """Somebody who reads the mailbox, too."""
        imap = IMAPClient("127.0.0.1", self.imap, ssl=False, timeout=20)
        imap.plain_login(user, PASSWORD)
        if not imap.folder_exists(folder):
            imap.create_folder(folder)
        imap.select_folder(folder)
        return imap

    def append(self, user: str, *mails: bytes, folder: str = "INBOX") -> None:
        """Put mails into a folder, as they are."""
        imap = self.login(user, folder)
        for mail in mails:
            imap.append(folder, mail)
        imap.logout()

    def deliver(self, *recipients: str, mail: bytes, sender: str = "thief@example.net") -> None:
        """A mail comes for addresses, with or without something behind a +."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as lmtp:
            lmtp.sendmail(sender, recipients, mail)

    def admin(self, *arguments: str) -> str:
        command = ["doveadm", "-c", self.config, *arguments]
        ran = subprocess.run(command, check=False, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    @contextmanager
    def stopped(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.start()

    def settings(self, user: str, folder: Path, **more: object) -> str:
        """Section [mailbox] of a trap in a folder, which gets the password."""
        password = folder / "password"
        if not password.exists():
            password.touch(mode=0o600)
            password.write_text(PASSWORD)
        given: dict[str, object] = {
            "host": HOST,
            "port": self.imaps,
            "ca": str(self.ca),
            "user": user,
            "password_file": "password",
        } | more
        lines = [f"{name} = {json.dumps(value)}" for name, value in given.items() if value is not None]
        return "\n".join(["[mailbox]", *lines, ""])


@pytest.fixture(scope="session")
def dovecot() -> Dovecot:
    return _present(_dovecot)


@cache
def _dovecot() -> Dovecot | None:
    if not shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin"):
        return None
    folder = _folder("dovecot")
    tls = certificate(folder, name=HOST, alternative=HOST)
    ports = _free_port(), _free_port(), _free_port()
    tokens = Tokens()
    tokens.url = served(tokens)
    config = folder / "dovecot.conf"
    config.write_text(_config(folder, *ports))
    digest = b64encode(sha256(PASSWORD.encode()).digest()).decode()
    (folder / "passwords").write_text(f"anybody:{{SHA256}}{digest}:::::::\n")
    (folder / "oauth2.conf").write_text(
        f"introspection_mode = post\nintrospection_url = {tokens.url}/introspect\n"
        "username_attribute = username\nactive_attribute = active\nactive_value = true\n"
    )
    made = Dovecot(folder, *ports, ca=tls["certificate"], tokens=tokens, config=config)
    made.start()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(made.stop)
    return made


def _config(folder: Path, imap: int, imaps: int, lmtp: int) -> str:
    root = os.geteuid() == 0
    own = "" if root else f"default_internal_user = {getuser()}\ndefault_login_user = {getuser()}\n"
    uid, gid = (65534, 65534) if root else (os.geteuid(), os.getegid())
    mail = folder / "mail"
    mail.mkdir()
    if root:
        os.chown(mail, uid, gid)
    return f"""
protocols = imap lmtp
base_dir = {folder}/run
log_path = {folder}/log
{own}
ssl = yes
ssl_cert = <{folder}/chain.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain xoauth2 oauthbearer
first_valid_uid = 1
mail_location = sdbox:{mail}/%u
recipient_delimiter = +
mail_max_userip_connections = 100
mail_fsync = never
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  mechanisms = plain
  args = username_format=anybody {folder}/passwords
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""


def served(tokens: Tokens) -> str:
    """The address at which the tokens are answered for, as long as the process lives."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(size).decode()).items()}
            status, answer = tokens.answer(self.path, form)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    atexit.register(server.server_close)
    atexit.register(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}"


def wait_until(reached: Any, seconds: float = 30.0) -> bool:
    """Whether something came true in time."""
    until = time.monotonic() + seconds
    while not (there := reached()) and time.monotonic() < until:
        time.sleep(0.02)
    return bool(there)


@contextmanager
def way_out(server: Dovecot, *, catches: str = "") -> Iterator[int]:
    """The port of an SMTP server with STARTTLS and logins, which delivers to the mailboxes; to one of them
    all mail for other domains than you.example."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server.ca, server.folder / "key.pem")

    class Handler:
        async def handle_DATA(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:
            assert envelope.mail_from and isinstance(envelope.content, bytes)
            boxes = [each if each.endswith("@you.example") else catches for each in envelope.rcpt_tos]
            deliver = partial(server.deliver, *boxes, mail=envelope.content)
            await asyncio.to_thread(deliver, sender=envelope.mail_from)
            return "250 OK"

    def authenticator(*given: object) -> AuthResult:
        login = given[-1]
        assert isinstance(login, LoginPassword)
        return AuthResult(success=login.password == PASSWORD.encode(), handled=False)

    controller = Controller(
        Handler(),
        hostname="127.0.0.1",
        port=_free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticator,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
