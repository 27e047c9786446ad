"""What a dossier says, and draws, of the evidence."""

import re
from math import comb
from typing import Any

import pytest

from trapstreet.core.fields import Kind
from trapstreet.render.dossier import TABLED, TOLD, Circumstances, Leak, dossier
from trapstreet.render.dossier_evidence import BOTTOM, LEFT, RIGHT, TOP, Chart, charts
from trapstreet.trace import (
    Accusation,
    CodeEvidence,
    DataSetTrace,
    Dating,
    DecoyEvidence,
    LayerShown,
    MarkShown,
    Trace,
)
from trapstreet.trace.domain.verdict import Evidence
from trapstreet.trace.service import Records

OWN = DecoyEvidence("unique decoys", 11, 300, [Kind.EMAIL], 45_128, 1.44e-9, -77.7, 0.08)
POOL = LayerShown("shared decoys", 0.35, 600, 61, 48)
ROWS = LayerShown("rows", 0.99, 68_000, 2_040, 2_038)
CODE = CodeEvidence("code", [POOL, ROWS], -19.3, 0.03)
BESIDE = CodeEvidence("code", [ROWS], -11.3, 0.003, ("1-a", "2-b"))
MARKS = CodeEvidence("marks", [MarkShown("phone-layout", "phone", 40, 40, 20.5)], -12.0, 0.04)

NO_DATING = Dating("unknown", None, None, 1.0, [], [])
HOSTILE = '"><img src=x>\u202e'


def result(*accused: Accusation, **changed: Any) -> DataSetTrace:
    values: dict[str, Any] = {
        "data_set": "customers",
        "records": Records(606, 0),
        "fields": {Kind.EMAIL: 606},
        "decoys": 4,
        "versions": [1],
        "dating": NO_DATING,
        "verdict": "accused" if accused else "no verdict",
        "accused": list(accused),
        "places": [],
        "group": [],
        "not_only_source": [],
        "copies_then": 0,
        "bound": 1e-6,
        "copies": 12,
        "plantings": 0,
    }
    return DataSetTrace(**values | changed)


def accusation(copy: str, *evidence: Evidence) -> Accusation:
    return Accusation(copy, evidence[0].log10_p, 0.083, list(evidence))


def page(*results: DataSetTrace, recipients: dict[str, str] | None = None) -> str:
    leaks = [Leak("paste.txt", "ab" * 32, 12_345)]
    rows = {each.data_set: 68_000 for each in results}
    return dossier(Trace(list(results), [], [], {}), Circumstances(0, leaks, [], rows, recipients or {}))


def steps(chart: Chart) -> list[float]:
    """Heights of the law's steps."""
    return [BOTTOM - float(top) for top in re.findall(r"V([\d.]+)H", chart.law)]


def number_at(chart: Chart, across: float) -> float:
    """What the axis says there."""
    (low, left), (high, right) = chart.lowest, chart.highest
    return low + (across - left) / (right - left) * (high - low)


def test_the_law_that_is_drawn_is_the_binomial_one() -> None:
    (chart,) = charts(CodeEvidence("code", [POOL], -9.0))
    tops = steps(chart)
    first = round(number_at(chart, float(chart.law[1:].split()[0])) + 0.5)
    law = [comb(61, k) * 0.35**k * 0.65 ** (61 - k) for k in range(first, first + len(tops))]
    assert tops == pytest.approx([(BOTTOM - TOP) * each / max(law) for each in law], abs=0.06)
    assert sum(law) > 0.9999


@pytest.mark.parametrize(
    ("evidence", "words", "value", "mean"),
    [
        (OWN, ("an innocent copy: none", "this copy: 11"), 11, 0),
        (CodeEvidence("code", [POOL], -9.0), ("an innocent copy: about 21", "this copy: 48"), 48, 21.35),
        (CodeEvidence("code", [ROWS], -9.0), ("an innocent copy: about 20", "this copy: 2"), 2, 20.4),
        (MARKS, ("an innocent copy: about 20", "this copy: 40"), 40, 20.5),
    ],
    ids=["own decoys", "shared decoys", "rows", "marks"],
)
def test_both_numbers_are_said_and_stand_where_they_lie(
    evidence: Evidence, words: tuple[str, str], value: int, mean: float
) -> None:
    (chart,) = charts(evidence)
    assert (chart.innocent.words, chart.copy.words) == words
    assert number_at(chart, chart.copy.at) == pytest.approx(value, abs=0.1)
    assert number_at(chart, chart.innocent.at) == pytest.approx(mean, abs=0.1)


def test_a_rare_number_is_not_said_to_be_none() -> None:
    often = DecoyEvidence("unique decoys", 9, 300, [Kind.PHONE], 900_000, 1e-4, -14.0)
    assert charts(often)[0].innocent.words == "an innocent copy: about 0.03"


@pytest.mark.parametrize(
    "evidence",
    [
        DecoyEvidence("unique decoys", 1, 1, [Kind.EMAIL], 1, 0.0, -9.0),
        DecoyEvidence("unique decoys", 300, 300, [Kind.EMAIL], 1, 1e-300, -9.0),
        DecoyEvidence("unique decoys", 3, 3, [Kind.EMAIL], 10**9, 1.0, -9.0),
        CodeEvidence("code", [LayerShown("rows", 0.99, 10**7, 10**7, 10**7)], -9.0),
        CodeEvidence("code", [LayerShown("shared decoys", 0.35, 600, 1, 1)], -9.0),
        CodeEvidence("marks", [MarkShown("letter-case", "email", 10**7, 10**7, 5e6)], -9.0),
        CodeEvidence("marks", [MarkShown("letter-case", "email", 40, 0, 0.0)], -9.0),
    ],
)
def test_a_chart_stays_small_and_in_its_frame(evidence: Evidence) -> None:
    (chart,) = charts(evidence)
    assert len(chart.law) < 1_000
    heights = steps(chart)
    assert max(heights) == BOTTOM - TOP
    assert min(heights) >= 0
    across = [float(x) for x in re.findall(r"[MH]([\d.]+)", chart.law)]
    assert across == sorted(across)
    ends = [chart.lowest[1], chart.highest[1], chart.copy.at, chart.innocent.at, *across]
    assert LEFT <= min(ends) <= max(ends) <= RIGHT
    for label in (chart.copy, chart.innocent):
        assert label.middle - 3 * len(label.words) >= LEFT
        assert label.middle + 3 * len(label.words) <= RIGHT


