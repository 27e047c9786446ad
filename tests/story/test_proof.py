"""A proof, as the one who makes it and the one who checks it meet it."""

import hashlib
import json
import shutil
import subprocess
import sys
from itertools import chain
from operator import itemgetter
from pathlib import Path
from random import Random

import pytest

from desk import Desk
from people import customer_file, read_csv
from trapstreet.app.workspace import Workspace
from trapstreet.cli import run
from trapstreet.plugins.formats import read as texts_in
from trapstreet.plugins.sources import objects
from trapstreet.proof import read, recount

pytestmark = pytest.mark.slow

PROOFS = {"paste.txt": "proof.json", "whole.txt": "whole.json", "both.txt": "both.json"}
OWNED = 'domains = ["post.harbour.example", "mail.quay.example"]'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three copies of 3,000 customers with 300 decoys each, two of them with withheld rows and a mark; and
    leaks: some rows of the second, typed anew; all of it; the records that it and the third have both."""
    folder = tmp_path_factory.mktemp("office")
    table = customer_file(folder / "customers.csv", 3_000)
    workspace, keys, kit = (folder / name for name in ("workspace", "keys", "kit.txt"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPSTREET_KIT_PASSPHRASE", "a passphrase for tests")
        _do("init", workspace, "--keys", keys, "--kit", kit, "--kit-confirmed")
        settings = workspace / "trapstreet.toml"
        settings.write_text(settings.read_text().replace("domains = []", OWNED))
        _do("register", table, "--name", "customers", "--workspace", workspace)
        coded = ("--withhold", "1%", "--mark", "phone=phone-layout")
        for copy, code in (("copy0.csv", ()), ("copy1.csv", coded), ("copy2.csv", coded)):
            asked = ("--to", copy, "--out", folder / copy, "--decoys", 300, *code)
            _do("share", "customers", *asked, "--workspace", workspace)
    rows = Random(1).sample(read_csv(folder / "copy1.csv"), 250)
    lines = [f"{row['email'].upper()} / {row['name']} / {row['phone']} / {row['ticket']}" for row in rows]
    (folder / "paste.txt").write_text("\n".join(lines))
    shutil.copy(folder / "copy1.csv", folder / "whole.txt")
    one, other = ({row["ticket"] for row in read_csv(folder / name)} for name in ("copy1.csv", "copy2.csv"))
    rows = [row for row in read_csv(table) if row["ticket"] in one & other]
    (folder / "both.txt").write_text("\n".join(" ".join(row.values()) for row in rows))
    return folder


def _do(*arguments: object, status: int = 0) -> None:
    assert run([str(each) for each in arguments]) == status


@pytest.fixture(scope="module")
def away(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The proofs and the leaks in a folder of somebody who has nothing else."""
    away = tmp_path_factory.mktemp("away")
    for leak, name in PROOFS.items():
        proof, workspace = away / name, folder / "workspace"
        _do("trace", folder / leak, "--proof", proof, "--workspace", workspace, status=1)
        assert proof.stat().st_mode & 0o777 == 0o600
        shutil.copy(folder / leak, away / leak)
    shutil.copy(folder / "copy0.csv", away / "copy0.csv")
    return away


