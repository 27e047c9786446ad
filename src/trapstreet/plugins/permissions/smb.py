"""Who may read what on an SMB server, Windows or Samba: the rights on its shares and on each file in them.

Files of one folder with the same rights are one resource with their number. Links and folders on other
servers are not followed. What the login may not look at is not known.
"""

from collections.abc import Callable

from trapstreet.core.model.rights import Rights
from trapstreet.plugins._smb.asking import Asked

title = "SMB shares (smb://user@server/[share[/folder]])"
schemes = ("smb",)


def rights(location: str) -> Rights:
    """The rights on all files of a server's shares, of one share, or below a folder, or on one file.

    Cost: some 1 ms of processor time a file. Raises Unreachable, AccessDenied, UnusableInput.
    """
    return Asked(location).rights()


def rights_within(handle: Callable[[], Rights], label: str) -> Rights:
    """The same as a change of rights would leave it, which whoever changes them knows."""
    return handle()
