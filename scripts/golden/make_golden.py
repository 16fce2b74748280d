#!/usr/bin/env python3
"""Makes the numbers in Tests/TrainingTests/Golden by PyTorch, in float64.

    python3 -m venv venv && venv/bin/pip install torch && venv/bin/python scripts/golden/make_golden.py
"""

import json
import pathlib

import torch
from convolutions import convolution_cases
from optimizers import fine_tuning_cases, pretraining_cases
from shared import ACTIVATIONS, loss_sum, rounded

BATCH, INPUTS, UNITS = 5, 11, 7


class Bfloat16Product(torch.autograd.Function):
    """x w and its derivatives, each of two factors rounded to bfloat16."""

    @staticmethod
    def nearest(x):
        return x.to(torch.float32).to(torch.bfloat16).to(torch.float64)

    @staticmethod
    def forward(context, x, weight):
        x, weight = Bfloat16Product.nearest(x), Bfloat16Product.nearest(weight)
        context.save_for_backward(x, weight)
        return x @ weight

    @staticmethod
    def backward(context, delta):
        x, weight = context.saved_tensors
        delta = Bfloat16Product.nearest(delta)
        return delta @ weight.T, x.T @ delta


def case(activation, output, loss, decoder, l1, seed, product=torch.matmul):
    torch.manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape).mul(0.3).to(torch.float32).to(torch.float64)
    encoder_weight, encoder_bias = draw(INPUTS, UNITS), draw(UNITS)
    decoder_weight, decoder_bias = draw(UNITS, INPUTS), draw(INPUTS)
    target = torch.rand(BATCH, INPUTS).to(torch.float64)
    corrupted = target * (torch.rand(BATCH, INPUTS) > 0.3)
    parameters = [encoder_weight, encoder_bias] + ([] if decoder == "tied" else [decoder_weight]) + [decoder_bias]
    for parameter in parameters:
        parameter.requires_grad_()
    code = ACTIVATIONS[activation](product(corrupted, encoder_weight) + encoder_bias)
    sums = product(code, encoder_weight.T if decoder == "tied" else decoder_weight) + decoder_bias
    outputs = ACTIVATIONS[output](sums)
    total = loss_sum(loss, outputs, target) + l1 * code.abs().sum()
    (total / BATCH).backward()
    return {
        "activation": activation, "output": output, "loss": loss, "decoder": decoder, "l1": l1,
        "samples": BATCH, "inputs": INPUTS, "units": UNITS,
        "weights": rounded(*parameters), "target": rounded(target), "corrupted": rounded(corrupted),
        "code": rounded(code), "outputs": rounded(outputs), "total": float(total.detach()),
        "gradient": rounded(*[p.grad for p in parameters]),
    }


def save(name, **cases):
    folder = pathlib.Path(__file__).resolve().parents[2] / "Tests/TrainingTests/Golden"
    (folder / f"{name}.json").write_text(json.dumps({"framework": f"PyTorch {torch.__version__}"} | cases))


save("autoencoders", cases=[
    case("relu", "sigmoid", "mean_squared_error", "unit_norm", 0.1, 1),
    case("relu", "sigmoid", "binary_cross_entropy", "unit_norm", 0.1, 2),
    case("sigmoid", "sigmoid", "binary_cross_entropy", "tied", 0.05, 3),
    case("tanh", "linear", "mean_squared_error", "free", 0.2, 4),
    case("linear", "tanh", "mean_squared_error", "tied", 0.0, 5),
    case("relu", "relu", "mean_squared_error", "free", 0.3, 6),
])
save("bfloat16", cases=[
    case("relu", "sigmoid", "mean_squared_error", "unit_norm", 0.1, 7, Bfloat16Product.apply),
    case("sigmoid", "sigmoid", "binary_cross_entropy", "tied", 0.05, 8, Bfloat16Product.apply),
    case("tanh", "linear", "mean_squared_error", "free", 0.2, 9, Bfloat16Product.apply),
])
save("convolutions", cases=convolution_cases())
save("optimizers", pretraining=pretraining_cases(), fineTuning=fine_tuning_cases())
