"""JSON for machines, whatever files are called."""

import json
import os
from dataclasses import dataclass

from trapstreet.core.model.documents import json_of


@dataclass
class Found:
    path: tuple[str, ...]
    size: float


def test_a_name_that_is_no_text_is_spelled_out_and_all_else_is_as_ever() -> None:
    name = os.fsdecode(b"latin\xe4 \xf0\x9f\x99\x82.txt")
    found = Found(("/srv", name), 1.5)
    document = json_of({"found": [found], name: None})
    spelled = "latin\\udce4 \N{SLIGHTLY SMILING FACE}.txt"
    assert json.loads(document) == {"found": [{"path": ["/srv", spelled], "size": 1.5}], spelled: None}
    assert document.decode().startswith('{\n  "found": [')
    assert json_of({"a": "\N{SLIGHTLY SMILING FACE}"}) == '{\n  "a": "\N{SLIGHTLY SMILING FACE}"\n}'.encode()
