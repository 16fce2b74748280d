"""Asks for /healthz ten times a second, over a new connection each time, as load balancers do."""
import asyncio
import multiprocessing
import signal
import time
from multiprocessing.connection import Connection as Pipe

from connection import Connection, ConnectionLost, open_socket, request

INTERVAL_SECONDS = 0.1
PATIENCE_SECONDS = 5.0


async def probe(port: int) -> float | None:
    """Milliseconds from the connection's begin to the answer; None where there was none, or another one."""
    connection = None
    start = time.time_ns()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            connection = Connection(await open_socket(port, "127.0.0.1"))
            answer = await connection.request(request("GET", "/healthz", None), PATIENCE_SECONDS)
        return (answer.received - start) / 1e6 if answer.status == 200 else None
    except (OSError, ConnectionLost):
        return None
    finally:
        if connection:
            connection.close()


def watch(port: int, pipe: Pipe) -> None:
    """A process' life: until it is told to stop; then it sends its samples, with infinity for no answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    samples: list[tuple[int, float]] = []

    async def sample() -> None:
        start = time.time_ns()
        found = await probe(port)
        samples.append((start, float("inf") if found is None else found))

    async def until_told() -> None:
        told, running, due = asyncio.Event(), set(), time.monotonic()
        asyncio.get_running_loop().add_reader(pipe.fileno(), told.set)
        while not told.is_set():
            # Whether or not the last one has been answered: a stall must not hide itself.
            each = asyncio.create_task(sample())
            running.add(each)
            each.add_done_callback(running.discard)
            due += INTERVAL_SECONDS
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        await asyncio.gather(*running)

    asyncio.run(until_told())
    pipe.send(samples)


class HealthProbe:
    """A process that watches a coordinator. End it with `stop`."""

    def __init__(self, port: int):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=watch, args=(port, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def stop(self) -> list[tuple[int, float]]:
        self.pipe.send("stop")
        samples = self.pipe.recv()
        self.process.join()
        return samples

    def kill(self) -> None:
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
