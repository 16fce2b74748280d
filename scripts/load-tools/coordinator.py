"""A coordinator in a process of its own: started, measured and ended here."""
import http.client
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# This process opens many connections itself; a coordinator gets the limit that the shell gave.
SHELL_DESCRIPTORS = resource.getrlimit(resource.RLIMIT_NOFILE)


def raise_own_limit(needed: int) -> None:
    """As many descriptors as may be, for this process and its generators."""
    _, hard = SHELL_DESCRIPTORS
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SystemExit(f"{needed} connections need as many file descriptors, and at most {hard} may be had: "
                         f"raise the hard limit (ulimit -Hn), or ask for less")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed if hard == resource.RLIM_INFINITY else hard, hard))


@dataclass(frozen=True)
class Figures:
    """A process as /proc shows it."""

    descriptors: int
    resident_mib: float
    peak_mib: float
    cpu_seconds: float


class Program:
    """A process of `cairn` with its output in a file."""

    def __init__(self, command: list[str], log: Path, limit: tuple[int, int] = SHELL_DESCRIPTORS):
        self.log = log
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(log.parent), "TMPDIR": str(log.parent)}

        def prepare() -> None:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)

        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
                start_new_session=True, preexec_fn=prepare)

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def figures(self) -> Figures:
        folder = Path(f"/proc/{self.process.pid}")
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        return Figures(
            len(os.listdir(folder / "fd")), int(status["VmRSS"].split()[0]) / 1024,
            int(status["VmHWM"].split()[0]) / 1024, (int(fields[11]) + int(fields[12])) / TICKS)

    def forget_peak(self) -> None:
        """From now on the peak is that of what comes."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def stop(self) -> None:
        if not self.has_ended:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Coordinator(Program):
    """Listens on a free port of 127.0.0.1."""

    def __init__(self, cairn: str, folder: Path, token: str | None = None, descriptors: int | None = None):
        self.folder, self.token = folder, token
        access = []
        if token:
            file = folder / "token"
            file.touch(mode=0o600)
            file.write_text(token + "\n")
            access = ["--token-file", str(file)]
        super().__init__(
            [cairn, "coordinator", "--listen", "127.0.0.1:0", "--state", str(folder / "state"), "--data", str(folder),
             "--log-format", "json", *access], folder / "coordinator.log",
            (descriptors, descriptors) if descriptors else SHELL_DESCRIPTORS)
        self.port = self.wait_for_port()
        # Made while it is quiet: later there may be no connection to be had.
        self.line = http.client.HTTPConnection("127.0.0.1", self.port)
        self.get("/healthz")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for_port(self) -> int:
        end = time.monotonic() + 60
        while not self.has_ended and time.monotonic() < end:
            if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", self.log.read_text(errors="replace")):
                return int(found[1])
            time.sleep(0.02)
        said = self.log.read_text(errors="replace")
        self.stop()
        raise SystemExit(f"the coordinator does not start:\n{said}")

    def get(self, path: str, message: dict | None = None, seconds: float = 30) -> bytes:
        """GET, or POST with a message; once more over a new connection where the old one is closed. Throws OSError."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        method, data = ("GET", None) if message is None else ("POST", json.dumps(message).encode())
        for is_last in (self.line.sock is None, True):
            self.line.timeout = seconds
            if self.line.sock:
                self.line.sock.settimeout(seconds)
            try:
                self.line.request(method, path, data, headers)
                answer = self.line.getresponse()
                body = answer.read()
                break
            except (OSError, http.client.HTTPException) as error:
                self.line.close()
                if is_last or isinstance(error, TimeoutError):
                    raise OSError(f"{method} {path}: {error}") from error
        if answer.status >= 300:
            raise OSError(f"{method} {path}: {answer.status} {body[:500].decode(errors='replace')}")
        return body

    def submit(self, plan: str) -> str:
        """Returns the run's name."""
        return json.loads(self.get("/v1/runs", {"plan": plan, "folder": str(self.folder)}))["id"]

    def last_words(self) -> str:
        """How it ended, and the last line that it wrote."""
        lines = self.log.read_text(errors="replace").strip().splitlines() or ["nothing"]
        return f"status {self.process.returncode}, {lines[-1][:500]}"

    def messages(self) -> list[dict]:
        """All that it has logged."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            with suppress(json.JSONDecodeError):
                found.append(json.loads(line))
        return [each for each in found if isinstance(each, dict) and "time" in each]


def nanoseconds(text: str) -> int:
    """A message's `time`, since 1970: to the millisecond."""
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000) * 1_000_000


def openings(messages: list[dict], run: str) -> dict[tuple[int, int], int]:
    """When a round's tasks could be had, by stage and round: when the coordinator had written down that the stage is
    open, or that the round before is averaged."""
    found = {}
    for message in messages:
        if message.get("run") != run:
            continue
        stage, text = message.get("stage"), message["message"]
        if re.search(r": stage \d+ opened\b", text):
            found[stage, 1] = nanoseconds(message["time"])
        elif re.search(r": round \d+ of stage \d+ averaged\b", text):
            found[stage, message["round"] + 1] = nanoseconds(message["time"])
    return found


def lease_delays(
    leases: list[tuple[str, int]], opened: dict[tuple[int, int], int], run: str
) -> list[tuple[int, float]]:
    """From each task's opening to the arrival of its first lease: when it was opened, and milliseconds."""
    first: dict[str, int] = {}
    for task, received in leases:
        first[task] = min(received, first.get(task, received))
    delays = []
    for task, received in first.items():
        found = re.fullmatch(r"(.+)\.s(\d+)\.r(\d+)\.t\d+", task)
        if found and found[1] == run and (start := opened.get((int(found[2]), int(found[3])))):
            delays.append((start, max(0.0, (received - start) / 1e6)))
    return delays


class Folder:
    """A temporary folder, and the programs that were started in it; both are gone afterwards."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="cairn-load-"))
        self.programs: list[Program] = []

    def add(self, program: Program) -> Program:
        self.programs.append(program)
        return program

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_: object) -> None:
        for program in reversed(self.programs):
            program.stop()
        shutil.rmtree(self.path, ignore_errors=True)
