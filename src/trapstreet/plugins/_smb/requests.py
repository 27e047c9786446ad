"""Requests to SMB servers, built by smbprotocol."""

from typing import Any

READ_DATA, WRITE_DATA, READ_ATTRIBUTES, READ_CONTROL, DELETE = 0x1, 0x2, 0x80, 0x20000, 0x10000
OPEN, CREATE = 1, 2
ONLY_FOLDER, ONLY_FILE, LINK_ITSELF, DELETE_ON_CLOSE, AS_BACKUP = 0x1, 0x40, 0x200000, 0x1000, 0x4000
ANY = b"\xff" * 16
"""The file that the request before opens."""

_EVERY_SHARING = 7
_IMPERSONATION = 2
_FULL_INFORMATION = 38
"""With a number that tells files apart."""
_SECURITY, OWNER, LIST = 3, 1, 4
_DESCRIPTOR = 1 << 16


def creating(path: str, access: int, *, options: int = 0, disposition: int = OPEN) -> Any:
    from smbprotocol.open import SMB2CreateRequest

    request = SMB2CreateRequest()
    request["impersonation_level"] = _IMPERSONATION
    request["desired_access"] = access
    request["share_access"] = _EVERY_SHARING
    request["create_disposition"] = disposition
    request["create_options"] = options
    request["buffer_path"] = path.replace("/", "\\").encode("utf-16-le", "surrogatepass") or b"\0\0"
    return request


def closing(handle: bytes) -> Any:
    from smbprotocol.open import SMB2CloseRequest

    request = SMB2CloseRequest()
    request["file_id"] = handle
    return request


def listing(handle: bytes, length: int) -> Any:
    from smbprotocol.open import SMB2QueryDirectoryRequest

    request = SMB2QueryDirectoryRequest()
    request["file_information_class"] = _FULL_INFORMATION
    request["file_id"] = handle
    request["output_buffer_length"] = length
    request["buffer"] = "*".encode("utf-16-le")
    return request


def rights(handle: bytes, parts: int = LIST) -> Any:
    """parts: of the security descriptor, OWNER and LIST."""
    from smbprotocol.open import SMB2QueryInfoRequest

    request = SMB2QueryInfoRequest()
    request["info_type"], request["additional_information"] = _SECURITY, parts
    request["output_buffer_length"] = _DESCRIPTOR
    request["file_id"] = handle
    return request


def reading(handle: bytes, at: int, length: int) -> Any:
    from smbprotocol.open import SMB2ReadRequest

    request = SMB2ReadRequest()
    request["length"], request["offset"] = length, at
    request["file_id"], request["padding"] = handle, b"\x50"
    return request


def writing(handle: bytes, content: bytes, at: int) -> Any:
    from smbprotocol.open import SMB2WriteRequest

    request = SMB2WriteRequest()
    request["length"], request["offset"] = len(content), at
    request["file_id"], request["buffer"] = handle, content
    return request


def setting(handle: bytes, descriptor: bytes) -> Any:
    """To write the list of a file, and nothing else of its security descriptor."""
    from smbprotocol.open import SMB2SetInfoRequest

    request = SMB2SetInfoRequest()
    request["info_type"], request["additional_information"] = _SECURITY, LIST
    request["file_id"], request["buffer"] = handle, descriptor
    return request
