"""Compiles random linear layers of coded weights and compares them with NumPy.

usage: check_grouped.py --seed N --count N [slimc options...]

The weight is codes of 2, 4 or 8 bits, signed or not, with or without zero
points, a scale for every so many elements of a row (which need not divide it) or
for the whole row, perhaps shared by several rows, in f32, f16 or bf16. The
activation stays in floats or is quantized, by row or by runs of elements of a
row. The weight is stored by channel or, as ONNX does, transposed. Rows, columns
and elements of a row are such that few blocks divide them.
The bound is that of a sum in f32; the reference rounds the activation as slim's
definition says.
"""

import sys

import numpy as np

import random_cases

CODES = {
    "i2": (-2, 2),
    "ui2": (0, 4),
    "i4": (-8, 8),
    "ui4": (0, 16),
    "i8": (-128, 128),
    "ui8": (0, 256),
}
UNIT = 2.0**-24


class Case:
    def __init__(self, rng):
        self.rng = rng
        self.rows = int(rng.choice([1, 1, 2, 3, rng.integers(4, 131)]))
        self.columns = int(rng.choice([rng.integers(1, 128), rng.integers(128, 170)]))
        self.depth = int(rng.choice([rng.integers(1, 50), rng.integers(50, 400)]))
        self.group = int(
            rng.choice([0, 16, 32, 32, 64, 128, 24, 20, rng.integers(1, 40)])
        )
        self.tile = int(rng.choice([1, 1, 1, 0, 64, 128, rng.integers(2, 40)]))
        self.codes = str(rng.choice(list(CODES), p=[0.1, 0.1, 0.25, 0.25, 0.15, 0.15]))
        self.scale_type = str(rng.choice(["f32", "f16", "bf16"], p=[0.5, 0.25, 0.25]))
        self.has_zero = bool(rng.random() < 0.4)
        self.is_rounded = bool(rng.random() < 0.6)
        self.run = 0
        if rng.random() < 0.4:
            self.is_rounded = False
            self.run = int(rng.choice([16, 32, 128, 128, 48, rng.integers(1, 70)]))
        self.has_bias = bool(rng.random() < 0.5)
        self.is_open = bool(rng.random() < 0.5)
        self.transposed = bool(rng.random() < 0.4)

    def describe(self):
        return (
            f"{self.rows}x{self.depth}x{self.columns} {self.codes} block {self.tile}x{self.group} {self.scale_type}"
            f"{' zero' if self.has_zero else ''}{' rounded' if self.is_rounded else ''}"
            f"{f' runs of {self.run}' if self.run else ''}"
            f"{' transposed' if self.transposed else ''}"
        )

    def make(self):
        rng, n, k = self.rng, self.columns, self.depth
        low, high = CODES[self.codes]
        groups = -(-k // self.group) if self.group else 1
        tiles = -(-n // self.tile) if self.tile else 1
        self.weight = rng.integers(low, high, (n, k))
        self.scale = rng.uniform(0.5, 2, (tiles, groups)).astype(np.float32)
        # Every type has these.
        if self.scale_type != "f32":
            self.scale = np.rint(self.scale * 64) / np.float32(64)
        self.zero = np.zeros((tiles, groups), int)
        if self.has_zero:
            self.zero = rng.integers(low, high, (tiles, groups))
        # Rows with outliers, and one of zeros.
        self.x = rng.standard_normal((self.rows, k)).astype(np.float32)
        self.x *= np.exp(rng.uniform(-3, 3, (self.rows, k))).astype(np.float32)
        if self.rows > 2:
            self.x[1] = 0
        self.bias = rng.standard_normal(n).astype(np.float32) * self.has_bias

    def text(self):
        n, k = self.weight.shape
        tiles, groups = self.scale.shape
        rows = "?" if self.is_open else self.rows
        floats = lambda a: np.char.mod("%.9e", a).tolist()
        literal = lambda a: str(a.tolist() if a.dtype.kind == "i" else floats(a)).replace("'", "")
        turn = lambda a: a.T if self.transposed else a
        by = lambda *shape: "x".join(map(str, shape[::-1] if self.transposed else shape))
        codes = f"tensor<{by(n, k)}x{self.codes}>"
        scales = f"tensor<{by(tiles, groups)}x{self.scale_type}>"
        zeros = f"tensor<{by(tiles, groups)}x{self.codes}>"
        x, y = f"tensor<{rows}x{k}xf32>", f"tensor<{rows}x{n}xf32>"
        lines = [
            f"slim.weight @q : {codes} = dense<{literal(turn(self.weight))}> : {codes}",
            f"slim.weight @s : {scales} = dense<{literal(turn(self.scale))}> : {scales}",
        ]
        if self.has_zero:
            lines.append(
                f"slim.weight @z : {zeros} = dense<{literal(turn(self.zero))}> : {zeros}"
            )
        lines += [
            f"func.func @main(%x: {x}, %bias: tensor<{n}xf32>) -> {y} {{",
            f"  %q = slim.get_weight @q : {codes}",
            f"  %s = slim.get_weight @s : {scales}",
        ]
        operands, types = "%q, %s", f"{codes}, {scales}"
        if self.scale_type != "f32":
            wide = f"tensor<{by(tiles, groups)}xf32>"
            lines.append(f"  %e = slim.cast %s {{to = f32}} : ({scales}) -> {wide}")
            operands, types = "%q, %e", f"{codes}, {wide}"
        if self.has_zero:
            lines.append(f"  %z = slim.get_weight @z : {zeros}")
            operands, types = operands + ", %z", types + ", " + zeros
        w = f"tensor<{by(n, k)}xf32>"
        block = f"{self.group}, {self.tile}" if self.transposed else f"{self.tile}, {self.group}"
        lines.append(
            f"  %w = slim.dequantize {operands} {{block = array<i64: {block}>}}"
            f" : ({types}) -> {w}"
        )
        value = "%x"
        if self.is_rounded:
            row, bytes_ = f"tensor<{rows}x1xf32>", f"tensor<{rows}x{k}xui8>"
            zero = f"tensor<{rows}x1xui8>"
            lines += [
                "  %c, %t, %o = slim.dynamic_quantize %x {per_row = true}"
                f" : ({x}) -> ({bytes_}, {row}, {zero})",
                "  %d = slim.dequantize %c, %t, %o {block = array<i64: 1, 0>}"
                f" : ({bytes_}, {row}, {zero}) -> {x}",
            ]
            value = "%d"
        if self.run:
            runs, bytes_ = f"tensor<{rows}x{-(-k // self.run)}xf32>", f"tensor<{rows}x{k}xi8>"
            block = f"block = array<i64: 1, {self.run}>"
            lines += [
                f"  %t = slim.dynamic_scale %x {{block = {self.run}, to = i8}} : ({x}) -> {runs}",
                f"  %c = slim.quantize %x, %t {{to = i8, {block}}} : ({x}, {runs}) -> {bytes_}",
                f"  %d = slim.dequantize %c, %t {{{block}}} : ({bytes_}, {runs}) -> {x}",
            ]
            value = "%d"
        bias = f", %bias" if self.has_bias else ""
        bias_type = f", tensor<{n}xf32>" if self.has_bias else ""
        attributes = " {transposed = true}" if self.transposed else ""
        lines += [
            f"  %y = slim.linear {value}, %w{bias}{attributes}"
            f" : ({x}, {w}{bias_type}) -> {y}",
            f"  return %y : {y}",
            "}",
        ]
        return "\n".join(lines) + "\n"

    def expected(self):
        """The result and a bound of its error."""
        x = self.x
        if self.is_rounded:
            low = np.minimum(x.min(1, keepdims=True), 0)
            high = np.maximum(x.max(1, keepdims=True), 0)
            scale = ((high - low) / np.float32(255)).astype(np.float32)
            scale[scale == 0] = 1
            shift = np.clip(np.rint(-low / scale), 0, 255)
            codes = np.clip(np.rint(x / scale) + shift, 0, 255)
            x = (codes - shift) * scale.astype(np.float64)
        k = self.depth
        if self.run:
            starts = np.arange(0, k, self.run)
            scale = np.maximum.reduceat(np.abs(x), starts, 1) / np.float32(127)
            scale[scale == 0] = 1
            scale = scale[:, np.arange(k) // self.run]
            x = np.clip(np.rint(x / scale), -128, 127) * scale.astype(np.float64)
        group = np.arange(k) // self.group if self.group else np.zeros(k, int)
        tile = np.arange(self.columns) // (self.tile or self.columns)
        zero, factor = (a[tile][:, group] for a in (self.zero, self.scale.astype(np.float64)))
        w = (self.weight - zero) * factor
        x = x.astype(np.float64)
        result = x @ w.T + self.bias
        # Codes with their zero points are what is summed.
        spread = np.abs(self.weight) + np.abs(zero)
        size = np.abs(x).max(1, keepdims=True)
        # A row's codes are at most its range away from zero.
        if self.is_rounded:
            size = 255 * scale
        terms = (spread * factor).sum(1)[None, :] * size
        return result, UNIT * (8 + np.sqrt(k)) * (terms + np.abs(self.bias)) + 1e-30


def check(rng, run):
    case = Case(rng)
    case.make()
    try:
        result = run(case.text(), [case.x, case.bias])
    except Exception as error:
        return f"{case.describe()}: {error}"
    expected, bound = case.expected()
    error = np.abs(result - expected)
    if not np.all(error <= bound):
        at = np.unravel_index(np.argmax(error - bound), error.shape)
        return (
            f"{case.describe()}: at {at} {result[at]} instead of {expected[at]}, "
            f"bound {bound[at]}"
        )
    return None


if __name__ == "__main__":
    sys.exit(random_cases.main("layers", check, independent=True))
