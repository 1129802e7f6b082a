#!/usr/bin/env python3
"""Latency of compiled models beside ONNX Runtime.

usage: latency.py --tools BUILD/bin --models DIR [--model NAME ...]
                  [--threads N] [--seconds S] [--compress RECIPE] [--json FILE]

Both run in this process, in turns, for S seconds a model and shape, so that
whatever else the machine does falls on both alike: only the ratio is worth
quoting. ONNX Runtime runs the uncompressed model. The last line of the output
is JSON with every figure.
"""
from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../python"))
sys.path.insert(0, os.path.join(HERE, "../test/Integration"))

import numpy as np
import onnxruntime

import models
import slim


def processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor()


def take_turns(functions: list, seconds: float) -> list:
    """Milliseconds of every call of every function, warm-up excluded."""
    for function in functions:
        function()
    times = [[] for _ in functions]
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(times[0]) < 5:
        for function, samples in zip(functions, times):
            start = time.perf_counter()
            function()
            samples.append(1e3 * (time.perf_counter() - start))
    return times


def summary(samples: list) -> dict:
    p10, median, p90 = np.percentile(samples, [10, 50, 90])
    return {"median_ms": median, "p10_ms": p10, "p90_ms": p90, "runs": len(samples)}


def measure(name: str, args, directory: str) -> list:
    """One result per shape of the model."""
    path = os.path.join(args.models, name + ".onnx")
    library = os.path.join(directory, name + ".so")
    command = [os.path.join(args.tools, "slimc"), path, "-o", library]
    if args.threads > 1:
        command.append("--threads")
    if args.compress:
        command.append(f"--compress={args.compress}")
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise SystemExit(f"slimc failed on {name}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    session = onnxruntime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"]
    )
    results = []
    with slim.Model(library) as model:
        model.set_num_threads(args.threads)
        for shape in models.REAL_MODELS[name].shapes:
            inputs = models.REAL_MODELS[name].inputs(np.random.default_rng(0), **shape)
            ours, theirs = take_turns(
                [
                    lambda: model.run(inputs, copy=False),
                    lambda: session.run(None, inputs),
                ],
                args.seconds,
            )
            result = {
                "model": name,
                "shape": shape,
                "slim": summary(ours),
                "onnxruntime": summary(theirs),
            }
            results.append(result)
            slim_ms, ort_ms = np.median(ours), np.median(theirs)
            label = ", ".join(f"{k} {v}" for k, v in shape.items())
            print(
                f"{name:22}{label:24}{slim_ms:10.2f}{ort_ms:10.2f}"
                f"{slim_ms / ort_ms:8.2f}",
                flush=True,
            )
    return results


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Latency of compiled models beside ONNX Runtime."
    )
    parser.add_argument("--tools", required=True, help="directory of slimc")
    parser.add_argument("--models", required=True, help="directory of the models")
    parser.add_argument("--model", action="append", choices=models.REAL_MODELS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3, help="a model and shape")
    parser.add_argument("--compress", default="", help="recipe for slimc")
    parser.add_argument("--json", help="write the figures")
    args = parser.parse_args()

    names = args.model or [
        name
        for name in models.REAL_MODELS
        if os.path.exists(os.path.join(args.models, name + ".onnx"))
    ]
    print(f"{'model':22}{'shape':24}{'slim ms':>10}{'ORT ms':>10}{'ratio':>8}")
    results = []
    with tempfile.TemporaryDirectory(prefix="slim-bench-") as directory:
        for name in names:
            results += measure(name, args, directory)
    figures = {
        "processor": processor(),
        "threads": args.threads,
        "compress": args.compress,
        "onnxruntime": onnxruntime.__version__,
        "results": results,
    }
    text = json.dumps(figures)
    print(text)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
