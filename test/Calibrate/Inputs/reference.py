"""Statistics of activations by ONNX Runtime and NumPy, to compare slim's with.

The inputs of all MatMul, Gemm and Conv nodes with a stored weight become outputs
of the graph; their statistics are computed in double.
"""
import json

import numpy as np
import onnx
import onnxruntime


def read_safetensors(path):
    """The metadata and the tensors of a file."""
    data = open(path, "rb").read()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    types = {"F32": "f4", "F64": "f8", "U64": "u8", "I64": "i8"}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = data[8 + length + begin : 8 + length + end]
        tensors[name] = np.frombuffer(raw, types[entry["dtype"]]).reshape(
            entry["shape"]
        )
    return metadata, tensors


class Statistics:
    """The content of a file that slim-calibrate writes."""

    def __init__(self, path):
        metadata, self.tensors = read_safetensors(path)
        self.entries = json.loads(metadata["slim.calibration"])["entries"]

    def scalar(self, name, key):
        return self.entries[self.origin(name)][key]

    def origin(self, name):
        return self.entries[name].get("same_as", name)

    def array(self, name, key):
        return self.tensors.get(f"{self.origin(name)}:{key}")


def im2col(x, kernel, strides, pads, dilations):
    """[N, C, ...] to [N * positions, C * kernel elements]."""
    rank = len(kernel)
    x = np.pad(x, [(0, 0), (0, 0)] + [(pads[d], pads[d + rank]) for d in range(rank)])
    outs = [
        (x.shape[2 + d] - dilations[d] * (kernel[d] - 1) - 1) // strides[d] + 1
        for d in range(rank)
    ]
    columns = []
    for offset in np.ndindex(*kernel):
        window = [slice(None), slice(None)] + [
            slice(
                offset[d] * dilations[d],
                offset[d] * dilations[d] + (outs[d] - 1) * strides[d] + 1,
                strides[d],
            )
            for d in range(rank)
        ]
        columns.append(x[tuple(window)])
    stacked = np.stack(columns, axis=2)  # N, C, kernel, positions...
    stacked = stacked.reshape(x.shape[0], -1, int(np.prod(outs)))
    return stacked.transpose(0, 2, 1).reshape(-1, stacked.shape[1])


def get_attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def get_rows(node, weight, x):
    """The matrix that a node multiplies by its weight, and its groups."""
    if node.op_type != "Conv":
        return x.reshape(-1, x.shape[-1]), 1
    attributes = get_attributes(node)
    rank = weight.ndim - 2
    pads = list(attributes.get("pads", [0] * (2 * rank)))
    strides = list(attributes.get("strides", [1] * rank))
    dilations = list(attributes.get("dilations", [1] * rank))
    rows = im2col(x, weight.shape[2:], strides, pads, dilations)
    return rows, attributes.get("group", 1)


def find_products(model):
    """(weight name, node, weight) of all products with stored weights."""
    stored = {t.name: t for t in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type in ("MatMul", "Gemm", "Conv") and node.input[1] in stored:
            yield node.input[1], node, onnx.numpy_helper.to_array(stored[node.input[1]])


def run_reference(model, samples, second_moment):
    """Statistics by weight name: the first consumer's input."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    products = {}
    for name, node, weight in find_products(model):
        products.setdefault(name, (node, weight))
    known = {o.name for o in model.graph.output} | {i.name for i in model.graph.input}
    values = sorted({node.input[0] for node, _ in products.values()})
    for value in values:
        if value not in known:
            model.graph.output.append(onnx.helper.make_empty_tensor_value_info(value))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = (
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    )
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    fetched = [v for v in values if v in {o.name for o in session.get_outputs()}]
    result = {}
    for sample in samples:
        outputs = dict(zip(fetched, session.run(fetched, sample))) | sample
        for name, (node, weight) in products.items():
            x = outputs[node.input[0]]
            rows, groups = get_rows(node, weight, x)
            rows = rows.astype(np.float64)
            entry = result.setdefault(
                name,
                {
                    "rows": 0,
                    "groups": groups,
                    "min": np.inf,
                    "max": -np.inf,
                    "channel_abs_max": 0,
                    "channel_mean": 0,
                    "channel_abs_mean": 0,
                    "channel_mean_square": 0,
                    "second_moment": 0,
                },
            )
            entry["rows"] += len(rows)
            entry["min"] = min(entry["min"], x.min())
            entry["max"] = max(entry["max"], x.max())
            entry["channel_abs_max"] = np.maximum(
                entry["channel_abs_max"], np.abs(rows).max(0)
            )
            entry["channel_mean"] += rows.sum(0)
            entry["channel_abs_mean"] += np.abs(rows).sum(0)
            entry["channel_mean_square"] += (rows * rows).sum(0)
            if second_moment:
                grouped = rows.reshape(len(rows), groups, -1).transpose(1, 0, 2)
                entry["second_moment"] += grouped.transpose(0, 2, 1) @ grouped
    for name, entry in result.items():
        for key in ("channel_mean", "channel_abs_mean", "channel_mean_square"):
            entry[key] /= entry["rows"]
        if second_moment:
            entry["second_moment"] /= entry["rows"]
    return result


def compare(path, reference, num_samples, tolerance):
    """Largest error of each figure, relative to the figure's largest value."""
    statistics = Statistics(path)
    missing = set(reference) - set(statistics.entries)
    assert not missing, f"not observed: {missing}"
    worst = {}

    def note(key, name, error):
        if error > worst.get(key, (-1,))[0]:
            worst[key] = (error, name)
        assert error <= tolerance, f"{name}: {key} is off by {error:.2e}"

    for name, entry in reference.items():
        assert statistics.scalar(name, "samples") == num_samples, name
        assert statistics.scalar(name, "rows") == entry["rows"], name
        assert statistics.scalar(name, "groups") == entry["groups"], name
        low, high = statistics.array(name, "range")[:2]
        scale = max(abs(entry["min"]), abs(entry["max"]))
        note("min", name, abs(low - entry["min"]) / scale)
        note("max", name, abs(high - entry["max"]) / scale)
        # Rounding of the activations themselves counts towards a mean that
        # cancels, so that errors are measured against the magnitudes.
        magnitude = entry["channel_abs_mean"].max()
        for key in (
            "channel_abs_max",
            "channel_mean",
            "channel_abs_mean",
            "channel_mean_square",
            "second_moment",
        ):
            array = statistics.array(name, key)
            if array is None:
                assert key == "second_moment" and np.isscalar(entry[key]), (name, key)
                continue
            assert array.shape == np.shape(entry[key]), (name, key, array.shape)
            size = magnitude if key == "channel_mean" else np.abs(entry[key]).max()
            note(key, name, np.abs(array - entry[key]).max() / size)
    return worst
