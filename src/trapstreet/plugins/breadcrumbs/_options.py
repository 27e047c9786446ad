"""What the fields of settings say of themselves, and the options that several kinds have."""

from typing import Annotated

import msgspec


def option(
    description: str, metavar: str = "", *, least: int | None = None, most: int | None = None
) -> msgspec.Meta:
    """A field's description and what stands for its value in a command's help."""
    return msgspec.Meta(
        description=description, ge=least, le=most, extra={"metavar": metavar} if metavar else None
    )


LikeUrl = Annotated[str, option("an address of your own site, whose style is taken", "URL")]
Template = Annotated[str, option("a file of your own; everything in it stays", "FILE")]
Replace = Annotated[str, option("address in the template that becomes the bait's; else one is added", "URL")]
