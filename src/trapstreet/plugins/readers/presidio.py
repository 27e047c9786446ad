"""Reading by presidio and a pipeline of spaCy's that the user has installed: the extra `texts`."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import msgspec

from trapstreet.core.model.errors import PluginFailed, UnusableInput
from trapstreet.core.model.extras import require
from trapstreet.core.model.mentions import Mention, Reading
from trapstreet.plugins.readers._pipelines import pipeline_named
from trapstreet.sandbox import Limits, stream

LONGEST = 1_000
"""Characters of a text that are read."""

SECONDS = 20
"""For the texts of one column or file; what was read by then counts."""

_TARGET = "trapstreet.plugins.readers._presidio:mentions"
_LOADING = 60
"""Seconds that the largest pipelines take to load on a busy machine."""

_LIMITS = Limits(memory=6 << 30, cpu=SECONDS + _LOADING, silence=_LOADING, growth=4 << 30)

_decode = msgspec.msgpack.Decoder(list[tuple[str, int, int, float]]).decode


class Presidio:
    """A `Reader`. It reads in a process of the sandbox, which keeps the pipeline loaded between calls.

    Each text takes 1 to 30 ms, by its length and the pipeline; loading takes 2 s and more.
    """

    def __init__(self, named: str, recognisers: Iterable[str], *, beside: Path) -> None:
        """Raises UnusableInput where the extra or the pipeline is missing.

        named        as `pipeline_named` reads it
        recognisers  classes of presidio's that are used, beside the pipeline
        """
        require("presidio_analyzer", extra="texts", to="read free text")
        pipeline = pipeline_named(named, beside=beside)
        self.name = f"presidio {version('presidio-analyzer')}, {pipeline.name}"
        folder = str(pipeline.folder or "")
        self._asked = [folder, pipeline.language, [*recognisers]]
        self._limits = replace(_LIMITS, folders=(folder,) if folder else ())

    def read(self, texts: Sequence[str]) -> Reading:
        read: list[list[Mention]] = []
        try:
            for found in self._found([_legible(text[:LONGEST]) for text in texts]):
                read.append(found)  # noqa: PERF402  what came before a failure counts
        except PluginFailed as error:
            return Reading(read, error.message)
        if len(read) < len(texts):
            return Reading(read, f"it took longer than {SECONDS} s")
        return Reading(read)

    def _found(self, texts: Sequence[str]) -> Iterator[list[Mention]]:
        asked = msgspec.msgpack.encode([*self._asked, SECONDS, texts])
        with closing(self._sent(asked)) as sent:
            if next(sent, None) is not True:
                raise UnusableInput("presidio did not begin", hint="see that its versions fit: pip check")
            for found, text in zip(sent, texts, strict=False):
                yield [*_checked(found, len(text))]

    def _sent(self, asked: bytes) -> Generator[object]:
        yield from stream(_TARGET, asked, limits=self._limits)


def _checked(sent: object, length: int) -> Iterator[Mention]:
    """What a process that may have been hijacked says of a text, as far as it can be true."""
    if not isinstance(sent, bytes):
        raise PluginFailed("the reader of texts sent no mentions", hint="the texts may be made to break it")
    try:
        mentions = _decode(sent)
    except msgspec.MsgspecError:
        raise PluginFailed("the reader of texts sent no mentions", hint="see that its versions fit") from None
    for each in mentions:
        met = Mention(*each)
        if 0 <= met.start < met.end <= length:
            yield met


def _legible(text: str) -> str:
    """The text with something else, of the same length, in place of what is no character."""
    return text.encode("utf-8", "replace").decode()
