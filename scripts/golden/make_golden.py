#!/usr/bin/env python3
"""Makes Tests/TrainingTests/Golden/autoencoders.json: forward and backward of small autoencoders by PyTorch, in float64.

    python3 -m venv venv && venv/bin/pip install torch && venv/bin/python scripts/golden/make_golden.py
"""

import json
import pathlib

import torch

BATCH, INPUTS, UNITS = 5, 11, 7
ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "linear": lambda x: x}


def rounded(tensor):
    return [round(float(value), 9) for value in tensor.flatten()]


def case(activation, output, loss, decoder, l1, seed):
    torch.manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape).mul(0.3).to(torch.float32).to(torch.float64)
    encoder_weight, encoder_bias = draw(INPUTS, UNITS), draw(UNITS)
    decoder_weight, decoder_bias = draw(UNITS, INPUTS), draw(INPUTS)
    target = torch.rand(BATCH, INPUTS).to(torch.float64)
    corrupted = target * (torch.rand(BATCH, INPUTS) > 0.3)
    parameters = [encoder_weight, encoder_bias] + ([] if decoder == "tied" else [decoder_weight]) + [decoder_bias]
    for parameter in parameters:
        parameter.requires_grad_()
    code = ACTIVATIONS[activation](corrupted @ encoder_weight + encoder_bias)
    sums = code @ (encoder_weight.T if decoder == "tied" else decoder_weight) + decoder_bias
    outputs = ACTIVATIONS[output](sums)
    if loss == "mean_squared_error":
        total = ((outputs - target) ** 2).sum()
    else:
        total = torch.nn.functional.binary_cross_entropy(outputs, target, reduction="sum")
    total = total + l1 * code.abs().sum()
    (total / BATCH).backward()
    return {
        "activation": activation, "output": output, "loss": loss, "decoder": decoder, "l1": l1,
        "samples": BATCH, "inputs": INPUTS, "units": UNITS,
        "weights": rounded(torch.cat([p.detach().flatten() for p in parameters])),
        "target": rounded(target), "corrupted": rounded(corrupted),
        "code": rounded(code.detach()), "outputs": rounded(outputs.detach()), "total": float(total.detach()),
        "gradient": rounded(torch.cat([p.grad.flatten() for p in parameters])),
    }


cases = [
    case("relu", "sigmoid", "mean_squared_error", "unit_norm", 0.1, 1),
    case("relu", "sigmoid", "binary_cross_entropy", "unit_norm", 0.1, 2),
    case("sigmoid", "sigmoid", "binary_cross_entropy", "tied", 0.05, 3),
    case("tanh", "linear", "mean_squared_error", "free", 0.2, 4),
    case("linear", "tanh", "mean_squared_error", "tied", 0.0, 5),
    case("relu", "relu", "mean_squared_error", "free", 0.3, 6),
]
folder = pathlib.Path(__file__).resolve().parents[2] / "Tests/TrainingTests/Golden"
(folder / "autoencoders.json").write_text(json.dumps({"framework": f"PyTorch {torch.__version__}", "cases": cases}))