@pytest.fixture
def leaked(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk at a workspace of this test's own, with the copies and the leak."""
    shutil.copytree(folder / "workspace", tmp_path / "workspace")
    for name in ("paste.txt", "customers.csv"):
        shutil.copy(folder / name, tmp_path / name)
    return Desk(tmp_path, capsys)


@pytest.fixture
def proved(away: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An empty desk but for the proof and the leak."""
    monkeypatch.chdir(away)
    monkeypatch.delenv("TRAPSTREET_WORKSPACE", raising=False)
    return Desk(away, capsys)


@pytest.fixture(scope="module")
def log_key(folder: Path) -> str:
    """The log key as the workspace's owner publishes it: it stands on the recovery kit."""
    (line,) = [line for line in (folder / "kit.txt").read_text().splitlines() if "Log key" in line]
    return line.split()[-1]


def verify(desk: Desk, *arguments: object, status: int = 0) -> str:
    """The command as somebody types it who has no workspace."""
    assert desk.run("verify", *arguments) == status, desk.out + desk.err
    return desk.out


def test_a_proof_holds_in_an_empty_folder_and_says_what_is_on_trust(proved: Desk, log_key: str) -> None:
    out = verify(proved, "proof.json")
    assert "The proof holds" in out
    assert log_key in out
    assert "took part.\nBy its decoys: " in out
    assert hashlib.sha256(Path("paste.txt").read_bytes()).hexdigest() in out
    assert "that the log key is the workspace's" in out
    assert "name the leak's files" in out

    out = verify(proved, "proof.json", "paste.txt", "--log-key", log_key)
    assert "that the log key is" not in out
    assert "name the leak's files" not in out

    verify(proved, "proof.json", "--json")
    answer = json.loads(proved.out)
    assert answer["holds"] is True
    assert answer["recounted"] is answer["expected_key"] is False
    (accused,) = answer["accused"]
    evidence = accused["evidence"][0]
    assert evidence["kind"] == "unique decoys"
    assert 200 < evidence["of"] < 260, "of 300; the others are shared"
    assert evidence["log10_p"] < -50
    assert answer["on_trust"]


def test_a_proof_holds_for_both_who_kept_only_what_their_copies_have_in_common(
    proved: Desk, folder: Path
) -> None:
    leaked = Path("both.txt").read_text().splitlines()
    out = verify(proved, "both.json", "both.txt")
    assert out.count("took part") == out.count("By its code: it lacks 0 of the 2,9") == 2
    assert "By its decoys" not in out
    assert "that the decoys are in the leak" not in out
    assert "which records and shared decoys the leak shows" in out

    verify(proved, "both.json", "--json")
    answer = json.loads(proved.out)
    assert [each["copy"].partition("-")[0] for each in answer["accused"]] in (["2", "3"], ["3", "2"])
    for accused in answer["accused"]:
        (evidence,) = accused["evidence"]
        assert evidence["kind"] == "code"
        rows = evidence["layers"][-1]
        assert rows["held"] == rows["shown"] == evidence["leaked"] == len(leaked)
        assert evidence["log10_p"] < -10

    proof = Path("both.json").read_text()
    document = json.loads(proof)
    assert not any("own" in accused for accused in document["claims"]["data_sets"][0]["accused"])
    for row in chain.from_iterable(read_csv(folder / f"copy{number}.csv") for number in range(3)):
        assert row["email"] not in proof
        assert row["email"].encode().hex() not in proof


def test_a_proof_shows_each_kind_of_evidence_that_there_is(proved: Desk) -> None:
    out = verify(proved, "whole.json", "whole.txt")
    assert [out.count(f"By its {kind}: ") for kind in ("decoys", "code", "marks")] == [1, 1, 1]
    assert out.count("took part") == 1
    verify(proved, "whole.json", "--json")
    (accused,) = json.loads(proved.out)["accused"]
    own, *others = accused["evidence"]
    code, marks = sorted(others, key=itemgetter("kind"))
    assert own["hits"] == own["of"]
    pool, rows = code["layers"]
    assert pool["held"] == pool["shown"] == 300 - own["of"]
    assert rows["held"] == rows["shown"]
    assert code["log10_p"] < -30
    (phones,) = marks["layers"]
    assert phones["agree"] > 0.95 * phones["cells"] > 2_000
    assert marks["log10_p"] < -300


def test_the_leak_read_again_has_as_many_candidates_as_the_trace_counted(proved: Desk) -> None:
    claims = read(Path("proof.json").read_bytes()).claims
    seen = recount(chain.from_iterable(map(texts_in, objects("paste.txt"))), claims)
    (data_set,) = claims.data_sets
    assert len(data_set.tested) == 6, "three kinds and their pairs"
    assert seen.candidates == {frozenset(each.fields): each.candidates for each in data_set.tested}


def test_a_proof_of_another_leak_or_under_another_key_does_not_hold(proved: Desk) -> None:
    assert "not in the files given" in verify(proved, "proof.json", "copy0.csv", status=1)
    other = "trapstreet/abcdefghijklmnop+4f3d7636+AcXdpKaE5Hs9rJcgUt//TKOFgllF6lT5+k6smRZmE6oq"
    assert "another log key" in verify(proved, "proof.json", "--log-key", other, status=1)
    verify(proved, "proof.json", "--log-key", "nonsense", status=2)
    assert "--log-key" in proved.err
    verify(proved, "proof.json", "nowhere.txt", status=4)
    verify(proved, "nowhere.json", status=4)


def test_an_altered_proof_does_not_hold(proved: Desk) -> None:
    document = json.loads(Path("proof.json").read_text())
    document["claims"]["copies"] = 1
    altered = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    Path("altered.json").write_text(altered)
    assert "not those on record" in verify(proved, "altered.json", status=1)
    verify(proved, "altered.json", "--json", status=1)
    assert json.loads(proved.out)["holds"] is False


def test_a_file_that_is_no_proof_is_one_clear_line(proved: Desk) -> None:
    whole = Path("proof.json").read_bytes()
    hostile = {
        "cut": whole[: len(whole) // 2],
        "empty": b"",
        "controls": b'{"\x1b[31m\x07\xe2\x80\xae":1}',
        "escaped": whole.replace(b'"by":"', b'"by":"\\u001b[31m'),
        "deep": b"[" * 1_000_000,
        "large": b"{" + b" " * (40 << 20),
    }
    for name, data in hostile.items():
        Path(name).write_bytes(data)
        status = proved.run("verify", name)
        assert status == (1 if name == "escaped" else 2), name
        assert len((proved.out + proved.err).splitlines()) == 1
        assert (proved.out + proved.err).strip().isprintable()


def test_a_source_of_endless_bytes_is_read_to_a_limit(proved: Desk) -> None:
    verify(proved, "/dev/zero", status=2)
    assert "32 MiB" in proved.err


@pytest.mark.parametrize("proof", PROOFS.values())
def test_verifying_takes_a_second_at_most_and_loads_no_registry(proved: Desk, proof: str) -> None:
    program = f"""
import sys, time
from trapstreet.cli import run
from trapstreet.plugins.formats import read as texts_in
from trapstreet.plugins.sources import objects
from trapstreet.proof import read, recount
begun = time.process_time()
status = run(["verify", "{proof}"])
took = time.process_time() - begun
heavy = {{"django", "psycopg", "pyarrow"}} & set(sys.modules)
print("ended", status, took, sorted(heavy), file=sys.stderr)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    _, status, took, *heavy = ended.stderr.split()
    assert status == "0"
    assert " ".join(heavy) == "[]"
    assert float(took) <= 1, f"{took} s of processor time"


def test_only_the_accused_copy_is_opened(proved: Desk) -> None:
    """Nothing of the other copies' decoys, and of the accused copy's only the values that leaked."""
    proof = Path("proof.json").read_text()
    leak = Path("paste.txt").read_text().lower()
    document = json.loads(proof)
    (accused,) = document["claims"]["data_sets"][0]["accused"]
    hits = set(accused["own"]["hits"])
    for decoy in accused["own"]["decoys"]:
        for cell in decoy["cells"]:
            assert ("form" in cell) <= (decoy["id"] in hits)
            if "form" in cell and cell["column"] == "email":
                assert bytes.fromhex(cell["form"]).decode() in leak
    for row in read_csv(Path("copy0.csv")):
        assert row["email"] not in proof
        assert row["email"].encode().hex() not in proof


def test_without_an_accusation_there_is_no_proof(leaked: Desk) -> None:
    real = read_csv(leaked.folder / "customers.csv")[:200]
    source = leaked.write("source.txt", "\n".join(row["email"] for row in real))
    proof = leaked.folder / "proof.json"
    assert "NO PROOF  no copy is accused" in leaked.do("trace", source, "--proof", proof, status=1)
    answer = leaked.json("trace", source, "--proof", proof, status=1)
    assert answer["proof"] == {"file": None, "why": "no copy is accused"}
    foreign = leaked.write("foreign.txt", "nothing of ours")
    assert "NO PROOF" in leaked.do("trace", foreign, "--proof", proof, status=0)
    assert list(leaked.folder.glob("*proof*")) == []
    assert "proof" not in leaked.json("trace", source, status=1)


def test_a_proof_overwrites_nothing_and_goes_into_the_log(leaked: Desk) -> None:
    there = leaked.write("there.json", "precious")
    leaked.refused(2, "trace", leaked.folder / "paste.txt", "--proof", there)
    assert there.read_text() == "precious"
    from trapstreet.store.models import LogLeaf

    def on_record() -> int:
        entries = LogLeaf.objects.values_list("entry", flat=True)
        return sum(b"eproof" in bytes(entry) for entry in entries)

    before = on_record()
    leaked.do("trace", leaked.folder / "paste.txt", "--proof", leaked.folder / "one.json", status=1)
    answer = leaked.json(
        "trace", leaked.folder / "paste.txt", "--proof", leaked.folder / "two.json", status=1
    )
    assert answer["proof"] == {"file": str(leaked.folder / "two.json"), "why": None}
    assert on_record() == before + 2
    leaked.do("doctor")
    (traced,) = answer["data_sets"][0]["accused"]
    verify(leaked, leaked.folder / "two.json", "--json")
    (proved,) = json.loads(leaked.out)["accused"]
    assert (proved["copy"], proved["evidence"][0]["log10_p"]) == (traced["copy"], traced["log10_p"])
    for name in ("one.json", "two.json"):
        verify(leaked, leaked.folder / name, leaked.folder / "paste.txt")


def test_a_copy_of_an_older_version_has_a_verdict_and_no_proof(leaked: Desk) -> None:
    ring = Workspace.open(leaked.workspace).ring
    from trapstreet.keys.sealing import seal
    from trapstreet.store.models import Edition

    for edition in Edition.objects.all():
        copy = edition.copy_id
        edition.opening = seal(ring.storage_key(copy), bytes(32), aad=b"nonce " + copy.encode())
        edition.save()
    proof = leaked.folder / "proof.json"
    out = leaked.do("trace", leaked.folder / "paste.txt", "--proof", proof, status=1)
    assert "took part" in out
    assert "NO PROOF" in out
    assert "older trapstreet" in out
    assert not proof.exists()
