#!/usr/bin/env python3
"""Compress, compile and run a real sentence encoder, and print what came of it.

usage: demo.py --tools BUILD/bin --models DIR --work DIR [--threads N]
               [--seconds S] [--recipe PASSES ...] [--json FILE]

The model is all-MiniLM-L6-v2 (23 million parameters) from fetch_models.py. For
each recipe slimc imports the ONNX file, compresses it and writes a shared
library, which is loaded through the C interface. The table compares size,
latency and fidelity with ONNX Runtime on the uncompressed model. Latencies are
medians of one loop in which all candidates take turns, so that whatever else
the machine does falls on all of them alike.
"""
from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shlex
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../python"))

import numpy as np
import onnxruntime

import slim
from wordpiece import WordPiece

MODEL = "minilm_l6"
OUTPUT = "sentence_embedding"
LENGTH = 128  # tokens of the text whose latency is measured

# Without training afterwards, pruning and factorizing cost fidelity quickly; these
# recipes touch what bears it. --recipe tries another.
PRUNE = "prune-nm{include=query|key}"
FACTORIZE = "lowrank-factorize{energy=0.98}"
RECIPES = [
    ("fp32", ""),
    ("bf16", "cast-products"),
    ("int8", "quantize-int8"),
    ("int8, activations too", "quantize-int8{activations=dynamic}"),
    ("2:4 in part", PRUNE),
    ("2:4 in part + int8", f"{PRUNE},quantize-int8"),
    ("low rank", FACTORIZE),
    ("low rank + int8", f"{FACTORIZE},quantize-int8"),
]

# Questions, each with its answer: an encoder is good if each question is nearer
# to its own answer than to any other.
PAIRS = [
    ("How do plants make their food?",
     "Photosynthesis turns sunlight, water and carbon dioxide into sugar."),
    ("Why is the sky blue?",
     "Air scatters short wavelengths of sunlight more than long ones."),
    ("What causes the tides?",
     "The gravity of the moon pulls on the water of the oceans."),
    ("How can I keep bread fresh for longer?",
     "Store a loaf in a paper bag in a box, and freeze what you will not eat soon."),
    ("What should I do when my laptop does not start?",
     "Check the power adapter, hold the power button, then boot in safe mode."),
    ("When was the printing press invented?",
     "Gutenberg printed with movable type around 1450."),
    ("How do vaccines work?",
     "They show the immune system a harmless part of a germ, so that it learns."),
    ("What is the capital of Australia?",
     "Canberra, not Sydney, is the seat of the Australian government."),
    ("How do I train for my first marathon?",
     "Build up your weekly running distance slowly and rest before the race."),
    ("Why do cats purr?",
     "Felines make this sound when content, and also to calm themselves."),
    ("How does a compiler optimize a loop?",
     "It hoists invariant code, unrolls the body and uses vector instructions."),
    ("What makes a good espresso?",
     "Finely ground beans, fresh water under pressure and a short extraction."),
    ("How is steel made?",
     "Iron is melted with a little carbon, and impurities are blown out."),
    ("Why did the Roman Empire fall?",
     "Historians name invasions, civil wars, plague and a failing economy."),
    ("How can I save money on heating?",
     "Insulate the roof, seal the windows and lower the thermostat at night."),
    ("What do bees do in winter?",
     "The colony clusters around its queen and lives on stored honey."),
]

LONG_TEXT = (
    "A compiler for machine learning reads a trained network as a graph of "
    "operations on tensors. It folds what is constant, fuses neighbours that "
    "would only pass data through memory, chooses a layout for every weight and "
    "emits code for the processor at hand. Compression comes before that: most "
    "weights need far fewer than thirty-two bits, many could be zero, and large "
    "matrices are often nearly of low rank. Each of these changes the answers a "
    "little, so the question is always how much was saved and how much was lost, "
    "and on which data. "
)  # repeated until it fills LENGTH tokens


@dataclasses.dataclass
class Row:
    """A line of the table."""

    name: str
    size: int  # bytes
    latency_ms: float
    cosine: float  # the lowest of all sentences
    correct: int  # questions nearest to their own answer
    compile_seconds: float = 0.0


def step(text: str) -> None:
    print(f"demo: {text}", flush=True)


def compile_model(
    slimc: str, model: str, library: str, recipe: str, flags: list
) -> float:
    """Seconds that it took."""
    command = [slimc, model, "-o", library] + flags
    if recipe:
        report = os.path.splitext(library)[0] + ".report.json"
        command += [f"--compress={recipe}", f"--report={report}"]
    step("$ " + shlex.join([os.path.basename(slimc)] + command[1:]))
    start = time.monotonic()
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise SystemExit("demo: error: slimc failed; its message is above")
    return time.monotonic() - start


