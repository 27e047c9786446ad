"""Asking Microsoft Graph, and who may read what lies there.

Source: Microsoft Graph REST API v1.0; "Best practices for discovering files and detecting changes at scale".
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from trapstreet.core.model.errors import AccessDenied, Unreachable
from trapstreet.plugins.sources._graph_answers import Item, Page, Permission
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_address import Address
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._http_status import Missing, good
from trapstreet.plugins.sources._microsoft_login import Login

_BODY = 64 << 20
_PAGES = 1000
_FOLDERS = 5000
_REFUSED = 401
_CLOSED = (403, 423)

Given = TypeVar("Given")


class Closed(AccessDenied):
    """One thing may not be looked at; others may."""


class _Client(Client):
    """Shows Graph the login's token, and nobody else."""

    def __init__(self, place: HttpPlace, login: Login) -> None:
        super().__init__(place)
        self._login = login

    def own_headers(self, method: str, to: Address) -> Mapping[str, str]:
        return {**super().own_headers(method, to), **self._login.headers()}


class Graph:
    """Asks Graph.

    url     of its version, without a slash at its end
    client  asks for files where Graph says that they are, without a login
    """

    def __init__(self, place: HttpPlace, login: Login) -> None:
        self.client, self._asking = Client(place), _Client(place, login)
        home = self.client.home
        self.url = f"{home.scheme}://{home.authority}{home.target.rstrip('/')}"
        self._login = login

    def ask(self, target: str, **headers: str) -> Answer:
        """Raises Unreachable, Later, UnusableInput; AccessDenied where the application may not log in."""
        sent = {"Accept": "application/json", **headers}
        answer = self._asking.ask("GET", f"{self.url}{target}", headers=sent)
        if answer.status == _REFUSED:  # a token may end before its time
            answer.close()
            self._login.forget()
            answer = self._asking.ask("GET", f"{self.url}{target}", headers=sent)
        return answer

    def get(self, target: str, kind: type[Given]) -> Given:
        """What one answer holds. Raises TrapstreetError, Missing where nothing is there."""
        return self.read(self.ask(target), kind)

    def pages(self, target: str, kind: type[Page[Given]]) -> Iterator[Given]:
        """What a list holds. Raises as `get` does."""
        for _ in range(_PAGES):
            page = self.get(target, kind)
            yield from page.value
            if not page.following:
                return
            target = self.target(page.following)
        raise Unreachable("Graph has a list that does not end", hint="see what answers there")

    def read(self, answer: Answer, kind: type[Given]) -> Given:
        """What an answer holds. Raises TrapstreetError, Closed and Missing."""
        if answer.status in _CLOSED:
            answer.close()
            raise Closed(
                f"Graph does not let us look there ({answer.status})",
                hint="grant the application Sites.Read.All, and an administrator's consent",
            )
        try:
            return msgspec.json.decode(good(answer).body(most=_BODY), type=kind)
        except (OSError, msgspec.MsgspecError, ValueError) as error:
            raise Unreachable("Graph broke off or answered nonsense", hint="it is tried again") from error

    def target(self, link: str) -> str:
        """A link of Graph's, as it is asked for. Raises Unreachable for one that leads elsewhere."""
        if not link.startswith(f"{self.url}/"):
            raise Unreachable("Graph has a list that goes on elsewhere", hint="see what answers there")
        return link[len(self.url) :]

    def close(self) -> None:
        self.client.close()
        self._asking.close()
        self._login.close()


_WIDE = (
    "",
    "everybody at the company",
    "everybody at the company and its guests",
    "everybody who has the link",
)
"""Who may read, from the fewest to the most."""


class Readers:
    """Who may read items, where that is more than people and groups by name.

    What inherits what its folder allows is asked about once for the folder: 5,000 are remembered. Where the
    application may not ask, nobody is named.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph, self._may_ask = graph, True
        self._folders: OrderedDict[str, str] = OrderedDict()

    def of(self, drive: str, item: Item) -> str:
        """In words, "" where it is nobody but those who are named. Raises TrapstreetError."""
        folder = item.parent_reference.id if item.parent_reference else None
        if item.shared or not folder:
            return self._asked(f"{drive}/items/{item.id}")
        place = f"{drive}/items/{folder}"
        if place not in self._folders:
            self._folders[place] = self._asked(place)
            if len(self._folders) > _FOLDERS:
                self._folders.popitem(last=False)
        self._folders.move_to_end(place)
        return self._folders[place]

    def _asked(self, place: str) -> str:
        if not self._may_ask:
            return ""
        try:
            every = self._graph.pages(f"/drives/{place}/permissions", Page[Permission])
            return max((_who(each) for each in every), key=_WIDE.index, default="")
        except Closed:
            self._may_ask = False
        except Missing:
            pass
        return ""


def _who(permission: Permission) -> str:
    """Whom one permission lets read."""
    scope = permission.link.scope if permission.link else ""
    if scope == "anonymous" and not permission.has_password:
        return _WIDE[3]
    if scope == "organization":
        return _WIDE[1]
    granted = permission.granted_to_v2
    accounts = (granted.site_user, granted.site_group) if granted else ()
    names = [each.login_name or "" for each in accounts if each]
    if any(each.startswith("c:0(.s|true") for each in names):
        return _WIDE[2]
    return _WIDE[1] if any("|spo-grid-all-users/" in each for each in names) else ""
