"""What the comparisons share: processes that are measured, their memory, traffic on loopback, medians. Needs Python only."""
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time

CORES = sorted(os.sched_getaffinity(0))


def environment(threads=1):
    """This process' environment without settings of BLAS and OpenMP libraries that a shell may export."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "MKL_", "OMP_", "GOMP_"))}
    return kept | {"OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"}


def start(command, log=None, cores=None, threads=1, **more):
    """Starts a process that stays on `cores` (None: anywhere), its messages in the file `log`."""
    def stay():
        if cores:
            os.sched_setaffinity(0, cores)
    with open(log or os.devnull, "ab") as messages:
        return subprocess.Popen(command, stderr=messages, env=environment(threads), preexec_fn=stay, **more)


def stop(processes):
    """Ends processes that were started here: politely, then not."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cairn(program, *arguments):
    """What `cairn ARGUMENTS --json` prints."""
    ended = subprocess.run([program, *map(str, arguments), "--json"], env=environment(), capture_output=True, text=True)
    if ended.returncode != 0:
        raise RuntimeError(f"cairn {' '.join(map(str, arguments))}: {ended.stderr.strip()}")
    return json.loads(ended.stdout)


def offers(program, *arguments_and_option):
    """Whether the subcommand's help names the option, the last argument."""
    *arguments, option = arguments_and_option
    help_text = subprocess.run([program, *arguments, "--help"], capture_output=True, text=True).stdout
    return option in help_text


def loopback_bytes():
    """Bytes sent over loopback since the machine started, by anyone, headers included."""
    with open("/proc/net/dev") as lines:
        for line in lines:
            name, _, numbers = line.partition(":")
            if name.strip() == "lo":
                return int(numbers.split()[0])
    return 0


class Memory(threading.Thread):
    """The peak of the resident memory of groups of processes, each summed up, looked at four times a second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.groups, self.peaks, self.ended = {}, {}, threading.Event()

    def watch(self, group, process):
        self.groups.setdefault(group, []).append(process.pid)

    def run(self):
        page = os.sysconf("SC_PAGE_SIZE")
        while not self.ended.wait(0.25):
            for group, pids in list(self.groups.items()):
                self.peaks[group] = max(self.peaks.get(group, 0), sum(self.pages(pid) for pid in list(pids)) * page)

    @staticmethod
    def pages(pid):
        try:
            with open(f"/proc/{pid}/statm") as numbers:
                return int(numbers.read().split()[1])
        except OSError:
            return 0

    def end(self):
        """MiB of each group."""
        self.ended.set()
        self.join()
        return {group: round(peak / 2**20) for group, peak in self.peaks.items()}


def alternate(contenders, repetitions):
    """Measures each contender once, then each again, ...: what disturbs the machine disturbs all alike.

    contenders: {name: function that returns a rate}. Returns {name: {"median", "all"}}, or {"error"} for what failed.
    """
    rates, errors = {name: [] for name in contenders}, {}
    for repetition in range(repetitions):
        for name, measure in contenders.items():
            if name not in errors:
                progress(f"{repetition + 1} of {repetitions}: {name}")
                try:
                    rates[name].append(measure())
                except RuntimeError as error:
                    errors[name] = str(error)[:300]
    return {
        name: {"error": errors[name]} if name in errors else {"median": statistics.median(all_), "all": all_}
        for name, all_ in rates.items()
    }


def progress(text):
    """Says on standard error what is going on."""
    print(f"  {text}", file=sys.stderr, flush=True)


def machine():
    """What the figures belong to."""
    model = platform.processor()
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {"processor": model, "cores": len(CORES), "load": os.getloadavg()[0], "time": time.strftime("%Y-%m-%d %H:%M")}
