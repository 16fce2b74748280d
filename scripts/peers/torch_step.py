"""PyTorch's training steps, measured on request: a line of JSON in, {"model", "batch", "mode", "seconds"}, and one out.

Waiting costs no time of the processor, so others can be measured in between; what a mode compiles is kept.
torch_step.py THREADS
"""
import json
import sys
import time

import torch
from torch import nn

SAMPLES = 8192
L1 = 0.001


class Dense(nn.Module):
    """784 -> 1000 (ReLU) -> 784 (sigmoid); squared error and L1 on the code."""

    shape = (784,)

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(784, 1000), nn.Linear(1000, 784)

    def forward(self, x):
        code = torch.relu(self.encoder(x))
        out = torch.sigmoid(self.decoder(code).float())
        return (((out - x) ** 2).sum() + L1 * code.float().sum()) / len(x)


class Convolutional(nn.Module):
    """1x28x28, two convolutions and two transposed ones, 3x3 with stride 2; squared error."""

    shape = (1, 28, 28)

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(32, 16, 3, 2, 1, 1), nn.ReLU(), nn.ConvTranspose2d(16, 1, 3, 2, 1, 1))

    def forward(self, x):
        return ((torch.sigmoid(self.layers(x).float()) - x) ** 2).sum() / len(x)


class Steps:
    """A model in one mode, such as "bfloat16 compiled channels_last"."""

    def __init__(self, model, batch, mode):
        torch.manual_seed(1)
        kind = {"dense": Dense, "convolution": Convolutional}[model]
        layout = torch.channels_last if "channels_last" in mode else torch.contiguous_format
        self.batch, self.has_bfloat16 = batch, "bfloat16" in mode
        self.samples = torch.rand(SAMPLES, *kind.shape).contiguous(memory_format=layout)
        model = kind().to(memory_format=layout)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=0.001, fused=True)
        self.loss = torch.compile(model, dynamic=False) if "compiled" in mode else model
        # Compilers and caches warm up.
        for _ in range(3):
            self.step(torch.arange(batch))

    def step(self, indices):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.has_bfloat16):
            loss = self.loss(self.samples[indices])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def samples_per_second(self, seconds):
        start, done = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            for indices in torch.randperm(SAMPLES).split(self.batch):
                self.step(indices)
                done += len(indices)
                if time.perf_counter() - start >= seconds:
                    break
        return done / (time.perf_counter() - start)


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    print(json.dumps({"version": torch.__version__}), flush=True)
    prepared = {}
    for line in sys.stdin:
        wish = json.loads(line)
        key = wish["model"], wish["batch"], wish["mode"]
        try:
            if key not in prepared:
                prepared[key] = Steps(*key)
            answer = {"samplesPerSecond": prepared[key].samples_per_second(wish["seconds"])}
        except Exception as error:  # What cannot be compiled here is said in the table; the other modes go on.
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
