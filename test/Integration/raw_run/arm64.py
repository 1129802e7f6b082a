#!/usr/bin/env python3
"""A real model compiled for arm64 computes what it computes on this machine.

usage: arm64.py NAME --models DIR --slimc BUILD/bin/slimc --work DIR
                [--mcpu CPU ...] [--compress RECIPE] [--reference-mcpu CPU]

Compiles the model for both, the arm64 library once per CPU, and runs it in
qemu-user through a C program. Every floating-point output must agree within
1e-4 of the output's largest magnitude, every other output exactly. The outputs
are compared with those of a library for this machine or, with --reference-mcpu,
for a CPU that it can stand for; then this machine's are compared, too. Exits
with 77, "skipped", where the cross compiler or the emulator is missing.
"""
import argparse
import os
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../python"))
sys.path.insert(0, os.path.join(HERE, ".."))
import emulator
import models
import raw_run
import slim

TOLERANCE = 1e-4  # of an output's largest magnitude


def compare(
    name: str, actual: np.ndarray, expected: np.ndarray, tolerance: float
) -> bool:
    if actual.shape != expected.shape:
        print(f"  {name}: {actual.shape}, expected {expected.shape}")
        return False
    if expected.dtype.kind != "f":
        good = np.array_equal(actual, expected)
        print(f"  {name}: {'equal' if good else 'DIFFERENT'}")
        return good
    scale = float(np.abs(expected).max()) or 1.0
    error = float(np.abs(actual - expected).max()) / scale
    good = error <= tolerance  # false for NaN
    print(f"  {name}: largest error {error:.1e}{'' if good else '  TOO FAR'}")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(
        description="A real model compiled for arm64, run in an emulator."
    )
    parser.add_argument("name", choices=models.REAL_MODELS)
    parser.add_argument("--models", required=True, help="directory of the models")
    parser.add_argument("--slimc", required=True)
    parser.add_argument("--work", required=True, help="directory for the libraries")
    parser.add_argument("--mcpu", action="append", help="default: cortex-a76")
    parser.add_argument("--compress", help="recipe for slimc")
    parser.add_argument("--reference-mcpu", default="native")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE)
    args = parser.parse_args()

    if not emulator.available():
        return emulator.SKIPPED
    os.makedirs(args.work, exist_ok=True)
    program = emulator.build_raw_run(args.work)
    path = os.path.join(args.models, args.name + ".onnx")
    real = models.REAL_MODELS[args.name]
    inputs = real.inputs(np.random.default_rng(0), **real.shapes[0])
    flags = [*real.flags, *([f"--compress={args.compress}"] if args.compress else [])]
    reference = os.path.join(args.work, f"{args.reference_mcpu}.so")
    target = f"--mcpu={args.reference_mcpu}"
    raw_run.compile_model(args.slimc, path, reference, *flags, target)
    good = True
    with slim.Model(reference) as model:
        expected = model.run(inputs)
        if args.reference_mcpu != "native":
            native = os.path.join(args.work, "native.so")
            raw_run.compile_model(args.slimc, path, native, *flags)
            with slim.Model(native) as here:
                print("native")
                for name, value in here.run(inputs).items():
                    good &= compare(name, value, expected[name], args.tolerance)
        flags += raw_run.fixed_dims(model, inputs)
        arguments = raw_run.write_inputs(model, inputs, args.work)
        for cpu in args.mcpu or ["cortex-a76"]:
            library = os.path.join(args.work, f"{cpu}.so")
            target = [f"--triple={emulator.TRIPLE}", f"--mcpu={cpu}"]
            raw_run.compile_model(args.slimc, path, library, *flags, *target)
            prefix = os.path.join(args.work, "out")
            start = time.monotonic()
            text = raw_run.run([*program, library, "1", prefix, *arguments])
            print(f"{cpu}: ran in {time.monotonic() - start:.1f} s")
            outputs = raw_run.read_outputs(model, text, prefix)
            for name, value in expected.items():
                good &= compare(name, outputs[name], value, args.tolerance)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
