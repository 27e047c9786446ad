"""trapstreet: marked copies of customer data, leak detection, and who leaked it."""

__version__ = "0.1.0"
