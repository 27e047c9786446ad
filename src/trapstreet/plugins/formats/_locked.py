"""Why something encrypted was not read, and what to do about it."""

UNTRIED = "encrypted; passwords are not tried on it: unpack it first"
"""Of what no password of the user's is tried on."""


def locked(passwords: int) -> str:
    """Of what so many passwords were tried on, and none opened."""
    if not passwords:
        return "encrypted: give --password-file"
    return (
        "encrypted: the password does not fit"
        if passwords == 1
        else (f"encrypted: none of the {passwords:,} passwords fits")
    )
