"""What `scripts/load workers` measures: a coordinator while very many workers wait, and while they get tasks."""
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coordinator import Coordinator, Figures, Folder, lease_delays, openings
from health import HealthProbe
from plans import FAKE_INSTRUCTION_SET, fake_plan
from tally import Tally, Window, milliseconds, spread, table
from workers import Crowd, Generators

SETTLE_SECONDS = 4
JOIN_SECONDS = 60
DRAIN_SECONDS = 2


@dataclass(frozen=True)
class Wish:
    cairn: str
    workers: int
    slots: int
    waits_per_slot: bool
    replicas: int
    task_seconds: float
    seconds: float


def measure(wish: Wish, say: Callable[[str], None]) -> dict[str, Any]:
    """All figures, by name."""
    with Folder() as folder:
        coordinator = Coordinator(wish.cairn, folder.path)
        folder.add(coordinator)
        alone = coordinator.figures()
        crowd = Crowd(coordinator.port, None, wish.workers, wish.slots, wish.waits_per_slot, FAKE_INSTRUCTION_SET,
                      wish.task_seconds)
        generators, probe = Generators(crowd), HealthProbe(coordinator.port)
        try:
            joined = generators.wait_until_joined(JOIN_SECONDS)
            say(f"{wish.workers} workers have joined" if joined else f"not all have joined in {JOIN_SECONDS} s")
            time.sleep(min(SETTLE_SECONDS, wish.seconds))
            say(f"quiet for {wish.seconds:.0f} s")
            quiet, before, after = stretch(coordinator, wish.seconds)
            run = coordinator.submit(fake_plan(folder.path, wish.replicas))
            say(f"rounds of {wish.replicas} tasks and a measurement for {wish.seconds:.0f} s")
            busy, busy_before, busy_after = stretch(coordinator, wish.seconds)
            load = os.getloadavg()[0]
            # For what was asked within that time.
            time.sleep(DRAIN_SECONDS)
            health, tally = probe.stop(), generators.stop()
        finally:
            probe.kill()
            generators.kill()
        delays = lease_delays(tally.leases, openings(coordinator.messages(), run), run)
    return {
        "workers": wish.workers, "slots": wish.slots, "waiting": "per-slot" if wish.waits_per_slot else "per-worker",
        "joined": len(tally.registrations), "connections": after.descriptors - alone.descriptors,
        "loadAverage": load,
        "residentMiB": after.resident_mib, "residentAloneMiB": alone.resident_mib, "peakMiB": busy_after.peak_mib,
        "cpuShareQuiet": (after.cpu_seconds - before.cpu_seconds) / wish.seconds,
        "cpuShareBusy": (busy_after.cpu_seconds - busy_before.cpu_seconds) / wish.seconds,
        "leaseMilliseconds": spread(busy.values(delays)),
        "quiet": answers(tally, health, quiet), "busy": answers(tally, health, busy), "verdicts": dict(tally.verdicts),
    }


def stretch(coordinator: Coordinator, seconds: float) -> tuple[Window, Figures, Figures]:
    """Lets time pass; which, and the coordinator's figures before and after."""
    start, before = time.time_ns(), coordinator.figures()
    time.sleep(seconds)
    if coordinator.has_ended:
        raise SystemExit(f"the coordinator has ended:\n{coordinator.log.read_text(errors='replace')[-2000:]}")
    return Window(start, time.time_ns()), before, coordinator.figures()


def answers(tally: Tally, health: list[tuple[int, float]], window: Window) -> dict[str, Any]:
    """How requests fared within a stretch of time."""
    probes = window.values(health)
    return {
        "healthMilliseconds": spread([each for each in probes if each != float("inf")]),
        "healthFailures": probes.count(float("inf")),
        "heartbeatMilliseconds": spread(window.values(tally.heartbeats)),
        "failures": dict(Counter(f"{kind}: {what}" for at, kind, what in tally.failures if window.has(at))),
        "ownDelayMilliseconds": spread(window.values(tally.own_delays)),
    }


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def failed(found: dict[str, Any]) -> int:
    """How many requests were not served."""
    return sum(sum(found[phase]["failures"].values()) + found[phase]["healthFailures"] for phase in ("quiet", "busy"))


def is_served(found: dict[str, Any]) -> bool:
    return failed(found) == 0 and found["joined"] >= found["workers"] and found["leaseMilliseconds"]["count"] > 0


def show(found: list[dict[str, Any]]) -> str:
    """A table with a column for each crowd."""
    def row(name: str, value: Callable[[dict[str, Any]], str]) -> list[str]:
        return [name, *(value(each) for each in found)]

    def three(name: str, at: Callable[[dict[str, Any]], dict[str, Any]]) -> list[list[str]]:
        return [row(f"{name}, {key}", lambda each, key=key: milliseconds(at(each)[key]))
                for key in ("p50", "p99", "max")]

    return table([
        row("workers x slots", lambda each: f"{each['workers']} x {each['slots']}"),
        row("waiting", lambda each: each["waiting"]),
        row("connections", lambda each: str(each["connections"])),
        row("memory (VmRSS), nobody there", lambda each: f"{each['residentAloneMiB']:.0f} MiB"),
        row("memory (VmRSS), all wait", lambda each: f"{each['residentMiB']:.0f} MiB"),
        row("peak (VmHWM), with tasks", lambda each: f"{each['peakMiB']:.0f} MiB"),
        row("CPU of one core, all wait", lambda each: percent(each["cpuShareQuiet"])),
        row("CPU of one core, with tasks", lambda each: percent(each["cpuShareBusy"])),
        *three("task's opening to lease", lambda each: each["leaseMilliseconds"]),
        row("leases measured", lambda each: str(each["leaseMilliseconds"]["count"])),
        *three("/healthz, all wait", lambda each: each["quiet"]["healthMilliseconds"]),
        *three("/healthz, with tasks", lambda each: each["busy"]["healthMilliseconds"]),
        *three("heartbeat, all wait", lambda each: each["quiet"]["heartbeatMilliseconds"]),
        *three("heartbeat, with tasks", lambda each: each["busy"]["heartbeatMilliseconds"]),
        row("requests that failed", lambda each: str(failed(each))),
        row("the generator's own delay, p99", lambda each: milliseconds(each["busy"]["ownDelayMilliseconds"]["p99"])),
        row("load average of the machine", lambda each: f"{each['loadAverage']:.1f}"),
    ])
