"""An IBAN in groups of four, as on paper, or together, as between machines."""

import re

from trapstreet.core.fields import Kind
from trapstreet.core.marks.mark import TextMark

_IBAN = re.compile(r"[A-Za-z]{2}[0-9]{2}(?: ?[0-9A-Za-z]){11,30}")


class IbanLayout(TextMark):
    """0: in groups of four; 1: together."""

    name = "iban-layout"
    title = "layout of IBANs"
    suits = frozenset({Kind.IBAN})

    def pair(self, text: str) -> tuple[str, str] | None:
        if not _IBAN.fullmatch(text):
            return None
        compact = text.replace(" ", "")
        return " ".join(compact[at : at + 4] for at in range(0, len(compact), 4)), compact


MARK = IbanLayout()
