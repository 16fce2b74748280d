"""Autoencoders of convolutions. Pictures are (samples, channels, height, width) here, and channels last in the numbers."""

import torch
import torch.nn.functional as F
from shared import ACTIVATIONS, draw, loss_sum, rounded

SAMPLES = 2


def rows(x):
    return x.permute(0, 2, 3, 1).flatten(1) if x.dim() == 4 else x


def pictures(x, shape):
    return x.reshape(-1, shape[1], shape[2], shape[0]).permute(0, 3, 1, 2) if len(shape) == 3 else x


def divided(size, step):
    return -(-size // step)


def convolve(x, weight, stride):
    """A place for each `stride` places of x, the last even where its window goes beyond; around x there are zeros."""
    kernel = weight.shape[2]
    before = (kernel - 1) // 2
    after = [max((divided(size, stride) - 1) * stride + kernel - size - before, 0) for size in x.shape[2:]]
    return F.conv2d(F.pad(x, (before, after[1], before, after[0])), weight, stride=stride)


def transposed(code, weight, stride, height, width):
    full = F.conv_transpose2d(code, weight, stride=stride)
    before = (weight.shape[2] - 1) // 2
    return F.pad(full, (-before, width - full.shape[3] + before, -before, height - full.shape[2] + before))


def repeated(x, factor, height, width):
    return x.repeat_interleave(factor, 2).repeat_interleave(factor, 3)[:, :, :height, :width]


def encode(layer, x, weight, bias):
    window = layer.get("window")
    sums = convolve(x, weight, window["stride"]) + bias[:, None, None] if window else rows(x) @ weight + bias
    return ACTIVATIONS[layer["activation"]](sums)


def decode(layer, activation, code, weight, bias, shape):
    """`shape` is that of what the layer encodes."""
    window = layer.get("window")
    if window is None:
        sums = pictures(code @ weight + bias, shape)
    else:
        if window["decoder"] == "transposed":
            sums = transposed(code, weight, window["stride"], *shape[1:])
        else:
            sums = convolve(repeated(code, window["stride"], *shape[1:]), weight.transpose(0, 1), 1)
        sums = sums + bias[:, None, None]
    return ACTIVATIONS[activation](sums)


def pool(layer, code):
    window = layer.get("window")
    return F.max_pool2d(code, window["pooling"], ceil_mode=True) if window and window["pooling"] > 1 else code


def unpool(layer, x, shape):
    window = layer.get("window")
    if not window or window["pooling"] == 1:
        return x
    return repeated(x, window["pooling"], *(divided(size, window["stride"]) for size in shape[1:]))


def weight_shape(layer, shape, is_decoder):
    if window := layer.get("window"):
        return layer["units"], shape[0], window["kernel"], window["kernel"]
    count = torch.Size(shape).numel()
    return (layer["units"], count) if is_decoder else (count, layer["units"])


def case(name, layers, decoders, loss="mean_squared_error", l1=0.0, first=0, image=(2, 5, 6), seed=0):
    torch.manual_seed(seed)
    pixels = torch.rand(SAMPLES, *image).to(torch.float64)
    frozen, below = [], pixels
    for layer in layers[:first]:
        weights = [draw(*weight_shape(layer, below.shape[1:], False)), draw(layer["units"])]
        frozen += weights
        below = pool(layer, encode(layer, below, *weights))
    # Codes of frozen layers are kept as bfloat16.
    target = below.to(torch.float32).to(torch.bfloat16).to(torch.float64) if first else below
    corrupted = target * (torch.rand(target.shape) > 0.3)

    parameters, x, steps = [], corrupted, []
    for index, (layer, decoder) in enumerate(zip(layers[first:], decoders)):
        shape = x.shape[1:]
        encoder = [draw(*weight_shape(layer, shape, False)), draw(layer["units"])]
        outputs = shape[0] if layer.get("window") else shape.numel()
        own = [] if decoder["constraint"] == "tied" else [draw(*weight_shape(layer, shape, True))]
        parameters += [parameter.requires_grad_() for parameter in encoder + own + [draw(outputs)]]
        is_dense = layer.get("window") is None
        tied = encoder[0].T if is_dense else encoder[0]
        steps.append((layer, decoder["activation"], own[0] if own else tied, parameters[-1], shape))
        code = encode(layer, x, *encoder)
        x = pool(layer, code)
    y = code
    for index, (layer, activation, weight, bias, shape) in reversed(list(enumerate(steps))):
        y = decode(layer, activation, y if index == len(steps) - 1 else unpool(layer, y, shape), weight, bias, shape)
    total = loss_sum(loss, y, target) + l1 * code.abs().sum()
    (total / SAMPLES).backward()
    return {
        "name": name, "image": dict(zip(("channels", "height", "width"), image)), "layers": layers, "first": first,
        "decoders": decoders, "loss": loss, "l1": l1, "samples": SAMPLES,
        "pixels": rounded(rows(pixels)) if first else [], "frozen": rounded(*frozen),
        "target": rounded(rows(target)), "corrupted": rounded(rows(corrupted)), "weights": rounded(*parameters),
        "code": rounded(rows(code)), "outputs": rounded(rows(y)), "total": float(total.detach()),
        "gradient": rounded(*[p.grad for p in parameters]),
    }


def layer(units, activation, kernel=None, stride=1, pooling=1, decoder="transposed"):
    window = {"kernel": kernel, "stride": stride, "pooling": pooling, "decoder": decoder}
    return {"units": units, "activation": activation} | ({"window": window} if kernel else {})


def decoder(constraint, activation):
    return {"constraint": constraint, "activation": activation}


def convolution_cases():
    entropy = "binary_cross_entropy"
    return [
        case("stride 1, unit norm", [layer(3, "relu", 3)], [decoder("unit_norm", "sigmoid")], l1=0.1, seed=1),
        case("stride 2, free", [layer(3, "tanh", 3, 2)], [decoder("free", "sigmoid")], entropy, 0.05, seed=2),
        case("stride 2, tied, even window", [layer(3, "sigmoid", 4, 2)], [decoder("tied", "linear")], l1=0.2, seed=3),
        case("window below the stride", [layer(4, "relu", 2, 3)], [decoder("free", "relu")], image=(1, 8, 7), seed=4),
        case("many channels, tied", [layer(9, "relu", 2, 2)], [decoder("tied", "tanh")], l1=0.1, image=(8, 3, 3),
             seed=5),
        case("upsampling, unit norm", [layer(3, "relu", 3, 2, decoder="upsampling")],
             [decoder("unit_norm", "sigmoid")], entropy, 0.1, seed=6),
        case("upsampling, tied", [layer(3, "tanh", 3, 3, decoder="upsampling")], [decoder("tied", "linear")], l1=0.1,
             seed=7),
        case("pooling below a convolution", [layer(4, "relu", 3, pooling=2), layer(3, "relu", 3, pooling=2)],
             [decoder("unit_norm", "relu")], l1=0.1, first=1, seed=8),
        case("pooling below a dense layer", [layer(3, "sigmoid", 3, 2, pooling=3), layer(4, "tanh")],
             [decoder("tied", "sigmoid")], entropy, 0.05, first=1, seed=9),
        case("all layers together", [layer(2, "tanh", 3, pooling=2), layer(3, "relu", 3, 2, decoder="upsampling"),
                                     layer(4, "tanh")],
             [decoder("free", "sigmoid"), decoder("tied", "tanh"), decoder("unit_norm", "relu")], l1=0.1, seed=10),
    ]
