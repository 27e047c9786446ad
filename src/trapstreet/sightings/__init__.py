"""Who fired a breadcrumb: the place of access, the program, and automata told from people.

    decoys = names.of(hit)                      none: nobody's name
    judge = Judge(place=…, first=…, …)
    for use in judge.judge(hit, decoys).uses:   an opinion on each, with reasons
        …
    incidents = judge.folded(known)

Nothing is discarded: a label is an opinion, and an incident counts every hit that it stands for. `joint`
weighs the uses of all decoys of an owner together.
"""

from trapstreet.sightings.domain import joint
from trapstreet.sightings.domain.client import Client
from trapstreet.sightings.domain.expected import Expectation
from trapstreet.sightings.domain.judging import Judge, Judged
from trapstreet.sightings.domain.label import Kind, Label
from trapstreet.sightings.domain.naming import Names, Used
from trapstreet.sightings.domain.persona import Persona

__all__ = [
    "Client",
    "Expectation",
    "Judge",
    "Judged",
    "Kind",
    "Label",
    "Names",
    "Persona",
    "Used",
    "joint",
]
