"""One of two PyTorch processes that train the network of plan.yaml, averaging the weights over Gloo after each epoch.

No coordinator, and nobody to take over: the least that such training can cost. One thread, half of the 60,000 images;
process 0 measures the error of the other 10,000 after each round while the other waits, and prints a line for each.
"""
import argparse
import json
import time

import numpy
import torch
import torch.distributed
from torch import nn

BATCH, L1, HELD_OUT = 128, 0.001, 10_000


def load(path, rank):
    """The images of this process, or of the measurement: (n, 784) in 0 ... 1. The split is the same in all processes."""
    images = numpy.load(path, mmap_mode="r")
    order = numpy.random.default_rng(1).permutation(len(images))
    held_out, rest = order[:HELD_OUT], order[HELD_OUT:]
    half = len(rest) // 2

    def pick(indices):
        return torch.from_numpy(images[numpy.sort(indices)].astype(numpy.float32) / 255)

    return pick(rest[rank * half:(rank + 1) * half]), pick(held_out) if rank == 0 else None


def epoch(encoder, decoder, optimizer, samples, has_bfloat16):
    for indices in torch.randperm(len(samples)).split(BATCH):
        x = samples[indices]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=has_bfloat16):
            code = torch.relu(encoder(x))
            out = decoder(code)
        loss = (((torch.sigmoid(out.float()) - x) ** 2).sum() + L1 * code.float().sum()) / len(x)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


@torch.no_grad()
def average(parameters):
    flat = torch.cat([p.flatten() for p in parameters])
    torch.distributed.all_reduce(flat)
    flat /= torch.distributed.get_world_size()
    for p, values in zip(parameters, flat.split([p.numel() for p in parameters])):
        p.copy_(values.view_as(p))


@torch.no_grad()
def error(encoder, decoder, held_out):
    sums = [((torch.sigmoid(decoder(torch.relu(encoder(x)))) - x) ** 2).sum() for x in held_out.split(256)]
    return float(sum(sums)) / len(held_out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("images")
    parser.add_argument("--rank", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--optimizer", choices=["reset", "kept"], default="reset")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{options.port}", rank=options.rank, world_size=2)
    samples, held_out = load(options.images, options.rank)
    torch.manual_seed(1)
    encoder, decoder = nn.Linear(784, 1000), nn.Linear(1000, 784)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    torch.manual_seed(2 + options.rank)
    optimizer = None
    for number in range(1, options.rounds + 1):
        torch.distributed.barrier()
        start = time.time()
        if optimizer is None or options.optimizer == "reset":
            optimizer = torch.optim.Adam(parameters, lr=0.001, fused=True)
        epoch(encoder, decoder, optimizer, samples, options.precision == "bfloat16")
        average(parameters)
        end = time.time()
        if options.rank == 0:
            measured = error(encoder, decoder, held_out)
            print(json.dumps({"round": number, "start": start, "end": end, "measured": time.time(), "error": measured}),
                  flush=True)
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
