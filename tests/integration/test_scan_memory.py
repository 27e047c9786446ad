"""Memory does not grow with what is scanned: one line of 300 MB, the same in lines, the same packed."""

import gzip
import json

import pytest

from children import ran
from desk import Desk
from offices import Office
from people import customer_file

pytestmark = pytest.mark.slow

SIZE = 300_000_000
MORE = 100_000_000
"""What a scan of 300 MB may need more than one of a few bytes: some stretches for each of two threads."""

FORMS = ("one line", "lines", "gzip, one line")


@pytest.fixture
def desk(office: Office) -> Desk:
    office.init("workspace")
    desk = Desk(office.folder, office.capsys)
    desk.do("register", customer_file(desk.folder / "customers.csv", 2000), "--name", "customers")
    return desk


@pytest.mark.parametrize("form", FORMS)
def test_300_mb_take_no_more_memory_than_a_few_stretches(desk: Desk, form: str) -> None:
    strangers = customer_file(desk.folder / "strangers.csv", 20_000, seed=9).read_bytes()
    ours = (desk.folder / "customers.csv").read_bytes()
    if "one line" in form:
        strangers, ours = (each.replace(b"\r\n", b" ").replace(b"\n", b" ") for each in (strangers, ours))
    peaks = []
    for times in (0, SIZE // len(strangers)):
        file = desk.folder / f"{times}.heap"
        with gzip.open(file, "wb", compresslevel=1) if "gzip" in form else file.open("wb") as out:
            for _ in range(times):
                out.write(strangers)
            out.write(ours)
        ended = ran(desk.folder, ["scan", file, "--workspace", desk.workspace, "--json"])
        assert ended.status == 1, ended.err
        report = json.loads(ended.out)
        assert report["scanned"]["bytes"] == times * len(strangers) + len(ours)
        assert sum(each["records"] for each in report["findings"]) == 2000
        peaks.append(ended.peak)
        file.unlink()
    assert peaks[1] < peaks[0] + MORE, peaks
