#!/usr/bin/env python3
"""Write a BERT-like sentence encoder as ONNX from its published weights.

usage: make_minilm_onnx.py MODEL_DIR OUT.onnx

MODEL_DIR holds config.json and model.safetensors as sentence-transformers
publishes them (all-MiniLM-L6-v2 and its relatives).

  inputs   input_ids, attention_mask      int64 [batch, seq]
  outputs  last_hidden_state              float [batch, seq, hidden]
           sentence_embedding             float [batch, hidden]: the masked
                                          mean over seq, of length one
"""
import json
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
# The most negative float: what an attention score of a masked token becomes.
MASKED = float(np.finfo(np.float32).min)
SAFETENSORS_TYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}


def read_safetensors(path: str) -> dict:
    """The tensors of a safetensors file: name to array."""
    with open(path, "rb") as file:
        header_size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(header_size))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        dtype = SAFETENSORS_TYPES[entry["dtype"]]
        array = np.frombuffer(data[begin:end], dtype=dtype)
        tensors[name] = array.reshape(entry["shape"])
    return tensors


class Encoder:
    """Builds the graph node by node."""

    def __init__(self, config: dict, weights: dict):
        self.weights = weights
        self.hidden = config["hidden_size"]
        self.heads = config["num_attention_heads"]
        self.layers = config["num_hidden_layers"]
        self.epsilon = config["layer_norm_eps"]
        self.nodes = []
        self.initializers = {}

    def constant(self, name: str, value) -> str:
        array = np.array(value, order="C")
        self.initializers[name] = numpy_helper.from_array(array, name)
        return name

    def ints(self, *values: int) -> str:
        name = "i64_" + "_".join(map(str, values))
        return self.constant(name, np.array(values, np.int64))

    def scalar(self, value: float) -> str:
        return self.constant(f"f32_{value}", np.array(value, np.float32))

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name].astype(np.float32))

    def op(self, kind: str, *inputs: str, out: str = "", **attributes) -> str:
        number = len(self.nodes) + 1
        out = out or f"{kind.lower()}_{number}"
        self.nodes.append(
            helper.make_node(
                kind, list(inputs), [out], name=f"{kind}_{number}", **attributes
            )
        )
        return out

    def linear(self, x: str, prefix: str) -> str:
        weight = self.weights[prefix + ".weight"].astype(np.float32).T
        product = self.op("MatMul", x, self.constant(prefix + ".weight^T", weight))
        return self.op("Add", product, self.weight(prefix + ".bias"))

    def norm(self, x: str, prefix: str) -> str:
        return self.op(
            "LayerNormalization",
            x,
            self.weight(prefix + ".weight"),
            self.weight(prefix + ".bias"),
            axis=-1,
            epsilon=self.epsilon,
        )

    def gelu(self, x: str) -> str:
        scaled = self.op("Div", x, self.scalar(float(np.sqrt(2))))
        gate = self.op("Add", self.op("Erf", scaled), self.scalar(1.0))
        return self.op("Mul", self.op("Mul", x, gate), self.scalar(0.5))

    def embeddings(self) -> str:
        table = "embeddings."
        axis = self.constant("one", np.array(1, np.int64))
        length = self.op("Gather", self.op("Shape", "input_ids"), axis)
        positions = self.op(
            "Slice",
            self.weight(table + "position_embeddings.weight"),
            self.ints(0),
            self.op("Unsqueeze", length, self.ints(0)),
            self.ints(0),
        )
        words = self.weight(table + "word_embeddings.weight")
        types = self.weights[table + "token_type_embeddings.weight"]
        x = self.op(
            "Add",
            self.op("Gather", words, "input_ids"),
            self.constant("token_type_0", types[0].astype(np.float32)),
        )
        return self.norm(self.op("Add", x, positions), table + "LayerNorm")

    def attention(self, x: str, bias: str, prefix: str) -> str:
        head_size = self.hidden // self.heads
        split = np.array([0, 0, self.heads, head_size], np.int64)
        split = self.constant("split", split)
        merge = self.constant("merge", np.array([0, 0, self.hidden], np.int64))

        def project(name: str, perm: tuple) -> str:
            y = self.linear(x, f"{prefix}self.{name}")
            return self.op("Transpose", self.op("Reshape", y, split), perm=perm)

        query = project("query", (0, 2, 1, 3))
        key = project("key", (0, 2, 3, 1))
        value = project("value", (0, 2, 1, 3))
        scale = self.scalar(float(np.sqrt(head_size)))
        scores = self.op("Div", self.op("MatMul", query, key), scale)
        scores = self.op("Softmax", self.op("Add", scores, bias), axis=-1)
        y = self.op("MatMul", scores, value)
        y = self.op("Reshape", self.op("Transpose", y, perm=(0, 2, 1, 3)), merge)
        y = self.op("Add", self.linear(y, prefix + "output.dense"), x)
        return self.norm(y, prefix + "output.LayerNorm")

    def layer(self, x: str, bias: str, prefix: str) -> str:
        x = self.attention(x, bias, prefix + "attention.")
        y = self.gelu(self.linear(x, prefix + "intermediate.dense"))
        y = self.op("Add", self.linear(y, prefix + "output.dense"), x)
        return self.norm(y, prefix + "output.LayerNorm")

    def pooled(self, x: str, mask: str) -> None:
        """The masked mean, divided by its length."""
        mask = self.op("Unsqueeze", mask, self.ints(2))
        masked = self.op("Mul", x, mask)
        total = self.op("ReduceSum", masked, self.ints(1), keepdims=0)
        count = self.op("ReduceSum", mask, self.ints(1), keepdims=0)
        mean = self.op("Div", total, self.op("Clip", count, self.scalar(1e-9)))
        length = self.op("ReduceL2", mean, axes=[-1], keepdims=1)
        length = self.op("Clip", length, self.scalar(1e-12))
        self.op("Div", mean, length, out="sentence_embedding")

    def model(self, name: str) -> onnx.ModelProto:
        x = self.embeddings()
        mask = self.op("Cast", "attention_mask", to=TensorProto.FLOAT)
        absent = self.op("Unsqueeze", mask, self.ints(1, 2))
        absent = self.op("Sub", self.scalar(1.0), absent)
        bias = self.op("Mul", absent, self.scalar(MASKED))
        for i in range(self.layers):
            x = self.layer(x, bias, f"encoder.layer.{i}.")
        x = self.op("Identity", x, out="last_hidden_state")
        self.pooled(x, mask)

        def info(name: str, kind: int, shape: list) -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(name, kind, shape)

        batch_seq = ["batch", "seq"]
        graph = helper.make_graph(
            self.nodes,
            name,
            [
                info("input_ids", TensorProto.INT64, batch_seq),
                info("attention_mask", TensorProto.INT64, batch_seq),
            ],
            [
                info("last_hidden_state", TensorProto.FLOAT, batch_seq + [self.hidden]),
                info("sentence_embedding", TensorProto.FLOAT, ["batch", self.hidden]),
            ],
            list(self.initializers.values()),
        )
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def write_model(directory: str, out: str, name: str = "minilm_l6") -> None:
    """Write the encoder whose files are in `directory` to `out`."""
    with open(os.path.join(directory, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    weights = read_safetensors(os.path.join(directory, "model.safetensors"))
    model = Encoder(config, weights).model(name)
    onnx.checker.check_model(model)
    onnx.save(model, out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1])
    write_model(sys.argv[1], sys.argv[2])
