"""Documents for machines."""

import json
import re

import msgspec

_NO_TEXT = re.compile("[\ud800-\udfff]")


def json_of(data: object) -> bytes:
    r"""One JSON document, indented. What is no text in a name, as in those of files, is spelled out: the
    name "caf" with the byte E9 is "caf\\udce9"."""
    try:
        encoded = msgspec.json.encode(data)
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(data), ensure_ascii=False)
        encoded = _NO_TEXT.sub(lambda met: rf"\\u{ord(met[0]):04x}", text).encode()
    return msgspec.json.format(encoded, indent=2)
