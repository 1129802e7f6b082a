"""What scripts share that compile random modules and compare their results.

A script defines `check(rng, run)`, which draws a case, lets `run(text, inputs)`
compile and execute its module, and returns what is wrong with the outputs, or
nothing; and ends in `sys.exit(random_cases.main("products", check))`. Its
arguments are then

    --seed N --count N [slimc options...]

and its last line of output "N of N products agree".
"""

import argparse
import os
import subprocess
import tempfile

import numpy as np

from slim.runtime import Model


def compile_text(text, directory, name, slimc_options):
    """Compiles a module; the library's path."""
    source = os.path.join(directory, f"{name}.mlir")
    library = os.path.join(directory, f"{name}.so")
    with open(source, "w") as file:
        file.write(text)
    subprocess.run(["slimc", source, "-o", library, *slimc_options], check=True)
    return library


def run_text(text, inputs, directory, name, slimc_options):
    """Compiles a module of one result and runs it."""
    with Model(compile_text(text, directory, name, slimc_options)) as model:
        (result,) = model.run(inputs).values()
    return result


def main(what, check, independent=False):
    """Runs the cases; whether one failed. With `independent` each case has a
    generator of its own, so that one can be drawn without those before it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=10)
    options, slimc_options = parser.parse_known_args()
    rng = np.random.default_rng(options.seed)
    failures = 0
    with tempfile.TemporaryDirectory() as directory:
        for number in range(options.count):
            if independent:
                rng = np.random.default_rng([options.seed, number])

            def run(text, inputs):
                return run_text(text, inputs, directory, number, slimc_options)

            problem = check(rng, run)
            if problem:
                failures += 1
                print(f"case {number}: {problem}")
    print(f"{options.count - failures} of {options.count} {what} agree")
    return failures != 0
