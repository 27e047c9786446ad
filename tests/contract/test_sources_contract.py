"""What every kind of source promises, held against a real server of each (tests/source_yards/)."""

import re
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from source_yards import WRONG, Yard, yards
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.core.ports import Source, WritableSource
from trapstreet.plugins.sources import kinds

BYTES = bytes(range(256)) * 5000 + b"the end"


@pytest.fixture(params=yards())
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Yard]:
    made: Yard = request.param(request, tmp_path)
    yield made
    made.close()


@pytest.fixture(params=[here for here in yards() if here.values[0].remote])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Yard]:
    """A yard at a port, which may be another one."""
    made: Yard = request.param(request, tmp_path)
    yield made
    made.close()


@pytest.fixture(params=[here for here in yards() if not here.values[0].keeps])
def fleeting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Yard]:
    """A yard where what was put can be taken away."""
    made: Yard = request.param(request, tmp_path)
    yield made
    made.close()


def test_it_lists_every_object_once_with_its_size_and_marks_the_end(yard: Yard) -> None:
    put = {"one.txt": b"1", "none.txt": b"", "big.bin": BYTES, "notes.csv": b"name,mail\n"}
    if yard.nested:
        put |= {"deep/er/two.txt": b"22", "deep/three.txt": b"333"}
    yard.put_many(put)
    with closing(yard.source()) as source:
        found = listed(source)
        refs = [each for each in found if isinstance(each, Ref)]
        assert not [each for each in found if isinstance(each, Unread)]
        assert sorted(each.path for each in refs) == sorted(yard.name(path) for path in put)
        if yard.sizes:
            assert {each.path: each.size for each in refs} == {
                yard.name(path): len(yard.reads(path, content)) for path, content in put.items()
            }
        assert isinstance(found[-1], Mark)
        assert found[-1].whole or found[-1].cursor


def test_a_second_listing_names_the_same_in_the_same_order(yard: Yard) -> None:
    yard.put_many({f"{letter}.txt": letter.encode() for letter in "qwertz"})
    with closing(yard.source()) as one:
        first = listed(one)
        assert listed(one) == first
    with closing(yard.source()) as other:
        assert listed(other) == first


def test_it_opens_what_it_lists_byte_for_byte(yard: Yard) -> None:
    put = {"big.bin": BYTES, "none.txt": b"", "small.txt": b"small\r\n\x00"}
    yard.put_many(put)
    with closing(yard.source()) as source:
        refs = refs_of(source)
        found = {path: read(source, refs[yard.name(path)]) for path in put}
        assert found == {path: yard.reads(path, content) for path, content in put.items()}


def test_it_reads_a_part_of_an_object(yard: Yard) -> None:
    yard.put("big.bin", BYTES)
    whole = yard.reads("big.bin", BYTES)
    size = len(whole)
    with closing(yard.source()) as source:
        ref = refs_of(source)[yard.name("big.bin")]
        for start, end in [(0, 10), (100, 70_000), (size - 3, None), (size - 3, size), (5, 5), (0, None)]:
            assert read(source, ref, start, end) == whole[start:end], (start, end)


def test_an_object_can_be_opened_while_another_is_read_and_left_half_read(yard: Yard) -> None:
    yard.put_many({"big.bin": BYTES, "small.txt": b"small"})
    whole = yard.reads("big.bin", BYTES)
    with closing(yard.source()) as source:
        refs = refs_of(source)
        with source.open(refs[yard.name("big.bin")]) as half:
            assert half.read(10) == whole[:10]
        assert read(source, refs[yard.name("small.txt")]) == yard.reads("small.txt", b"small")
        assert read(source, refs[yard.name("big.bin")]) == whole


def test_the_version_is_another_one_when_the_content_is_and_the_same_otherwise(yard: Yard) -> None:
    yard.put_many({"changes.txt": b"before", "stays.txt": b"stays"})
    time.sleep(yard.settles)
    with closing(yard.source()) as source:
        before = refs_of(source)
    was = yard.name("changes.txt")
    yard.put("changes.txt", b"afterwards")
    with closing(yard.source()) as source:
        after = refs_of(source)
        content = read(source, after[yard.name("changes.txt")])
    assert content == yard.reads("changes.txt", b"afterwards")
    if yard.apart:
        assert after[yard.name("stays.txt")] == before[yard.name("stays.txt")]
    assert all(each.version for each in before.values())
    assert after[yard.name("changes.txt")].version != before[was].version


