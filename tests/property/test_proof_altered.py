"""A proof of which any one thing was altered does not hold, however it was sealed again."""

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import proofs
from trapstreet.core.model.errors import UnusableInput
from trapstreet.proof import DoesNotHold, check, read, write
from tries import tries

KEY = proofs.SIGNER.verifier_key
FILE = write(proofs.sealed(proofs.claims()))
ON_TRUST = {
    ("accused", "own", "others"),
    ("accused", "own", "share"),
    ("accused", "code", "share"),
    ("accused", "marks", "share"),
    ("positions", "rows"),
    ("positions", "alive"),
    ("positions", "hits"),
    ("positions", "decoys"),
    ("spelled", "ones"),
    ("spelled", "zeros"),
}
"""What is claimed of a copy and cannot be computed: `share` is held to be at least what the p-value asks for,
and code and marks are counted again at whatever rows and cells are claimed."""


def spelled(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


@st.composite
def altered(draw: st.DrawFn, value: Any) -> Any:
    """The value with one thing in it changed: a number, a text, or a list that is longer, shorter, turned."""
    match value:
        case dict():
            key = draw(st.sampled_from(sorted(value)))
            if key == "form" and draw(st.booleans()):
                return {name: each for name, each in value.items() if name != key}
            return value | {key: draw(altered(value[key]))}
        case list() if value and draw(st.integers(0, 3)):
            at = draw(st.integers(0, len(value) - 1))
            return [*value[:at], draw(altered(value[at])), *value[at + 1 :]]
        case list():
            changed = draw(
                st.sampled_from(
                    [value[1:], value[:-1], value + value[:1], value[::-1], value[1:] + value[:1], [0]]
                )
            )
            assume(changed != value)
            return changed
        case bool():
            return not value
        case int():
            return draw(
                st.sampled_from([value + 1, value - 1, 0, 2 * value + 7]).filter(lambda n: n != value)
            )
        case str():
            at = draw(st.integers(0, len(value)))
            letter = draw(st.sampled_from("0123456789abcdef.-+ =/\n\x1bZ"))
            changed = draw(
                st.sampled_from(
                    [
                        value[:at] + letter + value[at + 1 :],
                        value[:at] + letter + value[at:],
                        value[:-1],
                        value + "0",
                    ]
                )
            )
            assume(changed != value)
            return changed
    raise TypeError(value)


def refused(data: bytes, *, log_key: str | None = None) -> bool:
    try:
        check(read(data), log_key=log_key)
    except (UnusableInput, DoesNotHold) as error:
        assert str(error).isprintable()
        return True
    return False


@given(altered(json.loads(FILE)))
def test_any_alteration_breaks_the_seal(document: Any) -> None:
    assert refused(spelled(document))


@given(altered(json.loads(FILE)["claims"]))
def test_an_alteration_sealed_by_a_stranger_is_refused(claims: Any) -> None:
    """The forger writes a log under a key of their own, says that it is ours, or takes our signature."""
    document = json.loads(FILE) | {"claims": claims}
    try:
        made = read(spelled(document)).claims
    except UnusableInput:
        return
    forged = json.loads(write(proofs.sealed(made, signer=proofs.STRANGER)))
    assert refused(spelled(forged), log_key=KEY)
    forged["log"]["key"] = KEY
    assert refused(spelled(forged))
    forged["log"]["checkpoint"] = json.loads(FILE)["log"]["checkpoint"]
    assert refused(spelled(forged))


def claimed(parts: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths of all claims of a copy, and of what its code and its marks are judged by."""
    return [
        end
        for key, value in parts.items()
        for end in (claimed(value, (*path, key)) if isinstance(value, dict) else [(*path, key)])
    ]


def evidence_in(document: Any) -> dict[str, Any]:
    (data_set,) = document["claims"]["data_sets"]
    (accused,), (positions,) = data_set["accused"], data_set["positions"]
    ((spelled,),) = data_set["spellings"]
    return {"accused": accused, "positions": positions, "spelled": spelled}


CLAIMED = claimed(evidence_in(json.loads(FILE)))


@pytest.mark.parametrize("path", [path for path in CLAIMED if path not in ON_TRUST], ids=".".join)
@settings(max_examples=tries(20))
@given(data=st.data())
def test_what_can_be_computed_cannot_be_altered_even_with_the_key(
    path: tuple[str, ...], data: st.DataObject
) -> None:
    """Whoever can sign the log claims something else of a copy that is in it."""
    document = json.loads(FILE)
    *parents, name = path
    part = evidence_in(document)
    for parent in parents:
        part = part[parent]
    part[name] = data.draw(altered(part[name]))
    try:
        made = read(spelled(document)).claims
    except UnusableInput:
        return
    resealed = proofs.sealed(made)
    with pytest.raises(DoesNotHold):
        check(resealed, log_key=KEY)


def test_nothing_is_on_trust_that_is_not_claimed() -> None:
    assert set(CLAIMED) > ON_TRUST


def test_the_file_that_is_altered_holds() -> None:
    assert spelled(json.loads(FILE)) == FILE
    assert not refused(FILE, log_key=KEY)
