#!/usr/bin/env python3
"""Import damaged ONNX files and look for crashes.

usage: fuzz.py --driver BUILD/bin/slim-import-fuzz [-N 10000] [--seed 0]
               [--keep DIR]

Seeds are the node tests of the onnx package; a mutation damages bytes (flips,
truncation, removal, splices) or changes the model's messages (extents, types,
attributes, names, order). Each batch of files goes to one process. The result
is right if each file is imported or refused with exactly one error, in time.
Build slim with -DSLIM_ENABLE_SANITIZERS=ON for the checks of the sanitizers.
"""
import argparse
import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile
import warnings

import onnx
from onnx import AttributeProto, TensorProto

BATCH = 200
SECONDS_PER_BATCH = 600

EXTREMES = [
    0, 1, -1, 2, 3, 7, 8, 127, 255, 256, 65535, 65536, 2**31 - 1, -(2**31),
    2**31, 2**32, 2**40, 2**62, 2**63 - 1, -(2**63), -(2**63) + 1,
]  # fmt: skip
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-38, 3e38, float("inf"), float("nan")]


def load_seeds():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        models = [case.model for case in collect_testcases()]
    seeds = [model.SerializeToString() for model in models]
    return [seed for seed in seeds if len(seed) < 16384]


# Bytes


def flip_bits(rng, data, seeds):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def truncate(rng, data, seeds):
    return data[: rng.randrange(len(data))]


def remove_range(rng, data, seeds):
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randrange(1, 33) :]


def repeat_range(rng, data, seeds):
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.randrange(1, 65))
    return data[:end] + data[start:end] * rng.randrange(1, 9) + data[end:]


def splice(rng, data, seeds):
    other = rng.choice(seeds)
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


def overwrite(rng, data, seeds):
    data = bytearray(data)
    start = rng.randrange(len(data))
    for i in range(start, min(len(data), start + rng.randrange(1, 12))):
        data[i] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
    return bytes(data)


# Messages


def graphs_of(graph):
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from graphs_of(attribute.g)


def nodes_of(model):
    return [node for graph in graphs_of(model.graph) for node in graph.node]


def tensors_of(model):
    tensors = [t for graph in graphs_of(model.graph) for t in graph.initializer]
    for node in nodes_of(model):
        tensors += [a.t for a in node.attribute if a.type == AttributeProto.TENSOR]
    return tensors


def change_extent(rng, model, seeds):
    values = [v for v in [*model.graph.input, *model.graph.output]]
    value = rng.choice(values)
    dims = value.type.tensor_type.shape.dim
    if rng.random() < 0.2 or not dims:
        dims.add().dim_value = rng.choice(EXTREMES)
    elif rng.random() < 0.2:
        del dims[rng.randrange(len(dims))]
    elif rng.random() < 0.5:
        rng.choice(dims).dim_param = rng.choice(["N", "M", ""])
    else:
        rng.choice(dims).dim_value = rng.choice(EXTREMES)


def change_type(rng, model, seeds):
    value = rng.choice(list(model.graph.input) or list(model.graph.output))
    value.type.tensor_type.elem_type = rng.randrange(0, 30)


def change_attribute(rng, model, seeds):
    attributes = [a for node in nodes_of(model) for a in node.attribute]
    if not attributes:
        return change_opset(rng, model, seeds)
    attribute = rng.choice(attributes)
    kind = attribute.type
    if rng.random() < 0.1:
        attribute.type = rng.randrange(0, 14)
    elif kind == AttributeProto.INT:
        attribute.i = rng.choice(EXTREMES)
    elif kind == AttributeProto.FLOAT:
        attribute.f = rng.choice(FLOATS)
    elif kind == AttributeProto.INTS:
        if attribute.ints and rng.random() < 0.7:
            attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(EXTREMES)
        else:
            attribute.ints.append(rng.choice(EXTREMES))
    elif kind == AttributeProto.STRING:
        attribute.s = rng.choice([b"", b"x", b"\xff\x00", b"reflect", b"SAME_UPPER"])
    elif kind == AttributeProto.TENSOR:
        change_tensor(rng, model, seeds)


def change_tensor(rng, model, seeds):
    tensors = tensors_of(model)
    if not tensors:
        return bake_input(rng, model, seeds)
    tensor = rng.choice(tensors)
    choice = rng.randrange(5)
    if choice == 0 and tensor.dims:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(EXTREMES)
    elif choice == 1:
        tensor.dims.append(rng.choice(EXTREMES))
    elif choice == 2:
        tensor.data_type = rng.randrange(0, 30)
    elif choice == 3:
        tensor.raw_data = rng.randbytes(rng.choice([0, 1, 4, 8, 64, 2048]))
    else:
        tensor.data_location = TensorProto.EXTERNAL
        for key in ("location", "offset", "length"):
            entry = tensor.external_data.add()
            entry.key = key
            entry.value = rng.choice(
                ["", "0", "-1", "99999999999999999999", "..", "/etc/passwd", "x"]
            )


def bake_input(rng, model, seeds):
    """An input becomes an initializer of random values."""
    if not model.graph.input:
        return
    value = model.graph.input[rng.randrange(len(model.graph.input))]
    shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
    count = 1
    for extent in shape:
        count *= max(extent, 0)
    if count > 4096:
        return
    tensor = model.graph.initializer.add()
    tensor.name = value.name
    tensor.dims.extend(shape)
    tensor.data_type = value.type.tensor_type.elem_type
    if tensor.data_type == TensorProto.INT64:
        tensor.int64_data.extend(rng.choice(EXTREMES) for _ in range(count))
    elif tensor.data_type == TensorProto.FLOAT:
        tensor.float_data.extend(rng.choice(FLOATS) for _ in range(count))
    else:
        tensor.int32_data.extend(rng.randrange(2) for _ in range(count))


