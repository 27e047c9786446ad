"""Hand out copies that can be told apart: each with decoys of its own, each known by a commitment."""

from trapstreet.share.domain.recipients import Recipients
from trapstreet.share.opening import open_copy
from trapstreet.share.service import Copied, Outside, share
from trapstreet.share.strip import Stripped, strip

__all__ = ["Copied", "Outside", "Recipients", "Stripped", "open_copy", "share", "strip"]
