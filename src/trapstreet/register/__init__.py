"""Know your data again: keyed fingerprints of a table, in versions over time, never its plaintext."""

from trapstreet.register.domain.plan import Asked
from trapstreet.register.service import Registration, register

__all__ = ["Asked", "Registration", "register"]
