"""What an audit found is said in the words that its figures bear."""

import json

import pytest

from trapstreet.decoys.audit import Auc, Audit, Betrayal
from trapstreet.render.audits import audit_lines, document


def _audit(area: float, error: float, *features: Betrayal, clusters: int = 300) -> Audit:
    return Audit(
        rows=10_300, decoys=300, clusters=clusters, auc=Auc(area, error), features=features, attacks=(),
        attainable=0.5, control=Auc(1.0, 0.01),
    )  # fmt: skip


_TELLING = Betrayal("email: length", Auc(0.61, 0.02), 0.004)
_SILENT = Betrayal("name: length", Auc(0.55, 0.03), 0.4)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (_audit(0.80, 0.03, _TELLING), "the attacker tells them apart"),
        (_audit(0.57, 0.02, _SILENT), "the attacker tells some of them apart"),
        (_audit(0.51, 0.03, _TELLING), "the attacker tells some of them apart"),
        (_audit(0.58, 0.10, _SILENT, clusters=40), "more decoys are needed to be sure"),
        (_audit(0.52, 0.025, _SILENT), "the attacker cannot tell them apart"),
    ],
)
def test_the_first_line_says_what_is_beyond_chance_and_what_is_not_known(found: Audit, said: str) -> None:
    assert said in next(audit_lines(found))


def test_only_what_is_beyond_chance_is_named() -> None:
    said = "\n".join(audit_lines(_audit(0.6, 0.03, _TELLING, _SILENT)))
    assert "email: length: 0.610 (p 0.004)" in said
    assert "name: length" not in said


def test_firms_are_told_where_they_are_what_chance_draws() -> None:
    assert "chance drew 40 firms and single rows" in "\n".join(audit_lines(_audit(0.5, 0.1, clusters=40)))
    assert "firms" not in "\n".join(audit_lines(_audit(0.5, 0.03)))


def test_as_json_it_has_the_interval_the_clusters_and_the_p_values() -> None:
    told = json.loads(json.dumps(document(_audit(0.8, 0.03, _TELLING, _SILENT, clusters=40))))
    assert (told["decoys"], told["clusters"]) == (300, 40)
    assert told["auc"]["low"] < 0.8 < told["auc"]["high"]
    assert [one["what"] for one in told["betrays"]] == ["email: length"]
    assert told["betrays"][0]["p_value"] == 0.004
