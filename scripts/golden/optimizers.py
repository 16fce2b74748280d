"""Whole trainings: every step sees all samples, so that their order does not matter."""

import torch
from shared import ACTIVATIONS, draw, loss_sum, rounded

STEPS, SAMPLES, INPUTS, UNITS = 20, 6, 7, 5


def adam(rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8):
    return {"adam": {"learningRate": rate, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}}


def sgd(rate, momentum):
    return {"sgd": {"learningRate": rate, "momentum": momentum}}


def train(settings, groups, decay, loss, project=lambda: None):
    """PyTorch's own optimizers; its SGD has no decoupled decay, which is therefore done by hand."""
    if own := settings.get("adam"):
        betas, epsilon = (own["beta1"], own["beta2"]), own["epsilon"]
        by_default = {"betas": betas, "eps": epsilon}
        optimizer = torch.optim.AdamW(groups, **by_default) if decay else torch.optim.Adam(groups, **by_default)
    else:
        optimizer = torch.optim.SGD([{"params": g["params"], "lr": g["lr"]} for g in groups],
                                    momentum=settings["sgd"]["momentum"])
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss().backward()
        if "sgd" in settings:
            with torch.no_grad():
                for group in groups:
                    for parameter in group["params"]:
                        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        optimizer.step()
        with torch.no_grad():
            project()


def pretraining_case(settings, constraint, loss, l1, seed):
    torch.manual_seed(seed)
    x = torch.rand(SAMPLES, INPUTS).to(torch.float64)
    encoder, bias, decoder, out = draw(INPUTS, UNITS), draw(UNITS), draw(UNITS, INPUTS), draw(INPUTS)
    parameters = [encoder, bias] + ([] if constraint == "tied" else [decoder]) + [out]
    start = rounded(*parameters)
    for parameter in parameters:
        parameter.requires_grad_()

    def mean_loss():
        code = torch.tanh(x @ encoder + bias)
        outputs = torch.sigmoid(code @ (encoder.T if constraint == "tied" else decoder) + out)
        return (loss_sum(loss, outputs, x) + l1 * code.abs().sum()) / SAMPLES

    def project():
        if constraint == "unit_norm":
            decoder.div_(decoder.norm(dim=1, keepdim=True))

    rate = next(iter(settings.values()))["learningRate"]
    train(settings, [{"params": parameters, "lr": rate, "weight_decay": 0.0}], 0, mean_loss, project)
    return {
        "optimizer": settings, "decoder": constraint, "loss": loss, "l1": l1, "steps": STEPS, "samples": SAMPLES,
        "inputs": INPUTS, "units": UNITS, "x": rounded(x), "start": start, "end": rounded(*parameters),
    }


def fine_tuning_case(settings, encoder_rate, decay, seed):
    """Biases do not decay; the encoder has a rate of its own."""
    torch.manual_seed(seed)
    classes = 3
    x, labels = torch.rand(SAMPLES, INPUTS).to(torch.float64), torch.arange(SAMPLES) % classes
    parameters = [draw(INPUTS, UNITS), draw(UNITS), draw(UNITS, classes), draw(classes)]
    start = rounded(*parameters)
    for parameter in parameters:
        parameter.requires_grad_()
    rates = [encoder_rate] * 2 + [next(iter(settings.values()))["learningRate"]] * 2
    groups = [{"params": [p], "lr": rate, "weight_decay": decay if p.dim() == 2 else 0.0}
              for p, rate in zip(parameters, rates)]

    def mean_loss():
        code = torch.tanh(x @ parameters[0] + parameters[1])
        return torch.nn.functional.cross_entropy(code @ parameters[2] + parameters[3], labels)

    train(settings, groups, decay, mean_loss)
    return {
        "optimizer": settings, "encoderRate": encoder_rate, "decay": decay, "steps": STEPS, "samples": SAMPLES,
        "inputs": INPUTS, "units": UNITS, "classes": classes, "x": rounded(x), "labels": labels.tolist(),
        "start": start, "end": rounded(*parameters),
    }


def pretraining_cases():
    return [
        pretraining_case(adam(), "free", "binary_cross_entropy", 0.05, 1),
        pretraining_case(adam(0.03, 0.7, 0.95, 1e-2), "unit_norm", "mean_squared_error", 0.1, 2),
        pretraining_case(sgd(0.05, 0.9), "tied", "mean_squared_error", 0.05, 3),
        pretraining_case(sgd(0.05, 0.0), "unit_norm", "binary_cross_entropy", 0.0, 4),
    ]


def fine_tuning_cases():
    return [
        fine_tuning_case(adam(), 0.003, 0.0, 5),
        fine_tuning_case(adam(), 0.003, 0.5, 6),
        fine_tuning_case(sgd(0.1, 0.9), 0.02, 0.5, 7),
    ]
