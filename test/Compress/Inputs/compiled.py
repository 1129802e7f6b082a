"""Compiles a small model with each pipeline of compression passes, runs it, and
compares with NumPy.

usage: compiled.py SLIMC SLIM-RUN DIRECTORY

The passes are repeated in NumPy from their definitions, on the stored weights,
in the same order; the forward pass is NumPy's too. So the whole chain is
compared with an independent one: selection and rounding, storage, decoding and
the layers' layouts.
"""
import os
import re
import subprocess
import sys

import ml_dtypes
import numpy as np

TOLERANCE = 2e-6  # relative to the largest magnitude of the output

# Each weight's shape and the dimension of its output channels. An embedding
# sums over nothing.
WEIGHTS = {
    "emb": ((50, 32), 0),
    "up": ((48, 32), 0),
    "down": ((48, 32), 1),
    "conv": ((8, 4, 3, 3), 0),
}

FUNCTION = """
  func.func @main(%i: tensor<2x7xi64> {slim.name = "i"},
                  %c: tensor<1x4x9x9xf32> {slim.name = "c"})
      -> (tensor<2x7x32xf32> {slim.name = "y"},
          tensor<1x8x4x5xf32> {slim.name = "z"}) {
    %e = slim.get_weight @emb : tensor<50x32xf32>
    %x = slim.embedding %i, %e
      : (tensor<2x7xi64>, tensor<50x32xf32>) -> tensor<2x7x32xf32>
    %u = slim.get_weight @up : tensor<48x32xf32>
    %h = slim.linear %x, %u
      : (tensor<2x7x32xf32>, tensor<48x32xf32>) -> tensor<2x7x48xf32>
    %d = slim.get_weight @down : tensor<48x32xf32>
    %y = slim.linear %h, %d {transposed = true}
      : (tensor<2x7x48xf32>, tensor<48x32xf32>) -> tensor<2x7x32xf32>
    %f = slim.get_weight @conv : tensor<8x4x3x3xf32>
    %z = slim.conv %c, %f {strides = array<i64: 2, 2>,
        pads = array<i64: 0, 1, 0, 1>, dilations = array<i64: 1, 1>, groups = 1}
      : (tensor<1x4x9x9xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x4x5xf32>
    return %y, %z : tensor<2x7x32xf32>, tensor<1x8x4x5xf32>
  }
"""


def forward(weights, i, c, round_activation):
    x = round_activation(weights["emb"][i])
    h = round_activation(x.astype(np.float64) @ weights["up"].T)
    y = h @ weights["down"]
    c = round_activation(c)
    padded = np.pad(c, ((0, 0), (0, 0), (0, 0), (1, 1)))
    z = np.zeros((1, 8, 4, 5), np.float32)
    for row in range(4):
        for col in range(5):
            window = padded[0, :, 2 * row : 2 * row + 3, 2 * col : 2 * col + 3]
            z[0, :, row, col] = np.tensordot(weights["conv"], window, 3)
    return {"y": y, "z": z}


def as_matrix(weight, dim):
    moved = np.moveaxis(weight, dim, 0)
    return moved.reshape(moved.shape[0], -1), moved.shape


def from_matrix(matrix, shape, dim):
    return np.moveaxis(matrix.reshape(shape), 0, dim)


def quantize(weight, name):
    dim = WEIGHTS[name][1]
    matrix, shape = as_matrix(weight, dim)
    scale = np.abs(matrix).max(1, keepdims=True) / np.float32(127)
    scale[scale == 0] = 1
    codes = np.clip(np.rint(matrix / scale), -127, 127)
    return from_matrix(codes.astype(np.float32) * scale, shape, dim)


def prune_nm(n, m):
    def apply(weight, name):
        dim = WEIGHTS[name][1]
        matrix, shape = as_matrix(weight, dim)
        if name == "emb" or matrix.shape[1] % m != 0:
            return weight
        chunks = matrix.reshape(matrix.shape[0], -1, m).copy()
        order = np.argsort(-np.abs(chunks), axis=2, kind="stable")
        np.put_along_axis(chunks, order[:, :, n:], 0, 2)
        return from_matrix(chunks, shape, dim)

    return apply


def prune_unstructured(sparsity):
    def apply(weight, name):
        flat = weight.ravel().copy()
        # Of equal magnitudes the one with the lower index is kept.
        order = np.lexsort((-np.arange(flat.size), np.abs(flat)))
        flat[order[: round(sparsity * flat.size)]] = 0
        return flat.reshape(weight.shape)

    return apply


