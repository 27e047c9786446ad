"""The one schema: Django models on SQLite or PostgreSQL, loaded when a command first needs them.

Importing this package is cheap; `trapstreet.store.models` brings Django, `connect` says which database.
"""

from trapstreet.store.database import connect, disconnect, migrate

__all__ = ["connect", "disconnect", "migrate"]
