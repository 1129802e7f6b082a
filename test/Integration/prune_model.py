#!/usr/bin/env python3
"""Remove channels of a real model and compare it with ONNX Runtime.

usage: prune_model.py NAME --models DIR --bin BUILD/bin --work DIR
                      [--options OPTIONS] [--min-flops-removed SHARE]

`prune-structured` lists the channels that it removed. With the weights of these
channels set to zero in the original, ONNX Runtime must give what the smaller
model does: every output within 1e-3 of its largest magnitude, for each shape of
the model in models.py. Exits with 77, "skipped", when there is no model.
"""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../python"))
import models
import slim
from run_model import SKIPPED, WITHOUT_PACKAGE, compare, compile_model


def zero_channels(model: onnx.ModelProto, report: list) -> int:
    """Zero what the report says was removed; the number of weights that are
    there by name."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            tensors[node.output[0]] = node.attribute[0].t
    found = 0
    for entry in report:
        tensor = tensors.get(entry["weight"])
        if "removed_channels" not in entry or tensor is None:
            continue
        values = onnx.numpy_helper.to_array(tensor).copy()
        for dim, channels in entry["removed_channels"].items():
            values[(slice(None),) * int(dim) + (channels,)] = 0
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
        found += 1
    return found


def drop_sigmoids(model: onnx.ModelProto) -> None:
    """Make outputs of sigmoids outputs of what they are of: without its channels a
    detector may see nothing anywhere, and zeros are like any zeros."""
    producers = {name: node for node in model.graph.node for name in node.output}
    for output in model.graph.output:
        node = producers.get(output.name)
        if node is not None and node.op_type == "Sigmoid":
            output.name = node.input[0]
            model.graph.node.remove(node)


def count_flops(args, path: str, shape: dict, options: list) -> int:
    """Of the model at `path` with fixed inputs, after the passes `options`."""
    model = onnx.load(path)
    feed = models.REAL_MODELS[args.name].inputs(np.random.default_rng(0), **shape)
    for value in model.graph.input:
        if value.name in feed:
            dims = value.type.tensor_type.shape.dim
            for dim, extent in zip(dims, feed[value.name].shape):
                dim.dim_value = extent
    fixed = os.path.join(args.work, "fixed.onnx")
    onnx.save(model, fixed)
    module = os.path.join(args.work, "fixed.mlir")
    subprocess.run([os.path.join(args.bin, "slimc"), fixed, "--emit=slim", "-o", module,
                    *options], check=True)
    done = subprocess.run(
        [os.path.join(args.bin, "slim-opt"), module, "-slim-print-cost=json", "-o",
         os.devnull], check=True, capture_output=True, text=True)
    return json.loads(done.stderr)["module"]["flops"]


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Remove channels of a real model and compare it.")
    parser.add_argument("name", choices=models.REAL_MODELS)
    parser.add_argument("--models", required=True, help="directory of the models")
    parser.add_argument("--bin", required=True, help="directory of the tools")
    parser.add_argument("--work", required=True, help="directory for the libraries")
    parser.add_argument("--options", default="ratio=0.3", help="of the pass")
    parser.add_argument("--min-flops-removed", type=float, default=0.0)
    args = parser.parse_args()
    args.compress = ""

    path = os.path.join(args.models, args.name + ".onnx")
    if not os.path.exists(path):
        if args.name in WITHOUT_PACKAGE:
            print(f"skipped: no package holds {args.name}; set SLIM_MODELS")
            return SKIPPED
        print(f"{path} is missing; run scripts/fetch_models.py")
        return 1
    os.makedirs(args.work, exist_ok=True)
    real = models.REAL_MODELS[args.name]
    model = onnx.load(path)
    drop_sigmoids(model)
    path = os.path.join(args.work, "model.onnx")
    onnx.save(model, path)
    library = os.path.join(args.work, args.name + ".so")
    report = os.path.join(args.work, "report.json")
    recipe = f"--compress=prune-structured{{{args.options} list-channels=true}}"
    flags = [*real.flags, recipe]
    compile_model(os.path.join(args.bin, "slimc"), path, library,
                  [*flags, f"--report={report}"])
    with open(report, encoding="utf-8") as file:
        entries = json.load(file)["weights"]
    pruned = [e for e in entries if e["status"] == "applied"]

    found = zero_channels(model, entries)
    print(f"{len(pruned)} weights lost channels, {found} of them by name")
    before = count_flops(args, path, real.shapes[0], list(real.flags))
    after = count_flops(args, path, real.shapes[0], flags)
    removed = 1 - after / before
    good = removed >= args.min_flops_removed and found > 0
    print(f"{before / 1e6:.1f} to {after / 1e6:.1f} Mflop: {removed:.1%} removed"
          f"{'' if good else '  TOO FEW'}")

    oracle = onnxruntime.InferenceSession(model.SerializeToString(),
                                          providers=["CPUExecutionProvider"])
    names = [output.name for output in oracle.get_outputs()]
    with slim.Model(library) as compiled:
        for number, shape in enumerate(real.shapes):
            print(", ".join(f"{k} {v}" for k, v in shape.items()))
            inputs = real.inputs(np.random.default_rng(number), **shape)
            expected = oracle.run(names, inputs)
            actual = compiled.run(inputs)
            for name, value in zip(names, expected):
                good &= compare(name, actual[name], value, args)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
