"""Compiles random layers with quantized weights and compares them with NumPy.

usage: check_formats.py [--seed N] [--count N] [--per-module N] [--jobs N]
                        [slimc options...]

A case is a layer, an odd shape, a number format, what shares a scale and the
type of scales. Its float weight goes through the pass `quantize`; the compiled
layer is compared with the product by the weight that NumPy quantizes and decodes
(format_reference.py). The codes are the same or the result is far off; sums may
differ by the order of their terms, of which the bound is (terms + 4) * 2^-24 of
the sum of the terms' magnitudes. A look-up of rows has no sums and is equal bit
by bit; so is a layer of which every partial sum is a float, in any order: small
integers by weights whose scales are powers of two.

Compiling takes longer than anything else: many cases are one module.
"""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np

from format_reference import F32, INTEGERS, draw_scheme
from slim.runtime import Model

LAYERS = ["linear", "transposed", "matmul", "conv1x1", "conv3x3", "grouped",
          "depthwise", "conv_transpose", "embedding"]
UNIT = 2.0**-24
# Less than this may be flushed to zero.
TINY = float(np.finfo(F32).tiny)


def tensor(shape, element="f32"):
    return "tensor<" + "".join(f"{extent}x" for extent in shape) + element + ">"


def round_rows(x):
    """`x` as slim.dynamic_quantize rounds its rows, and their scales."""
    low, high = (np.minimum(x.min(1, keepdims=True), F32(0)),
                 np.maximum(x.max(1, keepdims=True), F32(0)))
    scale = (high - low) / F32(255)
    scale[scale == 0] = 1
    zero = np.clip(np.rint(-low / scale), 0, 255)
    codes = np.clip(np.rint(x / scale) + zero, 0, 255)
    return (codes - zero).astype(np.float64) * scale, scale.astype(np.float64)


def round_runs(x, run, number):
    """`x` with a scale by slim.dynamic_scale for each `run` elements of a row (0
    for all), as numbers of a type of floats, or as bytes for None."""
    starts = np.arange(0, x.shape[1], run or x.shape[1])
    top = F32(127) if number is None else F32(ml_dtypes.finfo(number).max)
    scale = np.maximum.reduceat(np.abs(x), starts, 1) / top
    scale[scale == 0] = 1
    scale = np.repeat(scale, np.diff([*starts, x.shape[1]]), 1)
    codes = np.clip(x / scale, -top, top)
    codes = np.rint(codes) if number is None else codes.astype(number)
    return codes.astype(np.float64) * scale, (top * scale).astype(np.float64)


def unit_of(values):
    """The greatest power of two of which all values are multiples."""
    mantissas, exponents = np.frexp(values[values != 0].astype(np.float64))
    numbers = (mantissas * 2.0**24).astype(np.int64)
    low = (numbers & -numbers) * 2.0 ** (exponents - 24.0)
    return low.min(initial=np.inf)


