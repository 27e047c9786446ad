"""Addresses of servers that hold files, and who logs in there."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from trapstreet.core.model.protected import Protected
from trapstreet.plugins._address import Address, address_of
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.sources import Place
from trapstreet.plugins.sources._options import option

__all__ = ["Account", "Address", "address_of", "login_of"]


class Account(Place, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a server that asks who is there."""

    user: Annotated[str, option("who logs in, where the address does not say")] = ""
    password_file: Annotated[Path | None, option("a file whose only line is the password", "FILE")] = None


def login_of(
    settings: Account, address: Address, *, variable: str, environment: Mapping[str, str] = os.environ
) -> tuple[str, Protected[str] | None]:
    """User and password: of the settings, the address, the environment. Raises as `secret` does."""
    user = settings.user or address.user
    if settings.password_file:
        return user, secret(settings.password_file, what="the password")
    found = environment.get(variable)
    return user, Protected(found) if user and found else None
