"""What `scripts/load attack` measures: honest workers, and a real run, beside one kind of attacker."""
import hashlib
import json
import os
import secrets
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attackers import KINDS, Attack
from coordinator import SHELL_DESCRIPTORS, Coordinator, Folder, Program, lease_delays, openings
from health import HealthProbe
from plans import FAKE_INSTRUCTION_SET, REAL_INSTRUCTION_SET, fake_plan, real_plan
from tally import Tally, Window, milliseconds, spread, table
from workers import Crowd, Generators

REAL_WORKERS = 2
REPLICAS, TASK_SECONDS = 16, 1.0
JOIN_SECONDS, SETTLE_SECONDS = 60, 4
# What was asked during the attack may be answered so much later; then it counts as failed.
DRAIN_SECONDS = 5
RUN_SECONDS = 60
SLOWEST_MILLISECONDS = 1_000


@dataclass(frozen=True)
class Wish:
    cairn: str
    workers: int
    seconds: float
    rounds: int
    memory_mib: int


def reference(wish: Wish) -> str:
    """SHA-256 of the weights of the real plan, by `cairn pretrain`."""
    with Folder() as folder:
        plan = folder.path / "plan.yaml"
        plan.write_text(real_plan(folder.path, wish.rounds))
        ended = subprocess.run(
            [wish.cairn, "pretrain", str(plan), "--output", str(folder.path / "output"), "--quiet", "--json"],
            capture_output=True, text=True)
        if ended.returncode != 0:
            raise SystemExit(f"cairn pretrain: {ended.stderr}")
        return json.loads(ended.stdout)["sha256"]["pretrained"]


def start_workers(cairn: str, coordinator: Coordinator, folder: Folder) -> None:
    """Real ones, for the real run."""
    for number in range(REAL_WORKERS):
        command = [
            cairn, "worker", "--coordinator", coordinator.url, "--token-file", str(folder.path / "token"),
            "--slots", "1", "--cache", str(folder.path / f"cache-{number}"),
            "--instruction-set", REAL_INSTRUCTION_SET]
        folder.add(Program(command, folder.path / f"worker-{number}.log", SHELL_DESCRIPTORS))


class RealRun:
    """A run that real workers do; it is asked after patiently, since an attacked coordinator may not answer."""

    def __init__(self, coordinator: Coordinator, folder: Path, rounds: int):
        self.coordinator, self.begun = coordinator, time.monotonic()
        self.name = coordinator.submit(real_plan(folder, rounds))

    def wait(self, seconds: float) -> float | None:
        """Seconds that it took, None where it is not finished in time."""
        end = time.monotonic() + seconds
        while True:
            with suppress(OSError):
                status = json.loads(self.coordinator.get(f"/v1/runs/{self.name}", seconds=2))
                if status["state"] == "finished":
                    return status["finishedAt"] - status["submittedAt"]
                if status["state"] in ("failed", "cancelled"):
                    return None
            if time.monotonic() > end or self.coordinator.has_ended:
                return None
            time.sleep(0.5)

    def digest(self) -> str:
        """SHA-256 of the exported bytes."""
        with suppress(OSError):
            export = json.loads(self.coordinator.get(f"/v1/runs/{self.name}/exports/pretrained"))
            return hashlib.sha256(self.coordinator.get(f"/v1/blobs/{export['digest']}")).hexdigest()
        return ""


def measure(name: str, wish: Wish, expected: str, say: Callable[[str], None]) -> dict[str, Any]:
    """All figures of one kind of attack, by name."""
    kind, token = KINDS[name], secrets.token_hex(16)
    lasting = wish.seconds * kind.stretch
    honest = min(wish.workers, kind.honest or wish.workers)
    with Folder() as folder:
        coordinator = Coordinator(wish.cairn, folder.path, token, kind.descriptors)
        folder.add(coordinator)
        crowd = Crowd(coordinator.port, token, honest, 1, True, FAKE_INSTRUCTION_SET, TASK_SECONDS, newcomers=True)
        generators, probe, attack = Generators(crowd), HealthProbe(coordinator.port), None
        try:
            if not generators.wait_until_joined(JOIN_SECONDS):
                raise SystemExit(f"the {honest} honest workers have not joined in {JOIN_SECONDS} s")
            fake = coordinator.submit(fake_plan(folder.path, REPLICAS))
            start_workers(wish.cairn, coordinator, folder)
            time.sleep(min(SETTLE_SECONDS, wish.seconds))
            coordinator.forget_peak()
            quiet = coordinator.figures()
            run, logged = RealRun(coordinator, folder.path, wish.rounds), len(coordinator.messages())
            start, attack = time.time_ns(), Attack(name, coordinator.port, token)
            time.sleep(lasting)
            window, load = Window(start, time.time_ns()), os.getloadavg()[0]
            attacked, counts = None if coordinator.has_ended else coordinator.figures(), attack.stop()
            say(f"{name}: the attack has ended, the run goes on")
            drained = time.monotonic() + DRAIN_SECONDS
            seconds = run.wait(RUN_SECONDS)
            digest = run.digest()
            time.sleep(max(0.0, drained - time.monotonic()))
            health, tally = probe.stop(), generators.stop()
        finally:
            for part in (attack, probe, generators):
                if part:
                    part.kill()
        messages = coordinator.messages()
        found = {
            "kind": name, "honestWorkers": honest, "loadAverage": load, "attacker": counts,
            "attackerSuccesses": kind.success, "successesPerSecond": counts.get(kind.success, 0) / lasting,
            **served(tally, lease_delays(tally.leases, openings(messages, fake), fake), window),
            **healthy(health, window),
            "quietMiB": quiet.resident_mib, "peakMiB": attacked.peak_mib if attacked else None,
            "descriptors": attacked.descriptors if attacked else None,
            "cpuShare": (attacked.cpu_seconds - quiet.cpu_seconds) / lasting if attacked else None,
            "logLines": dict(Counter(
                each["level"] for each in messages[logged:] if each["level"] in ("warning", "error"))),
            "ending": None if attacked else coordinator.last_words(),
            "runSeconds": seconds, "isSameExport": digest == expected,
        }
        return found | {"missed": missed(found, wish)}


