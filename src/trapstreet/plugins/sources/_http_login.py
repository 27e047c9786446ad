"""A client that logs in as its server wants it: by Digest, or by Basic where that goes over TLS."""

import threading
from collections.abc import Mapping

from trapstreet.core.model.errors import AccessDenied
from trapstreet.plugins.sources._digest import Digest, best, challenges
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_address import Address, address, shown
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_place import HttpPlace, user_of

_REFUSED = 401


class LoginClient(Client):
    """As a Client. Over TLS it logs in by Basic at once; else, and where the server wants it, by Digest.

    plain  without TLS it may log in by Basic, too, where the server knows nothing better
    """

    def __init__(self, place: HttpPlace, *, plain: bool) -> None:
        super().__init__(place)
        self._user, self._plain = user_of(place), plain
        self._basic = self.home.scheme == "https"
        self._digest: Digest | None = None
        self._counting = threading.Lock()

    def ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        """As a Client's. Raises AccessDenied, besides, where the password would go in the clear."""
        answer = super().ask(method, url, headers=headers, content=content)
        if answer.status != _REFUSED or not self._logs_in_anew(answer):
            return answer
        answer.skip()
        return super().ask(method, url, headers=headers, content=content)

    def own_headers(self, method: str, to: Address) -> Mapping[str, str]:
        with self._counting:
            if self._digest:
                return {"Authorization": self._digest.header(method, to.target)}
        return super().own_headers(method, to) if self._basic else {}

    def _logs_in_anew(self, answer: Answer) -> bool:
        """Whether there is another way to log in than the one that was refused."""
        if not self._user or address(answer.url).origin != self.home.origin:
            return False
        offered = challenges(answer.headers.get("www-authenticate", ""))
        found = best(offered)
        if found:
            with self._counting:
                self._digest = Digest(found, *self._user)
            return True
        if self._digest or self._basic or not any(each.scheme == "basic" for each in offered):
            return False
        if not self._plain:
            answer.close()
            raise AccessDenied(
                f"{shown(self.home.host)} wants the password in the clear",
                hint="use an address with TLS (davs://, https://), or plain if that is meant",
            )
        self._basic = True
        return True
