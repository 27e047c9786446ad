"""Disposable processes for parsers of hostile input.

A parser that aborts, hangs or eats memory takes its own process with it and nothing else. `stream` starts
one, yields what it yields, and leaves no process behind.
"""

from trapstreet.sandbox.stream import Argument, Limits, stream

__all__ = ["Argument", "Limits", "stream"]
