"""The tables, one module per capability."""

from trapstreet.store.django_settings import configure

configure()  # models are classes of a set-up Django, whoever imports them first

from trapstreet.store.models.access import (  # noqa: E402
    KeptRights,
    Review,
    ReviewDecision,
    ReviewItem,
    ReviewReminder,
    RightsChange,
    RightsPlace,
    RightsTaken,
)
from trapstreet.store.models.cases import (  # noqa: E402
    Alert,
    Case,
    CaseEntry,
    Delivery,
    Found,
    Lease,
    Raised,
    RouteTest,
)
from trapstreet.store.models.catalogue import Copy, DataSet, Edition, Pool, Recipient, Version  # noqa: E402
from trapstreet.store.models.control import ControlRecord, SourceRhythm  # noqa: E402
from trapstreet.store.models.evidence import (  # noqa: E402
    Baseline,
    BaselinePart,
    CaseTrace,
    LeakShape,
    Snapshot,
    SnapshotOf,
)
from trapstreet.store.models.holdings import DiscoveredObject, DiscoveredPlace  # noqa: E402
from trapstreet.store.models.imports import LogImport  # noqa: E402
from trapstreet.store.models.log import Checkpoint, LogHead, LogLeaf  # noqa: E402
from trapstreet.store.models.origin import Kit, Origin  # noqa: E402
from trapstreet.store.models.plantings import Decoy, Planting  # noqa: E402
from trapstreet.store.models.recalls import IndexedSegment  # noqa: E402
from trapstreet.store.models.sightings import (  # noqa: E402
    Background,
    DamagedRecord,
    Heard,
    Incident,
    Sighting,
    TakenCallback,
    TakenSegment,
    UsedToken,
)
from trapstreet.store.models.suppression import ExpectedUse, SuppressionCall, SuppressionJob  # noqa: E402
from trapstreet.store.models.watching import SeenObject, WatchedSource, WatchTotal  # noqa: E402

__all__ = [
    "Alert",
    "Background",
    "Baseline",
    "BaselinePart",
    "Case",
    "CaseEntry",
    "CaseTrace",
    "Checkpoint",
    "ControlRecord",
    "Copy",
    "DamagedRecord",
    "DataSet",
    "Decoy",
    "Delivery",
    "DiscoveredObject",
    "DiscoveredPlace",
    "Edition",
    "ExpectedUse",
    "Found",
    "Heard",
    "Incident",
    "IndexedSegment",
    "KeptRights",
    "Kit",
    "LeakShape",
    "Lease",
    "LogHead",
    "LogImport",
    "LogLeaf",
    "Origin",
    "Planting",
    "Pool",
    "Raised",
    "Recipient",
    "Review",
    "ReviewDecision",
    "ReviewItem",
    "ReviewReminder",
    "RightsChange",
    "RightsPlace",
    "RightsTaken",
    "RouteTest",
    "SeenObject",
    "Sighting",
    "Snapshot",
    "SnapshotOf",
    "SourceRhythm",
    "SuppressionCall",
    "SuppressionJob",
    "TakenCallback",
    "TakenSegment",
    "UsedToken",
    "Version",
    "WatchTotal",
    "WatchedSource",
]
