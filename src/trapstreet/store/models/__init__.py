"""The tables, one module per capability."""

from trapstreet.store.django_settings import configure

configure()  # models are classes of a set-up Django, whoever imports them first

from trapstreet.store.models.catalogue import Copy, DataSet, Edition, Pool, Recipient, Version  # noqa: E402
from trapstreet.store.models.log import Checkpoint, LogHead, LogLeaf  # noqa: E402
from trapstreet.store.models.origin import Kit, Origin  # noqa: E402

__all__ = [
    "Checkpoint",
    "Copy",
    "DataSet",
    "Edition",
    "Kit",
    "LogHead",
    "LogLeaf",
    "Origin",
    "Pool",
    "Recipient",
    "Version",
]
