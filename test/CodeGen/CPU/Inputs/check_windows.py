"""Compiles convolutions and pools of random shapes and compares them with NumPy.

usage: check_windows.py --seed N --count N [slimc options...]

Each case is a convolution (any groups, depthwise ones most often) with a bias
and ReLU or none, or a maximum or average pool, of an image whose channels, size
and windows no register block need divide. Batch and size are static or open.
Some convolutions read images that are rounded to bf16, or round their results.
"""

import sys

import ml_dtypes
import numpy as np

import random_cases


def tensor(shape, dynamic=()):
    dims = ["?" if i in dynamic else str(n) for i, n in enumerate(shape)]
    return f"tensor<{'x'.join(dims)}xf32>"


def array(values):
    return f"array<i64: {', '.join(str(v) for v in values)}>"


def rounded(values):
    """To bf16, and back."""
    return values.astype(ml_dtypes.bfloat16).astype(values.dtype)


def round_trip(name, source, type):
    """Ops that make %name of %source by rounding to bf16 and widening."""
    narrow = type.replace("f32", "bf16")
    return (
        f"  %{name}_n = slim.cast %{source} {{to = bf16}} : ({type}) -> {narrow}\n"
        f"  %{name} = slim.cast %{name}_n {{to = f32}} : ({narrow}) -> {type}\n"
    )


def windows(padded, kernel, strides, dilations, outputs):
    """[N, C, outputs..., kernel...] of an image [N, C, height, width]."""
    result = np.empty(padded.shape[:2] + tuple(outputs) + tuple(kernel))
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows = i * dilations[0] + strides[0] * np.arange(outputs[0])
            columns = j * dilations[1] + strides[1] * np.arange(outputs[1])
            result[..., i, j] = padded[:, :, rows][:, :, :, columns]
    return result


def make_case(rng):
    """The module's text, its inputs and what it returns."""
    kind = rng.choice(["depthwise", "depthwise", "grouped", "conv", "max", "avg"])
    n = int(rng.integers(1, 3))
    groups = int(rng.integers(2, 40)) if kind == "depthwise" else 1
    if kind == "grouped":
        groups = int(rng.integers(2, 5))
    per_group = 1 if kind == "depthwise" else int(rng.integers(1, 24))
    channels = groups * per_group
    filters = groups * (1 if kind == "depthwise" else int(rng.integers(1, 20)))
    kernel = [int(k) for k in rng.choice([1, 2, 3, 5, 7], 2)]
    strides = [int(s) for s in rng.integers(1, 4, 2)]
    dilations = [int(d) for d in rng.integers(1, 3, 2)]
    low = [int(rng.integers(0, (k + 1) // 2 + 1)) for k in kernel]
    high = [int(rng.integers(0, (k + 1) // 2 + 1)) for k in kernel]
    if kind in ("max", "avg"):
        low = [min(p, k - 1) for p, k in zip(low, kernel)]
        high = [min(p, k - 1) for p, k in zip(high, kernel)]
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    size = [int(r + rng.integers(0, 30)) for r in reach]
    outputs = [
        (size[i] + low[i] + high[i] - reach[i]) // strides[i] + 1 for i in range(2)
    ]
    dynamic = [i for i in (0, 2, 3) if rng.random() < 0.4]
    x = rng.standard_normal((n, channels, *size)).astype(np.float32)
    x_type = tensor(x.shape, dynamic)
    rounds_image, rounds_result = False, False
    if kind not in ("max", "avg"):
        rounds_image, rounds_result = (bool(v) for v in rng.integers(0, 2, 2))
    attributes = (
        f"strides = {array(strides)}, pads = {array(low + high)}, "
        f"dilations = {array(dilations)}"
    )
    fill = -np.inf if kind == "max" else 0.0
    padded = np.pad(
        (rounded(x) if rounds_image else x).astype(np.float64),
        [(0, 0), (0, 0), (low[0], high[0]), (low[1], high[1])],
        constant_values=fill,
    )
    views = windows(padded, kernel, strides, dilations, outputs)
    if kind in ("max", "avg"):
        y_type = tensor((n, channels, *outputs), dynamic)
        count = ", count_include_pad = true" if kind == "avg" else ""
        text = (
            f"func.func @main(%x: {x_type}) -> {y_type} {{\n"
            f"  %y = slim.{kind}_pool %x {{kernel = {array(kernel)}, "
            f"{attributes}{count}}} : ({x_type}) -> {y_type}\n"
            f"  return %y : {y_type}\n}}\n"
        )
        axes = (-2, -1)
        expected = views.max(axes) if kind == "max" else views.mean(axes)
        return text, [x], expected, rounds_result

    w = rng.standard_normal((filters, per_group, *kernel)).astype(np.float32)
    b = rng.standard_normal(filters).astype(np.float32)
    has_bias, has_relu = (bool(v) for v in rng.integers(0, 2, 2))
    y_type = tensor((n, filters, *outputs), dynamic)
    # Weights in the module are packed when it is compiled, arguments later.
    is_weight = bool(rng.random() < 0.6)
    weight = ""
    arguments = [f"%x: {x_type}"]
    inputs = [x]
    if is_weight:
        weight = (
            f'slim.weight @w : {tensor(w.shape)} = '
            f'dense<"0x{w.tobytes().hex().upper()}"> : {tensor(w.shape)}\n'
        )
    else:
        arguments.append(f"%w: {tensor(w.shape)}")
        inputs.append(w)
    if has_bias:
        arguments.append(f"%b: {tensor(b.shape)}")
        inputs.append(b)
    read = f"  %w = slim.get_weight @w : {tensor(w.shape)}\n" if is_weight else ""
    image = "x"
    if rounds_image:
        image = "xr"
        read += round_trip("xr", "x", x_type)
    operands = f"%{image}, %w" + (", %b" if has_bias else "")
    types = f"{x_type}, {tensor(w.shape)}" + (
        f", {tensor(b.shape)}" if has_bias else ""
    )
    relu = f"  %r = slim.relu %y : ({y_type}) -> {y_type}\n" if has_relu else ""
    last = "r" if has_relu else "y"
    if rounds_result:
        relu += round_trip("z", last, y_type)
        last = "z"
    text = (
        f"{weight}func.func @main({', '.join(arguments)}) -> {y_type} {{\n{read}"
        f"  %y = slim.conv {operands} {{{attributes}, groups = {groups}}} : "
        f"({types}) -> {y_type}\n{relu}"
        f"  return %{last} : {y_type}\n}}\n"
    )
    views = views.reshape(n, groups, per_group, *outputs, *kernel)
    wide = w.astype(np.float64).reshape(groups, -1, per_group, *kernel)
    expected = np.einsum("ngchwij,gfcij->ngfhw", views, wide)
    expected = expected.reshape(n, filters, *outputs)
    if has_bias:
        expected += b.astype(np.float64)[:, None, None]
    if has_relu:
        expected = np.maximum(expected, 0)
    return text, inputs, expected, rounds_result


def check(rng, run):
    text, inputs, expected, rounds_result = make_case(rng)
    result = run(text, inputs)
    error = np.abs(result - expected)
    if rounds_result:  # bf16 has 8 bits: half a unit in the last place
        error -= np.abs(expected) / 256
    error = error.max(initial=0)
    # A thousand terms of about 1, summed in f32.
    if result.shape == expected.shape and error <= 2e-4:
        return None
    return f"max error {error}\n{text[-1500:]}"


if __name__ == "__main__":
    sys.exit(random_cases.main("windows", check))
