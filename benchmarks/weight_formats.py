#!/usr/bin/env python3
"""Number formats, granularities and algorithms side by side.

usage: weight_formats.py [--tools BUILD/bin] [--models DIR] [--work DIR]
                         [--peers DIR] [--only REGEX] [--markdown FILE]

Quantizes the weights of an encoder and of a convolution net in each way below,
with statistics of the same calibration data, and compares what the compiled
models make of other data with the models in fp32:

  bytes      of all weights, those left in fp32 included, and their share
  cosine     mean over the test data: of embeddings, of logits
  agreement  encoder: sentences whose nearest other sentence stays the same;
             classifier: images whose class stays the same
  seconds    of the compression

Activations stay floats where a way does not name them. The data are those of
static_int8.py, split 0.
"""
from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys

import peers
from static_int8 import load, run_all, run_tool, write_samples

HERE = os.path.dirname(os.path.abspath(__file__))

# Algorithms that need statistics.
CALIBRATED = ("gptq", "autoround", "awq-clip", "awq", "blocks")
WAYS = (
    ("int8", "tensor", "rtn"),
    ("int8", "channel", "rtn"),
    ("int8", "channel, activations", "rtn"),
    ("int8", "group 128", "rtn"),
    ("int8", "block 128x128, activations 128", "rtn"),
    ("int4", "channel", "rtn"),
    ("int4", "channel", "rtn, norm"),
    ("int4", "channel", "gptq"),
    ("int4", "group 128", "rtn"),
    ("int4", "group 128", "rtn, norm"),
    ("int4", "group 128", "mse"),
    ("int4", "group 128", "hqq"),
    ("int4", "group 128", "gptq"),
    ("int4", "group 128", "autoround"),
    ("int4", "group 128", "awq-clip"),
    ("int4", "group 128", "awq"),
    ("int4", "group 128", "blocks"),
    ("int4", "group 32", "rtn"),
    ("int4", "group 32", "gptq"),
    ("int4", "group 32 asymmetric", "rtn"),
    ("int4", "group 32 asymmetric", "gptq"),
    ("int3", "group 128", "rtn"),
    ("int3", "group 128", "rtn, norm"),
    ("int3", "group 128", "gptq"),
    ("int3", "group 128", "autoround"),
    ("int3", "group 128", "blocks"),
    ("int3", "group 32", "gptq"),
    ("int2", "group 32", "rtn"),
    ("int2", "group 32", "gptq"),
    ("ternary", "channel", "rtn"),
    ("ternary", "channel", "rtn, norm"),
    ("binary", "channel", "rtn"),
    ("fp8e4m3", "tensor", "rtn"),
    ("fp8e4m3", "channel", "rtn"),
    ("fp8e4m3", "block 128x128", "rtn"),
    ("fp8e4m3", "block 128x128, activations 128", "rtn"),
    ("fp8e5m2", "channel", "rtn"),
    ("mxfp8", "", "rtn"),
    ("mxfp4", "", "rtn"),
    ("mxfp4", "", "gptq"),
    ("nvfp4", "", "rtn"),
    ("nvfp4", "", "gptq"),
    ("nf4", "group 64", "rtn"),
    ("nf4", "group 64", "gptq"),
    ("kmeans4", "channel", "kmeans"),
)


def pipeline(way: tuple, data: str, statistics: str) -> str:
    """A way as a pass pipeline."""
    number_format, granularity, algorithm = way
    common = [f"format={number_format}"]
    granularity, rounds, run = granularity.partition(", activations")
    algorithm, norm, _ = algorithm.partition(", norm")
    kind, size, zero = (granularity.split() + ["", "", ""])[:3]
    if kind:
        common.append(f"granularity={kind}")
    if kind == "group":
        common.append(f"group-size={size}")
    if kind == "block":
        common.append(f"block={size}")
    if zero:
        common.append("asymmetric=true")
    if norm:
        common.append("correct-norm=true")
    if rounds:
        common.append("activations=dynamic")
    if run:
        common.append(f"activation-block={run.strip()}")

    def one(*more):
        return f"quantize{{{' '.join([*common, *more])}}}"

    if algorithm not in CALIBRATED:
        return one(f"algorithm={algorithm}")
    passes = []
    if algorithm == "awq":
        # Scales between activations and weights; the clipping sees the scaled ones.
        after = statistics + ".scaled"
        passes = [
            f"smooth-activations{{method=awq format={number_format} group-size={size} "
            f"calibration={statistics}}}",
            f"calibrate{{data={data} output={after} second-moment=true}}",
        ]
        algorithm, statistics = "awq-clip", after
    if algorithm == "blocks":
        # Codes that keep the outputs of blocks, from those of gptq on.
        words = [*common, "algorithm=gptq", f"calibration={statistics}", f"data={data}"]
        passes.append(f"quantize-blocks{{{' '.join(words)}}}")
    else:
        passes.append(one(f"algorithm={algorithm}", f"calibration={statistics}"))
    # A table of embeddings has no inputs to calibrate with.
    passes.append(one("algorithm=rtn"))
    return ",".join(passes)


def nearest(embeddings: list):
    """The index of each sentence's nearest other one."""
    import numpy as np

    rows = np.concatenate([e.reshape(1, -1) for e in embeddings]).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -2)
    return likeness.argmax(1)


def agreement(task, expected: list, actual: list) -> float:
    from static_tasks import agreement as same_class

    if not task.transformer:
        return same_class(expected, actual)
    return float((nearest(expected) == nearest(actual)).mean())


