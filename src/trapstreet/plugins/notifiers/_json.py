"""An alert for machines."""

from typing import Any

from trapstreet.core.model.notice import Notice
from trapstreet.plugins.notifiers._words import instant, line


def alert(notice: Notice) -> dict[str, Any]:
    """Everything that a notice says, in names and values of JSON; each text is one line.

    at and raised are ISO 8601 in UTC; severity is "info", "low", "medium", "high" or "critical".
    """
    return {
        "id": line(notice.id),
        "case": line(notice.case),
        "at": instant(notice.at),
        "raised": instant(notice.raised),
        "kind": line(notice.kind),
        "severity": notice.severity.word,
        "reason": line(notice.reason),
        "headline": line(notice.headline),
        "happened": [line(sentence) for sentence in notice.happened],
        "lay": line(notice.lay),
        "stake": line(notice.stake),
        "steps": [line(step) for step in notice.steps],
        "facts": [{"name": line(label), "value": line(text)} for label, text in notice.facts],
    }