class Case:
    """A layer with a quantized weight, as text and in NumPy."""

    def __init__(self, rng, number):
        self.number = number
        self.layer = str(rng.choice(LAYERS))
        self.scheme, self.options = draw_scheme(rng)
        self.groups, kernel = 1, (1, 1)
        outputs, inputs = int(rng.integers(1, 40)), int(rng.integers(8, 90))
        if rng.random() < 0.1:
            outputs, inputs = int(rng.integers(40, 200)), int(rng.integers(90, 400))
        if self.layer in ("conv3x3", "conv_transpose"):
            inputs = int(rng.integers(1, 12))
            kernel = tuple(int(k) for k in rng.integers(2, 4, 2))
        if self.layer == "grouped":
            self.groups, kernel = int(rng.integers(2, 4)), (3, 3)
            inputs = int(rng.integers(1, 6))
            outputs = self.groups * int(rng.integers(1, 8))
        if self.layer == "depthwise":
            self.groups = outputs = int(rng.integers(8, 40))
            inputs, kernel = 1, (3, 3)
        self.is_conv = self.layer in LAYERS[3:8]
        self.is_integral = self.scheme.scale == "e8m0" and rng.random() < 0.7
        self.has_bias = self.layer not in ("matmul", "embedding") and rng.random() < 0.5
        self.bias = rng.standard_normal(outputs).astype(F32) * F32(self.has_bias)
        # Inputs of linear layers are rounded.
        self.rounds_floats = self.scheme.name in ("fp8e4m3", "fp8e5m2")
        self.is_dynamic = (self.layer in ("linear", "transposed")
                           and (self.scheme.name in INTEGERS or self.rounds_floats)
                           and rng.random() < 0.5)
        self.run = 0
        if self.is_dynamic:
            self.options += " activations=dynamic"
            if rng.random() < 0.5:
                self.run = int(rng.choice([16, 32, 128, rng.integers(1, 90)]))
                self.options += f" activation-block={self.run}"
        columns = inputs * kernel[0] * kernel[1]
        if self.is_integral:
            self.bias = np.rint(self.bias)
        self.matrix = self.scheme.draw(rng, (outputs, columns))
        self.filter = (outputs, inputs, *kernel)
        if self.is_conv:
            self.draw_image(rng)
            return
        self.weight = self.matrix
        if self.layer in ("transposed", "matmul"):
            self.weight = np.ascontiguousarray(self.matrix.T)
        rows = int(rng.choice([1, 2, rng.integers(3, 9), rng.integers(9, 40)]))
        self.draw_input(rng, (rows, inputs))
        if self.layer == "embedding":
            self.input = rng.integers(0, outputs, (2, 5))

    def draw_input(self, rng, shape):
        self.input = rng.standard_normal(shape).astype(F32)
        if self.is_integral:
            self.input = rng.integers(-4, 5, shape).astype(F32)

    def draw_image(self, rng):
        self.weight = self.matrix.reshape(self.filter)
        if self.layer == "conv_transpose":
            self.weight = np.ascontiguousarray(self.weight.transpose(1, 0, 2, 3))
        self.strides = rng.integers(1, 3, 2)
        self.dilations = rng.integers(1, 3, 2)
        self.pads = rng.integers(0, 2, 4)
        shape = (rng.integers(1, 3), self.filter[1] * self.groups, *rng.integers(5, 10, 2))
        self.draw_input(rng, shape)
        reach = self.dilations * (np.array(self.filter[2:]) - 1)
        margins = self.pads[:2] + self.pads[2:]
        if self.layer == "conv_transpose":
            self.extents = ((self.input.shape[2:] - np.int64(1)) * self.strides + reach
                            + 1 - margins)
        else:
            self.extents = (self.input.shape[2:] + margins - reach - 1) // self.strides + 1

    def text(self):
        """The layer's lines, its result and the result's type."""
        n, w, x = self.number, tensor(self.weight.shape), tensor(self.input.shape)
        outputs, columns = self.matrix.shape
        lines = [f"%w{n} = slim.get_weight @w{n} : {w}"]
        bias, kinds = ("", f"{x}, {w}")
        if self.has_bias:
            bias, kinds = f", %b{n}", f"{kinds}, {tensor(self.bias.shape)}"
        if self.layer == "embedding":
            x, y = tensor(self.input.shape, "i64"), tensor((2, 5, columns))
            lines.append(f"%y{n} = slim.embedding %x{n}, %w{n} : ({x}, {w}) -> {y}")
        elif self.is_conv:
            array = lambda values: f"array<i64: {', '.join(map(str, values))}>"
            name, more = "conv", ""
            if self.layer == "conv_transpose":
                name, more = self.layer, "output_padding = array<i64: 0, 0>, "
            y = tensor((self.input.shape[0], outputs, *self.extents))
            lines.append(
                f"%y{n} = slim.{name} %x{n}, %w{n}{bias} {{"
                f"strides = {array(self.strides)}, pads = {array(self.pads)}, "
                f"dilations = {array(self.dilations)}, {more}"
                f"groups = {self.groups}}} : ({kinds}) -> {y}")
        else:
            y = tensor((self.input.shape[0], outputs))
            transposed = "" if self.layer == "linear" else " {transposed = true}"
            lines.append(
                f"%y{n} = slim.linear %x{n}, %w{n}{bias}{transposed} : ({kinds}) -> {y}")
            if self.layer == "matmul":
                # The layer above makes the weight one that is compressed.
                lines.append(f"%m{n} = slim.matmul %x{n}, %w{n} : ({x}, {w}) -> {y}")
                lines.append(f"%s{n} = slim.sub %m{n}, %y{n} : ({y}, {y}) -> {y}")
                lines.append(f"%z{n} = slim.add %s{n}, %m{n} : ({y}, {y}) -> {y}")
                return lines, f"%z{n}", y
        return lines, f"%y{n}", y

    def product(self, x, w):
        """The layer without its bias, in the type of `x`."""
        if not self.is_conv:
            return x @ w.T
        filters = w.reshape(self.filter)
        # The image of all positions that a window reaches.
        top, left, bottom, right = self.pads
        if self.layer == "conv_transpose":
            size = self.extents + [top + bottom, left + right]
            image = np.zeros((x.shape[0], self.filter[0], *size), x.dtype)
        else:
            image = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
            result = np.zeros((x.shape[0], self.filter[0], *self.extents), x.dtype)
        for i in range(self.filter[2]):
            for j in range(self.filter[3]):
                begin = self.dilations * (i, j)
                steps = np.array(x.shape[2:] if self.layer == "conv_transpose"
                                 else self.extents)
                end = begin + (steps - 1) * self.strides + 1
                window = np.s_[:, :, begin[0] : end[0] : self.strides[0],
                               begin[1] : end[1] : self.strides[1]]
                if self.layer == "conv_transpose":
                    image[window] += np.einsum("nchw,oc->nohw", x, filters[..., i, j])
                    continue
                parts = zip(np.split(image[window], self.groups, 1),
                            np.split(filters[..., i, j], self.groups, 0))
                result += np.concatenate(
                    [np.einsum("nchw,oc->nohw", part, f) for part, f in parts], 1)
        if self.layer != "conv_transpose":
            return result
        return image[:, :, top : image.shape[2] - bottom, left : image.shape[3] - right]

    def expect(self, matrix, spread, is_rounded):
        """The layer's result by `matrix`, and the bound of its error."""
        self.is_exact = self.layer == "embedding"
        if self.is_exact:
            return matrix[self.input], 0.0
        x, columns = self.input.astype(np.float64), matrix.shape[1]
        size = np.abs(x)
        if is_rounded:
            # A row's codes are at most its range away from zero.
            if self.run or self.rounds_floats:
                number = ml_dtypes.float8_e4m3fn if self.rounds_floats else None
                x, size = round_runs(self.input, self.run, number)
            else:
                x, scale = round_rows(self.input)
                size = np.broadcast_to(255 * scale, x.shape)
        bias = self.bias.astype(np.float64)
        if self.is_conv:
            bias = bias[:, None, None]
        result = self.product(x, matrix.astype(np.float64)) + bias
        terms = self.product(size, spread.astype(np.float64)) + np.abs(bias)
        bound = UNIT * (columns + 4) * terms + TINY * columns
        self.is_exact = self.has_exact_sums(spread, terms, is_rounded)
        if self.is_exact:
            return result, 0.0
        # The sum of three products of "matmul" has three times the error.
        return result, bound * (3 if self.layer == "matmul" else 1)

    def has_exact_sums(self, spread, terms, is_rounded):
        """Whether all partial sums are floats, whatever their order."""
        # Activations that are cut into digits (slim-split-activations, of many
        # columns) are off by a rounding.
        if not self.is_integral or is_rounded or self.matrix.shape[0] >= 128:
            return False
        if not spread.any() or spread[spread > 0].min() < 2.0**-90:
            return False
        unit = min(unit_of(spread), unit_of(self.bias))
        return terms.max() < unit * 2.0**24

    def check(self, result, entry):
        """What is wrong with a result, if anything. `entry` is the report's."""
        matrix, spread = self.matrix, np.abs(self.matrix)
        if entry:
            matrix, spread = self.scheme.quantize(self.matrix)
        kind = "rounded_inputs" if self.rounds_floats else "integer_products"
        is_rounded = bool(entry and entry.get(kind))
        if entry and self.is_dynamic and not is_rounded:
            return "the activation is not quantized"
        expected, bound = self.expect(matrix, spread, is_rounded)
        if result.shape != expected.shape:
            return f"has shape {result.shape}, not {expected.shape}"
        error = np.abs(result - expected)
        if (error <= bound).all():
            return None
        if self.is_exact:
            return f"error {error.max():.2e} where arithmetic is exact"
        return f"error {error.max():.2e}, bound {np.max(bound):.2e}"

    def __str__(self):
        shape = "x".join(map(str, self.weight.shape))
        return f"{self.layer} {shape}, {self.options}"


