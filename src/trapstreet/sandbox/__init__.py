"""Disposable processes for parsers of hostile input.

A parser that aborts, hangs or eats memory takes its own process with it and nothing else; one that an input
has hijacked finds no network, no files and no other process there. `stream` yields what a generator function
yields in such a process, `measures` says what confines them on this machine.
"""

from trapstreet.sandbox.confine import Measures
from trapstreet.sandbox.stream import Argument, Limits, measures, stream

__all__ = ["Argument", "Limits", "Measures", "measures", "stream"]
