"""Fingerprints on disk, and the search for them in text.

A data set's index is a folder of segments, each written once: one per version (the records that appeared or
changed, and the ids of those that ended) and one per copy (its decoys). `Lookup` joins the segments of many
data sets; a matcher walks text and asks it; `RecordJoin` makes leaked records of its matches.
"""

from trapstreet.index.candidates import Candidates
from trapstreet.index.codes import count_held
from trapstreet.index.decoys import DecoyRows
from trapstreet.index.fingerprints import Fingerprinter, Prints, Traits, fingerprints_of, total_digest
from trapstreet.index.kernel import KernelMatcher
from trapstreet.index.lookup import DataSetIndex, Lookup, Owner, is_planting
from trapstreet.index.matcher import CandidateForms, Hits, Match, Matcher, Matches, assemble
from trapstreet.index.met import Joined, Met
from trapstreet.index.records import RecordJoin
from trapstreet.index.reference import ReferenceMatcher
from trapstreet.index.seen import Pair, Seen
from trapstreet.index.segment import Header, Segment
from trapstreet.index.shelf import Shelf
from trapstreet.index.sketch import Sketch
from trapstreet.index.space import Space, SpaceSampler
from trapstreet.index.spill import SHARED
from trapstreet.index.table import Table, build
from trapstreet.index.versions import Living, ended_at, held_in, living
from trapstreet.index.writer import SegmentWriter

__all__ = [
    "SHARED",
    "CandidateForms",
    "Candidates",
    "DataSetIndex",
    "DecoyRows",
    "Fingerprinter",
    "Header",
    "Hits",
    "Joined",
    "KernelMatcher",
    "Living",
    "Lookup",
    "Match",
    "Matcher",
    "Matches",
    "Met",
    "Owner",
    "Pair",
    "Prints",
    "RecordJoin",
    "ReferenceMatcher",
    "Seen",
    "Segment",
    "SegmentWriter",
    "Shelf",
    "Sketch",
    "Space",
    "SpaceSampler",
    "Table",
    "Traits",
    "assemble",
    "build",
    "count_held",
    "ended_at",
    "fingerprints_of",
    "held_in",
    "is_planting",
    "living",
    "total_digest",
]
