"""Messages in a channel of Slack, or of a chat that takes the same incoming webhooks.

All text stands in blocks of plain text, so that nothing in it is a mention, a link or a style.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from trapstreet.core.model.notice import Notice
from trapstreet.plugins.notifiers._http import Receiver, post, receiver
from trapstreet.plugins.notifiers._words import paragraphs, spelled_out, subject

title = "Slack"
reveals = "Every alert in words goes to Slack, and to all members of the channel."

_MOST_HEADING, _MOST_TEXT = 150, 3000
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a route of this kind.

    url_file  holds the address of the incoming webhook: who has it can write to the channel
    private   the chat lies in a private network;  ca  as of a webhook
    """

    url_file: Path
    private: bool = False
    ca: Path | None = None


settings = Settings


def notifier(settings: Settings) -> "Slack":
    return Slack(receiver(url_file=settings.url_file, private=settings.private, ca=settings.ca))


class Slack:
    """Posts alerts to one channel."""

    def __init__(self, to: Receiver) -> None:
        self._to = to

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        post(self._to, msgspec.json.encode(composed(notices)), {"Content-Type": "application/json"})


def composed(notices: Sequence[Notice]) -> dict[str, Any]:
    """The message: a heading, and each alert in a block of its own."""
    told, more = spelled_out(notices)
    texts = ["\n\n".join(paragraphs(notice)) for notice in told]
    if more:
        texts.append(more)
    heading = subject(notices)
    return {
        "text": escaped(heading, most=_MOST_TEXT),
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "header", "text": _plain(heading, most=_MOST_HEADING)},
            *({"type": "section", "text": _plain(text, most=_MOST_TEXT)} for text in texts),
        ],
    }


def escaped(text: str, *, most: int) -> str:
    """The text with Slack's three special characters escaped, at most so many characters after that."""
    kept, length = list[str](), 0
    for letter in text:
        written = _ESCAPES.get(letter, letter)
        length += len(written)
        if length > most - 1:
            return "".join(kept) + "…"
        kept.append(written)
    return "".join(kept)


def _plain(text: str, *, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": escaped(text, most=most), "emoji": False}
