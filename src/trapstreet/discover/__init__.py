"""Finding where data about people lies, and how sensitive it is."""

from trapstreet.discover.domain.policy import Policy, default_policy, read_policy
from trapstreet.discover.service import Stock, take_stock

__all__ = ["Policy", "Stock", "default_policy", "read_policy", "take_stock"]
