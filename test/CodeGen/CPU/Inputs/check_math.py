"""Compares transcendental functions with libm's in f64, over all exponents.

usage: check_math.py [--print] [slimc options...]

Every function is applied to numbers of every binade and both signs, to many in
the range where it is neither constant nor linear, and to infinities and NaN.
Errors are in units in the last place of the f32 result that is nearest, or,
for those that cancel, of the largest term. --print shows the largest ones.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile

import numpy as np

from slim.runtime import Model

LEAST_NORMAL = 2.0**-126


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def gelu(x):
    return x * 0.5 * math.erfc(-x / math.sqrt(2))


def log(x):
    return math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan)


def exp(x):
    return math.exp(x) if x < 700 else math.inf


# Function, units in the last place, and what else an error may be: a fraction
# of |x| where a sum of a number near 1 with one near -1 cancels.
FUNCTIONS = {
    "exp": (exp, 2, 0),
    "erf": (math.erf, 6, 0),
    "tanh": (math.tanh, 6, 0),
    "log": (log, 2, 0),
    "sigmoid": (sigmoid, 4, 0),
    "silu": (lambda x: x * sigmoid(x), 5, 0),
    "gelu": (gelu, 8, 2.5e-7),
}


def make_inputs(name):
    rng = np.random.default_rng(0)
    exponents = np.arange(-149, 128)
    binades = np.ldexp(1 + rng.random((8, exponents.size)), exponents).ravel()
    dense = rng.uniform(-100, 100, 100000)
    near = rng.uniform(-6, 6, 100000)
    numbers = np.concatenate([binades, -binades, dense, near, [0.0]])
    if name == "log":
        numbers = np.abs(numbers)
    with np.errstate(over="ignore"):
        return np.concatenate(
            [numbers, [-0.0, np.inf, -np.inf, np.nan]]).astype(np.float32)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--print", action="store_true")
    options, slimc_options = parser.parse_known_args()
    failures = 0
    with tempfile.TemporaryDirectory() as directory:
        for name, (function, bound, relative) in FUNCTIONS.items():
            x = make_inputs(name)
            source = os.path.join(directory, f"{name}.mlir")
            library = os.path.join(directory, f"{name}.so")
            with open(source, "w") as file:
                file.write(f"""
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {{
  %y = slim.{name} %x : (tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}}""")
            subprocess.run(["slimc", source, "-o", library, *slimc_options], check=True)
            with Model(library) as model:
                (y,) = model.run([x]).values()
            expected = np.array([function(float(v)) if v == v else math.nan for v in x])
            with np.errstate(over="ignore"):
                nearest = expected.astype(np.float32)
            isfinite = np.isfinite(nearest)
            same = (y == nearest) | (np.isnan(y) & np.isnan(nearest))
            unit = np.spacing(np.maximum(np.abs(nearest[isfinite]), np.float32(LEAST_NORMAL)))
            error = np.abs(y[isfinite].astype(np.float64) - expected[isfinite])
            # What would be subnormal may be 0, also as a factor.
            tiny = LEAST_NORMAL * (128 if name in ("silu", "gelu") else 1)
            small = np.abs(expected[isfinite]) < tiny
            error[small & (error <= tiny)] = 0
            slack = relative * np.where(np.isfinite(x), np.abs(x), 0)[isfinite]
            error = np.maximum(error - slack, 0)
            units = error / unit
            worst = units.max()
            if options.print:
                print(f"{name}: {worst:.2f} at {x[isfinite][units.argmax()]!r}")
            if not worst <= bound or not same[~isfinite].all():
                failures += 1
                bad = ~isfinite & ~same
                print(f"{name}: {worst} units in the last place, {x[bad][:4]} give {y[bad][:4]}")
    print(f"{len(FUNCTIONS) - failures} of {len(FUNCTIONS)} functions agree")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
