"""Exports random modules to ONNX and compares ONNX Runtime with slim's code.

usage: random_export.py [--seed N] [--count N]

A case is a layer (product, convolution, look-up of rows) of an odd shape whose
weight a random pass of the quantize family rewrites, maybe with quantized
activations. The module is compiled by slimc and exported in both forms of
ONNX; onnx.checker has to pass, and what ONNX Runtime computes has to be what the
compiled module does, up to the order of sums: (terms + 4) * 2^-23 of the sum of
the terms' magnitudes. With activations that are rounded at run time a sum that
differs may round the other way: there the cosine counts.
"""
import argparse
import os
import subprocess
import tempfile

import numpy as np
import onnx
import onnxruntime

from slim.runtime import Model

FORMATS = ["int8", "int4", "int3", "int2", "ternary", "binary", "fp8e4m3",
           "fp8e5m2", "fp4e2m1", "nf4", "mxfp8", "mxfp4", "nvfp4"]


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{result.stderr}")
    return result.stderr


def tensor(shape, element="f32"):
    return "tensor<" + "".join(f"{extent}x" for extent in shape) + element + ">"


def draw_pass(rng):
    kind = rng.integers(8)
    if kind == 0:
        return "quantize-int8"
    if kind == 1:
        return "quantize-int8{activations=dynamic}"
    if kind == 2:
        return "prune-nm{n=2 m=4},quantize-int8"
    name = str(rng.choice(FORMATS))
    if name in ("mxfp8", "mxfp4", "nvfp4"):
        return f"quantize{{format={name}}}"
    group = int(rng.choice([16, 32, 48, 20, 128]))
    grain = str(rng.choice(["granularity=tensor", "granularity=channel",
                            f"group-size={group}", "block=6x20"]))
    asymmetric = name in ("int8", "int4", "int3") and rng.random() < 0.5
    scale = str(rng.choice(["f32", "f16", "e8m0", "e4m3"]))
    return (f"quantize{{format={name} {grain} scale-type={scale}"
            f"{' asymmetric' if asymmetric else ''}}}")


class Case:
    def __init__(self, rng):
        self.rng = rng
        self.layer = str(rng.choice(["linear", "transposed", "deep", "conv",
                                     "embedding"]))
        self.passes = draw_pass(rng)
        rows, self.depth = int(rng.integers(9, 70)), int(rng.integers(40, 200))
        if "prune" in self.passes:
            self.depth -= self.depth % 4
        self.weight = (rng.standard_normal((rows, self.depth))
                       .astype(np.float32))
        self.bias = rng.standard_normal(rows).astype(np.float32)
        batch = int(rng.integers(1, 9))
        if self.layer == "embedding":
            self.input = rng.integers(0, rows, (batch, 3))
        elif self.layer == "conv":
            self.depth = 4 * int(rng.integers(4, 9))
            self.weight = (rng.standard_normal((rows, self.depth, 3, 3))
                           .astype(np.float32))
            self.input = rng.standard_normal((batch, self.depth, 7, 5)).astype(
                np.float32)
        elif self.layer == "deep":
            self.input = rng.standard_normal((batch, 3, self.depth)).astype(
                np.float32)
        else:
            self.input = rng.standard_normal((batch, self.depth)).astype(
                np.float32)
        if self.layer == "transposed":
            self.weight = np.ascontiguousarray(self.weight.T)

    def describe(self):
        return f"{self.layer} {self.weight.shape} {self.passes}"

    def bound(self):
        """The sum of the terms' magnitudes, times their number's rounding."""
        largest = np.abs(self.input).max() * np.abs(self.weight).max()
        terms = self.weight.size / len(self.bias)
        return (terms + 4) * 2.0**-23 * (terms * largest + 8)

    def text(self):
        element = "i64" if self.layer == "embedding" else "f32"
        shape = ["?", *self.input.shape[1:]]
        x, w, b = tensor(shape, element), tensor(self.weight.shape), tensor(
            self.bias.shape)
        attributes, operands, types = "", "%x, %w, %b", f"{x}, {w}, {b}"
        out = [*shape[:-1], len(self.bias)]
        if self.layer == "transposed":
            attributes = " {transposed = true}"
        elif self.layer == "embedding":
            operands, types, out = "%x, %w", f"{x}, {w}", [*shape, self.depth]
        elif self.layer == "conv":
            attributes = (" {strides = array<i64: 1, 2>, pads = array<i64: 1, 0,"
                          " 1, 0>, dilations = array<i64: 1, 1>}")
            out = ["?", len(self.bias), 7, 2]
        op = {"conv": "conv", "embedding": "embedding"}.get(self.layer, "linear")
        body = (f"  %y = slim.{op} {operands}{attributes} : ({types}) -> "
                f"{tensor(out)}\n")
        return (
            f"slim.weight @layer.weight : {w} = dense<\"0x"
            f"{self.weight.tobytes().hex()}\"> : {w}\n"
            f"slim.weight @layer.bias : {b} = dense<\"0x"
            f"{self.bias.tobytes().hex()}\"> : {b}\n"
            f"func.func @main(%x: {x} {{slim.name = \"x\"}}) -> ({tensor(out)} "
            f"{{slim.name = \"y\"}}) {{\n"
            f"  %w = slim.get_weight @layer.weight : {w}\n"
            f"  %b = slim.get_weight @layer.bias : {b}\n{body}"
            f"  return %y : {tensor(out)}\n}}\n")

    def check(self, folder):
        path = os.path.join(folder, "case")
        with open(path + ".mlir", "w", encoding="utf-8") as file:
            file.write(self.text())
        run("slim-opt", f"--pass-pipeline=builtin.module({self.passes})",
            path + ".mlir", "-o", path + ".q.mlir")
        run("slimc", path + ".q.mlir", "-o", path + ".so")
        expected = Model(path + ".so").run({"x": self.input})["y"]
        for form in ("qdq", "nbits"):
            warnings = run("slim-export", f"--format={form}", path + ".q.mlir",
                           "-o", path + ".onnx")
            if warnings and "decoded" not in warnings:
                raise RuntimeError(warnings)
            onnx.checker.check_model(path + ".onnx", full_check=True)
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 3
            # Its own choice would round activations to 8 bits.
            options.add_session_config_entry(
                "session.qdq_matmulnbits_accuracy_level", "1")
            session = onnxruntime.InferenceSession(path + ".onnx", options)
            actual = session.run(["y"], {"x": self.input})[0]
            if actual.shape != expected.shape:
                raise RuntimeError(f"{form}: shape {actual.shape}")
            error = np.abs(actual - expected).max()
            if "dynamic" in self.passes:
                a, b = actual.ravel(), expected.ravel()
                if a @ b < 0.9999 * np.sqrt((a @ a) * (b @ b)):
                    raise RuntimeError(f"{form}: error {error}")
            elif not error <= self.bound():
                raise RuntimeError(f"{form}: error {error} > {self.bound()}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=20)
    arguments = parser.parse_args()
    agree = 0
    for number in range(arguments.count):
        case = Case(np.random.default_rng([arguments.seed, number]))
        with tempfile.TemporaryDirectory() as folder:
            try:
                case.check(folder)
                agree += 1
            except Exception as error:  # says which case and goes on
                print(f"case {number}: {case.describe()}: {error}")
    print(f"{agree} of {arguments.count} exports agree")


if __name__ == "__main__":
    main()
