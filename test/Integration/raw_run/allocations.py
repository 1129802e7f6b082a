#!/usr/bin/env python3
"""A model that has run before allocates nothing.

usage: allocations.py NAME --models DIR --slimc BUILD/bin/slimc --work DIR
                      --raw-run PROGRAM --counter LIBRARY

Compiles a real model with open and with fixed dimensions, for one thread and for
several, and runs it under a library that counts the calls of malloc and its kin.
"""
import argparse
import itertools
import os
import re
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../python"))
sys.path.insert(0, os.path.join(HERE, ".."))
import models
import raw_run
import slim


def count(library: str, threads: int, model: slim.Model, inputs: dict, args) -> int:
    """Calls of the allocator by the runs after the first ones."""
    command = [args.raw_run, library, str(threads), os.path.join(args.work, "out")]
    command += raw_run.write_inputs(model, inputs, args.work)
    text = raw_run.run(command, {"LD_PRELOAD": args.counter})
    before = int(re.search(r"^allocator calls before: (\d+)$", text, re.M)[1])
    if before == 0:
        raise SystemExit("loading a model needs memory, but the counter saw nothing")
    return int(re.search(r"^allocator calls in \d+ runs: (\d+)$", text, re.M)[1])


def main() -> int:
    parser = argparse.ArgumentParser(
        description="A model that has run before allocates nothing."
    )
    parser.add_argument("name", choices=models.REAL_MODELS)
    parser.add_argument("--models", required=True, help="directory of the models")
    parser.add_argument("--slimc", required=True)
    parser.add_argument("--raw-run", required=True)
    parser.add_argument("--counter", required=True)
    parser.add_argument("--work", required=True, help="directory for the libraries")
    args = parser.parse_args()

    path = os.path.join(args.models, args.name + ".onnx")
    os.makedirs(args.work, exist_ok=True)
    real = models.REAL_MODELS[args.name]
    inputs = real.inputs(np.random.default_rng(0), **real.shapes[0])
    good = True
    for kind, counts in (("", [1]), ("-threads", [1, 2])):
        flags = [*real.flags, *(["--threads"] if kind else [])]
        library = os.path.join(args.work, f"open{kind}.so")
        raw_run.compile_model(args.slimc, path, library, *flags)
        with slim.Model(library) as model:
            fixed = os.path.join(args.work, f"fixed{kind}.so")
            flags += raw_run.fixed_dims(model, inputs)
            raw_run.compile_model(args.slimc, path, fixed, *flags)
            for file, threads in itertools.product((library, fixed), counts):
                calls = count(file, threads, model, inputs, args)
                good &= calls == 0
                print(
                    f"{os.path.basename(file)}, {threads} threads: {calls} calls"
                    f"{'' if calls == 0 else '  TOO MANY'}"
                )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
