#!/usr/bin/env python3
"""Static 8-bit quantization by slim, ONNX Runtime and NNCF, side by side.

usage: static_int8.py [--tools BUILD/bin] [--models DIR] [--work DIR]
                      [--only NAME,...] [--splits N] [--markdown FILE]

Each engine quantizes the same model with the same calibration data, and what it
makes of the test data is compared with the model in fp32. Results move by
several points with what lies in which part, so the mean of several splits is
what counts:

  classifier  EfficientNet-Lite0 on crops of photographs; top-1 agreement. A
              photograph is in one part only.
  encoder     MiniLM-L6 on sentences; mean cosine of the embeddings.
  words       PP-OCRv4's recognition on rendered words; the share that is read
              alike.
  lines       The same on lines of three words.

The classifier needs crops224.npz, the others verses.tsv in the directory that
SLIM_MODELS names; without them a task is skipped.
"""
from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import statistics
import subprocess
import sys
import time

import peers

HERE = os.path.dirname(os.path.abspath(__file__))


# ---------------------------------------------------------------------------
# Quantizers: (task, path of the model, calibration, settings) -> (engine, path)
# ---------------------------------------------------------------------------


def quantize_onnxruntime(task, model: str, calibration: list, args):
    from onnxruntime import quantization as q
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader:
        def __init__(self):
            self._samples = iter(calibration)

        def get_next(self):
            return next(self._samples, None)

    prepared = os.path.join(args.work, "prepared.onnx")
    target = os.path.join(args.work, "ort.onnx")
    quant_pre_process(upgrade(model, args), prepared, skip_symbolic_shape=True)
    q.quantize_static(
        prepared,
        target,
        Reader(),
        # The mask of an encoder spans the range of fp32: nothing that it is
        # added to can be quantized.
        op_types_to_quantize=["MatMul", "Gemm"] if task.transformer else None,
        quant_format=q.QuantFormat.QDQ,
        per_channel=True,
        activation_type=q.QuantType.QUInt8,
        weight_type=q.QuantType.QInt8,
    )
    return "onnxruntime", target


def upgrade(model: str, args) -> str:
    """The model in an opset that has a scale per channel."""
    import onnx

    loaded = onnx.load(model)
    if loaded.opset_import[0].version >= 13:
        return model
    target = os.path.join(args.work, "upgraded.onnx")
    onnx.save(onnx.version_converter.convert_version(loaded, 13), target)
    return target


def quantize_nncf(task, model: str, calibration: list, args):
    import nncf
    import openvino

    quantized = nncf.quantize(
        openvino.Core().read_model(model),
        nncf.Dataset(calibration),
        subset_size=len(calibration),
        model_type=nncf.ModelType.TRANSFORMER if task.transformer else None,
    )
    target = os.path.join(args.work, "nncf.xml")
    openvino.save_model(quantized, target, compress_to_fp16=False)
    return "openvino", target


def write_samples(path: str, samples: list) -> None:
    """As slim-calibrate reads them: an array of each input of each sample."""
    import numpy as np

    arrays = {
        f"{name}_{number}": value
        for number, sample in enumerate(samples)
        for name, value in sample.items()
    }
    np.savez(path, **arrays)


