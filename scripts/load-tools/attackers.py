"""Clients that mean ill, each kind from a loopback address that no honest client has."""
import asyncio
import json
import multiprocessing
import random
import secrets
import signal
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe

from connection import Client, ConnectionLost, open_socket, request
from workers import PROTOCOL_VERSION

SOURCE = "127.0.0.2"
PATIENCE_SECONDS = 5
DRIP_SECONDS = 2
OPEN_AT_ONCE = 64
LARGEST_MESSAGE = 4 << 20
PIECE = bytes(1 << 16)
# A closed connection is gone at once: else the address would run out of ports.
AT_ONCE = struct.pack("ii", 1, 0)


class Attacker:
    """What the lanes of one attack share: `counts` says what became of them."""

    def __init__(self, port: int, token: str):
        self.port, self.token = port, token
        self.counts: Counter[str] = Counter()
        self.opening = asyncio.Semaphore(OPEN_AT_ONCE)
        self.open = 0
        # Messages of each path, as large as the coordinator takes them.
        self.sizes = dict.fromkeys(["/v1/runs", "/v1/leases", "/v1/heartbeats"], LARGEST_MESSAGE)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[socket.socket]:
        async with self.opening:
            try:
                sock = await asyncio.wait_for(open_socket(self.port, SOURCE), PATIENCE_SECONDS)
            except OSError:
                self.counts["not connected"] += 1
                raise
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.counts["connected"] += 1
        self.open += 1
        self.counts["open at once"] = max(self.counts["open at once"], self.open)
        try:
            yield sock
        finally:
            self.open -= 1
            sock.close()

    async def again_and_again(self, step: Callable[[socket.socket], Awaitable[None]]) -> None:
        while True:
            try:
                async with self.connection() as sock:
                    await step(sock)
            except OSError:
                # A lane that is refused tries again soon, but leaves the processor to others.
                await asyncio.sleep(0.05)

    async def until_closed(self, sock: socket.socket) -> str:
        """Counts the status of an answer, where there is one, and returns it."""
        data, status = await asyncio.get_running_loop().sock_recv(sock, 4096), ""
        if data.startswith(b"HTTP/1.1 "):
            status = data[9:12].decode(errors="replace")
            self.counts[f"status {status}"] += 1
        while data:
            data = await asyncio.get_running_loop().sock_recv(sock, 4096)
        return status

    async def drip(self, sock: socket.socket, piece: Callable[[], bytes]) -> None:
        loop = asyncio.get_running_loop()
        closed = asyncio.ensure_future(self.until_closed(sock))
        try:
            while not closed.done():
                await loop.sock_sendall(sock, piece())
                self.counts["pieces sent"] += 1
                await asyncio.wait({closed}, timeout=DRIP_SECONDS)
        finally:
            closed.cancel()

    async def ask_on(self, ask: Callable[[Client], Awaitable[int]]) -> None:
        """One request after the other, over a connection that is kept as long as the coordinator keeps it."""
        client = Client(self.port, None, SOURCE)
        while True:
            try:
                self.counts[f"status {await ask(client)}"] += 1
            except (ConnectionLost, TimeoutError):
                self.counts["not answered"] += 1
                await asyncio.sleep(0.05)


async def idle(attacker: Attacker, sock: socket.socket) -> None:
    await attacker.until_closed(sock)


