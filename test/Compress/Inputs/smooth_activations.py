"""Smooths the inputs of a model's linear ops and compares its outputs with those
of the model as it was: they are equal up to the rounding of fp32.

usage: smooth_activations.py SLIM-OPT SLIMC SLIM-RUN DIRECTORY
"""
import os
import re
import subprocess
import sys

import numpy as np

import calibration_file

WIDTH, INNER = 24, 40
# Name, shape; linear weights and their layouts.
VECTORS = {"gain": WIDTH, "scale": WIDTH, "shift": WIDTH, "factor": INNER,
           "a.bias": INNER, "c.bias": WIDTH}
MATRICES = {
    "a": (INNER, WIDTH),
    "b": (INNER, WIDTH),
    "c": (WIDTH, INNER),
    "d": (WIDTH, WIDTH),
    "e": (WIDTH, INNER),
    "f": (WIDTH, INNER),
}
COLUMNS = {"a": WIDTH, "b": WIDTH, "c": INNER, "d": WIDTH, "e": WIDTH, "f": INNER}

# a and b: the RMS norm absorbs. c: after ReLU, a product is inserted. d: c
# absorbs. e: the layer norm is read by the residual too. f: the factor absorbs.
FUNCTION = """
  func.func @main(%x: tensor<3x5x24xf32> {slim.name = "x"})
      -> (tensor<3x5x24xf32> {slim.name = "y"}) {
    %gain = slim.get_weight @gain : tensor<24xf32>
    %scale = slim.get_weight @scale : tensor<24xf32>
    %shift = slim.get_weight @shift : tensor<24xf32>
    %factor = slim.get_weight @factor : tensor<40xf32>
    %a = slim.get_weight @a : tensor<40x24xf32>
    %ab = slim.get_weight @a.bias : tensor<40xf32>
    %b = slim.get_weight @b : tensor<40x24xf32>
    %c = slim.get_weight @c : tensor<24x40xf32>
    %cb = slim.get_weight @c.bias : tensor<24xf32>
    %d = slim.get_weight @d : tensor<24x24xf32>
    %e = slim.get_weight @e : tensor<24x40xf32>
    %f = slim.get_weight @f : tensor<24x40xf32>
    %0 = slim.rms_norm %x, %gain {axis = 2, epsilon = 1.0e-5 : f32}
      : (tensor<3x5x24xf32>, tensor<24xf32>) -> tensor<3x5x24xf32>
    %1 = slim.linear %0, %a, %ab : (tensor<3x5x24xf32>, tensor<40x24xf32>, tensor<40xf32>) -> tensor<3x5x40xf32>
    %2 = slim.linear %0, %b : (tensor<3x5x24xf32>, tensor<40x24xf32>) -> tensor<3x5x40xf32>
    %3 = slim.mul %1, %2 : (tensor<3x5x40xf32>, tensor<3x5x40xf32>) -> tensor<3x5x40xf32>
    %4 = slim.relu %3 : (tensor<3x5x40xf32>) -> tensor<3x5x40xf32>
    %5 = slim.linear %4, %c, %cb : (tensor<3x5x40xf32>, tensor<24x40xf32>, tensor<24xf32>) -> tensor<3x5x24xf32>
    %6 = slim.linear %5, %d : (tensor<3x5x24xf32>, tensor<24x24xf32>) -> tensor<3x5x24xf32>
    %7, %m, %i = slim.layer_norm %6 scale %scale bias %shift {axis = 2, epsilon = 1.0e-5 : f32}
      : (tensor<3x5x24xf32>, tensor<24xf32>, tensor<24xf32>) -> (tensor<3x5x24xf32>, tensor<3x5x1xf32>, tensor<3x5x1xf32>)
    %8 = slim.linear %7, %e {transposed = true} : (tensor<3x5x24xf32>, tensor<24x40xf32>) -> tensor<3x5x40xf32>
    %9 = slim.mul %8, %factor : (tensor<3x5x40xf32>, tensor<40xf32>) -> tensor<3x5x40xf32>
    %10 = slim.linear %9, %f : (tensor<3x5x40xf32>, tensor<24x40xf32>) -> tensor<3x5x24xf32>
    %11 = slim.add %10, %7 : (tensor<3x5x24xf32>, tensor<3x5x24xf32>) -> tensor<3x5x24xf32>
    return %11 : tensor<3x5x24xf32>
  }
"""


def literal(array):
    if array.ndim == 1:
        return "[" + ", ".join(f"{value:.8e}" for value in array) + "]"
    return "[" + ", ".join(literal(row) for row in array) + "]"


def write_model(rng):
    lines = []
    for name, shape in {**VECTORS, **MATRICES}.items():
        values = rng.standard_normal(shape).astype(np.float32)
        extents = "x".join(str(extent) for extent in values.shape)
        lines.append(
            f"  slim.weight @{name} : tensor<{extents}xf32> = "
            f"dense<{literal(values)}> : tensor<{extents}xf32>"
        )
    with open("model.mlir", "w") as file:
        file.write("module {\n" + "\n".join(lines) + FUNCTION + "}\n")


def compute(slimc, slim_run, model):
    subprocess.run([slimc, model, "-o", "model.so"], check=True)
    subprocess.run(
        [slim_run, "./model.so", "--input", "x=x.npy", "--output-dir", "."],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return np.load("y.npy")


def main():
    slim_opt, slimc, slim_run, directory = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)
    os.chdir(directory)
    rng = np.random.default_rng(3)
    write_model(rng)
    np.save("x.npy", rng.standard_normal((3, 5, WIDTH)).astype(np.float32))
    # Whatever the statistics are: the function stays.
    calibration_file.write(
        "statistics.safetensors",
        {
            name: calibration_file.statistics(
                rng.standard_normal((200, columns))
                * np.exp(rng.standard_normal(columns))
            )
            for name, columns in COLUMNS.items()
        },
    )
    expected = compute(slimc, slim_run, "model.mlir")
    # The products that are in the model, and those that are inserted.
    for options, products in [
        ("method=smoothquant strength=0.5", 2 + 2),
        ("method=smoothquant strength=0.9 insert=false", 2),
        ("method=smoothquant", 2 + 2),
        ("method=awq group-size=8", 2 + 2),
        ("method=awq format=mxfp4 include=^[ac]$", 2 + 2),
    ]:
        subprocess.run(
            [
                slim_opt,
                "model.mlir",
                "-smooth-activations="
                f"calibration=statistics.safetensors min-elements=0 {options}",
                "-o",
                "smooth.mlir",
            ],
            check=True,
        )
        text = open("smooth.mlir").read()
        assert 'status = "applied"' in text
        assert "input_factor" not in text or "insert=false" not in options
        found = len(re.findall(r"slim\.mul ", text))
        actual = compute(slimc, slim_run, "smooth.mlir")
        error = np.abs(actual - expected).max() / np.abs(expected).max()
        print(f"{options}: error {error:.1e}, {found} products")
        assert error < 1e-5, error
        assert found == products, found


main()