def round_to(dtype):
    def apply(values, name=None):
        return values.astype(np.float32).astype(dtype).astype(np.float32)

    return apply


def lowrank(rank):
    def apply(weight, name):
        u, s, v = np.linalg.svd(
            weight.reshape(weight.shape[0], -1).astype(np.float64),
            full_matrices=False,
        )
        product = (u[:, :rank] * s[:rank]) @ v[:rank]
        return product.astype(np.float32).reshape(weight.shape)

    return apply


PIPELINES = {
    "": [],
    "quantize-int8": [quantize],
    "prune-nm": [prune_nm(2, 4)],
    "prune-nm{n=3 m=8}": [prune_nm(3, 8)],
    "lowrank-factorize{rank=4}": [lowrank(4)],
    "prune-nm,quantize-int8": [prune_nm(2, 4), quantize],
    "quantize-int8,prune-nm": [quantize, prune_nm(2, 4)],
    "prune-unstructured{sparsity=0.7},quantize-int8": [
        prune_unstructured(0.7),
        quantize,
    ],
    "prune-unstructured{sparsity=0.7},prune-nm": [
        prune_unstructured(0.7),
        prune_nm(2, 4),
    ],
    "cast-products": [round_to(ml_dtypes.bfloat16)],
    "cast-products{type=f16}": [round_to(np.float16)],
    "prune-unstructured{sparsity=0.7},cast-products": [
        prune_unstructured(0.7),
        round_to(ml_dtypes.bfloat16),
    ],
    "cast-products,prune-unstructured{sparsity=0.7}": [
        round_to(ml_dtypes.bfloat16),
        prune_unstructured(0.7),
    ],
}
# Pipelines that round activations, too.
ACTIVATIONS = {
    "cast-products": round_to(ml_dtypes.bfloat16),
    "cast-products{type=f16}": round_to(np.float16),
    "prune-unstructured{sparsity=0.7},cast-products": round_to(ml_dtypes.bfloat16),
    "cast-products,prune-unstructured{sparsity=0.7}": round_to(ml_dtypes.bfloat16),
}


def main(slimc, slim_run, directory):
    os.makedirs(directory, exist_ok=True)
    os.chdir(directory)
    rng = np.random.default_rng(3)
    weights, lines, offset = {}, [], 0
    with open("weights.bin", "wb") as file:
        for name, (shape, _) in WEIGHTS.items():
            weight = (rng.standard_normal(shape) * 0.1).astype(np.float32)
            weights[name] = weight
            file.write(weight.tobytes())
            kind = "x".join(map(str, shape)) + "xf32"
            lines.append(
                f"  slim.weight @{name} : tensor<{kind}>"
                f' = #slim.external<"weights.bin", {offset}>'
            )
            offset += weight.nbytes
    with open("model.mlir", "w") as file:
        file.write("module {\n" + "\n".join(lines) + FUNCTION + "}\n")
    i = rng.integers(0, 50, (2, 7))
    c = rng.standard_normal((1, 4, 9, 9)).astype(np.float32)
    np.save("i.npy", i.astype(np.int64))
    np.save("c.npy", c)

    failures = 0
    for pipeline, steps in PIPELINES.items():
        command = [slimc, "model.mlir", "-o", "model.so"]
        if pipeline:
            # The weights are tiny.
            passes = pipeline.replace("}", " min-elements=0}")
            passes = re.sub(r"(\w)(?=,|$)", r"\1{min-elements=0}", passes)
            command.append("--compress=" + passes)
        subprocess.run(command, check=True)
        subprocess.run(
            [slim_run, "./model.so", "--input", "i=i.npy", "--input", "c=c.npy"]
            + ["--output-dir", "."],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        expected_weights = dict(weights)
        for step in steps:
            for name in WEIGHTS:
                expected_weights[name] = step(expected_weights[name], name)
        for name, expected in forward(
            expected_weights, i, c, ACTIVATIONS.get(pipeline, lambda x: x)
        ).items():
            error = np.abs(np.load(name + ".npy") - expected).max()
            error /= np.abs(expected).max()
            passed = error <= TOLERANCE
            failures += not passed
            print(f"{'ok' if passed else 'FAILED'} {name} {error:.1e} {pipeline}")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
