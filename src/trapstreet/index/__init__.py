"""Fingerprints on disk, and the search for them in text.

A data set's index is a folder of segments, each written once: one per version (the records that appeared or
changed, and the ids of those that ended) and one per copy (its decoys). `Lookup` joins the segments of many
data sets; a matcher walks text and asks it; `RecordJoin` makes leaked records of its matches.
"""

from trapstreet.index.candidates import Candidates
from trapstreet.index.decoys import DecoyRows
from trapstreet.index.fingerprints import Fingerprinter, total_digest
from trapstreet.index.lookup import DataSetIndex, Lookup, Owner
from trapstreet.index.matcher import Match, Matcher, Matches
from trapstreet.index.records import Joined, RecordJoin, Seen, State
from trapstreet.index.reference import ReferenceMatcher
from trapstreet.index.segment import Header, Segment, SegmentWriter
from trapstreet.index.shelf import Shelf
from trapstreet.index.versions import Living, ended_at, living

__all__ = [
    "Candidates",
    "DataSetIndex",
    "DecoyRows",
    "Fingerprinter",
    "Header",
    "Joined",
    "Living",
    "Lookup",
    "Match",
    "Matcher",
    "Matches",
    "Owner",
    "RecordJoin",
    "ReferenceMatcher",
    "Seen",
    "Segment",
    "SegmentWriter",
    "Shelf",
    "State",
    "ended_at",
    "living",
    "total_digest",
]
