"""Compiles random layers with quantized weights and compares them with NumPy.

usage: check_formats.py [--seed N] [--count N] [--per-module N] [slimc options...]

A case is a layer, an odd shape, a number format, what shares a scale and the
type of scales. Its float weight goes through the pass `quantize`; the compiled
layer is compared with the product by the weight that NumPy (and ml_dtypes, for
its floats) quantizes and decodes from the definitions. The codes are the same
or the result is far off; sums may differ by the order of their terms, of which
the bound is (terms + 4) * 2^-24 of the sum of the terms' magnitudes. A look-up
of rows has no sums and is equal bit by bit.

Compiling takes longer than anything else: many cases are one module.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np

from slim.runtime import Model

INTEGERS = {"int8": 127, "int4": 7, "int3": 3, "int2": 1, "ternary": 1}
FLOATS = {
    "fp8e4m3": ml_dtypes.float8_e4m3fn,
    "fp8e5m2": ml_dtypes.float8_e5m2,
    "fp4e2m1": ml_dtypes.float4_e2m1fn,
}
NF4 = np.array(
    [-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
     -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0,
     0.07958029955625534, 0.16093020141124725, 0.24611230194568634,
     0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
     0.7229568362236023, 1.0],
    np.float32,
)
COMPOSITES = {
    "mxfp8": ("fp8e4m3", (1, 32), "e8m0"),
    "mxfp4": ("fp4e2m1", (1, 32), "e8m0"),
    "nvfp4": ("fp4e2m1", (1, 16), "e4m3"),
}
FORMATS = [*INTEGERS, "binary", *FLOATS, "nf4", "kmeans2", "kmeans3", "kmeans4",
           "kmeans8", *COMPOSITES]
LAYERS = ["linear", "transposed", "matmul", "conv1x1", "conv3x3", "grouped",
          "depthwise", "embedding"]
F32 = np.float32


def top_of(name):
    if name in INTEGERS:
        return INTEGERS[name]
    if name in FLOATS:
        return float(ml_dtypes.finfo(FLOATS[name]).max)
    return 1


def floor_power(value):
    return F32(2.0 ** (math.frexp(float(value))[1] - 1))


def nearest_power(value):
    """Of two the greater; in the range of normal floats."""
    low = floor_power(value)
    return low * F32(2) if value >= F32(1.5) * low else low


def round_scale(kind, scale, whole):
    scale = max(F32(scale), np.finfo(F32).tiny)
    if kind == "f16":
        return max(F32(np.float16(min(scale, F32(65504)))), F32(2.0**-24))
    if kind == "bf16":
        return F32(ml_dtypes.bfloat16(scale))
    if kind == "e8m0":
        return nearest_power(scale)
    if kind == "e4m3":
        stored = ml_dtypes.float8_e4m3fn(min(scale / whole, F32(448)))
        return max(F32(stored), F32(2.0**-9))
    return scale


class Scheme:
    def __init__(self, name, block, scale, asymmetric):
        self.name, self.block = name, block
        self.scale, self.asymmetric = scale, asymmetric

    def quantize_block(self, values, whole):
        """What the values of one block are decoded to."""
        if not values.any():
            # Powers of two have no zero, and neither has binary.
            least = self.name == "binary" and self.scale == "e8m0"
            return values - np.finfo(F32).tiny if least else values
        magnitude = np.abs(values).max()
        if self.asymmetric:
            return self.quantize_asymmetric(values, whole)
        if self.name in ("ternary", "binary"):
            sums = np.add.accumulate(np.abs(values.ravel()).astype(np.float64))
            wanted = F32(sums[-1] / values.size)
        elif self.scale == "e8m0":
            wanted = floor_power(magnitude) / floor_power(top_of(self.name))
        else:
            wanted = magnitude / F32(top_of(self.name))
        scale = round_scale(self.scale, wanted, whole) * whole
        scaled = values / scale
        top = F32(top_of(self.name))
        if self.name in INTEGERS:
            return np.rint(np.clip(scaled, -top, top)) * scale
        if self.name in FLOATS:
            numbers = np.clip(scaled, -top, top).astype(FLOATS[self.name])
            return numbers.astype(F32) * scale
        if self.name == "binary":
            return np.where(scaled > 0, scale, -scale)
        distances = np.abs(scaled[..., None].astype(np.float64) - NF4)
        return NF4[distances.argmin(-1)] * scale

    def quantize_asymmetric(self, values, whole):
        bits = int(self.name[3:])
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        least, greatest = min(values.min(), F32(0)), max(values.max(), F32(0))
        wanted = (greatest - least) / F32(high - low)
        scale = round_scale(self.scale, wanted, whole) * whole
        if self.scale == "e8m0" and scale < wanted:
            scale = scale * F32(2)
        zero = np.rint(np.clip(low - float(least) / float(scale), low, high))
        scaled = (values / scale).astype(np.float64) + zero
        return (np.rint(np.clip(scaled, low, high)) - zero).astype(F32) * scale

    def quantize(self, matrix):
        if self.name.startswith("kmeans"):
            return matrix  # is made so that a table holds it
        whole = F32(1)
        if self.scale == "e4m3" and matrix.any():
            whole = np.abs(matrix).max() / F32(top_of(self.name) * 448)
        rows, columns = (extent or size
                         for extent, size in zip(self.block, matrix.shape))
        result = np.empty_like(matrix)
        for row in range(0, matrix.shape[0], rows):
            for column in range(0, matrix.shape[1], columns):
                part = np.s_[row : row + rows, column : column + columns]
                result[part] = self.quantize_block(matrix[part], whole)
        return result

    def draw(self, rng, shape):
        """A matrix of weights."""
        if not self.name.startswith("kmeans"):
            matrix = rng.standard_normal(shape).astype(F32)
            if rng.random() < 0.2:
                matrix[0] = 0
            return matrix * F32(2.0 ** rng.integers(-12, 3))
        # Multiples of 1/2^(bits - 1) from -1 on, times a power of two for each
        # block, in which -1 has to occur.
        count = 2 ** int(self.name[6:])
        matrix = (rng.integers(0, count, shape) / (count / 2) - 1).astype(F32)
        rows, columns = (extent or size
                         for extent, size in zip(self.block, shape))
        for row in range(0, shape[0], rows):
            for column in range(0, shape[1], columns):
                matrix[row, column] = -1
                part = np.s_[row : row + rows, column : column + columns]
                matrix[part] *= F32(2.0 ** rng.integers(-3, 3))
        return matrix


def draw_scheme(rng):
    name = str(rng.choice(FORMATS))
    if name in COMPOSITES:
        number, block, scale = COMPOSITES[name]
        return Scheme(number, block, scale, False), f"format={name}"
    asymmetric = name in ("int8", "int4", "int3", "int2") and rng.random() < 0.4
    scale = str(rng.choice(["f32", "f32", "f16", "bf16", "e8m0", "e4m3"]))
    if name.startswith("kmeans"):
        scale = "f32"  # powers of two are exact
    kind = rng.integers(4)
    if kind == 0:
        block, text = (0, 0), "granularity=tensor"
    elif kind == 1:
        block, text = (1, 0), "granularity=channel"
    elif kind == 2:
        block = (1, int(rng.choice([5, 8, 16, 32, 128])))
        text = f"group-size={block[1]}"
    else:
        block = (int(rng.integers(1, 9)), int(rng.integers(4, 40)))
        text = f"block={block[0]}x{block[1]}"
    algorithm = "kmeans" if name.startswith("kmeans") else "rtn"
    text = (f"format={name} {text} scale-type={scale} algorithm={algorithm}"
            + (" asymmetric" if asymmetric else ""))
    return Scheme(name, block, scale, asymmetric), text


def tensor(shape, element="f32"):
    return "tensor<" + "".join(f"{extent}x" for extent in shape) + element + ">"


class Case:
    """A layer with a quantized weight, as text and in NumPy."""

    def __init__(self, rng, number):
        self.number = number
        self.layer = str(rng.choice(LAYERS))
        self.scheme, self.options = draw_scheme(rng)
        outputs, inputs = int(rng.integers(1, 40)), int(rng.integers(8, 90))
        self.groups, kernel = 1, (1, 1)
        if self.layer == "conv3x3":
            inputs, kernel = int(rng.integers(1, 12)), (3, 3)
        if self.layer == "grouped":
            self.groups, kernel = int(rng.integers(2, 4)), (3, 3)
            inputs = int(rng.integers(1, 6))
            outputs = self.groups * int(rng.integers(1, 8))
        if self.layer == "depthwise":
            self.groups = outputs = int(rng.integers(8, 40))
            inputs, kernel = 1, (3, 3)
        is_conv = self.layer in ("conv1x1", "conv3x3", "grouped", "depthwise")
        columns = inputs * kernel[0] * kernel[1]
        self.matrix = self.scheme.draw(rng, (outputs, columns))
        self.filter = (outputs, inputs, *kernel)
        if is_conv:
            self.weight = self.matrix.reshape(self.filter)
            shape = (int(rng.integers(1, 3)), inputs * self.groups,
                     int(rng.integers(3, 8)), int(rng.integers(3, 8)))
        elif self.layer in ("transposed", "matmul"):
            self.weight = np.ascontiguousarray(self.matrix.T)
            shape = (int(rng.integers(1, 9)), inputs)
        else:
            self.weight = self.matrix
            shape = (int(rng.integers(1, 9)), inputs)
        if self.layer == "embedding":
            self.input = rng.integers(0, outputs, (2, 5))
        else:
            self.input = rng.standard_normal(shape).astype(F32)

    def text(self):
        """The layer's lines and its result's type."""
        n, w, x = self.number, tensor(self.weight.shape), tensor(self.input.shape)
        outputs, columns = self.matrix.shape
        lines = [f"%w{n} = slim.get_weight @w{n} : {w}"]
        if self.layer == "embedding":
            x, y = tensor(self.input.shape, "i64"), tensor((2, 5, columns))
            lines.append(f"%y{n} = slim.embedding %x{n}, %w{n} : ({x}, {w}) -> {y}")
        elif self.weight.ndim == 4:
            extents = [size - k + 1 for size, k in
                       zip(self.input.shape[2:], self.filter[2:])]
            y = tensor((self.input.shape[0], outputs, *extents))
            lines.append(
                f"%y{n} = slim.conv %x{n}, %w{n} {{strides = array<i64: 1, 1>, "
                "pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, "
                f"groups = {self.groups}}} : ({x}, {w}) -> {y}")
        else:
            y = tensor((self.input.shape[0], outputs))
            transposed = "" if self.layer == "linear" else " {transposed = true}"
            lines.append(
                f"%y{n} = slim.linear %x{n}, %w{n}{transposed} : ({x}, {w}) -> {y}")
            if self.layer == "matmul":
                # The layer above makes the weight one that is compressed.
                lines.append(f"%m{n} = slim.matmul %x{n}, %w{n} : ({x}, {w}) -> {y}")
                lines.append(f"%s{n} = slim.sub %m{n}, %y{n} : ({y}, {y}) -> {y}")
                lines.append(f"%z{n} = slim.add %s{n}, %m{n} : ({y}, {y}) -> {y}")
                return lines, f"%z{n}", y
        return lines, f"%y{n}", y

    def expect(self, matrix):
        """The layer's result by `matrix`, and the bound of its error."""
        if self.layer == "embedding":
            return matrix[self.input], 0.0
        x, w = self.input.astype(np.float64), matrix.astype(np.float64)

        def product(x, w):
            if self.weight.ndim == 2:
                return x @ w.T
            windows = np.lib.stride_tricks.sliding_window_view(
                x, self.filter[2:], (2, 3))
            results = [
                np.einsum("nchwij,ocij->nohw", part, f.reshape(-1, *self.filter[1:]))
                for part, f in zip(np.split(windows, self.groups, 1),
                                   np.split(w, self.groups, 0))
            ]
            return np.concatenate(results, 1)

        # The sum of three products of "matmul" has three times the error.
        factor = 3 if self.layer == "matmul" else 1
        # A number may be flushed that is too small.
        bound = product(np.abs(x), np.abs(w)) * (matrix.shape[1] + 4) * 2.0**-24
        bound += matrix.shape[1] * float(np.finfo(F32).tiny)
        return product(x, w), factor * bound

    def check(self, result, is_quantized):
        matrix = self.scheme.quantize(self.matrix) if is_quantized else self.matrix
        expected, bound = self.expect(matrix)
        if result.shape != expected.shape:
            return f"has shape {result.shape}, not {expected.shape}"
        error = np.abs(result - expected)
        if (error <= bound).all():
            return None
        return f"error {error.max():.2e}, bound {np.max(bound):.2e}"

    def __str__(self):
        shape = "x".join(map(str, self.weight.shape))
        return f"{self.layer} {shape}, {self.options}"


