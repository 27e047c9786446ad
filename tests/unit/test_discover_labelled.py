"""How often columns are taken for what they are, on those of public schemas that the recogniser was tuned on.

What it is worth on others, bench/columns.py says, on a half that was set aside.
"""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from trapstreet.discover.domain.recognise import SampledColumn, recognise

ROOT = Path(__file__).parents[2]
LABELLED = ROOT / "bench" / "columns" / "open.jsonl"


def test_of_labelled_columns_nearly_all_are_taken_for_what_they_are() -> None:
    right = taken = about_people = 0
    for line in LABELLED.read_text("utf-8").splitlines()[1:]:
        table = json.loads(line)
        columns = [SampledColumn(each["name"], each["type"], each["values"]) for each in table["columns"]]
        for label, held in zip(table["columns"], recognise(columns, table=table["table"]), strict=True):
            if label["holds"] is not None:
                right += bool(label["holds"]) and label["holds"] == held.kind
                taken += bool(held.kind)
                about_people += bool(label["holds"])
    assert about_people > 300
    assert right >= 0.98 * taken
    assert right >= 0.94 * about_people


@pytest.mark.parametrize("name", ["frozen", "second"])
def test_what_was_set_aside_is_as_it_was(name: str) -> None:
    digest = sha256((ROOT / "bench" / "columns" / f"{name}.jsonl").read_bytes()).hexdigest()
    assert digest in (ROOT / "bench" / "columns.py").read_text("utf-8")
    assert digest in (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
