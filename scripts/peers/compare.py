"""Measures Cairn and PyTorch in turn and prints tables; scripts/bench-peers says how, and calls it."""
import argparse
import gzip
import json
import os
import signal
import statistics
import struct
import sys

import cluster
import numpy
import steps
from common import CORES, cairn, machine, progress


def images(path):
    """The images of a gzipped IDX file as rows of bytes."""
    with gzip.open(path, "rb") as file:
        magic, count, height, width = struct.unpack(">IIII", file.read(16))
        if magic != 2051:
            raise SystemExit(f"{path}: is no IDX file of images")
        return numpy.frombuffer(file.read(), numpy.uint8).reshape(count, height * width)


def measure_cluster(options, has_bfloat16):
    """Cairn and PyTorch in turn, the bare loop before and after each."""
    data = [images(f"{options.data}/{name}-images-idx3-ubyte.gz") for name in ["train", "t10k"]]
    numpy.save(f"{options.folder}/images.npy", numpy.concatenate(data))
    rounds, times = (6, 1) if options.quick else (12, 3)
    precisions = ["float32"] + (["bfloat16"] if has_bfloat16 else [])
    contenders = {
        f"cairn {precision}": lambda p=precision: cluster.run_cairn(
            options.cairn, options.folder, rounds, options.target, p)
        for precision in precisions}
    for precision in precisions:
        for optimizer in ["reset"] if options.quick else ["reset", "kept"]:
            contenders[f"torch {precision}, Adam {optimizer}"] = lambda p=precision, o=optimizer: cluster.run_gloo(
                options.folder, rounds, options.target, p, o)
    runs, bare = {name: [] for name in contenders}, []
    for _ in range(times):
        for name, run in contenders.items():
            bare.append(steps.bare_loop(options.cairn, cluster.WORKERS, 2 if options.quick else 5))
            progress(f"{len(runs[name]) + 1} of {times}: {name}, {rounds} rounds")
            runs[name].append(run())
    bare = statistics.median(bare)
    result = {name: middle(all_) | {"runs": all_} for name, all_ in runs.items()}
    result["cairn float32"]["shareOfBareLoop"] = result["cairn float32"]["samplesPerSecond"] / bare
    return {"target": options.target, "bareLoopSamplesPerSecond": bare, "systems": result}


def middle(runs):
    """The medians of the runs' figures; None where a run did not get there."""
    def median(key):
        values = [run.get(key) for run in runs]
        return None if None in values else statistics.median(values)
    keys = ["secondsPerRound", "secondsPerRoundWithMeasuring", "samplesPerSecond", "secondsToTarget",
            "megabytesPerRound"]
    memory = {group: max(run["peakMiB"].get(group, 0) for run in runs) for group in runs[0]["peakMiB"]}
    return {key: median(key) for key in keys} | {"peakMiB": memory}


def cluster_table(result, has_bfloat16):
    def number(value, digits):
        return "-" if value is None else f"{value:,.{digits}f}"
    target = result["target"]
    lines = ["", "60,000 images, 784-1000-784, batch 128, two workers of one core, an average an epoch; an error is the mean",
             "over 10,000 other images of the summed squared error",
             f"  {'':<32}{'s a round':>12}{'measured':>10}{'samples/s':>11}{f's to {target:g}':>10}{'MB a round':>12}  peak MiB"]
    for name, row in result["systems"].items():
        memory = ", ".join(f"{group} {mib:,}" for group, mib in row["peakMiB"].items())
        with_measuring = row["secondsPerRoundWithMeasuring"] or row["secondsPerRound"]
        lines.append(
            f"  {name:<32}{number(row['secondsPerRound'], 2):>12}{number(with_measuring, 2):>10}"
            f"{number(row['samplesPerSecond'], 0):>11}{number(row['secondsToTarget'], 1):>10}"
            f"{number(row['megabytesPerRound'], 1):>12}  {memory}")
    if not has_bfloat16:
        lines.append(f"  {'bfloat16':<32}not available on this processor")
    share = result["systems"]["cairn float32"]["shareOfBareLoop"]
    lines += ["  measured: seconds a round with the error's measurement, which Cairn's rounds always hold",
              f"  a bare loop without a coordinator: {result['bareLoopSamplesPerSecond']:,.0f} samples/s;"
              f" the cluster reaches {share * 100:.0f} % of it"]
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--cairn", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--target", type=float, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=["steps", "cluster"])
    options = parser.parse_args()
    options.folder = os.path.abspath(options.folder)
    os.makedirs(options.folder, exist_ok=True)

    result = {"machine": machine(), "peak": cairn(options.cairn, "bench", "peak", "--slots", min(2, len(CORES)))}
    has_bfloat16 = result["peak"]["hasBfloat16"]
    print(f"{result['machine']['processor']}, {len(CORES)} cores; load {result['machine']['load']:.1f} at the start")
    if options.only != "cluster":
        seconds, repetitions = (1, 5) if options.quick else (3, 7)
        comparison = steps.Comparison(options.cairn, options.folder, seconds, repetitions, has_bfloat16)
        try:
            result["torch"], result["steps"] = comparison.version, comparison.run()
        finally:
            comparison.close()
        print("\n".join(steps.table(result["steps"], has_bfloat16)), flush=True)
    if options.only != "steps":
        result["cluster"] = measure_cluster(options, has_bfloat16)
        print("\n".join(cluster_table(result["cluster"], has_bfloat16)), flush=True)
    with open(f"{options.folder}/peers.json", "w") as file:
        json.dump(result, file, indent=1)
    print(f"\nall figures: {options.folder}/peers.json")


if __name__ == "__main__":
    # So that the processes started here end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except (RuntimeError, OSError) as error:
        sys.exit(f"bench-peers: {error}")