def run_module(cases, directory, slimc_options):
    """Compiles the cases; results by number, and which weights changed."""
    weights, arguments, body, results, types, inputs = [], [], [], [], [], {}
    offset = 0
    with open(os.path.join(directory, "weights.bin"), "wb") as file:
        for case in cases:
            n = case.number
            weights.append(f"slim.weight @w{n} : {tensor(case.weight.shape)} = "
                           f'#slim.external<"weights.bin", {offset}>')
            offset += file.write(case.weight.tobytes())
            element = "i64" if case.layer == "embedding" else "f32"
            arguments.append(f"%x{n}: {tensor(case.input.shape, element)} "
                             f'{{slim.name = "x{n}"}}')
            lines, value, kind = case.text()
            body += lines
            results.append(value)
            types.append(f'{kind} {{slim.name = "y{n}"}}')
            inputs[f"x{n}"] = case.input
    kinds = [kind.split(" {")[0] for kind in types]
    source = os.path.join(directory, "model.mlir")
    with open(source, "w") as file:
        file.write("\n".join([
            "module {", *weights, f"func.func @main({', '.join(arguments)}) -> "
            f"({', '.join(types)}) {{", *body,
            f"return {', '.join(results)} : {', '.join(kinds)}", "}", "}"]))
    passes = ",".join(f"quantize{{include=^w{case.number}$ min-elements=0 "
                      f"{case.options}}}" for case in cases)
    # A library that is loaded again under its name is the old one.
    library, report = (os.path.join(directory, name) for name in
                       (f"model{cases[0].number}.so", "report.json"))
    subprocess.run(["slimc", source, "-o", library, "--compress=" + passes,
                    "--report=" + report, *slimc_options], check=True)
    with open(report) as file:
        entries = json.load(file)
    if isinstance(entries, dict):
        entries = entries["weights"]
    applied = {entry["weight"] for entry in entries if entry["status"] == "applied"}
    with Model(library) as model:
        outputs = model.run(inputs)
    return [(outputs[f"y{case.number}"], f"w{case.number}" in applied)
            for case in cases]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--per-module", type=int, default=40)
    options, slimc_options = parser.parse_known_args()
    rng = np.random.default_rng(options.seed)
    failures, quantized, kinds = 0, 0, set()
    with tempfile.TemporaryDirectory() as directory:
        for first in range(0, options.count, options.per_module):
            cases = [Case(rng, number) for number in
                     range(first, min(options.count, first + options.per_module))]
            for case, (result, is_quantized) in zip(
                    cases, run_module(cases, directory, slimc_options)):
                quantized += is_quantized
                kinds.add((case.layer, case.options))
                problem = case.check(result, is_quantized)
                if problem:
                    failures += 1
                    print(f"case {case.number}, {case}: {problem}")
    print(f"{quantized} weights quantized, {len(kinds)} kinds of layer and scheme")
    print(f"{options.count - failures} of {options.count} layers agree")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
