"""The slash at the end of a web address that names a site and no page.

Both ask for the same (RFC 3986, section 6.2.3).
"""

import re

from trapstreet.core.fields import Kind
from trapstreet.core.marks.mark import TextMark

_SITE = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/?", re.IGNORECASE | re.ASCII)


class WebAddress(TextMark):
    """0: no slash; 1: one."""

    name = "web-address"
    title = "slash behind web addresses"
    suits = frozenset({Kind.TEXT})

    def pair(self, text: str) -> tuple[str, str] | None:
        if not _SITE.fullmatch(text):
            return None
        return text.removesuffix("/"), text.removesuffix("/") + "/"


MARK = WebAddress()
