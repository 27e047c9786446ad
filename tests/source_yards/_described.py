"""What a provider's published description of its API (OpenAPI 3.0) says of requests and their answers."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft4Validator, ValidationError, validators


class Description:
    """target: the path of a GET below the API's root, with its query."""

    def __init__(self, file: Path) -> None:
        self._all = json.loads(file.read_text())
        self._checked = _lenient(self._at)
        ways = {
            path: re.compile(re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(path)))
            for path in self._all["paths"]
        }
        self._ways = sorted(ways.items(), key=lambda each: each[0].count("{"))

    def asked(self, target: str) -> list[str]:
        """What is wrong with a request."""
        get = self._get(target)
        if get is None:
            return [f"GET {target} is not described"]
        known = {each["name"]: each["schema"] for each in map(self._at, get.get("parameters", ()))}
        wrong = []
        for name, value in parse_qsl(urlsplit(target).query, keep_blank_values=True):
            if name not in known:
                wrong.append(f"GET {target}: no parameter is called {name}")
            elif self._breaches(_typed(value, known[name]), known[name]):
                wrong.append(f"GET {target}: {name} may not be {value}")
        return wrong

    def answered(self, target: str, answer: Any) -> list[str]:
        """What is wrong with an answer of 200; what it leaves out is not."""
        schema = self._schema(target)
        if schema is None:
            return [f"GET {target} is not described as answering JSON"]
        unknown = [f"nothing is called {name}" for name in self._unknown(answer, schema)]
        return [f"GET {target}: {each}" for each in self._breaches(answer, schema) + unknown]

    def example(self, target: str) -> Any:
        """An answer of 200 that the description shows; None where it shows none."""
        shown = self._answer(target).get("examples")
        return self._at(next(iter(shown.values())))["value"] if shown else None

    def least(self, target: str, answer: Any) -> Any:
        """An answer without what the description does not promise, and with null wherever that may be."""
        return self._least(answer, self._schema(target))

    def _get(self, target: str) -> Any:
        path = urlsplit(target).path
        found = next((name for name, way in self._ways if way.fullmatch(path)), None)
        return self._all["paths"][found].get("get") if found else None

    def _answer(self, target: str) -> Any:
        get = self._get(target)
        return self._at(get["responses"]["200"]).get("content", {}).get("application/json", {}) if get else {}

    def _schema(self, target: str) -> Any:
        return self._answer(target).get("schema")

    def _at(self, part: Any) -> Any:
        while "$ref" in part:
            place, part = part["$ref"], self._all
            for name in place.split("/")[1:]:
                part = part[name.replace("~1", "/").replace("~0", "~")]
        return part

    def _breaches(self, value: Any, schema: Any) -> list[str]:
        breaches = self._checked(schema).iter_errors(value)
        return [f"{each.json_path}: {each.message[:300]}" for each in breaches]

    def _forms(self, schema: Any) -> Iterator[Any]:
        """A schema, and what it is put together of or may be instead."""
        schema = self._at(schema)
        yield schema
        for kind in ("allOf", "anyOf", "oneOf"):
            for each in schema.get(kind, ()):
                yield from self._forms(each)

    def _known(self, schema: Any) -> tuple[list[Any], list[Any], dict[str, list[Any]]]:
        """The forms of a schema; what is known of its items and of members by any name; its named members."""
        forms = list(self._forms(schema))
        below = [each["items"] for each in forms if "items" in each]
        below += [more for each in forms if isinstance(more := each.get("additionalProperties"), dict)]
        named: dict[str, list[Any]] = {}
        for each in forms:
            for name, part in each.get("properties", {}).items():
                named.setdefault(name, []).append(part)
        return forms, below, named

    def _unknown(self, value: Any, schema: Any, at: str = "") -> Iterator[str]:
        """Members that no form of a schema knows, of those that know any."""
        _, below, named = self._known(schema)
        for name, item in _members(value):
            some = named.get(str(name), below)
            if some:
                yield from self._unknown(item, {"anyOf": some}, f"{at}.{name}")
            elif named:
                yield f"{at}.{name}"

    def _least(self, value: Any, schema: Any) -> Any:
        forms, below, named = self._known(schema)
        if isinstance(value, list):
            return [self._least(each, {"anyOf": below}) for each in value]
        if not isinstance(value, dict):
            return value
        promised = {name for each in forms for name in each.get("required", ())}
        kept = {}
        for name, item in value.items():
            some = {"anyOf": named.get(name, below)}
            if name in promised or not named:
                may_be_null = any(each.get("nullable") for each in self._forms(some))
                kept[name] = None if may_be_null else self._least(item, some)
        return kept


def _members(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return [*value.items()]
    return [*enumerate(value)] if isinstance(value, list) else []


def _typed(value: str, schema: Mapping[str, Any]) -> Any:
    """A parameter's value as what it is."""
    match schema.get("type"):
        case "integer" if value.isdigit():
            return int(value)
        case "boolean" if value in ("true", "false"):
            return value == "true"
        case _:
            return value


def _lenient(at: Callable[[Any], Any]) -> Any:
    """Validators that know OpenAPI's null and do not mind what is left out. at: what a reference leads to."""

    def unless_null(name: str) -> Any:
        strict: Any = Draft4Validator.VALIDATORS[name]

        def checked(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
            if value is not None or not schema.get("nullable"):
                yield from strict(validator, wanted, value, schema)

        return checked

    def referred(validator: Any, _: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        yield from validator.descend(value, at(schema))

    def left_out(*_: Any) -> Iterator[ValidationError]:
        return iter(())

    known = {"type": unless_null("type"), "enum": unless_null("enum"), "$ref": referred}
    known |= {"required": left_out, "oneOf": Draft4Validator.VALIDATORS["anyOf"]}
    return validators.extend(Draft4Validator, known)
