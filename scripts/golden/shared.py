"""What the subjects of make_golden.py share."""

import torch

ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "linear": lambda x: x}


def rounded(*tensors):
    return [round(float(value), 9) for tensor in tensors for value in tensor.detach().flatten()]


def draw(*shape):
    """Normal numbers that float32 has."""
    return torch.randn(*shape).mul(0.3).to(torch.float64)


def loss_sum(loss, outputs, target):
    if loss == "mean_squared_error":
        return ((outputs - target) ** 2).sum()
    return torch.nn.functional.binary_cross_entropy(outputs, target, reduction="sum")