def served(tally: Tally, delays: list[tuple[int, float]], window: Window) -> dict[str, Any]:
    """How honest workers fared. A lease's delay is from its task's opening; where there was no task, from when the
    waiting request was due."""
    due = [(received - round(late * 1e6), max(0.0, late)) for received, late in tally.empty]
    longer = Window(window.start, window.end + DRAIN_SECONDS * 1_000_000_000)
    failures = Counter((kind, what) for at, kind, what in tally.failures if longer.has(at))
    refused = sum(count for (kind, _), count in failures.items() if kind == "registration")
    joined = window.values(tally.registrations)
    return {
        "leaseMilliseconds": spread(window.values(delays + due)),
        "heartbeatMilliseconds": spread(window.values(tally.heartbeats)),
        "failures": {f"{kind}: {what}": count for (kind, what), count in failures.items() if kind != "registration"},
        "newcomers": len(joined) + refused,
        "newcomersWithinASecond": sum(each <= SLOWEST_MILLISECONDS for each in joined),
        "ownDelayMilliseconds": spread(window.values(tally.own_delays)),
    }


def healthy(samples: list[tuple[int, float]], window: Window) -> dict[str, Any]:
    probes = window.values(samples)
    return {"healthMilliseconds": spread([each for each in probes if each != float("inf")]),
            "healthFailures": probes.count(float("inf"))}


def missed(found: dict[str, Any], wish: Wish) -> list[str]:
    """Which bars do not hold."""
    bars = [
        (not found["failures"], "an honest worker's request failed"),
        (not found["healthFailures"], "/healthz was not answered"),
        (found["peakMiB"] is not None, f"the coordinator ended: {found['ending']}"),
        ((found["peakMiB"] or 0) - found["quietMiB"] <= wish.memory_mib, f"over {wish.memory_mib} MiB more memory"),
        (found["runSeconds"] is not None, "the run did not end"),
        (found["isSameExport"], "the run's weights are not the same"),
    ]
    for name in ("lease", "heartbeat", "health"):
        slowest = found[f"{name}Milliseconds"]["p99"]
        bars.append((slowest is not None, f"no {name} was answered"))
        bars.append(((slowest or 0) <= SLOWEST_MILLISECONDS, f"p99 of {name} above 1 s"))
    return [text for holds, text in bars if not holds]


def show(found: list[dict[str, Any]]) -> str:
    """A table with a column for each kind, and what was missed."""
    def row(name: str, value: Callable[[dict[str, Any]], str]) -> list[str]:
        return [name, *(value(each) for each in found)]

    def delay(name: str, key: str, of: str) -> list[str]:
        return row(f"{name}, {of}", lambda each: milliseconds(each[f"{key}Milliseconds"][of]))

    return table([
        row("attack", lambda each: each["kind"]),
        row("the attacker's successes", lambda each: each["attackerSuccesses"]),
        row("of them a second", lambda each: f"{each['successesPerSecond']:.0f}"),
        delay("lease", "lease", "p50"), delay("lease", "lease", "p99"),
        delay("heartbeat", "heartbeat", "p50"), delay("heartbeat", "heartbeat", "p99"),
        row("honest requests that failed", lambda each: str(sum(each["failures"].values()))),
        row("newcomers within 1 s", lambda each: f"{each['newcomersWithinASecond']} of {each['newcomers']}"),
        delay("/healthz", "health", "p50"), delay("/healthz", "health", "p99"),
        row("/healthz not answered", lambda each: str(each["healthFailures"])),
        row("memory (VmRSS) before", lambda each: f"{each['quietMiB']:.0f} MiB"),
        row("peak (VmHWM)", lambda each: f"{each['peakMiB']:.0f} MiB" if each["peakMiB"] else "ended"),
        row("CPU of one core", lambda each: f"{100 * each['cpuShare']:.0f} %" if each["cpuShare"] else "none"),
        row("descriptors", lambda each: str(each["descriptors"])),
        row("warnings and errors logged", lambda each: str(sum(each["logLines"].values()))),
        row("the run's seconds", lambda each: f"{each['runSeconds']:.1f}" if each["runSeconds"] else "none"),
        row("same weights", lambda each: "yes" if each["isSameExport"] else "no"),
        row("bars hold", lambda each: "no" if each["missed"] else "yes"),
        row("generator's own delay, p99", lambda each: milliseconds(each["ownDelayMilliseconds"]["p99"])),
        row("load average of the machine", lambda each: f"{each['loadAverage']:.1f}"),
    ]) + "".join(f"\n{each['kind']}: {'; '.join(each['missed'])}" for each in found if each["missed"])
