"""Plans that PostgreSQL's auto_explain logs when a statement has ended: which statement it was."""

import json
import re

_BEGINS = re.compile(r"duration: [\d.]+ ms  plan:\n")
_TEXT = "Query Text: "
_PARAMETERS = "\nQuery Parameters: "
_ROOT = re.compile(r"\n(?=\S[^\n]*  \((?:cost|actual|rows|never))")
"""Before the first line of a plan in text: what is below it is indented, but for the trailing times."""


def statement_of(message: str) -> str | None:
    """The statement whose plan a message is; None for one that is no plan.

    Raises ValueError for a plan in a form that is not read (YAML, XML), or one that is torn.
    """
    begins = _BEGINS.match(message)
    if begins is None:
        return None
    plan = message[begins.end() :]
    if plan.startswith("{"):
        text = json.loads(plan).get("Query Text")
        if not isinstance(text, str):
            raise ValueError("no statement")
        return text
    roots = [each.start() for each in _ROOT.finditer(plan)]
    if not plan.startswith(_TEXT) or plan.startswith(f'{_TEXT}"') or not roots:
        raise ValueError("no statement")
    return plan[len(_TEXT) : roots[-1]].partition(_PARAMETERS)[0]
