"""Hand out copies that can be told apart: each with decoys of its own, each known by a commitment."""

from trapstreet.registered.source import batches_of_records, rows_of_records
from trapstreet.share.domain.coding import Terms
from trapstreet.share.domain.recipients import Recipients
from trapstreet.share.making import count_decoys, holds
from trapstreet.share.opening import open_copy
from trapstreet.share.planning import plan_copies
from trapstreet.share.refresh import Refreshed, refresh
from trapstreet.share.service import Copied, Outside, Writer, share
from trapstreet.share.strip import Stripped, strip

__all__ = [
    "Copied",
    "Outside",
    "Recipients",
    "Refreshed",
    "Stripped",
    "Terms",
    "Writer",
    "batches_of_records",
    "count_decoys",
    "holds",
    "open_copy",
    "plan_copies",
    "refresh",
    "rows_of_records",
    "share",
    "strip",
]