def count_bytes(report: str) -> tuple:
    """Bytes of all weights before and after."""
    with open(report, encoding="utf-8") as file:
        entries = json.load(file)["weights"]
    before, after = {}, {}
    for entry in entries:
        # What no product or look-up reads.
        if "no op that can be compressed" in entry["message"]:
            continue
        before.setdefault(entry["weight"], entry["bytes_before"])
        after[entry["weight"]] = entry["bytes_after"]
    return sum(before.values()), sum(after.values())


def measure(task, source: str, index: int, args) -> list:
    """Rows of the table of one model."""
    import time

    from static_tasks import cosine

    calibration, test = task.split(0)
    data = os.path.join(args.work, f"{task.name}.npz")
    statistics = os.path.join(args.work, f"{task.name}.safetensors")
    write_samples(data, calibration)
    run_tool(args, "slim-calibrate", source, f"--data={data}", "-o", statistics,
             "--second-moment", "--quiet")
    expected = run_all(load("onnxruntime", source), test, index)
    rows = []
    for number, way in enumerate(WAYS):
        if args.only and not re.search(args.only, " ".join(way)):
            continue
        # Inputs of convolutions are not quantized dynamically.
        if ", activations" in way[1] and not task.transformer:
            continue
        library = os.path.join(args.work, f"{task.name}-{number}.so")
        report = os.path.join(args.work, "report.json")
        module = os.path.join(args.work, "model.mlir")
        start = time.monotonic()
        try:
            run_tool(args, "slimc", source, "--emit=slim", "-o", module,
                     f"--compress={pipeline(way, data, statistics)}", f"--report={report}")
            seconds = time.monotonic() - start
            run_tool(args, "slimc", module, "-o", library)
        except RuntimeError as error:
            print(f"{task.name} {' '.join(way)}: {error}", flush=True)
            continue
        actual = run_all(load("slim", library), test, index)
        before, after = count_bytes(report)
        row = (way, after, after / before, cosine(expected, actual),
               agreement(task, expected, actual), seconds)
        rows.append(row)
        print(task.name, *way, *(f"{x:.4g}" for x in row[1:]), flush=True)
    return rows


PAGE = """# Number formats, granularities and algorithms

What `quantize` makes of two models, as `benchmarks/weight_formats.py --markdown`
writes it. Weights alone are quantized; activations stay floats, but where the
granularity says "activations": those are rounded as well, dynamically, with a scale
a row or, with a number, a scale for so many elements.

- MB: all weights that ops multiply by or look up, with scales, zero points,
  tables, and what stays in fp32; share: of their size in fp32.
- cosine: mean over the test data, of the encoder's embeddings and of the
  classifier's logits, with the model in fp32.
- agreement: of the encoder, sentences whose nearest other sentence stays the
  same, of 200; of the classifier, images whose class stays the same, of 132.
- seconds: of the compression, without the calibration (awq: with the one after
  its scales), on a machine that was doing other things as well.
- blocks: `quantize-blocks`, from the codes of gptq on.
- norm: with `correct-norm`, scales that keep the norm of each output channel.

The calibration data are 64 sentences and half of the photographs, and no test
data are among them. Tables of embeddings have no inputs to calibrate with, and
are rounded to nearest. Formats without a granularity have their own: groups of
32 for mxfp8 and mxfp4, of 16 for nvfp4.

"""


def format_table(name: str, rows: list) -> str:
    lines = [f"## {name}", "",
             "| format | granularity | algorithm | MB | share | cosine | agreement "
             "| seconds |", "|---|---|---|---:|---:|---:|---:|---:|"]
    for way, size, share, cosine, agree, seconds in rows:
        number_format, granularity, algorithm = way
        names = f"{number_format} | {granularity or 'its own'} | {algorithm}"
        lines.append(f"| {names} | {size / 1e6:.2f} | {share:.1%} | "
                     f"{cosine:.4f} | {agree:.1%} | {seconds:.1f} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    build = os.path.join(os.path.dirname(HERE), "build")
    parser = argparse.ArgumentParser(description="Formats and algorithms.")
    parser.add_argument("--tools", default=os.path.join(build, "bin"))
    parser.add_argument("--models", default=os.path.join(build, "models"))
    parser.add_argument("--work", default=os.path.join(build, "weight-formats"))
    parser.add_argument("--peers", help="their environment (default: in --work)")
    parser.add_argument("--only", help="regular expression for ways")
    parser.add_argument("--tasks", default="encoder,classifier")
    parser.add_argument("--markdown", help="write the tables")
    args = parser.parse_args()
    args.work = os.path.abspath(args.work)
    os.makedirs(args.work, exist_ok=True)
    peers.enter(args.peers or os.path.join(args.work, "peers"))

    import onnx

    from static_tasks import Unavailable, make_tasks

    tables = []
    for task in make_tasks(args.models):
        if task.name not in args.tasks.split(","):
            continue
        source = os.path.join(args.models, task.model + ".onnx")
        try:
            names = [output.name for output in onnx.load(source).graph.output]
            index = names.index(task.output) if task.output else 0
            rows = measure(task, source, index, args)
        except (Unavailable, FileNotFoundError) as reason:
            print(f"{task.name} skipped: {reason}")
            continue
        tables.append(format_table(task.model, rows))
    print("\n".join(tables))
    if args.markdown:
        with open(args.markdown, "w", encoding="utf-8") as file:
            file.write(PAGE + "\n".join(tables))
    return 0


if __name__ == "__main__":
    sys.exit(main())