def rename(rng, model, seeds):
    node = rng.choice(nodes_of(model))
    names = [n for other in nodes_of(model) for n in [*other.input, *other.output]]
    target = node.input if rng.random() < 0.7 and node.input else node.output
    if target:
        target[rng.randrange(len(target))] = rng.choice(names + ["", "missing"])


def change_operands(rng, model, seeds):
    node = rng.choice(nodes_of(model))
    choice = rng.randrange(4)
    if choice == 0 and node.input:
        del node.input[rng.randrange(len(node.input))]
    elif choice == 1:
        node.input.append(rng.choice(["", *node.input, *node.output]))
    elif choice == 2 and node.attribute:
        del node.attribute[rng.randrange(len(node.attribute))]
    elif choice == 3:
        node.output.append("extra" + str(rng.randrange(3)))


def change_op(rng, model, seeds):
    other = onnx.ModelProto.FromString(rng.choice(seeds))
    node = rng.choice(nodes_of(model))
    source = rng.choice(nodes_of(other))
    node.op_type = source.op_type
    node.domain = source.domain
    if rng.random() < 0.5:
        del node.attribute[:]
        node.attribute.extend(source.attribute)


def change_nodes(rng, model, seeds):
    nodes = model.graph.node
    if not nodes:
        return
    choice = rng.randrange(3)
    if choice == 0:
        nodes.add().CopyFrom(rng.choice(list(nodes)))
    elif choice == 1:
        del nodes[rng.randrange(len(nodes))]
    else:
        shuffled = [onnx.NodeProto.FromString(n.SerializeToString()) for n in nodes]
        rng.shuffle(shuffled)
        del nodes[:]
        nodes.extend(shuffled)


def change_opset(rng, model, seeds):
    if model.opset_import:
        rng.choice(model.opset_import).version = rng.choice([*range(1, 30), *EXTREMES])


ON_BYTES = [flip_bits, truncate, remove_range, repeat_range, splice, overwrite]
ON_MESSAGES = [
    change_extent, change_extent, change_type, change_attribute,
    change_attribute, change_tensor, bake_input, bake_input, rename,
    change_operands, change_op, change_nodes, change_opset,
]  # fmt: skip


def mutate(rng, seeds):
    data = rng.choice(seeds)
    if rng.random() < 0.35:
        return rng.choice(ON_BYTES)(rng, data, seeds)
    model = onnx.ModelProto.FromString(data)
    for _ in range(rng.choice([1, 1, 2, 3])):
        try:
            rng.choice(ON_MESSAGES)(rng, model, seeds)
        except IndexError:  # nothing left to change
            break
    data = model.SerializeToString()
    if rng.random() < 0.1:
        data = rng.choice(ON_BYTES)(rng, data, seeds)
    return data


def run_batch(driver, paths, counts):
    """Runs the driver until every file had its turn; (path, reason) of those
    on which it did not do right."""
    failures = []
    while paths:
        process = subprocess.Popen(
            [driver, *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            out, err = process.communicate(timeout=SECONDS_PER_BATCH)
            reason = f"exit status {process.returncode}"
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            reason = f"no end within {SECONDS_PER_BATCH} s"
        lines = out.decode(errors="replace").splitlines()
        words = {"ok", "error", "noisy", "silent"}
        lines = [line for line in lines if line.split(" ", 1)[0] in words]
        for line, path in zip(lines, paths):
            word = line.split(" ", 1)[0]
            counts[word] += 1
            if word in ("noisy", "silent"):
                failures.append((path, line))
        if len(lines) == len(paths):
            if process.returncode not in (0, 1) or b"Sanitizer" in err:
                failures.append((paths[-1], reason + err.decode(errors="replace")))
            return failures
        counts["crash"] += 1
        failures.append((paths[len(lines)], reason + err.decode(errors="replace")))
        paths = paths[len(lines) + 1 :]
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--driver", required=True)
    parser.add_argument("-N", type=int, default=10000, help="number of files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", metavar="DIR", help="where to put files that fail")
    args = parser.parse_args()

    rng = random.Random(args.seed)
    seeds = load_seeds()
    counts = collections.Counter()
    failures = 0
    with tempfile.TemporaryDirectory(prefix="slim-fuzz-") as directory:
        for first in range(0, args.N, BATCH):
            paths = []
            for index in range(first, min(first + BATCH, args.N)):
                path = os.path.join(directory, f"{index}.onnx")
                with open(path, "wb") as file:
                    file.write(mutate(rng, seeds))
                paths.append(path)
            for path, reason in run_batch(args.driver, paths, counts):
                failures += 1
                print(f"FAILED {os.path.basename(path)}: {reason[:4000]}", flush=True)
                if args.keep:
                    os.makedirs(args.keep, exist_ok=True)
                    shutil.copy(path, args.keep)
            for path in paths:
                os.remove(path)
            if first % 2000 == 0:
                print(f"{first + len(paths)} files: {dict(counts)}", flush=True)
    print(f"{args.N} files: {dict(counts)}; {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
