"""Callbacks of other services among what a trap heard: by their address, told from made-up ones."""

from urllib.parse import unquote

from msgspec.structs import replace

from trapstreet.app.settings import FILE_NAME
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.hit import Heard, Hit
from trapstreet.plugins.callbacks import Callback, Called, callback_of

DOUBTED = "callback"
"""The channel of callbacks that nobody has to believe: not signed as they should be, or sent again."""

CHANNELS = frozenset({"phone", "mail", "canarytokens", DOUBTED})
"""What callbacks tell of; no trap hears it by itself."""


class Callbacks:
    """The callbacks that the settings name. Raises UnusableInput for settings and files that do not do."""

    def __init__(self, workspace: Workspace) -> None:
        self._by_name: dict[str, Callback] = {}
        for name, options in workspace.settings.callback.items():
            where = f"{FILE_NAME}: [callback.{name}]"
            found = callback_of(name, options, folder=workspace.root, where=where)
            self._by_name[found.visited] = found

    def read(self, one: Heard) -> tuple[Hit, Callback, Called] | None:
        """The hit and what it tells, where it is a request to one of the callbacks that tells anything."""
        if not self._by_name or not isinstance(one, Hit) or one.channel != "http":
            return None
        callback = next((self._by_name[name] for name in one.names if name in self._by_name), None)
        called = callback and _called(callback, one)
        return (one, callback, called) if callback and called else None


def as_hit(hit: Hit, callback: Callback, called: Called, *, again: bool) -> Hit:
    """What a callback tells, as a hit of its own channel: with all that its request was.

    Where it is not proven it is of DOUBTED, and from where the request came: whoever sent it made it up, and
    the address that it tells of with it. again: the same was taken before.
    """
    doubt = "again" if again else "" if called.signed in {True, None} else "unsigned"
    facts = (
        ("callback", callback.name.encode()),
        *((("doubt", doubt.encode()),) if doubt else ()),
        *called.facts,
        *((f"request-{label}", value) for label, value in hit.facts),
    )
    names = tuple(dict.fromkeys(filter(None, map(_name, called.names))))
    if doubt:
        return replace(hit, channel=DOUBTED, names=names, facts=facts)
    return replace(hit, channel=called.channel, address=called.address, port=0, names=names, facts=facts)


def _called(callback: Callback, hit: Hit) -> Called | None:
    facts = dict(reversed(hit.facts))
    lines = [value.partition(b":") for label, value in hit.facts if label == "header"]
    headers = {
        name.decode("latin-1").lower().strip(): value.decode("latin-1").strip() for name, _, value in lines
    }
    return callback.called(
        method=facts.get("method", b"").decode("latin-1"),
        target=facts.get("target", b"").decode("latin-1"),
        headers=headers,
        body=facts.get("body", b""),
        whole="body-sha256" not in facts,
    )


def _name(name: str) -> str:
    """A name as hits have it: printable, and no longer than any that is known."""
    text = unquote(name).strip()[:1000]
    return text if text.isprintable() else ""
