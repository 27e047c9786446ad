"""Who may read a file on an SMB server, in words, by its security descriptor."""

from collections.abc import Callable, Sequence

from trapstreet.plugins._smb.descriptors import ALLOWED, OBJECTS, ONLY_BELOW, Entry, descriptor_of

_ANYBODY = ("S-1-1-0", "S-1-5-7", "S-1-5-32-546")
_ACCOUNTS = ("S-1-5-11", "S-1-5-32-545", "S-1-5-2")
_DOMAIN_GROUPS = ("-513", "-514", "-515")


def readers_of(descriptor: bytes, *, of_files_in_it: bool) -> str:
    """Who may read; "" where it is nobody in particular.

    of_files_in_it  it is a folder's, and asked is who may read a file that is made there
    """
    try:
        listed = descriptor_of(descriptor).entries
    except ValueError:
        return ""
    if listed is None:  # no list at all lets everybody do everything
        return "everybody"
    inherited = [each for each in listed if each.flags & OBJECTS] if of_files_in_it else []
    entries = inherited or [each for each in listed if not each.flags & ONLY_BELOW]
    if _may_read(entries, _is_anybody):
        return "everybody"
    if _may_read(entries, lambda who: _is_anybody(who) or _is_account(who)):
        return "everybody at the company"
    return ""


def _may_read(entries: Sequence[Entry], concerns: Callable[[str], bool]) -> bool:
    for each in entries:
        if each.reads and not each.conditional and concerns(each.who):
            return each.kind == ALLOWED
    return False


def _is_anybody(who: str) -> bool:
    return who in _ANYBODY


def _is_account(who: str) -> bool:
    return who in _ACCOUNTS or (who.startswith("S-1-5-21-") and who.endswith(_DOMAIN_GROUPS))
