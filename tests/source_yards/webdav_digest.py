"""A folder behind a WsgiDAV that takes no password in the clear."""

from typing import ClassVar

from source_yards import webdav


class Here(webdav.Here):
    digest: ClassVar[bool] = True
