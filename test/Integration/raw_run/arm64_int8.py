#!/usr/bin/env python3
"""Quantized products on arm64: dot-product and table instructions, exact results.

usage: arm64_int8.py --slimc BUILD/bin/slimc --work DIR [--flag FLAG ...]

Compiles a quantized product, one with an activation between quantized tensors,
and a quantized convolution, whose scales are powers of two and whose results are
thus the same in whatever order a machine adds. The codes that the library
computes in qemu-user must be those of NumPy, as must be this machine's. The
assembly for cortex-a76 must hold sdot, udot or smmla, and tbl for the activation.
Exits with 77, "skipped", where the cross compiler or the emulator is missing.
"""
import argparse
import os
import re
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../python"))
import emulator
import raw_run
import slim

CPU = "cortex-a76"
INPUT_SCALE, OUTPUT_SCALE = 2.0**-5, 2.0**-2
INPUT_ZERO, OUTPUT_ZERO = 117, 131
DOT = re.compile(r"^\s*([su]dot|usdot|smmla)\s", re.M)
TABLE = re.compile(r"^\s*(tb[lx])\s", re.M)


def quantized_model(
    path: str, op: str, x_shape: list, w: np.ndarray, scales, activation=False
):
    """y = quantize(op(dequantize(x), dequantize(w))), with a scale a channel of
    the result; with `activation` y is quantize(f(dequantize(that))) for
    f(v) = v * hard_sigmoid(v)."""
    channel = 0 if op == "Conv" else 1
    constants = {
        "x_scale": np.float32(INPUT_SCALE),
        "x_zero": np.uint8(INPUT_ZERO),
        "y_scale": np.float32(OUTPUT_SCALE),
        "y_zero": np.uint8(OUTPUT_ZERO),
        "w": w,
        "w_scale": scales.astype(np.float32),
        "w_zero": np.zeros(len(scales), np.int8),
    }
    attributes = {"pads": [1, 1, 1, 1]} if op == "Conv" else {}
    dequantize = "DequantizeLinear"
    nodes = [
        helper.make_node(dequantize, ["x", "x_scale", "x_zero"], ["xf"]),
        helper.make_node(dequantize, ["w", "w_scale", "w_zero"], ["wf"], axis=channel),
        helper.make_node(op, ["xf", "wf"], ["yf"], **attributes),
        helper.make_node("QuantizeLinear", ["yf", "y_scale", "y_zero"], ["y"]),
    ]
    if activation:
        nodes[-1].output[0] = "q"
        gate = {"alpha": 0.25, "beta": 0.5}
        nodes += [
            helper.make_node(dequantize, ["q", "y_scale", "y_zero"], ["qf"]),
            helper.make_node("HardSigmoid", ["qf"], ["gate"], **gate),
            helper.make_node("Mul", ["qf", "gate"], ["af"]),
            helper.make_node("QuantizeLinear", ["af", "y_scale", "y_zero"], ["y"]),
        ]
    graph = helper.make_graph(
        nodes,
        "quantized",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, x_shape)],
        [helper.make_tensor_value_info("y", TensorProto.UINT8, None)],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)


def quantize(sums: np.ndarray, scales: np.ndarray) -> np.ndarray:
    codes = np.rint(sums * (INPUT_SCALE * scales / OUTPUT_SCALE)) + OUTPUT_ZERO
    return np.clip(codes, 0, 255).astype(np.uint8)


def product(rng: np.random.Generator, path: str) -> tuple:
    """Writes a model; its input and its output."""
    x = rng.integers(0, 256, (37, 131), np.uint8)
    w = rng.integers(-127, 128, (131, 75), np.int8)
    scales = 2.0 ** -rng.integers(8, 11, 75)
    quantized_model(path, "MatMul", list(x.shape), w, scales)
    sums = (x.astype(np.int64) - INPUT_ZERO) @ w.astype(np.int64)
    return x, quantize(sums, scales)


def activation(rng: np.random.Generator, path: str) -> tuple:
    """A product and an activation of its codes."""
    x = rng.integers(0, 256, (29, 67), np.uint8)
    w = rng.integers(-127, 128, (67, 43), np.int8)
    scales = 2.0 ** -rng.integers(8, 11, 43)
    quantized_model(path, "MatMul", list(x.shape), w, scales, activation=True)
    codes = quantize((x.astype(np.int64) - INPUT_ZERO) @ w.astype(np.int64), scales)
    numbers = (codes.astype(np.int64) - OUTPUT_ZERO) * OUTPUT_SCALE
    result = numbers * np.clip(numbers * 0.25 + 0.5, 0, 1)
    return x, np.clip(np.rint(result / OUTPUT_SCALE) + OUTPUT_ZERO, 0, 255)


def convolution(rng: np.random.Generator, path: str) -> tuple:
    """The same for 3x3 patches."""
    x = rng.integers(0, 256, (2, 19, 9, 14), np.uint8)
    w = rng.integers(-127, 128, (37, 19, 3, 3), np.int8)
    scales = 2.0 ** -rng.integers(8, 11, 37)
    quantized_model(path, "Conv", list(x.shape), w, scales)
    padded = np.pad(x.astype(np.int64) - INPUT_ZERO, [(0, 0), (0, 0), (1, 1), (1, 1)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    sums = np.einsum("nchwij,ocij->nohw", windows, w.astype(np.int64))
    return x, quantize(sums, scales[:, None, None])


def check(name: str, make, args, program: list, wanted: list) -> bool:
    """`wanted` are patterns of instructions."""
    path = os.path.join(args.work, name + ".onnx")
    x, expected = make(np.random.default_rng(len(name)), path)
    target = [f"--triple={emulator.TRIPLE}", f"--mcpu={CPU}"]
    native = os.path.join(args.work, name + ".so")
    foreign = os.path.join(args.work, name + "-arm64.so")
    assembly = os.path.join(args.work, name + "-arm64.s")
    raw_run.compile_model(args.slimc, path, native, *args.flag)
    raw_run.compile_model(args.slimc, path, foreign, *args.flag, *target)
    raw_run.compile_model(args.slimc, path, assembly, *args.flag, *target, "--emit=asm")
    with open(assembly, encoding="utf-8") as file:
        text = file.read()
    found = [sorted(set(pattern.findall(text))) for pattern in wanted]
    print(f"{name}: {', '.join(sum(found, [])) or 'NONE of the instructions'}")
    good = all(found)
    with slim.Model(native) as model:
        inputs = {"x": x}
        prefix = os.path.join(args.work, name + "-out")
        command = [*program, foreign, "1", prefix]
        command += raw_run.write_inputs(model, inputs, args.work)
        emulated = raw_run.read_outputs(model, raw_run.run(command), prefix)
        for machine, outputs in (("here", model.run(inputs)), ("arm64", emulated)):
            wrong = int(np.sum(outputs["y"] != expected))
            print(f"  {machine}: {wrong} of {expected.size} codes are wrong")
            good &= wrong == 0
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description="Quantized products on arm64.")
    parser.add_argument("--slimc", required=True)
    parser.add_argument("--work", required=True, help="directory for the libraries")
    parser.add_argument("--flag", action="append", default=[], help="for slimc")
    args = parser.parse_args()

    if not emulator.available():
        return emulator.SKIPPED
    os.makedirs(args.work, exist_ok=True)
    program = emulator.build_raw_run(args.work)
    good = check("product", product, args, program, [DOT])
    good &= check("convolution", convolution, args, program, [DOT])
    good &= check("activation", activation, args, program, [DOT, TABLE])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