async def drip_head(attacker: Attacker, sock: socket.socket) -> None:
    await asyncio.get_running_loop().sock_sendall(sock, b"POST /v1/leases HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
    await attacker.drip(sock, lambda: b"x")


async def drip_body(attacker: Attacker, sock: socket.socket) -> None:
    token = random.choice([attacker.token, None])
    head = request("POST", "/v1/leases", token, headers="Content-Type: application/json\r\n")
    head = head.replace(b"Content-Length: 0", b"Content-Length: 1000")
    await asyncio.get_running_loop().sock_sendall(sock, head)
    await attacker.drip(sock, lambda: b" ")


async def flood_body(attacker: Attacker, sock: socket.socket) -> None:
    path = random.choice(["/v1/workers", "/v1/runs", "/v1/session"])
    head = request("POST", path, None).replace(b"Content-Length: 0", b"Content-Length: %d" % (1 << 30))
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, head)
    for _ in range((1 << 30) // len(PIECE)):
        await loop.sock_sendall(sock, PIECE)
        attacker.counts["KiB sent"] += len(PIECE) >> 10


async def big_json(attacker: Attacker, sock: socket.socket) -> None:
    path, size = random.choice(list(attacker.sizes.items()))
    body = b'{"worker": "'.ljust(size, b"x")
    data = request("POST", path, attacker.token, body, "Content-Type: application/json\r\n")
    closed = asyncio.ensure_future(attacker.until_closed(sock))
    with suppress(ConnectionError):
        await asyncio.get_running_loop().sock_sendall(sock, data[:-1])
        attacker.counts["KiB held"] += size >> 10
    if await closed == "413" and attacker.sizes[path] == size:
        attacker.sizes[path] = max(1024, size // 2)


async def register(attacker: Attacker, client: Client) -> int:
    message = {"protocolVersion": PROTOCOL_VERSION, "host": "never-heard-again", "processID": random.getrandbits(30),
               "nonce": secrets.token_hex(16), "slots": 1024, "version": "1", "instructionSet": "any"}
    client.token = attacker.token
    answer = await client.call("POST", "/v1/workers", json.dumps(message).encode(), PATIENCE_SECONDS)
    return answer.status


async def tokens(_: Attacker, client: Client) -> int:
    client.token = secrets.token_hex(16)
    return (await client.call("GET", "/v1/runs", b"", PATIENCE_SECONDS)).status


HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST /v1/workers HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
MALFORMED = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", bytes(4096),
    b"\r\n" * 200,
    b"GET /healthz HTTP/9.9\r\n" + HOST + b"\r\n", b"GET\r\n\r\n", b"G" * 100_000,
    b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    CHUNKED + b"zz\r\nabc\r\n", CHUNKED + b"ffffffffffffffff\r\nabc", CHUNKED + b"-1\r\n\r\n",
    CHUNKED + b"5\r\nabc\r\n0\r\n\r\n",
    CHUNKED + b"3;" + b"e" * 50_000 + b"\r\nabc\r\n", CHUNKED + b"3\r\nabc", POST + b"Content-Length: -5\r\n\r\nabc",
    POST + b"Content-Length: 99999999999999999999\r\n\r\nabc",
    POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    POST + b"Content-Length: 500\r\nExpect: 100-continue\r\n\r\n", POST + b"Content-Length: 500\r\n\r\n{",
    b"GET /%00%ff%2e%2e HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /healthz HTTP/1.1\r\n" + HOST + b"X\x00Y: z\r\n\r\n",
    b"PUT /v1/tasks/a.s0.r1.t0/update?worker=a HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\nCAIRNUPD",
]


async def malformed(attacker: Attacker, sock: socket.socket) -> None:
    loop, data = asyncio.get_running_loop(), random.choice(MALFORMED)
    is_cut = random.random() < 0.5
    await loop.sock_sendall(sock, data[:random.randrange(1, len(data) + 1)] if is_cut else data)
    attacker.counts["sent"] += 1
    if not is_cut:
        await asyncio.wait_for(attacker.until_closed(sock), 0.5)


@dataclass(frozen=True)
class Kind:
    """How many lanes do what; `success` is the count that says how far the attacker got."""

    about: str
    lanes: int
    success: str
    step: Callable[[Attacker, socket.socket], Awaitable[None]] | None = None
    ask: Callable[[Attacker, Client], Awaitable[int]] | None = None
    # The coordinator's limit of file descriptors, where it is a small one, and how many honest workers there are then.
    descriptors: int | None = None
    honest: int | None = None
    # How much longer than the others it takes.
    stretch: float = 1


KINDS = {
    "idle": Kind("5,000 connections on which nothing is sent", 5_000, "connected", idle),
    "drip-head": Kind("1,000 requests whose head never ends", 1_000, "pieces sent", drip_head),
    "drip-body": Kind(
        "1,000 bodies of a byte now and then, half of them with the token", 1_000, "pieces sent", drip_body),
    "flood-body": Kind("64 bodies of 1 GiB without a token", 64, "KiB sent", flood_body),
    "big-json": Kind(
        "250 bodies of 4 MiB, or as large as they may be, with the token, all but the last byte", 250, "KiB held",
        big_json),
    "register": Kind(
        "workers that register, with the token, and are not heard again: as many as go", 16, "status 201", ask=register,
        stretch=1.5),
    "tokens": Kind("wrong tokens", 16, "status 401", ask=tokens),
    "descriptors": Kind(
        "2,000 idle connections to a coordinator that may have 256 descriptors", 2_000, "connected", idle,
        descriptors=256, honest=40),
    "malformed": Kind("no HTTP, wrong chunks, hang-ups in the middle", 32, "sent", malformed),
}


async def run(kind: Kind, attacker: Attacker) -> None:
    """Without an end."""
    async def lane() -> None:
        if kind.step:
            await attacker.again_and_again(lambda sock: kind.step(attacker, sock))
        else:
            await attacker.ask_on(lambda client: kind.ask(attacker, client))

    await asyncio.gather(*(lane() for _ in range(kind.lanes)))


def attack(name: str, port: int, token: str, pipe: Pipe) -> None:
    """A process' life: until it is told to stop; then it says how it fared."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    async def until_told() -> Counter[str]:
        told, attacker = asyncio.Event(), Attacker(port, token)
        asyncio.get_running_loop().add_reader(pipe.fileno(), told.set)
        running = asyncio.create_task(run(KINDS[name], attacker))
        stopping = asyncio.create_task(told.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        asyncio.get_running_loop().remove_reader(pipe.fileno())
        counts = Counter(attacker.counts)
        if running.done():
            running.result()
        pipe.send(counts)
        return counts

    asyncio.run(until_told())


class Attack:
    """A process that attacks. End it with `stop`."""

    def __init__(self, name: str, port: int, token: str):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=attack, args=(name, port, token, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def stop(self) -> dict[str, int]:
        self.pipe.send("stop")
        counts = self.pipe.recv()
        self.kill()
        return dict(counts)

    def kill(self) -> None:
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
