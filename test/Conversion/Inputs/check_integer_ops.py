"""Compiles quantized products of random shapes and compares them with NumPy.

usage: check_integer_ops.py --seed N --count N [slimc options...]

Each case is a linear op or a convolution of a dequantized activation with a
dequantized weight, with a bias or none and quantized again or not. What is
quantized again has to be equal in every code to the integer arithmetic in
NumPy; floats have to be equal but for the rounding of two operations.
"""

import sys

import numpy as np

import random_cases

NAMES = {"uint8": "ui8", "int8": "i8", "int32": "i32", "float32": "f32"}


def spell(array, dynamic=()):
    """The tensor type of an array, with open extents at `dynamic`."""
    dims = ["?" if i in dynamic else str(n) for i, n in enumerate(array.shape)]
    return f"tensor<{'x'.join(dims + [NAMES[str(array.dtype)]])}>"


def constant(name, array):
    """A constant in hexadecimal: floats keep every bit."""
    data = np.ascontiguousarray(array).tobytes().hex().upper()
    return f'  %{name} = slim.constant dense<"0x{data}"> : {spell(array)}\n'


def weight(name, array):
    data = np.ascontiguousarray(array).tobytes().hex().upper()
    return f'slim.weight @{name} : {spell(array)} = dense<"0x{data}"> : {spell(array)}\n'


def draw_scale(rng, shape):
    return rng.uniform(0.002, 0.05, shape).astype(np.float32)


def draw_codes(rng, dtype, shape):
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max + 1, shape).astype(dtype)


