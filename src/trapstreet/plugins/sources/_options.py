"""What the fields of settings say of themselves in a command's help."""

import msgspec


def option(description: str, metavar: str = "") -> msgspec.Meta:
    """A field's description, and what stands for its value in a command's help."""
    return msgspec.Meta(description=description, extra={"metavar": metavar} if metavar else None)