def artifact_size(library: str) -> int:
    """Bytes of the library and of the weights beside it."""
    weights = os.path.splitext(library)[0] + ".safetensors"
    files = [library] + ([weights] if os.path.exists(weights) else [])
    return sum(map(os.path.getsize, files))


def retrieved(embeddings: np.ndarray) -> int:
    """How many questions (even rows) are nearest to their answers (odd rows)."""
    scores = embeddings[0::2] @ embeddings[1::2].T
    return int(np.sum(scores.argmax(axis=1) == np.arange(len(scores))))


def lowest_cosine(a: np.ndarray, b: np.ndarray) -> float:
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float((np.sum(a * b, axis=1) / norms).min())


def take_turns(candidates: dict, seconds: float) -> dict:
    """Median milliseconds of each function, called in turns for `seconds`."""
    times = {name: [] for name in candidates}
    for function in candidates.values():
        function()
    end = time.monotonic() + seconds
    rounds = 0
    while time.monotonic() < end or rounds < 5:
        for name, function in candidates.items():
            start = time.perf_counter()
            function()
            times[name].append(1e3 * (time.perf_counter() - start))
        rounds += 1
    step(f"{rounds} rounds")
    return {name: float(np.median(values)) for name, values in times.items()}


def print_table(rows: list, threads: int) -> None:
    base = rows[0]
    head = ("", "size MB", "of ORT's", f"latency ms, {threads} thr.", "times ORT's",
            "cosine, lowest", "retrieval", "compiled in s")
    lines = [head]
    for row in rows:
        lines.append((
            row.name,
            f"{row.size / 1e6:.1f}",
            f"{100 * row.size / base.size:.0f} %",
            f"{row.latency_ms:.2f}",
            f"{row.latency_ms / base.latency_ms:.2f}",
            f"{row.cosine:.5f}",
            f"{row.correct} of {len(PAIRS)}",
            f"{row.compile_seconds:.1f}" if row is not base else "",
        ))
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    print()
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(w) for cell, w in zip(line[1:], widths[1:])]
        print("  ".join(cells).rstrip())
    print(
        f"\nlatency: one text of {LENGTH} tokens, median, all in turns; cosine: "
        "sentence embeddings\nagainst ONNX Runtime in fp32; retrieval: questions "
        "nearest to their own answer."
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Compress, compile and run a real sentence encoder."
    )
    parser.add_argument("--tools", required=True, help="directory of slimc")
    parser.add_argument("--models", required=True, help="directory of the models")
    parser.add_argument("--work", required=True, help="directory for the results")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10, help="of measurement")
    parser.add_argument(
        "--recipe",
        action="append",
        default=[],
        help="one more, such as 'prune-unstructured{sparsity=0.3}'",
    )
    parser.add_argument("--json", help="write the table's figures")
    args = parser.parse_args()
    recipes = RECIPES + [(recipe, recipe) for recipe in args.recipe]

    os.makedirs(args.work, exist_ok=True)
    onnx_file = os.path.join(args.models, MODEL + ".onnx")
    tokenizer = WordPiece(os.path.join(args.models, MODEL + ".vocab.txt"))
    sentences = tokenizer.batch([text for pair in PAIRS for text in pair])
    text = LONG_TEXT
    while len(tokenizer.encode(text)) < LENGTH:
        text += LONG_TEXT
    long_text = tokenizer.batch([text], LENGTH)

    step(f"{onnx_file} in ONNX Runtime {onnxruntime.__version__}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    oracle = onnxruntime.InferenceSession(
        onnx_file, options, providers=["CPUExecutionProvider"]
    )
    reference = oracle.run([OUTPUT], sentences)[0]
    rows = [Row("ONNX Runtime fp32", os.path.getsize(onnx_file), 0.0, 1.0,
                retrieved(reference))]
    candidates = {rows[0].name: lambda: oracle.run([OUTPUT], long_text)}

    slimc = os.path.join(args.tools, "slimc")
    flags = ["--threads"] if args.threads > 1 else []
    for number, (name, recipe) in enumerate(recipes):
        step(f"recipe {number + 1} of {len(recipes)}: {name}")
        library = os.path.join(args.work, f"{MODEL}-{number}.so")
        seconds = compile_model(slimc, onnx_file, library, recipe, flags)
        model = slim.Model(library)
        model.set_num_threads(args.threads)
        embeddings = model.run(sentences)[OUTPUT]
        rows.append(Row("slim " + name, artifact_size(library), 0.0,
                        lowest_cosine(embeddings, reference),
                        retrieved(embeddings), seconds))
        candidates[rows[-1].name] = lambda m=model: m.run(long_text, copy=False)

    step(f"measuring latency, {args.seconds:.0f} s")
    medians = take_turns(candidates, args.seconds)
    for row in rows:
        row.latency_ms = medians[row.name]
    print_table(rows, args.threads)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump([dataclasses.asdict(row) for row in rows], file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