def test_awkward_names_are_listed_as_they_are_and_opened(yard: Yard) -> None:
    put = {name: name.encode(errors="surrogateescape") for name in yard.awkward}
    if yard.nested:
        put |= {f"{name.strip()} d/in it.txt": f"in {name!r}".encode() for name in yard.awkward}
    yard.put_many(put)
    with closing(yard.source()) as source:
        refs = refs_of(source)
        assert sorted(refs) == sorted(yard.name(path) for path in put)
        for path, content in put.items():
            assert read(source, refs[yard.name(path)]) == yard.reads(path, content), path


def test_an_empty_place_has_only_marks(yard: Yard) -> None:
    """Of a server on which others' tables lie, one more for those."""
    with closing(yard.source()) as source:
        found = listed(source)
    assert {type(each) for each in found} == {Mark}


@pytest.mark.parametrize("share", [20, pytest.param(1, marks=pytest.mark.slow)], ids=["few", "all"])
def test_many_objects_are_listed_in_little_memory_and_from_a_mark_the_rest(yard: Yard, share: int) -> None:
    many = yard.many // share
    put = {
        (f"d{number % 7}/e{number % 20}/{number}.txt" if yard.nested else f"{number}.txt"): b"%d" % number
        for number in range(many)
    }
    yard.put_many(put)
    with closing(yard.source()) as source:
        assert next(source.list(""))  # what is loaded once is loaded
        tracemalloc.start()
        try:
            found = [each.path if isinstance(each, Ref) else each for each in source.list("")]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert sum(isinstance(each, str) for each in found) == many
        assert peak < 8 << 20
        marks = [at for at, each in enumerate(found) if isinstance(each, Mark) and each.cursor]
        if marks:
            at = marks[len(marks) // 2]
            mark = found[at]
            assert isinstance(mark, Mark)
            rest = {each.path for each in source.list(mark.cursor) if isinstance(each, Ref)}
            assert {each for each in found[at:] if isinstance(each, str)} <= rest


def test_who_is_refused_hears_so_without_the_password(yard: Yard) -> None:
    for settings in yard.strangers():
        with pytest.raises(AccessDenied) as refused, closing(yard.source(settings)) as source:
            listed(source)
        assert_says_nothing_secret(refused.value)


def test_a_port_where_nobody_listens_is_unreachable_in_seconds(remote: Yard) -> None:
    with socket.socket() as probe:  # bound, and not listened at
        probe.bind(("127.0.0.1", 0))
        began = time.monotonic()
        with (
            pytest.raises(Unreachable) as refused,
            closing(remote.source(remote.at(probe.getsockname()[1]))) as source,
        ):
            listed(source)
    assert time.monotonic() - began < 5
    assert_says_nothing_secret(refused.value)


def test_a_server_that_says_nothing_is_unreachable_in_time(
    remote: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    with silence() as port, remote.hurried(monkeypatch):
        began = time.monotonic()
        with pytest.raises(Unreachable), closing(remote.source(remote.at(port))) as source:
            listed(source)
    assert time.monotonic() - began < 10


def test_a_server_of_another_kind_is_an_error_that_somebody_can_act_on(
    remote: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        babble() as port,
        remote.hurried(monkeypatch),
        pytest.raises(TrapstreetError) as refused,
        closing(remote.source(remote.at(port))) as source,
    ):
        listed(source)
    assert refused.value.status in (2, 3, 4)
    assert refused.value.hint
    assert_says_nothing_secret(refused.value)


def test_what_vanishes_between_listing_and_opening_is_an_os_error(fleeting: Yard) -> None:
    yard = fleeting
    yard.put_many({"goes.txt": b"goes", "stays.txt": b"stays"})
    with closing(yard.source()) as source:
        refs = refs_of(source)
        yard.remove("goes.txt")
        with pytest.raises(OSError):
            read(source, refs[yard.name("goes.txt")])
        assert read(source, refs[yard.name("stays.txt")]) == yard.reads("stays.txt", b"stays")


def test_what_changes_between_listing_and_opening_is_never_half_of_each(yard: Yard) -> None:
    yard.put("changes.txt", b"a" * 1000)
    with closing(yard.source()) as source:
        ref = refs_of(source)[yard.name("changes.txt")]
        yard.put("changes.txt", b"b" * 500)
        try:
            content = read(source, ref)
        except OSError:
            return
    assert content in [yard.reads("changes.txt", each) for each in (b"a" * 1000, b"b" * 500)]


def test_what_can_be_written_is_put_read_and_taken_out_again(yard: Yard) -> None:
    with closing(yard.source()) as source:
        assert isinstance(source, WritableSource) == (yard.kind in written_to())
        if not isinstance(source, WritableSource):
            return
        assert source.put("control record.txt", b"a decoy") == yard.name("control record.txt")
        refs = refs_of(source)
        assert list(refs) == [yard.name("control record.txt")]
        was = read(source, refs[yard.name("control record.txt")])
        assert yard.put_there(was) == b"a decoy"
        with pytest.raises(FileExistsError):
            source.put("control record.txt", b"another")
        assert read(source, refs_of(source)[yard.name("control record.txt")]) == was
        source.remove("control record.txt")
        assert not refs_of(source)
        with pytest.raises(OSError):
            source.remove("control record.txt")


def test_every_kind_says_what_it_is_and_what_it_reveals() -> None:
    for name, kind in kinds().items():
        assert kind.title, name
        assert kind.reveals.endswith("."), name
        assert all(scheme == scheme.lower() for scheme in kind.schemes), name
    schemes = [scheme for kind in kinds().values() for scheme in kind.schemes]
    assert len(schemes) == len(set(schemes))


def test_every_kind_is_held_to_these_promises() -> None:
    held = {here.values[0].kind for here in yards()}  # type: ignore[attr-defined]
    assert set(kinds()) - held <= {"stdin"}


def written_to() -> set[str]:
    """The kinds of which the manual says that control records can be written there."""
    manual = Path(__file__).parents[2] / "docs" / "sources.md"
    return {*re.findall(r"^\| \[(\w+)\]\(#\w+\) \|.*\| yes\b.*\|$", manual.read_text(), re.MULTILINE)}


def listed(source: Source, cursor: str = "") -> list[Ref | Unread | Mark]:
    return list(source.list(cursor))


def refs_of(source: Source) -> dict[str, Ref]:
    found = [each for each in source.list("") if isinstance(each, Ref)]
    refs = {each.path: each for each in found}
    assert len(refs) == len(found)
    return refs


def read(source: Source, ref: Ref, start: int = 0, end: int | None = None) -> bytes:
    """Reads in steps of uneven sizes, as a decoder would."""
    draw, pieces = Random(1), []
    with source.open(ref, start, end) as file:
        while piece := file.read(draw.choice((1, 1000, 65536, 1 << 20))):
            pieces.append(piece)
    return b"".join(pieces)


def assert_says_nothing_secret(error: BaseException) -> None:
    seen: BaseException | None = error
    while seen is not None:
        assert WRONG not in f"{seen!r} {seen}"
        seen = seen.__cause__ or seen.__context__


class silence:  # noqa: N801 - a context manager
    """A port that takes connections and never says a word."""

    def __enter__(self) -> int:
        self._socket = socket.create_server(("127.0.0.1", 0))
        return int(self._socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._socket.close()


class babble:  # noqa: N801
    """A port whose server says something that is no known protocol, to everybody, and hangs up."""

    def __enter__(self) -> int:
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return int(self._socket.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                met, _ = self._socket.accept()
            except OSError:
                return
            with met:
                try:
                    met.settimeout(5)
                    met.sendall(b"\x00\xff<html> what do you want? \r\n" * 20)
                    met.shutdown(socket.SHUT_WR)
                    while met.recv(65536):
                        pass
                except OSError:
                    pass

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