class Case:
    """One random product."""

    def __init__(self, rng):
        self.rng = rng
        self.is_conv = rng.random() < 0.6
        self.code_type = rng.choice([np.uint8, np.int8])
        if self.is_conv:
            self.draw_conv()
        else:
            self.draw_linear()
        rank = self.x.ndim
        self.scale = draw_scale(rng, [1] * rank)
        self.zero = draw_codes(rng, self.code_type, [1] * rank)
        if rng.random() < 0.3:
            self.zero[:] = 0
        per_channel = rng.random() < 0.7
        scale_shape = [1] * self.w.ndim
        self.w_block = [0] * self.w.ndim
        if per_channel:
            scale_shape[self.channel_dim] = self.channels
            self.w_block[self.channel_dim] = 1
        self.w_scale = draw_scale(rng, scale_shape)
        units = self.scale.reshape(1) * self.w_scale.reshape(-1)
        self.units = np.broadcast_to(units, [self.channels]).astype(np.float32)
        self.bias = None
        if rng.random() < 0.7:
            self.bias = rng.integers(-5000, 5000, self.channels).astype(np.int32)
        self.activation = rng.choice(["none", "relu", "clamp"])
        self.out_type = rng.choice([np.uint8, np.int8, np.float32])
        # A scale that uses the codes.
        self.out_scale = np.float32(self.units.mean() * 40 * np.sqrt(self.depth))
        if self.out_type != np.float32:
            self.out_zero = draw_codes(rng, self.out_type, [1] * rank)

    def draw_linear(self):
        rng = self.rng
        k, n = (int(v) for v in rng.integers(1, 150, 2))
        # One column beyond full vectors is a case of its own.
        if rng.random() < 0.2:
            n = int(rng.choice([33, 65, 97]))
        leading = [int(v) for v in rng.integers(1, 24, rng.integers(1, 3))]
        self.transposed = rng.random() < 0.5
        self.x = draw_codes(rng, self.code_type, leading + [k])
        self.w = draw_codes(rng, np.int8, [k, n] if self.transposed else [n, k])
        self.channel_dim = 1 if self.transposed else 0
        self.channels, self.depth, self.result_dim = n, k, len(leading)

    def draw_conv(self):
        rng = self.rng
        self.groups = int(rng.choice([1, 1, 2, 3]))
        c, f = (int(v) for v in rng.integers(1, 12, 2))
        if rng.random() < 0.3:
            c, f, self.groups = 1, int(rng.integers(1, 3)), int(rng.integers(2, 20))
        self.kernel = [int(v) for v in rng.choice([1, 2, 3], 2)]
        spatial = [int(v) for v in rng.integers(4, 13, 2)]
        self.strides = [int(v) for v in rng.integers(1, 3, 2)]
        self.pads = [int(v) for v in rng.integers(0, 2, 4)]
        self.x = draw_codes(
            rng, self.code_type, [int(rng.integers(1, 3)), c * self.groups] + spatial
        )
        self.w = draw_codes(rng, np.int8, [f * self.groups, c] + self.kernel)
        self.channel_dim, self.result_dim = 0, 1
        self.channels, self.depth = f * self.groups, c * int(np.prod(self.kernel))

    def module(self):
        rank = self.x.ndim
        dynamic = (0,) if self.rng.random() < 0.5 else ()
        as_float = self.x.astype(np.float32)
        text = weight("w", self.w)
        out = self.expected()[0]
        text += (
            f"func.func @main(%q: {spell(self.x, dynamic)}) -> {spell(out, dynamic)} {{\n"
        )
        text += constant("s", self.scale) + constant("z", self.zero)
        zeros = [0] * rank
        text += (
            f"  %x = slim.dequantize %q, %s, %z {{block = array<i64: {spell_ints(zeros)}>}}"
            f" : ({spell(self.x, dynamic)}, {spell(self.scale)}, {spell(self.zero)})"
            f" -> {spell(as_float, dynamic)}\n"
        )
        w_float = self.w.astype(np.float32)
        text += f"  %c = slim.get_weight @w : {spell(self.w)}\n"
        text += constant("t", self.w_scale)
        text += (
            f"  %w = slim.dequantize %c, %t {{block = array<i64: {spell_ints(self.w_block)}>}}"
            f" : ({spell(self.w)}, {spell(self.w_scale)}) -> {spell(w_float)}\n"
        )
        operands, types = "%x, %w", f"{spell(as_float, dynamic)}, {spell(w_float)}"
        if self.bias is not None:
            text += constant("bc", self.bias) + constant("bs", self.units)
            text += (
                "  %b = slim.dequantize %bc, %bs {block = array<i64: 1>} : "
                f"({spell(self.bias)}, {spell(self.units)}) -> {spell(self.units)}\n"
            )
            operands, types = operands + ", %b", types + f", {spell(self.units)}"
        y = spell(out.astype(np.float32), dynamic)
        if self.is_conv:
            attributes = (
                f"strides = array<i64: {spell_ints(self.strides)}>, "
                f"pads = array<i64: {spell_ints(self.pads)}>, "
                f"dilations = array<i64: 1, 1>, groups = {self.groups}"
            )
            text += f"  %y = slim.conv {operands} {{{attributes}}} : ({types}) -> {y}\n"
        else:
            attributes = f"transposed = {'true' if self.transposed else 'false'}"
            text += f"  %y = slim.linear {operands} {{{attributes}}} : ({types}) -> {y}\n"
        if self.activation == "relu":
            text += f"  %a = slim.relu %y : ({y}) -> {y}\n"
        elif self.activation == "clamp":
            text += constant("lo", np.float32(-self.limit()).reshape(()))
            text += constant("hi", np.float32(self.limit()).reshape(()))
            text += (
                f"  %a = slim.clamp %y lower %lo upper %hi : "
                f"({y}, tensor<f32>, tensor<f32>) -> {y}\n"
            )
        result = "%y" if self.activation == "none" else "%a"
        if self.out_type != np.float32:
            scale = self.out_scale.reshape([1] * rank)
            text += constant("u", scale) + constant("v", self.out_zero)
            text += (
                f"  %o = slim.quantize {result}, %u, %v {{to = {NAMES[str(out.dtype)]}, "
                f"block = array<i64: {spell_ints(zeros)}>}} : "
                f"({y}, {spell(scale)}, {spell(self.out_zero)}) -> {spell(out, dynamic)}\n"
            )
            result = "%o"
        return text + f"  return {result} : {spell(out, dynamic)}\n}}\n"

    def limit(self):
        return self.out_scale * np.float32(50)

    def sums(self):
        x = self.x.astype(np.int64) - int(self.zero.reshape(-1)[0])
        w = self.w.astype(np.int64)
        if not self.is_conv:
            return x @ (w if self.transposed else w.T)
        p = self.pads
        x = np.pad(x, ((0, 0), (0, 0), (p[0], p[2]), (p[1], p[3])))
        rows = (x.shape[2] - self.kernel[0]) // self.strides[0] + 1
        columns = (x.shape[3] - self.kernel[1]) // self.strides[1] + 1
        n = x.shape[0]
        x = x.reshape(n, self.groups, -1, *x.shape[2:])
        w = w.reshape(self.groups, -1, *w.shape[1:])
        result = np.zeros((n, *w.shape[:2], rows, columns), np.int64)
        for i in range(self.kernel[0]):
            for j in range(self.kernel[1]):
                part = x[:, :, :, i:, j:]
                part = part[
                    :, :, :, : rows * self.strides[0] : self.strides[0],
                    : columns * self.strides[1] : self.strides[1],
                ]
                result += np.einsum("ngchw,gfc->ngfhw", part, w[..., i, j])
        return result.reshape(n, self.channels, rows, columns)

    def expected(self):
        """The result, and how far a float may be away from it."""
        sums = self.sums()
        shape = [1] * sums.ndim
        shape[self.result_dim] = self.channels
        if self.bias is not None:
            sums = sums + self.bias.reshape(shape)
        units = self.units
        is_float = self.out_type == np.float32
        if not is_float:
            units = units / self.out_scale
        y = sums.astype(np.float32) * units.reshape(shape)
        limit = self.limit() if is_float else self.limit() / self.out_scale
        if self.activation == "relu":
            y = np.maximum(y, 0)
        elif self.activation == "clamp":
            y = np.clip(y, -limit, limit)
        if is_float:
            return y, np.abs(y) * 2.0**-22
        info = np.iinfo(self.out_type)
        codes = np.rint(y) + int(self.out_zero.reshape(-1)[0])
        return np.clip(codes, info.min, info.max).astype(self.out_type), 0


def spell_ints(values):
    return ", ".join(str(v) for v in values)


def check(rng, run):
    case = Case(rng)
    text = case.module()
    result = run(text, [case.x])
    expected, bound = case.expected()
    error = np.abs(result.astype(np.float64) - expected.astype(np.float64))
    return None if (error <= bound).all() else f"max error {error.max()}\n{text}"


if __name__ == "__main__":
    sys.exit(random_cases.main("products", check))