def run_module(cases, directory, slimc_options):
    """Compiles the cases; results, and the report's entry of what changed."""
    weights, arguments, body, results, types, inputs = [], [], [], [], [], {}
    first = cases[0].number
    data, source, library, report = (
        os.path.join(directory, f"{first}{suffix}")
        for suffix in (".bin", ".mlir", ".so", ".json"))

    def add_input(name, value):
        element = "i64" if value.dtype == np.int64 else "f32"
        arguments.append(f'%{name}: {tensor(value.shape, element)} '
                         f'{{slim.name = "{name}"}}')
        inputs[name] = value

    with open(data, "wb") as file:
        for case in cases:
            n = case.number
            weights.append(f"slim.weight @w{n} : {tensor(case.weight.shape)} = "
                           f'#slim.external<"{first}.bin", {file.tell()}>')
            file.write(case.weight.tobytes())
            add_input(f"x{n}", case.input)
            if case.has_bias:
                add_input(f"b{n}", case.bias)
            lines, value, kind = case.text()
            body += lines
            results.append((value, kind))
            types.append(f'{kind} {{slim.name = "y{n}"}}')
    values, kinds = zip(*results)
    with open(source, "w") as file:
        file.write("\n".join([
            "module {", *weights, f"func.func @main({', '.join(arguments)}) -> "
            f"({', '.join(types)}) {{", *body,
            f"return {', '.join(values)} : {', '.join(kinds)}", "}", "}"]))
    passes = ",".join(f"quantize{{include=^w{case.number}$ min-elements=0 "
                      f"{case.options}}}" for case in cases)
    subprocess.run(["slimc", source, "-o", library, "--compress=" + passes,
                    "--report=" + report, *slimc_options], check=True)
    with open(report) as file:
        applied = {entry["weight"]: entry for entry in json.load(file)["weights"]
                   if entry["status"] == "applied"}
    with Model(library) as model:
        outputs = model.run(inputs)
    os.remove(library)
    return [(outputs[f"y{case.number}"], applied.get(f"w{case.number}"))
            for case in cases]


