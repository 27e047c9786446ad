"""A database login with which nothing can be done: in a password file, as people leave it lying about."""

import base64
import hashlib
import hmac
import re
from typing import Annotated, Literal, NamedTuple

import msgspec

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Made, Resources, Token, _ids
from trapstreet.plugins.breadcrumbs._options import option
from trapstreet.plugins.breadcrumbs.dns import host_name

title = "database login"
needs = ("zones",)
channels = ("login", "dns")
reveals = (
    "That the login may not do anything, once somebody has tried it. At a server of yours the try stands in "
    "its log, from where trapstreet has to be told; a host of the trap's zone is heard when it is looked up."
)


class Settings(msgspec.Struct, frozen=True):
    engine: Annotated[Literal["postgresql", "mariadb"], option("for which database")] = "postgresql"
    host: Annotated[str, option("a server of yours with this login; else a name of the trap's", "HOST")] = ""
    port: Annotated[int, option("its port; else the usual one", "PORT", least=0, most=65535)] = 0
    database: Annotated[str, option("name of a database; else one is drawn", "NAME")] = ""
    user: Annotated[str, option("name of the login, which nobody has; else one is drawn", "NAME")] = ""


settings = Settings

_ROLES = (
    "reporting etl backup export readonly sync batch migrate billing crm archive audit stats import".split()
)
_DATABASES = "crm billing customers orders support warehouse erp reports tickets sales".split()
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_ROUNDS = 4096


class _Login(NamedTuple):
    host: str
    port: int
    database: str
    user: str
    password: str


def make(settings: Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """A user, a password of at least 96 random bits, and the SQL that creates the login without rights."""
    login = _Login(
        host=settings.host or host_name(resources, draws, host="db"),
        port=settings.port,
        database=settings.database or draws.choice(_DATABASES),
        user=settings.user or _user(draws),
        password=_ids.enough(draws, _ids.BASE62),
    )
    for name, form in (("host", _HOST), ("database", _NAME), ("user", _NAME)):
        if not form.fullmatch(value := getattr(login, name)):
            raise UnusableInput(
                f"--{name}: {value!r} cannot be used", hint="give letters, digits, underscores"
            )
    name, line, sql = _ENGINES[settings.engine](login, draws)
    if settings.host:
        where = f"Run create-login.sql on {login.host}, and log refused logins there."
    else:
        where = (
            f"{login.host} is a name of your trap's; run create-login.sql only where a server is behind it."
        )
    return Made(
        text=f"{login.user} at {login.host}, in {name}\n\nPlace it in a home folder, a backup or an image, "
        f"readable for its owner alone. {where} Nobody gets in with it.",
        tokens=(Token("login", login.user), *(() if settings.host else (Token("dns", login.host),))),
        files={name: line.encode()},
        owner={"create-login.sql": sql.encode()},
    )


def _user(draws: KeyedDraws) -> str:
    shape = draws.choice(
        ("{role}_{base}", "{base}_{role}", "svc_{base}_{role}", "{base}_{role}{n}", "app_{base}_{role}")
    )
    return shape.format(role=draws.choice(_ROLES), base=draws.choice(_DATABASES), n=1 + draws.below(20))


def _postgresql(login: _Login, draws: KeyedDraws) -> tuple[str, str, str]:
    """No connection is let in, but only the right password is told so. The password itself is not in the SQL,
    since servers log statements."""
    salt = bytes(draws.below(256) for _ in range(16))
    sql = (
        f'CREATE ROLE "{login.user}" LOGIN NOINHERIT CONNECTION LIMIT 0\n'
        f"    PASSWORD '{_scram(login.password, salt)}';\n"
        f'-- Gone again with: DROP ROLE "{login.user}";\n'
    )
    line = f"{login.host}:{login.port or 5432}:{login.database}:{login.user}:{login.password}\n"
    return ".pgpass", line, sql


def _mariadb(login: _Login, _draws: KeyedDraws) -> tuple[str, str, str]:
    """Nobody gets in, but only the right password is told that the account is locked."""
    twice = hashlib.sha1(hashlib.sha1(login.password.encode()).digest()).hexdigest()  # noqa: S324  its protocol
    sql = (
        f"CREATE USER '{login.user}'@'%' IDENTIFIED BY PASSWORD '*{twice.upper()}' ACCOUNT LOCK;\n"
        f"-- Gone again with: DROP USER '{login.user}'@'%';\n"
    )
    port = f"port = {login.port}\n" if login.port else ""
    lines = (
        f"[client]\nhost = {login.host}\n{port}user = {login.user}\npassword = {login.password}\n"
        f"\n[mysql]\ndatabase = {login.database}\n"
    )
    return ".my.cnf", lines, sql


_ENGINES = {"postgresql": _postgresql, "mariadb": _mariadb}


def _scram(password: str, salt: bytes) -> str:
    """What PostgreSQL keeps of a password: RFC 5802, section 3, with SHA-256 (RFC 7677)."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(each).decode() for each in (salt, stored, server))
    return f"SCRAM-SHA-256${_ROUNDS}:{salt64}${stored64}:{server64}"
