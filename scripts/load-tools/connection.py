"""HTTP/1.1 over plain sockets: lean, so that one process can be many clients, and with the kernel's own receive times.

A busy client reads an answer some time after it has arrived. So that this is not taken for the coordinator's delay, the
kernel notes when each packet came in (SO_TIMESTAMPNS), and `Answer.received` is that time.
"""
import asyncio
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass

# Linux has had this number since 2.6; Python has no name for it.
SO_TIMESTAMPNS = 35
TIMESPEC = struct.Struct("qq")
LARGEST_ANSWER = 8 << 20


class ConnectionLost(Exception):
    """The coordinator closed the connection, or there is none to be had."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Times are nanoseconds since 1970."""

    status: int
    body: bytes
    sent: int
    received: int
    read: int

    @property
    def milliseconds(self) -> float:
        return (self.received - self.sent) / 1e6


def parse(data: bytearray) -> tuple[int, bytes] | None:
    """Status and body, as soon as both are there. Only answers with a Content-Length are read, or without a body."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(data[:end]).lower()
    status = int(head[9:12])
    if status < 200:
        del data[:end + 4]
        return parse(data)
    _, found, rest = head.partition(b"\r\ncontent-length:")
    length = int(rest.split(b"\r\n", 1)[0]) if found and status != 204 else 0
    if len(data) < end + 4 + length:
        return None
    return status, bytes(data[end + 4:end + 4 + length])


async def open_socket(port: int, source: str) -> socket.socket:
    """A connection from the loopback address `source`; not blocking."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        sock.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    except BaseException:
        sock.close()
        raise
    return sock


class Connection:
    """One request at a time."""

    def __init__(self, sock: socket.socket):
        self.sock, self.data, self.received, self.is_open, self.uses = sock, bytearray(), 0, True, 0
        self.waiting: asyncio.Future[Answer] | None = None
        self.sent = 0
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(sock.fileno(), self.readable)

    def readable(self) -> None:
        try:
            data, notes, _, _ = self.sock.recvmsg(1 << 16, 128)
        except BlockingIOError:
            return
        except OSError:
            data, notes = b"", []
        read = time.time_ns()
        if not data or len(self.data) > LARGEST_ANSWER:
            return self.close()
        stamps = [note for level, kind, note in notes if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS)]
        self.received = read
        if stamps:
            seconds, nanoseconds = TIMESPEC.unpack(stamps[-1][:TIMESPEC.size])
            self.received = seconds * 1_000_000_000 + nanoseconds
        self.data += data
        try:
            parsed = parse(self.data)
        except ValueError:
            return self.close()
        if parsed and self.waiting and not self.waiting.done():
            self.data.clear()
            self.waiting.set_result(Answer(*parsed, self.sent, self.received, read))

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self.loop.remove_reader(self.sock.fileno())
            self.sock.close()
        if self.waiting and not self.waiting.done():
            self.waiting.set_exception(ConnectionLost())

    async def request(self, data: bytes, seconds: float) -> Answer:
        """Throws ConnectionLost or TimeoutError; then the connection is closed."""
        if not self.is_open:
            raise ConnectionLost
        self.uses += 1
        self.waiting = self.loop.create_future()
        self.sent = time.time_ns()
        try:
            async with asyncio.timeout(seconds):
                await self.loop.sock_sendall(self.sock, data)
                return await self.waiting
        except BaseException as error:
            self.close()
            # A TimeoutError is an OSError too.
            if isinstance(error, OSError) and not isinstance(error, TimeoutError):
                raise ConnectionLost from error
            raise
        finally:
            if self.waiting.done() and not self.waiting.cancelled():
                self.waiting.exception()
            self.waiting = None


def request(method: str, path: str, token: str | None, body: bytes = b"", headers: str = "") -> bytes:
    """The bytes of a request."""
    access = f"Authorization: Bearer {token}\r\n" if token else ""
    length = f"Content-Length: {len(body)}\r\n" if method != "GET" else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{access}{length}{headers}\r\n".encode() + body


class Client:
    """The connections of one worker: a request takes a free one, or opens another, as HTTP libraries do."""

    def __init__(self, port: int, token: str | None, source: str = "127.0.0.1"):
        self.port, self.token, self.source = port, token, source
        self.free: list[Connection] = []

    async def connection(self) -> Connection:
        while self.free:
            found = self.free.pop()
            if found.is_open:
                return found
        return Connection(await open_socket(self.port, self.source))

    async def call(
        self, method: str, path: str, body: bytes = b"", seconds: float = 10, headers: str = ""
    ) -> Answer:
        """Throws ConnectionLost or TimeoutError. What an old connection did not take is sent once more."""
        data = request(method, path, self.token, body, headers)
        while True:
            try:
                connection = await asyncio.wait_for(self.connection(), seconds)
            except TimeoutError:
                raise
            except OSError as error:
                raise ConnectionLost from error
            was_used = connection.uses > 0
            try:
                answer = await connection.request(data, seconds)
            except ConnectionLost:
                if was_used:
                    continue
                raise
            self.free.append(connection)
            return answer

    def close(self) -> None:
        for connection in self.free:
            with suppress(OSError):
                connection.close()
