"""Clips the activations of a small network and checks that correct-bias makes the
mean of every output channel over the calibration data what it was in floats.

usage: correct_bias.py SLIM-OPT SLIMC SLIM-RUN DIRECTORY
"""
import os
import subprocess
import sys

import numpy as np

slim_opt, slimc, slim_run, directory = sys.argv[1:]
os.makedirs(directory, exist_ok=True)
os.chdir(directory)
rng = np.random.default_rng(11)
X = rng.standard_normal((4, 3, 9, 7)).astype(np.float32)
np.savez("data.npz", x=X[None])
np.save("x.npy", X)
WEIGHTS = {"a": (8, 3, 3, 3), "b": (8, 1, 3, 3), "c": (5, 8, 1, 1), "c.bias": (5,)}


def literal(array):
    if array.ndim == 1:
        return "[" + ", ".join(f"{value:.8e}" for value in array) + "]"
    return "[" + ", ".join(literal(row) for row in array) + "]"


lines = []
for name, shape in WEIGHTS.items():
    values = rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
    kind = f"tensor<{'x'.join(map(str, shape))}xf32>"
    lines.append(f"  slim.weight @{name} : {kind} = dense<{literal(values)}> : {kind}")
PADDED = (
    "strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, "
    "dilations = array<i64: 1, 1>"
)
FUNCTION = f"""
  func.func @main(%x: tensor<4x3x9x7xf32> {{slim.name = "x"}})
      -> (tensor<4x5x9x7xf32> {{slim.name = "y"}}) {{
    %a = slim.get_weight @a : tensor<8x3x3x3xf32>
    %b = slim.get_weight @b : tensor<8x1x3x3xf32>
    %c = slim.get_weight @c : tensor<5x8x1x1xf32>
    %cb = slim.get_weight @c.bias : tensor<5xf32>
    %0 = slim.conv %x, %a {{{PADDED}}}
      : (tensor<4x3x9x7xf32>, tensor<8x3x3x3xf32>) -> tensor<4x8x9x7xf32> loc("first")
    %1 = slim.relu %0 : (tensor<4x8x9x7xf32>) -> tensor<4x8x9x7xf32> loc("relu")
    %2 = slim.conv %1, %b {{{PADDED}, groups = 8}}
      : (tensor<4x8x9x7xf32>, tensor<8x1x3x3xf32>) -> tensor<4x8x9x7xf32> loc("second")
    %3 = slim.relu %2 : (tensor<4x8x9x7xf32>) -> tensor<4x8x9x7xf32> loc("relu2")
    %4 = slim.conv %3, %c, %cb {{strides = array<i64: 1, 1>,
        pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}}
      : (tensor<4x8x9x7xf32>, tensor<5x8x1x1xf32>, tensor<5xf32>) -> tensor<4x5x9x7xf32>
    return %4 : tensor<4x5x9x7xf32>
  }}
"""
with open("model.mlir", "w") as file:
    file.write("module {\n" + "\n".join(lines) + FUNCTION + "}\n")


def compute(*passes):
    subprocess.run(
        [slim_opt, "model.mlir", f"-pass-pipeline=builtin.module({','.join(passes)})",
         "-o", "now.mlir"],
        check=True,
    )  # fmt: skip
    subprocess.run([slimc, "now.mlir", "-o", "now.so"], check=True)
    subprocess.run(
        [slim_run, "./now.so", "--input", "x=x.npy", "--output-dir", "."],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return np.load("y.npy").mean((0, 2, 3))


STATISTICS = "calibration=s.safetensors"
QUANTIZE = (
    "calibrate{data=data.npz output=s.safetensors all-values=true histogram=true}",
    f"quantize-int8{{min-elements=0 {STATISTICS}}}",
    f"quantize-activations{{range=percentile percentile=95 {STATISTICS}}}",
)
expected = compute("canonicalize")
size = np.abs(expected).max()
clipped = np.abs(compute(*QUANTIZE) - expected).max() / size
corrected = compute(*QUANTIZE, f"correct-bias{{data=data.npz {STATISTICS}}}")
corrected = np.abs(corrected - expected).max() / size
assert clipped > 1e-2, clipped
assert corrected < 1e-5, corrected
print(f"means are off by {clipped:.1e}, after correction by {corrected:.1e}")
