"""Indices of an OpenSearch."""

from typing import ClassVar

from source_yards import elasticsearch


class Here(elasticsearch.Here):
    dialect: ClassVar[str] = "opensearch"
