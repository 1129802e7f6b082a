"""Compiles ops that go by rows, of random shapes, and compares with NumPy.

usage: check_rows.py --seed N --count N [slimc options...]

Each case is a softmax, log softmax, layer norm (with an addition before and an
activation after it), RMS norm or reduction along a random axis of a tensor of
random rank and extents (few of which vectors divide), some of them open, as
rows of neighbours or across them. Accumulation is compared against f64.
"""

import sys

import numpy as np

import random_cases


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def norm(x, axes, center):
    d = x - x.mean(axes, keepdims=True) if center else x
    return d / np.sqrt((d * d).mean(axes, keepdims=True) + 1e-5)


def make_case(rng):
    """A module, its inputs' shapes, and the function that it computes."""
    rank = int(rng.integers(1, 5))
    shape = [int(x) for x in rng.integers(1, 9, rank)]
    for _ in range(2):
        shape[rng.integers(rank)] = int(rng.choice([1, 7, 16, 33, 64, 100, 257]))
    axis = int(rng.integers(rank)) if rng.random() < 0.4 else rank - 1
    # One name: the extents of both operands are the same.
    is_open = [rng.random() < 0.4 for _ in shape]
    names = ", ".join(f'"d{i}"' if o else '""' for i, o in enumerate(is_open))

    def tensor(extents):
        dims = "".join(f"{x}x" for x in extents)
        return f"tensor<{dims}f32>"

    declared = tensor(["?" if o else x for o, x in zip(is_open, shape)])
    kind = rng.choice(["softmax", "log_softmax", "layer_norm", "rms_norm", "sum",
                       "max", "mean"])
    arguments = f"%x: {declared} {{slim.dim_names = [{names}]}}"
    arguments += f", %y: {declared} {{slim.dim_names = [{names}]}}"
    shapes = [shape, shape]
    result = declared
    if kind in ("softmax", "log_softmax"):
        body = f"%r = slim.{kind} %x {{axis = {axis}}} : ({declared}) -> {declared}"
        if kind == "softmax":
            compute = lambda x, y: softmax(x, axis)
        else:
            compute = lambda x, y: np.log(softmax(x, axis))
    elif kind in ("layer_norm", "rms_norm"):
        axes = tuple(range(axis, rank))
        weight = tensor(shape[axis:])
        is_open[axis:] = [False] * (rank - axis)
        declared = result = tensor(
            ["?" if o else x for o, x in zip(is_open, shape)])
        names = ", ".join(f'"d{i}"' if o else '""' for i, o in enumerate(is_open))
        arguments = ", ".join(
            f"%{v}: {declared} {{slim.dim_names = [{names}]}}" for v in "xy")
        arguments += f", %g: {weight}, %b: {weight}"
        shapes += [shape[axis:], shape[axis:]]
        statistic = tensor(["?" if o else x
                            for o, x in zip(is_open[:axis], shape)] +
                           [1] * (rank - axis))
        add = f"%t = slim.add %x, %y : ({declared}, {declared}) -> {declared}\n  "
        attributes = f"{{axis = {axis}, epsilon = 1.0e-5 : f32}}"
        if kind == "layer_norm":
            body = (add + f"%n, %m, %v = slim.layer_norm %t scale %g bias %b "
                    f"{attributes} : ({declared}, {weight}, {weight}) -> "
                    f"({declared}, {statistic}, {statistic})")
            compute = lambda x, y, g, b: np.tanh(norm(x + y, axes, True) * g + b)
        else:
            body = (add + f"%n = slim.rms_norm %t, %g {attributes} : "
                    f"({declared}, {weight}) -> {declared}")
            compute = lambda x, y, g, b: np.tanh(norm(x + y, axes, False) * g)
        body += f"\n  %r = slim.tanh %n : ({declared}) -> {declared}"
    else:
        last = int(rng.integers(axis, rank))
        axes = tuple(range(axis, last + 1))
        result = tensor(["?" if o else x for i, (o, x) in
                         enumerate(zip(is_open, shape)) if i not in axes])
        body = (f"%t = slim.mul %x, %y : ({declared}, {declared}) -> {declared}\n  "
                f"%r = slim.reduce_{kind} %t {{axes = array<i64: "
                f"{', '.join(map(str, axes))}>, keep_dims = false}} : "
                f"({declared}) -> {result}")
        reduce = {"sum": np.sum, "max": np.max, "mean": np.mean}[kind]
        compute = lambda x, y: reduce(x * y, axis=axes)
    text = f"func.func @main({arguments}) -> {result} {{\n  {body}\n"
    text += f"  return %r : {result}\n}}\n"
    return text, shapes, compute


def check(rng, run):
    text, shapes, compute = make_case(rng)
    inputs = [rng.standard_normal(s).astype(np.float32) for s in shapes]
    expected = compute(*(x.astype(np.float64) for x in inputs))
    error = np.abs(run(text, inputs) - expected).max()
    # A few units in the last place of numbers of that size.
    if error <= 8e-6 * max(1, np.abs(expected).max()):
        return None
    return f"max error {error}\n{text}"


if __name__ == "__main__":
    sys.exit(random_cases.main("kernels", check))
