"""Compares a compiled, compressed model with its simulation.

usage: check_simulated.py [slimc options...] -- PIPELINE...

Each pipeline of compression passes is compiled as it is, and with decode-weights
after it: with floats of the values that the compressed weights decode to, as
other tools simulate compression. The model looks words up, has two layers and a
residual, and two convolutions beside that, and it looks rows of odd lengths up. Looked up rows are equal bit by bit;
what follows differs by the order and rounding of sums alone, by less than 1e-5
of an output's largest magnitude. What one layer may differ by check_formats.py
knows.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np

from slim.runtime import Model

BOUND = 1e-5
WEIGHTS = {
    "table": (211, 96),
    "odd": (211, 61),
    "short": (451, 13),
    "up": (320, 96),
    "down": (96, 320),
    "filter": (24, 8, 3, 3),
    "point": (40, 24, 1, 1),
}
BODY = """
func.func @main(%ids: tensor<3x7xi64> {slim.name = "ids"},
                %image: tensor<1x8x13x13xf32> {slim.name = "image"})
    -> (tensor<3x7x96xf32> {slim.name = "rows"},
        tensor<3x7x61xf32> {slim.name = "odd"},
        tensor<3x7x13xf32> {slim.name = "short"},
        tensor<61xf32> {slim.name = "one"},
        tensor<3x7x96xf32> {slim.name = "states"},
        tensor<1x40x11x11xf32> {slim.name = "features"}) {
  %table = slim.get_weight @table : tensor<211x96xf32>
  %odd = slim.get_weight @odd : tensor<211x61xf32>
  %short = slim.get_weight @short : tensor<451x13xf32>
  %up = slim.get_weight @up : tensor<320x96xf32>
  %down = slim.get_weight @down : tensor<96x320xf32>
  %filter = slim.get_weight @filter : tensor<24x8x3x3xf32>
  %point = slim.get_weight @point : tensor<40x24x1x1xf32>
  %rows = slim.embedding %ids, %table
    : (tensor<3x7xi64>, tensor<211x96xf32>) -> tensor<3x7x96xf32>
  %odd_rows = slim.embedding %ids, %odd
    : (tensor<3x7xi64>, tensor<211x61xf32>) -> tensor<3x7x61xf32>
  %short_rows = slim.embedding %ids, %short
    : (tensor<3x7xi64>, tensor<451x13xf32>) -> tensor<3x7x13xf32>
  %last = slim.constant dense<-1> : tensor<i64>
  %one = slim.embedding %last, %odd
    : (tensor<i64>, tensor<211x61xf32>) -> tensor<61xf32>
  %a = slim.linear %rows, %up
    : (tensor<3x7x96xf32>, tensor<320x96xf32>) -> tensor<3x7x320xf32>
  %b = slim.relu %a : (tensor<3x7x320xf32>) -> tensor<3x7x320xf32>
  %c = slim.linear %b, %down
    : (tensor<3x7x320xf32>, tensor<96x320xf32>) -> tensor<3x7x96xf32>
  %states = slim.add %c, %rows
    : (tensor<3x7x96xf32>, tensor<3x7x96xf32>) -> tensor<3x7x96xf32>
  %d = slim.conv %image, %filter {strides = array<i64: 1, 1>,
    pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1}
    : (tensor<1x8x13x13xf32>, tensor<24x8x3x3xf32>) -> tensor<1x24x11x11xf32>
  %e = slim.relu %d : (tensor<1x24x11x11xf32>) -> tensor<1x24x11x11xf32>
  %features = slim.conv %e, %point {strides = array<i64: 1, 1>,
    pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1}
    : (tensor<1x24x11x11xf32>, tensor<40x24x1x1xf32>) -> tensor<1x40x11x11xf32>
  return %rows, %odd_rows, %short_rows, %one, %states, %features
    : tensor<3x7x96xf32>, tensor<3x7x61xf32>, tensor<3x7x13xf32>,
      tensor<61xf32>, tensor<3x7x96xf32>, tensor<1x40x11x11xf32>
}
"""


def write_model(rng, directory):
    """The model's path."""
    lines, offset = [], 0
    with open(os.path.join(directory, "weights.bin"), "wb") as file:
        for name, shape in WEIGHTS.items():
            values = rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
            kind = "x".join(map(str, shape))
            lines.append(f"slim.weight @{name} : tensor<{kind}xf32> = "
                         f'#slim.external<"weights.bin", {offset}>')
            offset += file.write(values.astype(np.float32).tobytes())
    path = os.path.join(directory, "model.mlir")
    with open(path, "w") as file:
        file.write("module {" + "\n".join(lines) + BODY + "}\n")
    return path


def run(model, pipeline, inputs, library, slimc_options):
    subprocess.run(["slimc", model, "-o", library, "--compress=" + pipeline,
                    *slimc_options], check=True)
    with Model(library) as compiled:
        return compiled.run(inputs)


def compare(exported, simulated):
    """What is wrong, and the largest error of a sum."""
    for name in ("rows", "odd", "short", "one"):
        if not np.array_equal(exported[name], simulated[name]):
            return f"looked up rows '{name}' differ", np.inf
    error = max(np.abs(exported[name] - simulated[name]).max()
                / np.abs(simulated[name]).max() for name in ("states", "features"))
    return None if error <= BOUND else f"error {error:.1e}", error


def main():
    split = sys.argv.index("--")
    slimc_options, pipelines = sys.argv[1:split], sys.argv[split + 1 :]
    rng = np.random.default_rng(1)
    inputs = {"ids": rng.integers(0, 211, (3, 7)),
              "image": rng.standard_normal((1, 8, 13, 13)).astype(np.float32)}
    equal, worst = 0, 0.0
    with tempfile.TemporaryDirectory() as directory:
        model = write_model(rng, directory)
        for number, pipeline in enumerate(pipelines):
            exported, simulated = (
                run(model, pipeline + more, inputs,
                    os.path.join(directory, f"{number}{name}.so"), slimc_options)
                for name, more in (("exported", ""),
                                   ("simulated", ",decode-weights{min-elements=0}")))
            problem, error = compare(exported, simulated)
            equal, worst = equal + (problem is None), max(worst, error)
            if problem:
                print(f"{pipeline}: {problem}")
    print(f"largest error {worst:.1e}")
    print(f"{equal} of {len(pipelines)} exported models equal their simulation")
    return equal != len(pipelines)


if __name__ == "__main__":
    sys.exit(main())
