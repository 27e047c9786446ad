"""Memory does not grow with what is scanned: a line of 300 MB, of 3 GB; the same in lines, packed."""

import gzip
import json
import subprocess

import pytest

from children import program, ran
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


def test_a_line_of_3_gb_is_searched_to_its_end(desk: Desk) -> None:
    first, last = (desk.folder / "customers.csv").read_bytes().splitlines()[1:3]
    words = (b"all of it in one line, and on it goes; " * 30_000)[: 1 << 20]
    peaks = []
    for times in (1, 3 << 10):
        log, out = desk.folder / "peak", desk.folder / "out"
        command = program(log, "scan", "-", "--workspace", desk.workspace, "--json")
        with out.open("wb") as stdout, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout) as run:
            assert run.stdin
            run.stdin.write(first)
            for _ in range(times):
                run.stdin.write(words)
            run.stdin.write(last)
            run.stdin.close()
        assert run.returncode == 1
        report = json.loads(out.read_bytes())
        assert report["scanned"]["bytes"] == (times << 20) + len(first) + len(last)
        assert report["unread"] == []
        assert sum(each["records"] for each in report["findings"]) == 2
        peaks.append(int(log.read_text()) * 1024)
    assert peaks[1] < peaks[0] + MORE, peaks
