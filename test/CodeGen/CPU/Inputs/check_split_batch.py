"""Compiles random networks for a batch of images and compares them with NumPy.

usage: check_split_batch.py --seed N --count N [slimc options...]

Each network is a chain of pointwise and depthwise convolutions with padding,
ReLU and residuals, whose activations no second-level cache holds for the batch;
some then average each image, mix the images, or end in a linear layer.
"""

import sys

import numpy as np

import random_cases


def tensor(*shape):
    return f"tensor<{'x'.join(map(str, shape))}xf32>"


class Network:
    """The text of a network, for any number of images, and its weights."""

    def __init__(self, rng):
        self.channels = int(rng.integers(17, 40))
        self.size = [int(s) for s in rng.integers(40, 60, 2)]
        self.steps = [
            str(s) for s in rng.choice(["point", "depth", "add"], rng.integers(3, 6))
        ]
        self.end = str(rng.choice(["image", "mean", "linear", "mixed"]))
        self.weights = {}
        c = self.channels
        for i, step in enumerate(self.steps):
            shape = (c, 1, 3, 3) if step == "depth" else (c, c, 1, 1)
            self.weights[f"w{i}"] = rng.standard_normal(shape) / np.sqrt(
                np.prod(shape[1:])
            )
        self.weights["head"] = rng.standard_normal((8, c))

    def text(self, n):
        c = self.channels
        image = tensor(n, c, *self.size)
        lines, previous = [], "%x"
        for name, value in self.weights.items():
            data = value.astype(np.float32)
            lines.append(
                f'slim.weight @{name} : {tensor(*data.shape)} = '
                f'dense<"0x{data.tobytes().hex().upper()}"> : {tensor(*data.shape)}'
            )
        body = []
        for i, step in enumerate(self.steps):
            weight = tensor(*self.weights[f"w{i}"].shape)
            pad = 1 if step == "depth" else 0
            groups = c if step == "depth" else 1
            body += [
                f"%w{i} = slim.get_weight @w{i} : {weight}",
                f"%c{i} = slim.conv {previous}, %w{i} {{strides = array<i64: 1, 1>, "
                f"pads = array<i64: {pad}, {pad}, {pad}, {pad}>, dilations = "
                f"array<i64: 1, 1>, groups = {groups}}} : ({image}, {weight}) -> {image}",
                f"%y{i} = slim.relu %c{i} : ({image}) -> {image}",
            ]
            if step == "add":
                body.append(
                    f"%z{i} = slim.add %y{i}, {previous} : ({image}, {image}) -> {image}"
                )
            previous = f"%z{i}" if step == "add" else f"%y{i}"
        result = image
        if self.end != "image":
            result = tensor(n, c)
            body.append(
                f"%mean = slim.reduce_mean {previous} {{axes = array<i64: 2, 3>}} : "
                f"({image}) -> {result}"
            )
            previous = "%mean"
        if self.end == "linear":
            body += [
                f"%head = slim.get_weight @head : {tensor(8, c)}",
                f"%out = slim.linear %mean, %head : ({result}, {tensor(8, c)}) -> "
                f"{tensor(n, 8)}",
            ]
            previous, result = "%out", tensor(n, 8)
        if self.end == "mixed":
            body.append(
                f"%out = slim.reduce_max %mean {{axes = array<i64: 0>}} : "
                f"({result}) -> {tensor(c)}"
            )
            previous, result = "%out", tensor(c)
        return "\n".join(
            lines
            + [f"func.func @main(%x: {image}) -> {result} {{"]
            + body
            + [f"return {previous} : {result}", "}", ""]
        )


    def compute(self, x):
        x = x.astype(np.float64)
        for i, step in enumerate(self.steps):
            w = self.weights[f"w{i}"].astype(np.float32).astype(np.float64)
            if step == "depth":
                padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
                height, width = self.size
                y = sum(
                    w[:, 0, j, k, None, None]
                    * padded[:, :, j : j + height, k : k + width]
                    for j in range(3)
                    for k in range(3)
                )
            else:
                y = np.einsum("fc,nchw->nfhw", w[:, :, 0, 0], x, optimize=True)
            y = np.maximum(y, 0)
            x = y + x if step == "add" else y
        if self.end == "image":
            return x
        x = x.mean((2, 3))
        if self.end == "linear":
            return x @ self.weights["head"].astype(np.float32).astype(np.float64).T
        return x.max(0) if self.end == "mixed" else x


def check(rng, run):
    network = Network(rng)
    n = int(rng.integers(3, 8))
    x = rng.standard_normal((n, network.channels, *network.size)).astype(np.float32)
    result = run(network.text(n), [x])
    expected = network.compute(x)
    error = np.abs(result - expected).max(initial=0)
    # Sums of at most 50 terms that are not much greater than 1, in f32.
    if result.shape == expected.shape and error <= 1e-4:
        return None
    return f"{n} images, {network.steps}, {network.end}: error {error}"


if __name__ == "__main__":
    sys.exit(random_cases.main("networks", check))