def run_tool(args, name: str, *arguments: str) -> None:
    command = [os.path.join(args.tools, name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.strip()}")


def quantize_slim(task, model: str, calibration: list, args):
    data = os.path.join(args.work, "calibration.npz")
    seen = os.path.join(args.work, "statistics.safetensors")
    # A library that is loaded already is not loaded again by its name.
    target = os.path.join(args.work, f"slim-{time.monotonic_ns()}.so")
    write_samples(data, calibration)
    passes = ",".join(recipe(task, data, seen))
    run_tool(args, "slimc", model, "-o", target, f"--compress={passes}")
    return "slim", target


def recipe(task, data: str, seen: str) -> list:
    """What slim does to the model, as passes."""
    calibrate = (
        f"calibrate{{data={data} output={seen} all-values=true histogram=true "
        "second-moment=true}"
    )
    calibration = f"calibration={seen}"
    passes = []
    if task.transformer:
        # Other values are quantized than were seen: see them, too.
        passes = [calibrate, f"smooth-activations{{{calibration}}}"]
    passes.append(calibrate)
    passes.append(
        "quantize{format=int8 granularity=channel algorithm=gptq min-elements=1 "
        f"{calibration}}}"
    )
    options = f"{calibration} matmuls={str(task.matmuls).lower()}"
    # Outliers carry an encoder; elsewhere they are worth less than fine steps.
    if task.transformer:
        options += " range=minmax"
    passes.append(f"quantize-activations{{{options}}}")
    passes.append(f"correct-bias{{data={data} {calibration}}}")
    return passes


QUANTIZERS = {
    "ort": quantize_onnxruntime,
    "nncf": quantize_nncf,
    "slim": quantize_slim,
}


def load(engine: str, path: str):
    import engines

    return engines.ENGINES[engine](path, 2, {"precision": "f32"})


def run_all(model, samples: list, index: int) -> list:
    outputs = []
    for sample in samples:
        model.feed(sample)
        outputs.append(model.outputs()[index])
    return outputs


def run_task(task, args) -> dict:
    """What is measured -> engine -> numbers, one a split."""
    import onnx

    from static_tasks import Unavailable

    source = os.path.join(args.models, task.model + ".onnx")
    if not os.path.exists(source):
        raise Unavailable(f"no {source}")
    names = [output.name for output in onnx.load(source).graph.output]
    index = names.index(task.output) if task.output else 0
    numbers = {m: {name: [] for name in args.engines} for m in task.measures}
    for seed in range(args.splits):
        calibration, test = task.split(seed)
        expected = run_all(load("onnxruntime", source), test, index)
        for name in args.engines:
            with contextlib.redirect_stdout(io.StringIO()):  # progress bars
                engine, path = QUANTIZERS[name](task, source, calibration, args)
            actual = run_all(load(engine, path), test, index)
            for measure, compare in task.measures.items():
                number = compare(expected, actual)
                numbers[measure][name].append(number)
                print(f"{task.name} split {seed} {name} {measure} {number:.4f}")
            sys.stdout.flush()
    return numbers


def format_table(results: dict, names: list) -> str:
    lines = ["| task | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for title, numbers in results.items():
        cells = [
            f"{statistics.mean(numbers[n]):.4f} ({', '.join(f'{x:.3f}' for x in numbers[n])})"
            for n in names
        ]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    build = os.path.join(os.path.dirname(HERE), "build")
    parser = argparse.ArgumentParser(description="Static 8-bit quantization.")
    parser.add_argument("--tools", default=os.path.join(build, "bin"))
    parser.add_argument("--models", default=os.path.join(build, "models"))
    parser.add_argument("--work", default=os.path.join(build, "static-int8"))
    parser.add_argument("--peers", help="their environment (default: in --work)")
    parser.add_argument("--only", help="tasks, such as classifier,encoder")
    parser.add_argument("--engines", default="ort,nncf,slim")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--markdown", help="write the table")
    args = parser.parse_args()
    args.work = os.path.abspath(args.work)
    args.engines = args.engines.split(",")
    os.makedirs(args.work, exist_ok=True)
    peers.enter(args.peers or os.path.join(args.work, "peers"))

    from static_tasks import Unavailable, make_tasks

    logging.getLogger().setLevel(logging.ERROR)
    results = {}
    for task in make_tasks(args.models):
        if args.only and task.name not in args.only.split(","):
            continue
        try:
            for measure, numbers in run_task(task, args).items():
                results[f"{task.name}, {measure}"] = numbers
        except Unavailable as reason:
            print(f"{task.name} skipped: {reason}")
    table = format_table(results, args.engines)
    print(table)
    if args.markdown:
        with open(args.markdown, "w", encoding="utf-8") as file:
            file.write(table + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