def test_of_what_the_leak_does_not_show_nothing_is_drawn() -> None:
    silent = LayerShown("shared decoys", 0.35, 600, 0, 0)
    (chart,) = charts(CodeEvidence("code", [silent, ROWS], -9.0))
    assert "leaked rows" in chart.axis


def test_each_piece_of_evidence_is_drawn_without_a_script_and_read_out() -> None:
    html = page(result(accusation("4-d", OWN, CODE)))
    assert "<script" not in html
    assert html.count('<svg class="plot"') == 3
    assert 'role="img" aria-label="Copy 4-d: it lacks 2 of the 2,040 leaked rows, where an' in html


GROUNDS = {
    "<b>Decoys of its own.</b>": {"own", "all"},
    "<b>Shared decoys and withheld rows.</b>": {"code", "all"},
    "<b>Withheld rows.</b>": {"beside"},
    "<b>Spellings.</b>": {"marks", "all"},
    "<b>Found beside other copies.</b>": {"beside", "all"},
    "<b>Decoys of several copies.</b>": {"group"},
    "the source was read again": {"marks", "all"},
    "Nothing about who the thief is": {"own", "code", "beside", "marks", "all", "group"},
}
CASES = {
    "own": result(accusation("4-d", OWN)),
    "code": result(accusation("4-d", CODE)),
    "beside": result(accusation("4-d", BESIDE)),
    "marks": result(accusation("4-d", MARKS)),
    "all": result(accusation("4-d", OWN, CODE, MARKS), accusation("5-e", BESIDE)),
    "group": result(verdict="group", group=["1-a", "2-b", "3-c"]),
    "none": result(),
}


@pytest.mark.parametrize("case", CASES)
def test_the_dossier_says_what_a_verdict_rests_on_and_nothing_else(case: str) -> None:
    html = page(CASES[case])
    assert {words for words in GROUNDS if words in html} == {
        words for words, cases in GROUNDS.items() if case in cases
    }


def test_who_was_found_beside_whom_is_said() -> None:
    html = page(CASES["all"])
    assert "Copy 5-e took part beside copies 1-a and 2-b" in html
    assert '<span class="id">5-e</span> was found beside copies 1-a and 2-b.' in html


def test_of_a_group_nobody_is_accused() -> None:
    html = page(CASES["group"])
    assert "At least one of 3 copies took part." in html
    assert "none is accused" in html
    assert "<svg" not in html
    assert "at most one per cent of the bound, 1 in a million" in html


def test_the_appendix_has_the_figures_of_each_kind() -> None:
    html = page(CASES["all"])
    assert "own decoys by email: 11 of d = 300, N = 45,128, q0 = 1.44e-09" in html
    assert "rows, each held with chance 0.99: 2,038 held of 2,040 shown, 68,000 in all" in html
    assert "phone-layout in phone: 40 of 40 cells agree, 20 expected" in html
    assert "68,000 in all; beside 1-a, 2-b" in html
    assert '<td class="number">8 %</td><td class="number">-7.10</td><td class="number">-77.70</td>' in html


def test_hostile_names_are_escaped() -> None:
    marks = CodeEvidence("marks", [MarkShown("letter-case", HOSTILE, 40, 40, 20.0)], -12.0, 0.04)
    html = page(
        result(accusation("4-d", marks), data_set=HOSTILE),
        recipients={"4-d": HOSTILE.replace("\u202e", "")},
    )
    assert "<img" not in html
    assert "\u202e" not in html
    assert html.count("&gt;&lt;img src=x&gt;") >= 5


def test_several_data_sets_have_a_verdict_each() -> None:
    html = page(CASES["own"], result(data_set="orders"))
    assert html.index("“customers”") < html.index("1 copy took part.") < html.index("“orders”")
    assert html.index("“orders”") < html.index("No verdict.")


def test_a_few_that_cannot_be_the_only_source_stand_in_the_open_many_are_folded() -> None:
    few = page(result(accusation("4-d", OWN), not_only_source=["1-a", "2-b"]))
    assert "Cannot be the only source: 2 copies." in few
    assert "<details>" not in few
    many = page(result(accusation("4-d", OWN), not_only_source=[f"{n}-abcdefghij" for n in range(1_000)]))
    assert "Cannot be the only source: 1,000 copies." in many
    assert many.index("<details>") < many.index("<li>999-abcdefghij") < many.index("</details>")


def test_a_leak_of_a_thousand_copies_makes_a_page_of_at_most_200_kb() -> None:
    copies = [f"{n}-abcdefghij" for n in range(1_000)]
    html = page(
        result(
            *(accusation(copy, OWN, CODE, MARKS) for copy in copies),
            not_only_source=copies * 100,
            copies=10**5,
        )
    )
    assert len(html.encode()) <= 200_000
    assert "1,000 copies took part." in html
    assert html.count("<h4>") == TOLD
    assert html.count("own decoys by email") == TABLED
    assert "lists all 1,000" in html
    assert "Show the first 1,000" in html
