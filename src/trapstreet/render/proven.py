"""Whether a watched source proves that it would find something, in words."""

from typing import Protocol

from trapstreet.core.model.amounts import duration_text
from trapstreet.render.words import day

_SECOND = 1_000_000


class Proof(Protocol):
    """`app.watch_proofs.Proof`."""

    @property
    def state(self) -> str: ...
    @property
    def record(self) -> str: ...
    @property
    def proved_at(self) -> int | None: ...
    @property
    def took(self) -> int | None: ...
    @property
    def every(self) -> int | None: ...
    @property
    def failing_since(self) -> int | None: ...
    @property
    def why(self) -> str: ...
    @property
    def last(self) -> int | None: ...
    @property
    def silence(self) -> int | None: ...
    @property
    def patience(self) -> int | None: ...


def proof_cell(proof: Proof) -> str:
    """The proof in a table."""
    match proof.state:
        case "proven" if proof.proved_at:
            return f"proven {day(proof.proved_at)}"
        case "failing" if proof.failing_since:
            return f"NOT PROVEN since {day(proof.failing_since)}"
        case "awaited":
            return "its first proof is to come"
        case "rhythm":
            return "not proven; as busy as ever"
        case "silent" if proof.last:
            return f"SILENT since {day(proof.last)}"
        case "learning":
            return "not proven; its rhythm is being learnt"
    return "not proven"


def proof_line(proof: Proof, name: str) -> str:
    """The same in a sentence, with what can be done."""
    match proof.state:
        case "proven" if proof.proved_at:
            return f"Proven {day(proof.proved_at)}: {proof.record} was found{_after(proof)}."
        case "failing" if proof.failing_since:
            last = f"found last {day(proof.proved_at)}" if proof.proved_at else "never found"
            since = day(proof.failing_since)
            return f"NOT PROVEN since {since}: {proof.record}: {proof.why} ({last})."
        case "awaited":
            return f"Not proven yet: the next rounds look for {proof.record}."
        case "rhythm" | "silent" if proof.last:
            told = length(proof.patience or 0)
            silent = "SILENT: s" if proof.state == "silent" else "S"
            most = length(proof.silence or 0)
            said = f"{silent}omething new came last {day(proof.last)}, before that after {most} at most"
            return f"{said}; a silence of {told} is told. {_unproven(name)}"
        case "leaving":
            return f"{proof.record} was not wholly taken away: trapstreet watch control {name} --off"
        case "learning":
            return f"How often something new comes is being learnt. {_unproven(name)}"
    return _unproven(name)


def length(microseconds: int) -> str:
    """A length of time in its largest whole unit: seconds below two minutes."""
    seconds = max(1, microseconds // _SECOND)
    if seconds < 120:
        return f"{seconds} s"
    unit = 86_400 if seconds >= 3 * 86_400 else 3_600 if seconds >= 3 * 3_600 else 60
    return duration_text(seconds // unit * unit)


def _after(proof: Proof) -> str:
    return "" if proof.took is None else f", {length(proof.took)} after it was put there"


def _unproven(name: str) -> str:
    return f"Nothing proves that it would find something: trapstreet watch control {name}"
