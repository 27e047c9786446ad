"""One session with an SMB server, by smbprotocol: every answer in time, and no link followed.

Requests are built by the library; what comes in numbers, entries of folders and blocks of files, is taken
apart here.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from trapstreet.plugins._connecting import Refused
from trapstreet.plugins._smb.answers import (
    END_OF_FILE,
    NO_MORE,
    PART_OF_MESSAGE,
    content,
    in_our_words,
    lost,
    output,
)
from trapstreet.plugins._smb.login import Server, connection_to, logged_in
from trapstreet.plugins._smb.requests import (
    ANY,
    CREATE,
    DELETE,
    DELETE_ON_CLOSE,
    LINK_ITSELF,
    ONLY_FILE,
    ONLY_FOLDER,
    OPEN,
    READ_ATTRIBUTES,
    READ_CONTROL,
    READ_DATA,
    WRITE_DATA,
    closing,
    creating,
    listing,
    reading,
    rights,
    writing,
)
from trapstreet.plugins._smb.rpc import SHARES
from trapstreet.plugins._smb.shares import Share, shares
from trapstreet.plugins._smb.wire import Facts, Nonsense, entries_of, opened

if TYPE_CHECKING:
    from smbprotocol.connection import Request
    from smbprotocol.tree import TreeConnect

_BLOCK = 1 << 18
_UNDER_WAY = 4
_CREDITS = 64


class SmbSession:
    """Raises OSError: FileNotFoundError, PermissionError, FileExistsError and Refused are the server's no,
    others the connection's end, as is what smbprotocol raises."""

    _walking = 0
    """Options with which folders are opened, beside those that say that they are."""

    def __init__(self, server: Server) -> None:
        self.host = server.host
        self._connection = connection_to(server)
        self._trees: dict[str, TreeConnect] = {}
        try:
            self._session = logged_in(self._connection, server)
        except BaseException:
            self.close()
            raise

    @property
    def is_alive(self) -> bool:
        return bool(self._connection.transport and self._connection.transport.connected)

    def close(self) -> None:
        with suppress(*lost()):
            if self._connection.transport is not None:
                self._connection.disconnect(close=False)

    @contextmanager
    def pipe(self, name: str) -> Iterator[tuple[Callable[[bytes], object], Callable[[], bytes]]]:
        """How to write to a service's pipe, and read from it. An answer that is none becomes Refused."""
        handle, _ = self._create("IPC$", name, READ_DATA | WRITE_DATA | READ_ATTRIBUTES)
        try:
            yield (
                lambda packet: self._ask("IPC$", writing(handle, packet, 0)),
                lambda: content(self._ask("IPC$", reading(handle, 0, 1 << 16), tolerated=PART_OF_MESSAGE)[1]),
            )
        except ValueError as error:
            raise Refused(str(error)) from error
        finally:
            self.close_handle("IPC$", handle)

    def shares(self) -> list[Share]:
        """What the server offers. Raises PermissionError where it does not tell."""
        with self.pipe(SHARES.pipe) as (write, read):
            return shares(self.host, write, read)

    def look(self, share: str, path: str) -> tuple[Facts, bytes]:
        """Facts and security descriptor, b"" where that is not told."""
        try:
            handle, facts = self._create(share, path, READ_ATTRIBUTES | READ_CONTROL)
        except PermissionError:
            handle, facts = self._create(share, path, READ_ATTRIBUTES)
        try:
            return facts, self._descriptor(share, handle)
        finally:
            self.close_handle(share, handle)

    def folder(self, share: str, path: str) -> tuple[bytes, Iterator[tuple[bytes, Facts]]]:
        """Its security descriptor, b"" where that is not told; names, in UTF-16, and facts of what it holds,
        "." and ".." among them."""
        length = self._block
        try:
            handle, (descriptor, *told) = self._opened_with(
                share, path, READ_CONTROL, [rights(ANY), listing(ANY, length), listing(ANY, length)]
            )
        except (PermissionError, Refused):
            handle, told = self._opened_with(share, path, 0, [listing(ANY, length), listing(ANY, length)])
            descriptor = 0, b""
        return output(descriptor[1]), self._held(share, handle, told)

    def _opened_with(
        self, share: str, path: str, access: int, messages: list[Any]
    ) -> tuple[bytes, list[tuple[int, bytes]]]:
        """Opens a folder and asks several things of it, on one way there and back."""
        create = creating(
            path, READ_DATA | READ_ATTRIBUTES | access, options=ONLY_FOLDER | LINK_ITSELF | self._walking
        )
        tree = self._tree(share)
        requests = self._connection.send_compound(
            [create, *messages], self._session.session_id, tree.tree_connect_id, related=True
        )
        answers: list[tuple[int, bytes]] = []
        no: OSError | None = None
        for request in requests:
            try:
                answers.append(self._answer(request, tolerated=NO_MORE))
            except (FileNotFoundError, PermissionError, Refused) as error:
                no = no or error
        handle = opened(answers[0][1])[0] if answers else b""
        if no is not None:
            if handle:
                self.close_handle(share, handle)
            raise no
        return handle, answers[1:]

    def _held(
        self, share: str, handle: bytes, told: list[tuple[int, bytes]]
    ) -> Iterator[tuple[bytes, Facts]]:
        try:
            while True:
                for status, data in told:
                    if status == NO_MORE:
                        return
                    yield from entries_of(output(data))
                told = [self._ask(share, listing(handle, self._block), tolerated=NO_MORE)]
        finally:
            self.close_handle(share, handle)

    def open(self, share: str, path: str) -> tuple[bytes, Facts]:
        return self._create(share, path, READ_DATA | READ_ATTRIBUTES, options=ONLY_FILE)

    def read(self, share: str, handle: bytes, start: int, end: int) -> Generator[bytes, None, None]:
        """The bytes [start, end), or fewer where it ends before, with 4 requests of 256 KB under way."""
        asked: deque[tuple[Request, int, int]] = deque()
        block, at = self._block, start
        try:
            while True:
                while at < end and len(asked) < _UNDER_WAY:
                    length = min(block, end - at)
                    asked.append((self._send(share, reading(handle, at, length)), at, length))
                    at += length
                if not asked:
                    return
                request, offset, length = asked.popleft()
                status, answer = self._answer(request, tolerated=END_OF_FILE)
                if status == END_OF_FILE:
                    return
                data = content(answer)
                if not data or len(data) > length:
                    raise Nonsense("it answers with other bytes than were asked for")
                yield data
                if len(data) < length:
                    rest, left = offset + len(data), length - len(data)
                    asked.appendleft((self._send(share, reading(handle, rest, left)), rest, left))
        finally:
            for request, _, _ in asked:
                self._forget(request)

    def write_new(self, share: str, path: str, whole: bytes) -> None:
        handle, _ = self._create(share, path, WRITE_DATA | READ_ATTRIBUTES, disposition=CREATE)
        try:
            for at in range(0, len(whole), 1 << 16):
                self._ask(share, writing(handle, whole[at : at + (1 << 16)], at))
        finally:
            self.close_handle(share, handle)

    def remove(self, share: str, path: str) -> None:
        handle, _ = self._create(share, path, DELETE, options=ONLY_FILE | DELETE_ON_CLOSE | LINK_ITSELF)
        self.close_handle(share, handle)

    @property
    def _block(self) -> int:
        """Bytes that one request asks for."""
        known = min(self._connection.max_read_size, self._connection.max_transact_size)
        return min(_BLOCK if self._connection.supports_multi_credit else 1 << 16, int(known))

    def _tree(self, share: str) -> "TreeConnect":
        from smbprotocol.tree import TreeConnect

        if share not in self._trees:
            tree = TreeConnect(self._session, f"\\\\{self.host}\\{share}")
            with in_our_words():
                tree.connect(require_secure_negotiate=bool(self._session.signing_key))
            self._trees[share] = tree
        return self._trees[share]

    def _create(
        self, share: str, path: str, access: int, *, options: int = 0, disposition: int = OPEN
    ) -> tuple[bytes, Facts]:
        """Opens something; its handle and facts."""
        message = creating(path, access, options=options, disposition=disposition)
        return opened(self._ask(share, message)[1])

    def close_handle(self, share: str, handle: bytes) -> None:
        self._ask(share, closing(handle))

    def _descriptor(self, share: str, handle: bytes) -> bytes:
        try:
            return output(self._ask(share, rights(handle))[1])
        except (PermissionError, Refused):
            return b""

    def _ask(self, share: str, message: Any, *, tolerated: int = 0) -> tuple[int, bytes]:
        return self._answer(self._send(share, message), tolerated=tolerated)

    def _send(self, share: str, message: Any) -> "Request":
        tree = self._tree(share)
        return self._connection.send(
            message, self._session.session_id, tree.tree_connect_id, credit_request=_CREDITS
        )

    def _answer(self, request: "Request", *, tolerated: int = 0) -> tuple[int, bytes]:
        """Status and body of an answer, whose status is to be 0 or the one that is tolerated."""
        from smbprotocol.exceptions import SMBResponseException

        try:
            with in_our_words(tolerated):
                return 0, bytes(self._connection.receive(request)["data"].get_value())
        except SMBResponseException as error:
            return error.status, bytes(error.header["data"].get_value())

    def _forget(self, request: "Request") -> None:
        """Takes an answer that nobody wants any more, so that the library lets go of it."""
        with suppress(*lost()):
            self._connection.receive(request)
