"""Calibrates a small network, quantizes its weights and activations, and compares
what ONNX Runtime computes from the exported module with the compiled module.

usage: static_export.py SLIM-OPT SLIMC SLIM-EXPORT DIRECTORY

A convolution net and two linear layers behind it. Every value that the module
quantizes is an output beside the module's own, as codes: those of slim and of ONNX
Runtime differ by one step at most, where a scaled sum lies between two codes and
the order of sums decides, and by none nearly everywhere.
"""
import os
import subprocess
import sys

import numpy as np
import onnxruntime

from slim.runtime import Model

slim_opt, slimc, slim_export, directory = sys.argv[1:]
os.makedirs(directory, exist_ok=True)
os.chdir(directory)
rng = np.random.default_rng(17)
TESTS = 24
WEIGHTS = {"a": (16, 3, 3, 3), "b": (16, 1, 3, 3), "c": (24, 16, 1, 1), "c.bias": (24,),
           "d": (40, 24), "e": (7, 40), "e.bias": (7,)}


def samples(count):
    return [(rng.standard_normal((1, 3, 11, 9)) * rng.uniform(0.3, 1.5)).astype(np.float32)
            for _ in range(count)]


def literal(array):
    if array.ndim == 1:
        return "[" + ", ".join(f"{value:.8e}" for value in array) + "]"
    return "[" + ", ".join(literal(row) for row in array) + "]"


def kind(*shape):
    return f"tensor<{'x'.join(map(str, shape))}xf32>"


def write(path):
    lines, reads = [], []
    for name, shape in WEIGHTS.items():
        values = rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
        lines.append(f"slim.weight @{name} : {kind(*shape)} = "
                     f"dense<{literal(values)}> : {kind(*shape)}\n")
        reads.append(f"%{name.replace('.', '_')} = slim.get_weight @{name} : "
                     f"{kind(*shape)}\n")
    attributes = ("strides = array<i64: 1, 1>, pads = array<i64: {0}, {0}, {0}, {0}>, "
                  "dilations = array<i64: 1, 1>")
    padded, plain = attributes.format(1), attributes.format(0)
    x, m, n = kind(1, 3, 11, 9), kind(1, 16, 11, 9), kind(1, 24, 11, 9)
    with open(path, "w") as file:
        file.write(f"""{''.join(lines)}
func.func @main(%x: {x} {{slim.name = "x"}}) -> ({kind(1, 7)} {{slim.name = "y"}}) {{
{''.join(reads)}
%0 = slim.conv %x, %a {{{padded}}} : ({x}, {kind(16, 3, 3, 3)}) -> {m} loc("first")
%1 = slim.relu %0 : ({m}) -> {m} loc("relu")
%2 = slim.conv %1, %b {{{padded}, groups = 16}}
  : ({m}, {kind(16, 1, 3, 3)}) -> {m} loc("second")
%3 = slim.add %2, %1 : ({m}, {m}) -> {m} loc("sum")
%4 = slim.conv %3, %c, %c_bias {{{plain}}}
  : ({m}, {kind(24, 16, 1, 1)}, {kind(24)}) -> {n} loc("third")
%5 = slim.relu %4 : ({n}) -> {n} loc("relu3")
%6 = slim.reduce_mean %5 {{axes = array<i64: 2, 3>}} : ({n}) -> {kind(1, 24)} loc("mean")
%7 = slim.linear %6, %d : ({kind(1, 24)}, {kind(40, 24)}) -> {kind(1, 40)} loc("fourth")
%8 = slim.relu %7 : ({kind(1, 40)}) -> {kind(1, 40)} loc("relu4")
%9 = slim.linear %8, %e, %e_bias
  : ({kind(1, 40)}, {kind(7, 40)}, {kind(7)}) -> {kind(1, 7)} loc("fifth")
return %9 : {kind(1, 7)}
}}
""")


def expose_codes(path):
    """Makes all quantized values outputs."""
    with open(path) as file:
        lines = file.read().splitlines()
    values = []
    for line in lines:
        if " = slim.quantize " in line:
            name = line.split("=")[0].strip()
            values.append((name, line.split("->")[1].split(" loc")[0].strip()))
    result = []
    for line in lines:
        if "func.func @main" in line:
            line = line.replace(f'-> ({kind(1, 7)} {{slim.name = "y"}})',
                                f'-> ({kind(1, 7)} {{slim.name = "y"}}' + "".join(
                                    f', {t} {{slim.name = "q{i}"}}'
                                    for i, (_, t) in enumerate(values)) + ")")
        elif line.strip().startswith("return "):
            value, rest = line.strip()[7:].split(" : ")
            line = ("return " + ", ".join([value, *(v for v, _ in values)]) + " : "
                    + ", ".join([rest, *(t for _, t in values)]))
        result.append(line)
    with open(path, "w") as file:
        file.write("\n".join(result))
    return len(values)


write("model.mlir")
np.savez("data.npz", **{f"x_{i}": x for i, x in enumerate(samples(32))})
statistics = "calibration=seen.safetensors"
calibrate = ("calibrate{data=data.npz output=seen.safetensors all-values=true "
             "histogram=true second-moment=true}")
tests = samples(TESTS)
for way, weights in (
        ("symmetric", f"quantize-int8{{min-elements=0 {statistics}}}"),
        ("gptq", "quantize{format=int8 granularity=channel algorithm=gptq "
                 f"min-elements=0 {statistics}}}")):
    activations = f"quantize-activations{{{statistics} range=mse}}"
    subprocess.run(
        [slim_opt, "model.mlir", "-o", f"{way}.mlir",
         f"-pass-pipeline=builtin.module({calibrate},{weights},{activations})"], check=True)
    # As it is used, with nothing between layers kept.
    subprocess.run([slimc, f"{way}.mlir", "-o", f"{way}-plain.so"], check=True)
    count = expose_codes(f"{way}.mlir")
    assert count >= 5, count
    subprocess.run([slimc, f"{way}.mlir", "-o", f"{way}.so"], check=True)
    subprocess.run([slim_export, f"{way}.mlir", "-o", f"{way}.onnx"], check=True)
    options = onnxruntime.SessionOptions()
    # As it is written: joined ops round what lies between them in other ways.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(f"{way}.onnx", options)
    total = different = 0
    worst = largest = 0.0
    with Model(f"./{way}.so") as model, Model(f"./{way}-plain.so") as plain:
        for x in tests:
            ours = model.run({"x": x})
            theirs = dict(zip([o.name for o in session.get_outputs()],
                              session.run(None, {"x": x})))
            for i in range(count):
                a, b = ours[f"q{i}"], theirs[f"q{i}"]
                assert a.dtype == b.dtype, (a.dtype, b.dtype)
                difference = np.abs(a.astype(int) - b.astype(int))
                assert difference.max() <= 1, f"{way}: value {i} is off by steps"
                total += difference.size
                different += int((difference > 0).sum())
            largest = max(largest, np.abs(theirs["y"]).max())
            for y in (ours["y"], plain.run({"x": x})["y"]):
                worst = max(worst, np.abs(y - theirs["y"]).max())
    print(f"{way}: {different} of {total} codes differ by 1; outputs by "
          f"{worst / largest:.1e}")
    assert different < 1e-3 * total
    # One code of one input of the last layer and more.
    assert worst < 0.02 * largest
