"""The same distributed training by Cairn and by two PyTorch processes over Gloo: real processes, loopback."""
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time

from common import CORES, Memory, loopback_bytes, start, stop

HERE = os.path.dirname(os.path.abspath(__file__))
WORKERS, IMAGES = 2, 60_000


def core_of(worker):
    return [CORES[worker % len(CORES)]]


def summary(rounds, sent, memory, target):
    """rounds: [{"seconds", "known": seconds from the command until its error was known, "error"}]"""
    seconds = statistics.median(r["seconds"] for r in rounds[1:])
    reached = next((r["known"] for r in rounds if r["error"] <= target), None)
    return {
        "secondsPerRound": seconds, "samplesPerSecond": IMAGES / seconds, "secondsToTarget": reached,
        "megabytesPerRound": sent / (len(rounds) - 1) / 1e6 if sent else None, "peakMiB": memory,
        "errors": [round(r["error"], 3) for r in rounds], "roundSeconds": [round(r["seconds"], 2) for r in rounds],
    }


class Run:
    """A run on a real coordinator with two workers of one slot, watched over its HTTP interface."""

    def __init__(self, program, folder, rounds, precision):
        self.folder, self.memory, self.processes = folder, Memory(), []
        self.began = time.time()
        shutil.rmtree(f"{folder}/cairn", ignore_errors=True)
        os.makedirs(f"{folder}/cairn")
        with open(f"{HERE}/plan.yaml") as plan, open(f"{folder}/plan.yaml", "w") as copy:
            copy.write(re.sub(r"rounds: \d+", f"rounds: {rounds}\n  precision: {precision}", plan.read()))
        self.start("coordinator", program, "coordinator", "--listen", "127.0.0.1:0", "--state",
                   f"{folder}/cairn/state", "--plan", f"{folder}/plan.yaml", "--data", folder)
        self.port = self.wait_for_port()
        for worker in range(WORKERS):
            self.start(f"worker-{worker}", program, "worker", "--slots", "1", "--coordinator",
                       f"http://127.0.0.1:{self.port}", "--cache", f"{folder}/cairn/cache-{worker}",
                       cores=core_of(worker))
        self.memory.start()

    def start(self, name, *command, cores=None):
        process = start(command, f"{self.folder}/cairn/{name}.log", cores)
        self.processes.append(process)
        self.memory.watch(name.partition("-")[0], process)

    def wait_for_port(self):
        log = f"{self.folder}/cairn/coordinator.log"
        while self.processes[0].poll() is None:
            with open(log) as lines:
                if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", lines.read()):
                    return int(found[1])
            time.sleep(0.02)
        raise RuntimeError(f"the coordinator did not start; see {log}")

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
        return json.loads(body)

    def follow(self, rounds, target):
        """Until the run has ended."""
        status = self.get("/v1/runs")["runs"][0]
        known, after_first, sent = {}, None, None
        while True:
            history = status["stages"][0]["history"] if status["stages"] else []
            for record in history:
                if record.get("heldOutError") is not None and record["round"] not in known:
                    known[record["round"]] = time.time() - self.began
            closed = sum(1 for record in history if record.get("seconds") is not None)
            if closed >= 1 and after_first is None:
                after_first = loopback_bytes()
            if closed >= rounds and sent is None and after_first is not None:
                sent = loopback_bytes() - after_first
            if status["state"] in ("finished", "failed", "cancelled"):
                break
            status = self.get(f"/v1/runs/{status['id']}?after={status['revision']}&wait=10")
        if status["state"] != "finished":
            raise RuntimeError(f"the run {status['state']}: {status.get('reason')}; see {self.folder}/cairn")
        figures = [{"seconds": r["seconds"], "known": known[r["round"]], "error": r["heldOutError"]}
                   for r in history if r.get("seconds") is not None]
        return summary(figures, sent, self.memory.end(), target)

    def close(self):
        stop(self.processes[1:] + self.processes[:1])


def run_cairn(program, folder, rounds, target, precision):
    run = Run(program, folder, rounds, precision)
    try:
        return run.follow(rounds, target)
    finally:
        run.close()


def run_gloo(folder, rounds, target, precision, optimizer):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    memory, began, before = Memory(), time.time(), loopback_bytes()
    processes = [
        start([sys.executable, f"{HERE}/gloo.py", f"{folder}/images.npy", "--rank", str(rank), "--port", str(port),
               "--rounds", str(rounds), "--precision", precision, "--optimizer", optimizer],
              f"{folder}/gloo-{rank}.log", core_of(rank), text=True, stdout=subprocess.PIPE)
        for rank in range(WORKERS)]
    try:
        for process in processes:
            memory.watch("worker", process)
        memory.start()
        lines = [json.loads(line) for line in processes[0].stdout]
        if any(process.wait() != 0 for process in processes) or len(lines) != rounds:
            raise RuntimeError(f"PyTorch's processes failed; see {folder}/gloo-*.log")
    finally:
        stop(processes)
    # Every round sends as much; what starting sends is little beside it.
    sent = (loopback_bytes() - before) / rounds * (rounds - 1)
    figures = [{"seconds": r["end"] - r["start"], "known": r["measured"] - began, "error": r["error"]} for r in lines]
    result = summary(figures, sent, memory.end(), target)
    result["secondsPerRoundWithMeasuring"] = statistics.median(r["measured"] - r["start"] for r in lines[1:])
    return result
