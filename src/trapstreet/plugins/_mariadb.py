"""What every connection to MariaDB or MySQL needs."""

from collections.abc import Callable
from typing import Any

from trapstreet.core.model.errors import AccessDenied


class RefusesClearPassword:
    """Stands for ways to log in by which the server gets to read the password."""

    def __init__(self, connection: Any) -> None:
        pass

    def authenticate(self, packet: Any) -> None:
        raise AccessDenied(
            "the server wants the password in the clear", hint="name the authority of its certificate as ca"
        )


HIDDEN_PASSWORDS_ONLY: dict[str, Callable[[Any], Any]] = {
    "mysql_clear_password": RefusesClearPassword,
    "dialog": RefusesClearPassword,
}
"""pymysql's `auth_plugin_map` for connections without TLS."""
