"""The command line of scripts/load."""
import argparse
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import measure_attack
import measure_workers
from attackers import KINDS
from coordinator import raise_own_limit

ROOT = Path(__file__).resolve().parent.parent.parent
CROWDS = [(1000, 1), (250, 16)]
WORKERS_HELP = """
A coordinator, and fake workers that register, wait for tasks and send heartbeats as workers do: first they all wait,
then they play the rounds of a made-up plan and answer each task with zeros. Unless told otherwise, 1,000 workers of one
slot, then 250 of 16.

From a task's opening to its lease: from when the coordinator's log says that it has written down the end of the round
before (to the millisecond), to when the kernel received the answer of the first worker that got the task. All delays
are taken by the kernel's receive times, so that the generator's own slowness is not among them; it is told beside them.

Ends with 1 where a request was not served.
"""
ATTACK_HELP = """
Beside 250 honest fake workers, which get tasks, and a small real run with two real workers, clients of another
address attack the coordinator, one kind after the other, all unless some are named:

""" + "\n".join(f"  {name:<12} {kind.about}" for name, kind in KINDS.items()) + """

Ends with 1 unless, with each kind, no honest worker's request for a lease, heartbeat or result fails, leases,
heartbeats and /healthz are answered within a second (99 of 100), /healthz always, the run ends with the same weights
as `cairn pretrain` gives, and the coordinator has at most --memory MiB more than before. A lease's delay is that of
`workers`; where a request waited without a task, it is the time beyond the seconds that it asked for.
"""


class Parser(argparse.ArgumentParser):
    """Ends with 64, as all scripts do, where it is used wrongly."""

    def error(self, message: str) -> NoReturn:
        self.exit(64, f"{self.prog}: {message}; --help says more\n")


def whole(low: int, high: int) -> Any:
    def number(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"should be a whole number from {low} to {high}, not '{text}'")
        return int(text)
    return number


def seconds(low: float, high: float) -> Any:
    def number(text: str) -> float:
        try:
            if low <= (found := float(text)) <= high:
                return found
        except ValueError:
            pass
        raise argparse.ArgumentTypeError(f"should be a number from {low:g} to {high:g}, not '{text}'")
    return number


def parser() -> Parser:
    top = Parser(prog="scripts/load", description="Measures a coordinator under many workers, and under attack.")
    parts = top.add_subparsers(dest="part", required=True, metavar="workers|attack")
    workers = parts.add_parser(
        "workers", help="very many workers that wait for tasks", description=WORKERS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    workers.add_argument("--workers", type=whole(1, 9_000), help="how many [1000]")
    workers.add_argument("--slots", type=whole(1, 1_024), help="slots of each [1]")
    workers.add_argument("--waiting", choices=["per-slot", "per-worker"], default="per-worker",
                         help="a waiting request for each free slot, or one for all slots of a worker [per-worker]")
    workers.add_argument("--replicas", type=whole(1, 1_000), default=16, help="tasks a round [16]")
    workers.add_argument("--task-seconds", type=seconds(0, 60), default=0.5, help="how long a task is held [0.5]")
    attack = parts.add_parser(
        "attack", help="clients that mean ill", description=ATTACK_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    attack.add_argument("kinds", nargs="*", metavar="KIND", help=f"{', '.join(KINDS)} [all]")
    attack.add_argument("--workers", type=whole(1, 2_000), default=250, help="honest ones [250]")
    attack.add_argument("--rounds", type=whole(1, 1_000), default=40, help="of the real run [40]")
    attack.add_argument("--memory", type=whole(1, 100_000), default=300, metavar="MIB",
                        help="how much more than before the attack [300]")
    for part in (workers, attack):
        part.add_argument("--seconds", type=seconds(1, 3_600), default=20, help="how long each part is measured [20]")
        part.add_argument("--cairn", metavar="PATH", help="the program [built anew, .build/release/cairn]")
        part.add_argument("--json", action="store_true", help="print all figures as JSON")
    return top


def program(path: str | None) -> str:
    """The program to measure; where none is named it is built."""
    if path is None:
        subprocess.run(["scripts/install-packages", "build"], cwd=ROOT, check=True, stdout=sys.stderr)
        subprocess.run(["swift", "build", "-c", "release", "--product", "cairn"], cwd=ROOT, check=True,
                       stdout=sys.stderr)
        path = str(ROOT / ".build/release/cairn")
    if not Path(path).is_file():
        raise SystemExit(f"scripts/load: there is no program at {path}")
    return str(Path(path).resolve())


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def run_workers(wanted: argparse.Namespace) -> bool:
    """Whether every worker was served."""
    crowds = CROWDS if wanted.workers is wanted.slots is None else [(wanted.workers or 1000, wanted.slots or 1)]
    is_per_slot = wanted.waiting == "per-slot"
    # A worker's connections: waiting ones, and one for heartbeats.
    raise_own_limit(max(workers * (slots + 1 if is_per_slot else 3) for workers, slots in crowds) + 200)
    cairn, found = program(wanted.cairn), []
    for workers, slots in crowds:
        say(f"{workers} workers with {slots} {'slot' if slots == 1 else 'slots'}, waiting {wanted.waiting}")
        found.append(measure_workers.measure(
            measure_workers.Wish(cairn, workers, slots, is_per_slot, wanted.replicas, wanted.task_seconds,
                                 wanted.seconds), say))
    print(json.dumps(found, indent=2) if wanted.json else measure_workers.show(found))
    return all(measure_workers.is_served(each) for each in found)


def run_attack(wanted: argparse.Namespace) -> bool:
    """Whether all bars hold."""
    kinds = wanted.kinds or list(KINDS)
    raise_own_limit(max(KINDS[name].lanes for name in kinds) + 2 * wanted.workers + 200)
    wish = measure_attack.Wish(program(wanted.cairn), wanted.workers, wanted.seconds, wanted.rounds, wanted.memory)
    say("the real run, undisturbed")
    expected, found = measure_attack.reference(wish), []
    for name in kinds:
        say(f"{name}: {KINDS[name].about}")
        found.append(measure_attack.measure(name, wish, expected, say))
    print(json.dumps(found, indent=2) if wanted.json else measure_attack.show(found))
    return not any(each["missed"] for each in found)


def main() -> int:
    arguments = parser()
    wanted = arguments.parse_args()
    if unknown := sorted(set(getattr(wanted, "kinds", [])) - set(KINDS)):
        arguments.error(f"there is no attack '{unknown[0]}', only {', '.join(KINDS)}")
    # So that processes are ended and folders deleted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        is_good = run_workers(wanted) if wanted.part == "workers" else run_attack(wanted)
        return 0 if is_good else 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
