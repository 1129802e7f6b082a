"""What scripts share that compile random modules and compare their results.

A script defines `check(rng, run)`, which draws a case, lets `run(text, inputs)`
compile and execute its module, and returns what is wrong with the outputs, or
nothing; and ends in `sys.exit(random_cases.main("products", check))`. Its
arguments are then

    --seed N --count N [--emulate] [--tiles] [slimc options...]

and its last line of output "N of N products agree". With `--tiles` the modules
are compiled for a processor with AMX, whose instructions are interpreted; the
last line but one names those that were there. With `--emulate` the modules
are compiled for arm64, for the processor that slimc's `--mcpu` names, and run in
an emulator.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np

from slim.runtime import Model

RAW_RUN = os.path.join(os.path.dirname(__file__), "../Integration/raw_run")
# Outputs by slim_type.
NUMPY_OF_TYPE = {
    0: np.float32,
    1: np.float64,
    3: ml_dtypes.bfloat16,
    4: np.int8,
    6: np.int32,
    7: np.int64,
    8: np.uint8,
}


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


class TileInterpreter:
    """Compiles modules of one result for AMX and interprets its instructions."""

    def __init__(self, directory):
        self.directory = directory
        self.instructions = set()

    def run_text(self, text, inputs, name, slimc_options):
        import tiles

        library, found = tiles.compile_text(text, self.directory, name, slimc_options)
        self.instructions |= found
        with Model(library) as model:
            (result,) = model.run(inputs).values()
        return result


class Emulator:
    """Compiles modules of one result for arm64 and runs them."""

    def __init__(self, directory):
        sys.path.insert(0, RAW_RUN)
        import emulator

        self.directory = directory
        self.program = emulator.build_raw_run(directory)
        self.target = f"--triple={emulator.TRIPLE}"

    def run_text(self, text, inputs, name, slimc_options):
        options = [*slimc_options, self.target]
        library = compile_text(text, self.directory, name, options)
        prefix = os.path.join(self.directory, "out")
        command = [*self.program, library, "1", prefix]
        for number, value in enumerate(inputs):
            path = os.path.join(self.directory, f"in{number}")
            np.ascontiguousarray(value).tofile(path)
            command.append(f"{'x'.join(map(str, value.shape))}:{path}")
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        kind, extents = re.search(r"^output 0 type (\d+) extents(.*)$", done.stdout, re.M).groups()
        array = np.fromfile(prefix + "0", NUMPY_OF_TYPE[int(kind)])
        return array.reshape([int(extent) for extent in extents.split()])


def main(what, check, independent=False):
    """Runs the cases; whether one failed. With `independent` each case has a
    generator of its own, so that one can be drawn without those before it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--emulate", action="store_true")
    parser.add_argument("--tiles", action="store_true")
    options, slimc_options = parser.parse_known_args()
    rng = np.random.default_rng(options.seed)
    failures = 0
    with tempfile.TemporaryDirectory() as directory:
        emulator = None
        if options.emulate:
            emulator = Emulator(directory)
        elif options.tiles:
            emulator = TileInterpreter(directory)
        for number in range(options.count):
            if independent:
                rng = np.random.default_rng([options.seed, number])

            def run(text, inputs):
                if emulator:
                    return emulator.run_text(text, inputs, number, slimc_options)
                return run_text(text, inputs, directory, number, slimc_options)

            problem = check(rng, run)
            if problem:
                failures += 1
                print(f"case {number}: {problem}")
    if options.tiles:
        print(f"instructions: {' '.join(sorted(emulator.instructions))}")
    print(f"{options.count - failures} of {options.count} {what} agree")
    return failures != 0
