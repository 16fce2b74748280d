"""Fake workers: they register, wait for tasks, send heartbeats, and answer each task after a while with zeros."""
import asyncio
import json
import multiprocessing
import os
import random
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection as Pipe

from connection import Answer, Client, ConnectionLost
from results import content_digest, update
from tally import Tally

PROTOCOL_VERSION = 4
# As a worker of the program asks: two thirds of the longest wait.
WAIT_SECONDS = 20
# A waiting request may take so much longer, any other one so long altogether.
PATIENCE_SECONDS = 10
GENERATORS = 2
GENERATOR_NICENESS = 5
REGISTER_AT_ONCE = 32


@dataclass(frozen=True)
class Crowd:
    """Which fake workers there are, and how they behave."""

    port: int
    token: str | None
    workers: int
    slots: int
    # One waiting request for each free slot, or one for all of a worker's.
    waits_per_slot: bool
    instruction_set: str
    # How long a task is held before it is answered.
    task_seconds: float
    first: int = 0
    # Whether another worker registers each second, and is not heard again.
    newcomers: bool = False

    def part(self, index: int, parts: int) -> "Crowd":
        """The workers of one of several processes; newcomers come from the first."""
        start, end = (self.workers * each // parts for each in (index, index + 1))
        return replace(
            self, first=self.first + start, workers=end - start, newcomers=self.newcomers and index == 0)


@dataclass
class FakeWorker:
    crowd: Crowd
    number: int
    tally: Tally
    name: str = ""
    heartbeat_seconds: float = 3.0
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    # The tokens of tasks in hand, and when they came.
    held: dict[str, tuple[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = Client(self.crowd.port, self.crowd.token)
        self.free_slots = asyncio.Semaphore(self.crowd.slots)
        self.joining = asyncio.Lock()
        self.performing: set[asyncio.Task[None]] = set()

    async def call(
        self, kind: str, method: str, path: str, body: bytes, seconds: float = PATIENCE_SECONDS, headers: str = ""
    ) -> Answer | None:
        """None where the request failed, which is noted."""
        outcome = ""
        try:
            answer = await self.client.call(method, path, body, seconds, headers)
            self.tally.own_delays.append((answer.received, (answer.read - answer.received) / 1e6))
            if answer.status < 300:
                return answer
            outcome = f"status {answer.status}"
            if answer.status == 404:
                self.name = ""
        except TimeoutError:
            outcome = "no answer"
        except ConnectionLost:
            outcome = "connection lost"
        self.tally.failures.append((time.time_ns(), kind, outcome))
        return None

    async def tell(self, kind: str, path: str, message: dict, seconds: float = PATIENCE_SECONDS) -> Answer | None:
        headers = "Content-Type: application/json\r\n"
        return await self.call(kind, "POST", path, json.dumps(message).encode(), seconds, headers)

    async def register(self) -> bool:
        answer = await self.tell("registration", "/v1/workers", {
            "protocolVersion": PROTOCOL_VERSION, "host": f"fake-{self.number}", "processID": self.number + 1,
            "nonce": self.nonce, "slots": self.crowd.slots, "version": "1",
            "instructionSet": self.crowd.instruction_set})
        if not answer:
            return False
        welcome = json.loads(answer.body)
        self.name, self.heartbeat_seconds = welcome["worker"], welcome["heartbeatSeconds"]
        self.tally.registrations.append((answer.sent, answer.milliseconds))
        return True

    async def join(self) -> None:
        """Until it has a name; registering is one slot's work at a time."""
        async with self.joining:
            while not self.name and not await self.register():
                await asyncio.sleep(1)

    def start(self, group: asyncio.TaskGroup) -> None:
        loops = self.crowd.slots if self.crowd.waits_per_slot else 1
        for _ in range(loops):
            group.create_task(self.wait_for_tasks())
        group.create_task(self.beat())

    async def wait_for_tasks(self) -> None:
        await asyncio.sleep(random.random() * 2)
        while True:
            await self.free_slots.acquire()
            lease = await self.lease()
            if not lease:
                self.free_slots.release()
                continue
            work = asyncio.ensure_future(self.perform(lease))
            if self.crowd.waits_per_slot:
                await work
            else:
                self.performing.add(work)
                work.add_done_callback(self.performing.discard)

    async def lease(self) -> dict | None:
        if not self.name:
            await self.join()
        answer = await self.tell(
            "lease", "/v1/leases", {"worker": self.name, "nonce": self.nonce, "waitSeconds": WAIT_SECONDS},
            WAIT_SECONDS + PATIENCE_SECONDS)
        if not answer:
            await asyncio.sleep(1)
            return None
        if answer.status == 204:
            self.tally.empty.append((answer.received, answer.milliseconds - WAIT_SECONDS * 1000))
            return None
        lease = json.loads(answer.body)
        self.tally.leases.append((lease["task"]["id"], answer.received))
        return lease

    async def perform(self, lease: dict) -> None:
        task, token = lease["task"], lease["token"]
        self.held[task["id"]] = (token, time.monotonic())
        try:
            await asyncio.sleep(self.crowd.task_seconds)
            body = update(task, self.crowd.task_seconds)
            headers = f"Cairn-Lease: {token}\r\nContent-Digest: {content_digest(body)}\r\n"
            path = f"/v1/tasks/{task['id']}/update?worker={self.name}"
            answer = await self.call("update", "PUT", path, body, headers=headers)
            if answer:
                self.tally.verdicts[json.loads(answer.body)["verdict"]] += 1
        finally:
            del self.held[task["id"]]
            self.free_slots.release()

    async def beat(self) -> None:
        due = time.monotonic() + random.random() * self.heartbeat_seconds
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += self.heartbeat_seconds
            tasks = [
                {"task": task, "token": token,
                 "share": min(0.99, (time.monotonic() - since) / max(self.crowd.task_seconds, 0.01))}
                for task, (token, since) in self.held.items()]
            if not self.name:
                continue
            answer = await self.tell(
                "heartbeat", "/v1/heartbeats", {"worker": self.name, "nonce": self.nonce, "tasks": tasks})
            if answer:
                self.tally.heartbeats.append((answer.sent, answer.milliseconds))


async def play(crowd: Crowd, tally: Tally, on_joined: Callable[[], None]) -> None:
    """Without an end."""
    workers = [FakeWorker(crowd, crowd.first + number, tally) for number in range(crowd.workers)]
    at_once = asyncio.Semaphore(REGISTER_AT_ONCE)

    async def join(worker: FakeWorker) -> None:
        async with at_once:
            await worker.join()

    async with asyncio.TaskGroup() as group:
        await asyncio.gather(*(join(worker) for worker in workers))
        on_joined()
        for worker in workers:
            worker.start(group)
        while crowd.newcomers:
            await asyncio.sleep(1)
            group.create_task(come_and_go(FakeWorker(crowd, crowd.first, tally)))


async def come_and_go(worker: FakeWorker) -> None:
    """Registers, and is not heard again."""
    await worker.register()
    worker.client.close()


def generate(crowd: Crowd, pipe: Pipe) -> None:
    """A process' life: says when its workers have joined, and what they saw when it is told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The coordinator comes first where both want a processor; the kernel notes the times in any case.
    os.nice(GENERATOR_NICENESS)

    async def until_told() -> None:
        tally, told, loop = Tally(), asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(pipe.fileno(), told.set)
        playing = asyncio.create_task(play(crowd, tally, lambda: pipe.send("joined")))
        stopping = asyncio.create_task(told.wait())
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        loop.remove_reader(pipe.fileno())
        if playing.done():
            playing.result()
        pipe.send(tally)

    asyncio.run(until_told())


class Generators:
    """Processes that play a crowd together. End them with `stop`."""

    def __init__(self, crowd: Crowd):
        context = multiprocessing.get_context("spawn")
        self.parts: list[tuple[multiprocessing.process.BaseProcess, Pipe]] = []
        for index in range(GENERATORS):
            ours, theirs = context.Pipe()
            process = context.Process(target=generate, args=(crowd.part(index, GENERATORS), theirs), daemon=True)
            process.start()
            theirs.close()
            self.parts.append((process, ours))

    def wait_until_joined(self, seconds: float) -> bool:
        """False where some have not joined in time."""
        end = time.monotonic() + seconds
        return all(pipe.poll(max(0.0, end - time.monotonic())) and pipe.recv() == "joined" for _, pipe in self.parts)

    def stop(self) -> Tally:
        total = Tally()
        for _, pipe in self.parts:
            pipe.send("stop")
        for process, pipe in self.parts:
            while not isinstance(told := pipe.recv(), Tally):
                pass
            total.add(told)
            process.terminate()
            process.join()
        self.parts = []
        return total

    def kill(self) -> None:
        for process, _ in self.parts:
            process.kill()
            process.join()
