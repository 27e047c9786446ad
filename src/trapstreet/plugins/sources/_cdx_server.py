"""Servers of indices of web archives: which crawls there are, and what an index says of a pattern."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from urllib.parse import urlencode

import msgspec

from trapstreet.core.model.errors import Unreachable
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_address import shown
from trapstreet.plugins.sources._http_status import good

MOST = 1 << 40
"""Bytes of an index."""
_ANSWER = 1 << 20
_NUMBER = 4096
_NOTHING = 404


class Crawl(msgspec.Struct, frozen=True):
    """An index on a server. api: where it is asked."""

    id: str
    api: str = msgspec.field(name="cdx-api")

    def pages(self, client: Client, pattern: str) -> int:
        """How many pages there are of a pattern; 0 where all is in one. Raises TrapstreetError, OSError."""
        told = b""
        with closing(self.lines(client, pattern, {"showNumPages": "true"})) as blocks:
            for block in blocks:
                told += block
                if len(told) > _NUMBER:
                    return 0
        try:
            return int(msgspec.json.decode(told)["pages"])
        except (msgspec.MsgspecError, ValueError, KeyError, TypeError):
            return 0

    def lines(self, client: Client, pattern: str, asked: Mapping[str, str]) -> Generator[bytes, None, None]:
        """What is said of a pattern, in blocks; nothing where there is nothing. Raises as `pages` does."""
        between = "&" if "?" in self.api else "?"
        query = urlencode({"url": pattern, "output": "json", **asked})
        answer = client.ask("GET", f"{self.api}{between}{query}")
        if answer.status == _NOTHING and b"no captures" in answer.body(most=_ANSWER).lower():
            return
        yield from good(answer).blocks(most=MOST)


def new_crawls(client: Client, url: str, *, done: Sequence[str], newest: int) -> Sequence[Crawl]:
    """Those that a server has and are not done, the oldest first; the newest where none is done.

    Raises TrapstreetError.
    """
    answer = client.get(f"{url.rstrip('/')}/collinfo.json")
    try:
        every = msgspec.json.decode(answer.body(most=_ANSWER), type=list[Crawl])
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        host = shown(client.home.host)
        raise Unreachable(f"{host} has no list of crawls", hint="look at the address") from error
    end = next((at for at, each in enumerate(every) if each.id in done), newest)
    return every[:end][::-1]
