"""Asking forges (GitHub, GitLab) by their REST APIs: pages and quotas."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from trapstreet.core.model.errors import AccessDenied, Unreachable
from trapstreet.plugins.sources import Later
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._http_status import good

PAGE = 100
_PAGES = 1000
_BODY = 64 << 20
_LONGEST = 3900.0

Given = TypeVar("Given")


class Forge:
    """Asks the API of a forge.

    name     what people call it;  url  of its API, without a slash at its end
    headers  sent with every request, and to no other host
    """

    def __init__(self, name: str, place: HttpPlace, headers: Mapping[str, str]) -> None:
        self._name, self.url = name, place.url
        self.client = Client(place, headers=headers)

    def pages(
        self,
        place: str,
        asked: Mapping[str, str],
        kind: type[list[Given]],
        first: Sequence[Given] | None = None,
        *,
        most: int = _PAGES,
    ) -> Iterator[Given]:
        """What stands on all pages, or the first `most`. first: page 1, where it was asked for before."""
        for number in range(1, most + 1):
            page = first if first is not None and number == 1 else self.page(place, asked, kind, number)
            yield from page
            if len(page) < PAGE:
                return

    def page(
        self, place: str, asked: Mapping[str, str], kind: type[Given], number: int, *, patience: float = 0.0
    ) -> Given:
        """Raises TrapstreetError. patience: seconds, as for `ask`."""
        query = urlencode({**asked, "per_page": str(PAGE), "page": str(number)})
        return self.read(good(self.ask(f"{place}?{query}", patience=patience)), kind)

    def ask(self, target: str, *, headers: Mapping[str, str] | None = None, patience: float = 0.0) -> Answer:
        """Raises Later where the quota is used up for longer than `patience`, AccessDenied for a token that
        does not hold."""
        sent = {"Accept": "application/json", **(headers or {})}
        answer = self.client.ask("GET", f"{self.url}{target}", headers=sent)
        quota = {name.removeprefix("x-"): value for name, value in answer.headers.items()}
        if answer.status in (403, 429) and quota.get("ratelimit-remaining") == "0":
            answer.close()
            reset = quota.get("ratelimit-reset", "")
            wait = max(float(reset) - time.time() if reset.isdigit() else 60.0, 1.0)
            if wait <= patience:
                time.sleep(wait)
                return self.ask(target, headers=headers)
            raise Later(
                f"{self._name} answers no more for now: the requests that it grants are used up",
                hint="it is tried again; with a token there are more of them",
                seconds=min(wait, _LONGEST),
            )
        if answer.status == 401:
            answer.close()
            raise AccessDenied(
                f"{self._name} refuses the token, or wants one", hint="put one that holds into token_file"
            )
        return answer

    def read(self, answer: Answer, kind: type[Given]) -> Given:
        """What an answer holds. Raises Unreachable."""
        try:
            return msgspec.json.decode(answer.body(most=_BODY), type=kind)
        except (OSError, msgspec.MsgspecError, ValueError) as error:
            raise Unreachable(
                f"{self._name} broke off or answered nonsense", hint="it is tried again"
            ) from error