def check_module(seed, numbers, directory, slimc_options):
    """What is wrong with each case, whether it is quantized, its kind."""
    cases = [Case(np.random.default_rng([seed, n]), n) for n in numbers]
    return [(case.check(result, entry), bool(entry), case.is_exact,
             (case.layer, case.options), str(case))
            for case, (result, entry) in zip(
                cases, run_module(cases, directory, slimc_options))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the first case's number")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--per-module", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    options, slimc_options = parser.parse_known_args()
    end = options.first + options.count
    failures, quantized, exact, kinds = 0, 0, 0, set()
    with tempfile.TemporaryDirectory() as directory, \
            concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        modules = [
            pool.submit(check_module, options.seed,
                        range(at, min(end, at + options.per_module)), directory,
                        slimc_options)
            for at in range(options.first, end, options.per_module)]
        number = options.first
        for module in modules:
            for problem, is_quantized, is_exact, kind, text in module.result():
                quantized += is_quantized
                exact += is_exact
                kinds.add(kind)
                if problem:
                    failures += 1
                    print(f"case {number}, {text}: {problem}", flush=True)
                number += 1
    print(f"{quantized} weights quantized, {len(kinds)} kinds of layer and scheme, "
          f"{exact} compared bit by bit")
    print(f"{options.count - failures} of {options.count} layers agree")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
