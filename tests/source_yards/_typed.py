"""What types that were published for an API (TypeScript) say of its answers, and of what we read of them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec

_PLAIN: dict[str, Any] = {"string": str, "number": int | float, "boolean": bool}
_OF_ANOTHER = re.compile(r"(?:NullableOption|MappedOmit|Omit|Pick)<(\w+(?:\[\])?)\s*(?:,.*)?>", re.DOTALL)


class Types:
    """A file of types. Null is not looked at: what may be null is often left unsaid."""

    def __init__(self, file: Path) -> None:
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", file.read_text(), flags=re.DOTALL)
        self._names = dict(re.findall(r"^(?:export )?type (\w+) =\s*([^;{<]+);", text, re.MULTILINE))
        self._objects: dict[str, tuple[str, str]] = {}
        heads = re.compile(r"^(?:export )?interface (\w+)(?: extends ([^{]+))? ?\{", re.MULTILINE)
        for head in heads.finditer(text):
            self._objects.setdefault(head[1], (head[2] or "", _block(text, head.end())))

    def wrong(self, value: Any, kind: str, at: str = "") -> list[str]:
        """What a value has that the type does not know, or knows to be of another kind."""
        kind = kind.strip()
        if value is None or kind in ("any", "unknown"):
            return []
        if found := _OF_ANOTHER.fullmatch(kind):
            return self.wrong(value, found[1], at)
        if kind.endswith("[]"):
            items = value if isinstance(value, list) else []
            found_wrong = [each for item in items for each in self.wrong(item, kind[:-2], f"{at}[]")]
            return found_wrong if isinstance(value, list) else [f"{at} is no list"]
        if not kind.startswith("{") and "|" in kind:
            every = [self.wrong(value, each, at) for each in kind.split("|")]
            return min(every, key=len)
        if kind in self._names:
            return self.wrong(value, self._names[kind], at)
        if kind in _PLAIN:
            return [] if isinstance(value, _PLAIN[kind]) else [f"{at} is no {kind}: {value!r}"]
        if kind[:1] in "'\"":
            return [] if value == kind[1:-1] else [f"{at} is not {kind}: {value!r}"]
        members = self._members(kind)
        if not isinstance(value, dict):
            return [f"{at} is no {kind}: {value!r}"]
        return [
            each
            for name, item in value.items()
            if not name.startswith("@")
            for each in (
                self.wrong(item, members[name], f"{at}.{name}")
                if name in members
                else [f"{at}.{name} is unknown"]
            )
        ]

    def unknown(self, read: Any, kind: str) -> list[str]:
        """Names that a structure of ours reads, and the type does not have."""
        return [*self._unknown(read, kind.strip(), "")]

    def _unknown(self, read: Any, kind: str, at: str) -> Iterator[str]:
        while found := _OF_ANOTHER.fullmatch(kind):
            kind = found[1]
        inner = [each for each in (read, *get_args(read)) if isinstance(each, type)]
        struct = next((each for each in inner if issubclass(each, msgspec.Struct)), None)
        if struct is None:
            return
        members = self._members(kind.removesuffix("[]"))
        for each in msgspec.structs.fields(struct):
            name = each.encode_name
            if name.startswith("@"):
                continue
            if name in members:
                yield from self._unknown(each.type, members[name].strip(), f"{at}.{name}")
            else:
                yield f"{at}.{name}"

    def _members(self, kind: str) -> Mapping[str, str]:
        if kind.startswith("{"):
            return dict(_members(kind[1:-1]))
        above, block = self._objects[kind]
        found: dict[str, str] = {}
        for each in filter(None, (re.sub(r"<.*", "", one).strip() for one in above.split(", "))):
            found |= self._members(each) if each in self._objects else {}
        return found | dict(_members(block))


def _block(text: str, start: int) -> str:
    """From behind a brace up to the one that closes it."""
    depth, at = 1, start
    while depth:
        at = re.compile(r"[{}]").search(text, at).end()  # type: ignore[union-attr]
        depth += 1 if text[at - 1] == "{" else -1
    return text[start : at - 1]


def _members(block: str) -> Iterator[tuple[str, str]]:
    at, name = 0, re.compile(r"\s*['\"]?([\w-]+)['\"]?\??:\s*")
    while head := name.match(block, at):
        at = head.end()
        while block[at] != ";":
            at = at + 2 + len(_block(block, at + 1)) if block[at] == "{" else at + 1
        yield head[1], block[head.end() : at]
        at += 1
