"""What stands between the groups of a phone number: blanks or hyphens.

"087 123 4567" and "087-123-4567"; of an international number the country code stays apart by a blank, or its
hyphens would make a spreadsheet take "+1-212-555-0123" for a sum. A slash behind the area code stays, with
blanks round it or none. A bare international number has its counterpart with the country code apart. Bare
national numbers are left: nothing says where to divide them, and spreadsheets drop their leading zero.
"""

import re

from trapstreet.core.fields import Kind
from trapstreet.core.fields.numbering import country_and_number
from trapstreet.core.marks.mark import TextMark

_FEWEST, _MOST = 7, 15  # digits, E.164
_HEAD = r"(?:(?:\+|00)[0-9]{1,3} )?(?:\([0-9]{1,5}\) ?)?"
_GROUPED = re.compile(rf"({_HEAD})([0-9]+([ -])[0-9]+(?:\3[0-9]+)*)")
_SLASH = re.compile(r"((?:(?:\+|00)[0-9]{1,3} )?[0-9]+) ?/ ?([0-9]+(?: [0-9]+)*)")
_BARE = re.compile(r"\+[0-9]+(?: [0-9]+)?")


class PhoneLayout(TextMark):
    """0: blanks, or closed up; 1: hyphens, or blanks round the slash or behind the country code."""

    name = "phone-layout"
    title = "layout of phone numbers"
    suits = frozenset({Kind.PHONE})

    def pair(self, text: str) -> tuple[str, str] | None:
        digits = "".join(filter(str.isdigit, text))
        if not _FEWEST <= len(digits) <= _MOST:
            return None
        if grouped := _GROUPED.fullmatch(text):
            head, body = grouped[1], grouped[2]
            return head + body.replace("-", " "), head + body.replace(" ", "-")
        if divided := _SLASH.fullmatch(text):
            return "/".join(divided.groups()), " / ".join(divided.groups())
        known = country_and_number(digits) if _BARE.fullmatch(text) else None
        if known is None:
            return None
        code = known[0]
        return f"+{digits}", f"+{code} {digits.removeprefix(code)}"


MARK = PhoneLayout()
