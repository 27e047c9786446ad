"""What is wrong with accounts, as lines."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from trapstreet.access.domain.flaws import MEANINGS
from trapstreet.access.domain.hygiene import Judged, Weakness
from trapstreet.core.model.words import counted, printable

MOST = 10
"""Accounts that are shown of each flaw, unless all are asked for."""


def lines(judged: Judged, *, whole: bool) -> Iterator[str]:
    """One place for people: a line in all, then each flaw with what it means and whom it is about."""
    kinds = len({each.flaw for each in judged.weaknesses})
    disabled = judged.accounts - judged.enabled
    accounts = counted(judged.accounts, "account") + (f", {disabled:,} of them disabled" if disabled else "")
    what = f"{counted(len(judged.weaknesses), 'weakness', 'weaknesses')} of {counted(kinds, 'kind')}"
    yield f"{judged.edition} at {printable(judged.place)}: {accounts}; {what if kinds else 'nothing found'}."
    for flaw, group in groupby(judged.weaknesses, key=lambda each: each.flaw):
        found, meaning = list(group), MEANINGS[flaw]
        yield ""
        severity = max(each.severity for each in found).name
        number = f" ({len(found):,})" if found[0].who else ""
        yield f"{severity} {meaning.title}{number}: {meaning.why}. To do: {meaning.remedy}."
        shown = found if whole else found[:MOST]
        yield from (f"    {text}" for each in shown if (text := _text(each)))
        if len(shown) < len(found):
            yield f"    … and {len(found) - len(shown):,} more: --all"
    if judged.unknown or judged.untold:
        yield ""
    yield from (f"NOT KNOWN {printable(each)}" for each in judged.unknown)
    yield from (f"NOT TOLD THERE {printable(each)}" for each in judged.untold)


def judged_object(judged: Judged) -> dict[str, object]:
    """One place for machines."""
    return {
        "place": judged.place,
        "edition": judged.edition,
        "accounts": judged.accounts,
        "enabled": judged.enabled,
        "counts": dict(Counter(each.flaw.value for each in judged.weaknesses)),
        "weaknesses": [
            {
                "kind": each.flaw.value,
                "severity": each.severity.name.lower(),
                "account": each.who or None,
                "detail": each.detail,
            }
            for each in judged.weaknesses
        ],
        "unknown": list(judged.unknown),
        "untold": list(judged.untold),
    }


def _text(weakness: Weakness) -> str:
    return printable(": ".join(filter(None, (weakness.who, weakness.detail))))
