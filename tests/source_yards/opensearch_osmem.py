"""Indices of osmem, which imitates OpenSearch in memory and lets everybody in."""

from functools import cache
from typing import ClassVar

from servers import _present
from source_yards import elasticsearch_noida
from source_yards._wheels import started


class Here(elasticsearch_noida.Here):
    many: ClassVar[int] = 500

    @staticmethod
    def server() -> int:
        return _present(_osmem)


@cache
def _osmem() -> int | None:
    """The port of a server of this session."""
    program = "osmem_server/bin/osmem-server"
    return started(program, "-addr", "127.0.0.1:{port}", "-no-stdin-watch", "-no-ja")
