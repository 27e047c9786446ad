"""Messages in a channel of Microsoft Teams, by a workflow that posts a card when a webhook is called.

All text stands in runs of rich text, which know no Markdown: nothing in it is a mention, a link or a style.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from trapstreet.core.model.notice import Notice, Severity
from trapstreet.plugins.notifiers._http import Receiver, post, receiver
from trapstreet.plugins.notifiers._words import LONGEST, line, paragraphs, spelled_out, subject

title = "Microsoft Teams"
reveals = "Every alert in words goes to Microsoft, and to all members of the channel."

_COLOURS = {Severity.CRITICAL: "attention", Severity.HIGH: "attention", Severity.MEDIUM: "warning"}
_MOST_BYTES = 26_000
"""Teams refuses messages of more than 28 KB."""
_MOST_LINES = 20
"""Of a paragraph."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a route of this kind.

    url_file  holds the workflow's address: who has it can write to the channel
    private   it is reached through a gateway in a private network;  ca  as of a webhook
    """

    url_file: Path
    private: bool = False
    ca: Path | None = None


settings = Settings


def notifier(settings: Settings) -> "Teams":
    return Teams(receiver(url_file=settings.url_file, private=settings.private, ca=settings.ca))


class Teams:
    """Posts alerts to one channel."""

    def __init__(self, to: Receiver) -> None:
        self._to = to

    def tell(self, notices: Sequence[Notice], *, key: str) -> None:
        post(self._to, composed(notices), {"Content-Type": "application/json"})


def composed(notices: Sequence[Notice]) -> bytes:
    """The message with its card, as JSON. Where Teams would find it too long, the mildest alerts go, and at
    last the ends of lines."""
    told, most = spelled_out(notices)[0], LONGEST
    while len(message := msgspec.json.encode(_message(notices, told, most))) > _MOST_BYTES:
        told, most = (told[: len(told) // 2], most) if len(told) > 1 else (told, most // 2)
    return message


def _message(notices: Sequence[Notice], told: Sequence[Notice], most: int) -> dict[str, Any]:
    worst = max(notice.severity for notice in notices)
    body = [_text(subject(notices), weight="bolder", size="large", color=_COLOURS.get(worst, "default"))]
    for notice in told:
        for number, paragraph in enumerate(paragraphs(notice)):
            first, *others = (line(each, most=most) for each in paragraph.split("\n")[:_MOST_LINES])
            body.append(_text(first, weight="default" if number else "bolder", separator=not number))
            body += [_text(each, spacing="none") for each in others]
    if more := len(notices) - len(told):
        body.append(_text(f"And {more} more: trapstreet alert list has all."))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _text(
    text: str, *, weight: str = "default", spacing: str = "default", separator: bool = False, **look: str
) -> dict[str, Any]:
    run = {"type": "TextRun", "text": text, "weight": weight, **look}
    return {"type": "RichTextBlock", "inlines": [run], "spacing": spacing, "separator": separator}
