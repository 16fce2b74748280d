"""Training steps of Cairn and of PyTorch, measured in turn on the same cores."""
import json
import os
import subprocess
import sys

from common import CORES, alternate, cairn, offers, start, stop

HERE = os.path.dirname(os.path.abspath(__file__))


class Torch:
    """A process of torch_step.py on some cores, one thread a core."""

    def __init__(self, cores, log):
        self.process = start(
            [sys.executable, f"{HERE}/torch_step.py", str(len(cores))], log, cores, threads=len(cores), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.version = json.loads(self.process.stdout.readline() or "{}").get("version")

    def ask(self, model, batch, mode, seconds):
        wish = {"model": model, "batch": batch, "mode": mode, "seconds": seconds}
        try:
            self.process.stdin.write(json.dumps(wish) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise RuntimeError("the PyTorch process has ended") from None

    def answer(self):
        answer = json.loads(self.process.stdout.readline() or '{"error": "the PyTorch process has ended"}')
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["samplesPerSecond"]


class Comparison:
    """Who is measured, and how long."""

    def __init__(self, program, folder, seconds, repetitions, has_bfloat16):
        self.program, self.seconds, self.repetitions = program, seconds, repetitions
        log = os.path.join(folder, "torch.log")
        self.precisions = ["float32"] + (["bfloat16"] if has_bfloat16 else [])
        self.alone = [Torch([core], log) for core in CORES[:2]]
        self.both = Torch(CORES[:2], log) if len(CORES) > 1 else None
        self.version = self.alone[0].version

    def close(self):
        stop([torch.process for torch in [*self.alone, self.both] if torch])

    def torch(self, processes, model, batch, mode):
        """The sum of what the processes reach at once."""
        def measure():
            for process in processes:
                process.ask(model, batch, mode, self.seconds)
            answers = []
            for process in processes:
                try:
                    answers.append(process.answer())
                except RuntimeError as error:
                    answers.append(error)
            for answer in answers:
                if isinstance(answer, RuntimeError):
                    raise answer
            return sum(answers)
        return measure

    def ours(self, batch, slots, *options):
        arguments = ["bench", "train", "--batch-size", batch, "--slots", slots, "--seconds", self.seconds, *options]
        return lambda: cairn(self.program, *arguments)["samplesPerSecond"]

    def step(self, model, batch, slots, options, layouts):
        """All contenders' samples a second for one step with `slots` cores."""
        contenders = {}
        for precision in self.precisions:
            extra = ["--precision", precision] if offers(self.program, "bench", "train", "--precision") else []
            if options is not None and (extra or precision == "float32"):
                contenders[f"cairn {precision}"] = self.ours(batch, slots, *options, *extra)
            for how in ["eager", "compiled"]:
                for layout in layouts:
                    mode = f"{precision} {how} {layout}".strip()
                    if slots == 1:
                        contenders[f"torch {mode}"] = self.torch(self.alone[:1], model, batch, mode)
                    else:
                        contenders[f"torch {mode}, {slots} threads"] = self.torch([self.both], model, batch, mode)
                        contenders[f"torch {mode}, {slots} processes"] = self.torch(self.alone, model, batch, mode)
        return {"batch": batch, "cores": slots, "samplesPerSecond": alternate(contenders, self.repetitions)}

    def run(self):
        dense = ["--decoder", "free"]
        convolution = ["--convolution"] if offers(self.program, "bench", "train", "--convolution") else None
        result = {}
        if self.both:
            result["dense step, batch 256, 2 cores"] = self.step("dense", 256, 2, dense, [""])
        result["dense step, batch 128, 1 core"] = self.step("dense", 128, 1, dense, [""])
        layouts = ["", "channels_last"]
        if self.both:
            result["convolutional step, batch 128, 2 cores"] = self.step("convolution", 128, 2, convolution, layouts)
        result["convolutional step, batch 128, 1 core"] = self.step("convolution", 128, 1, convolution, layouts)
        return result


def bare_loop(program, slots, seconds):
    """Samples a second of the cluster's work in a bare loop: no coordinator, nothing sent."""
    return cairn(
        program, "bench", "train", "--batch-size", 128, "--samples", 30_000, "--decoder", "free", "--slots", slots,
        "--seconds", seconds)["samplesPerSecond"]


def table(result, has_bfloat16):
    """Lines of text: each contender beside the best of PyTorch in the same precision."""
    lines = []
    for title, step in result.items():
        lines += ["", f"{title}: samples/s, median"]
        rates = {name: rate["median"] for name, rate in step["samplesPerSecond"].items() if "median" in rate}
        for name, rate in step["samplesPerSecond"].items():
            text = f"{rate['median']:>10,.0f}" if "median" in rate else f"failed: {rate['error']}"
            best = max((r for n, r in rates.items() if n.startswith("torch") and n.split()[1] == name.split()[1]),
                       default=0)
            ratio = f"   {rate['median'] / best:.2f} x PyTorch's best" if name.startswith("cairn") and best else ""
            lines.append(f"  {name:<52}{text}{ratio}")
        if not has_bfloat16:
            lines.append(f"  {'bfloat16':<52}not available on this processor")
    return lines
