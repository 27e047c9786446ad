"""What MariaDB keeps of an account in mysql.global_priv: by which ways it logs in, and what else it may."""

import json
from typing import Any

from trapstreet.core.model.accounts import Form

Privileges = dict[str, Any]

_FORMS = {
    "mysql_native_password": Form.NATIVE,
    "mysql_old_password": Form.OLD_NATIVE,
    "unix_socket": Form.ELSEWHERE,
    "auth_socket": Form.ELSEWHERE,
    "pam": Form.ELSEWHERE,
    "gssapi": Form.ELSEWHERE,
    "named_pipe": Form.ELSEWHERE,
}
_WORST = (Form.NONE, Form.OLD_NATIVE, Form.NATIVE, Form.OTHER, Form.ELSEWHERE, Form.LOCKED)
_POWERS = {
    25: "may set anybody's password (CREATE USER)",
    30: "may make routines that run as anybody (SET USER)",
    34: "may have the server run anything (REPLICATION SLAVE ADMIN)",
    37: "may write every table, those of grants as well (BINLOG REPLAY)",
}
"""By their place in `access`."""


def power(kept: Privileges) -> str:
    """What else leads to any right on the server; "" nothing."""
    access = kept.get("access", 0)
    known = access if isinstance(access, int) else 0
    return next((words for bit, words in _POWERS.items() if known >> bit & 1), "")


def parsed(kept: str) -> Privileges:
    """A row's JSON; {} where it is none."""
    try:
        found = json.loads(kept)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def weakest_form(kept: Privileges) -> Form | None:
    """The weakest of the ways by which the account logs in; None: not known."""
    forms = {form_of(each) for each in ways(kept)}
    return next((each for each in _WORST if each in forms), None)


def ways(kept: Privileges) -> list[Privileges]:
    """Each way to log in. Of several, the one among `auth_or` that is empty stands for those beside it."""
    several = kept.get("auth_or")
    if isinstance(several, list):
        return [each or kept for each in several if isinstance(each, dict)]
    return [kept] if "plugin" in kept or "authentication_string" in kept else [{"plugin": ""}]


def form_of(way: Privileges) -> Form:
    """How one way keeps its password."""
    plugin, text = str(way.get("plugin", "")) or "mysql_native_password", way.get("authentication_string", "")
    form = _FORMS.get(plugin, Form.OTHER)
    if form is Form.ELSEWHERE:
        return form
    if not text:
        return Form.NONE
    return Form.LOCKED if text == "invalid" else form
