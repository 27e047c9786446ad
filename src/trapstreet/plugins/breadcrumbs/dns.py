"""A DNS name that nobody looks up: of a host that seems to be one of the owner's."""

import re
from typing import Annotated

import msgspec

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.breadcrumbs import Made, Resources, Token, _ids
from trapstreet.plugins.breadcrumbs._options import option

title = "DNS name"
needs = ("zones",)
channels = ("dns",)
reveals = (
    "The zone, and who runs its name servers. What is heard is the resolver that asks, not who made it ask; "
    "resolvers, caches and scanners repeat names for months."
)


class Settings(msgspec.Struct, frozen=True):
    host: Annotated[str, option("word in the name, like vpn2; else one is drawn", "WORD")] = ""


settings = Settings

_HOSTS = (
    "vpn gw mail jump bastion backup db files build git ldap print dev stage api crm erp hr wiki reports "
    "sftp archive monitor proxy cache queue search vault registry node web app nas"
).split()
_STAGES = "prod stage test dev int eu1 eu2 dc1 dc2 a b core old new".split()
_SHAPES = (
    "{host}-{id}", "{id}.{host}", "{host}{n}-{id}", "{host}.{id}", "{host}-{stage}-{id}",
    "{id}.{host}-{stage}", "{id}.{stage}.{host}", "{host}{n}.{stage}-{id}",
)  # fmt: skip


def make(settings: Settings, resources: Resources, draws: KeyedDraws) -> Made:
    """A name below one of the zones, with at least 96 random bits."""
    name = host_name(resources, draws, host=settings.host)
    return Made(
        text=f"{name}\n\nPut it where hosts are named: a hosts file, an inventory, a bookmark, a client's "
        "settings. Your trap has to be the name server of its zone.",
        tokens=(Token("dns", name),),
    )


def host_name(resources: Resources, draws: KeyedDraws, *, host: str = "") -> str:
    """A new name below one of the owner's zones."""
    if host and not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,14}[a-z0-9])?", host):
        raise UnusableInput(
            f"{host!r} is no word of a host name", hint="give up to 16 small letters, digits and hyphens"
        )
    shape = draws.choice(_SHAPES)
    label = shape.format(
        host=host or draws.choice(_HOSTS),
        id=_ids.in_label(draws),
        n=1 + draws.below(9) if not host else "",
        stage=draws.choice(_STAGES),
    )
    return f"{label}.{resources.zone(draws)}"
