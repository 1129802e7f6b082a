"""Rotates a tiny decoder and compares its outputs with those of the model as it
was: they are equal within 1e-4. An outlier channel of the residual stream is
spread over all.

usage: rotate.py SLIM-OPT SLIMC SLIM-RUN DIRECTORY
"""
import os
import re
import subprocess
import sys

import numpy as np

VOCABULARY, WIDTH, HEADS, HEAD, INNER, LAYERS, TOKENS = 50, 24, 4, 12, 56, 2, 7


def literal(array):
    if array.ndim == 1:
        return "[" + ", ".join(f"{value:.8e}" for value in array) + "]"
    return "[" + ", ".join(literal(row) for row in array) + "]"


class Builder:
    """Writes a module of linear ops, norms and attention."""

    def __init__(self, rng):
        self.rng = rng
        self.weights = []
        self.body = []
        self.count = 0

    def weight(self, name, *shape, outlier=None):
        values = self.rng.standard_normal(shape) / np.sqrt(shape[-1])
        if len(shape) == 1:
            values = 1 + values
        if outlier is not None:
            values[:, outlier] *= 30
        kind = self.tensor(*shape)
        self.weights.append(
            f"  slim.weight @{name} : {kind} = dense<{literal(values)}> : {kind}"
        )
        return self.read(name, *shape)

    def read(self, name, *shape):
        return self.op(f"slim.get_weight @{name} : ", self.tensor(*shape), [], False)

    @staticmethod
    def tensor(*shape):
        return "tensor<" + "x".join(str(extent) for extent in shape) + "xf32>"

    def op(self, text, result, operand_types, has_types=True):
        self.count += 1
        name = f"%v{self.count}"
        types = f" : ({', '.join(operand_types)}) -> " if has_types else ""
        self.body.append(f"    {name} = {text}{types}{result}")
        return name, result

    def linear(self, x, weight, shape, transposed=False, bias=None):
        operands = [x, weight] + ([bias] if bias else [])
        names = ", ".join(operand[0] for operand in operands)
        attributes = " {transposed = true}" if transposed else ""
        return self.op(
            f"slim.linear {names}{attributes}",
            self.tensor(*shape),
            [operand[1] for operand in operands],
        )

    def norm(self, x, scale):
        return self.op(
            f"slim.rms_norm {x[0]}, {scale[0]} {{axis = 2, epsilon = 1.0e-5 : f32}}",
            x[1],
            [x[1], scale[1]],
        )

    def binary(self, name, a, b):
        return self.op(f"slim.{name} {a[0]}, {b[0]}", a[1], [a[1], b[1]])

    def heads(self, x, count):
        shape = self.op(
            f"slim.constant dense<[1, {TOKENS}, {count}, {HEAD}]> : ",
            "tensor<4xi64>", [], False,
        )  # fmt: skip
        split = self.op(
            f"slim.reshape {x[0]}, {shape[0]}",
            self.tensor(1, TOKENS, count, HEAD),
            [x[1], shape[1]],
        )
        return self.op(
            f"slim.transpose {split[0]} {{permutation = array<i64: 0, 2, 1, 3>}}",
            self.tensor(1, count, TOKENS, HEAD),
            [split[1]],
        )

    def layer(self, i, x):
        stream = (1, TOKENS, WIDTH)
        groups = HEADS // 2
        n = self.norm(x, self.weight(f"l{i}.norm1", WIDTH))
        q = self.linear(n, self.weight(f"l{i}.q", HEADS * HEAD, WIDTH),
                        (1, TOKENS, HEADS * HEAD))  # fmt: skip
        k = self.linear(n, self.weight(f"l{i}.k", groups * HEAD, WIDTH),
                        (1, TOKENS, groups * HEAD))  # fmt: skip
        v = self.linear(n, self.weight(f"l{i}.v", WIDTH, groups * HEAD),
                        (1, TOKENS, groups * HEAD), transposed=True,
                        bias=self.weight(f"l{i}.v.bias", groups * HEAD))  # fmt: skip
        q, k, v = self.heads(q, HEADS), self.heads(k, groups), self.heads(v, groups)
        a = self.op(
            f"slim.attention {q[0]}, {k[0]}, {v[0]} {{causal = true}}",
            self.tensor(1, HEADS, TOKENS, HEAD),
            [q[1], k[1], v[1]],
        )
        t = self.op(
            f"slim.transpose {a[0]} {{permutation = array<i64: 0, 2, 1, 3>}}",
            self.tensor(1, TOKENS, HEADS, HEAD),
            [a[1]],
        )
        shape = self.op(f"slim.constant dense<[1, {TOKENS}, {HEADS * HEAD}]> : ",
                        "tensor<3xi64>", [], False)  # fmt: skip
        joined = self.op(f"slim.reshape {t[0]}, {shape[0]}",
                         self.tensor(1, TOKENS, HEADS * HEAD), [t[1], shape[1]])  # fmt: skip
        o = self.linear(joined, self.weight(f"l{i}.o", WIDTH, HEADS * HEAD), stream,
                        bias=self.weight(f"l{i}.o.bias", WIDTH))  # fmt: skip
        x = self.binary("add", x, o)
        n = self.norm(x, self.weight(f"l{i}.norm2", WIDTH))
        up = self.linear(n, self.weight(f"l{i}.up", INNER, WIDTH), (1, TOKENS, INNER))
        gate = self.linear(n, self.weight(f"l{i}.gate", WIDTH, INNER),
                           (1, TOKENS, INNER), transposed=True)  # fmt: skip
        silu = self.binary("mul", gate, self.op(f"slim.sigmoid {gate[0]}", gate[1], [gate[1]]))
        inner = self.binary("mul", silu, up)
        down = self.linear(inner, self.weight(f"l{i}.down", INNER, WIDTH), stream,
                           transposed=True)  # fmt: skip
        return self.binary("add", x, down)

    def build(self, tied):
        table = self.weight("embedding", VOCABULARY, WIDTH, outlier=5)
        ids = f"tensor<1x{TOKENS}xi64>"
        x = self.op(f"slim.embedding %ids, {table[0]}", self.tensor(1, TOKENS, WIDTH),
                    [ids, table[1]])  # fmt: skip
        for i in range(LAYERS):
            x = self.layer(i, x)
        n = self.norm(x, self.weight("norm", WIDTH))
        head = table if tied else self.weight("head", VOCABULARY, WIDTH)
        y = self.linear(n, head, (1, TOKENS, VOCABULARY))
        lines = ["module {", *self.weights]
        lines.append(
            f'  func.func @main(%ids: {ids} {{slim.name = "ids"}}) -> '
            f'({y[1]} {{slim.name = "y"}}) {{'
        )
        return "\n".join([*lines, *self.body, f"    return {y[0]} : {y[1]}", "  }", "}\n"])


def compute(slimc, slim_run, model):
    subprocess.run([slimc, model, "-o", "model.so"], check=True)
    subprocess.run(
        [slim_run, "./model.so", "--input", "ids=ids.npy", "--output-dir", "."],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return np.load("y.npy")


def read_embedding(model):
    """The largest magnitude of the table relative to its root mean square."""
    text = open(model).read()
    inline = re.search(r"slim.weight @embedding : .* = dense<(\[.*\])>", text)
    if inline:
        values = np.array(eval(inline[1]))
    else:
        name = re.search(r"@embedding : .* = dense_resource<(.*?)>", text)[1]
        data = bytes.fromhex(re.search(rf'\b{name}: "0x(\w+)"', text)[1])
        # After the alignment.
        values = np.frombuffer(data[4:], np.float32)
    return np.abs(values).max() / np.sqrt((values**2).mean())


def main():
    slim_opt, slimc, slim_run, directory = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)
    os.chdir(directory)
    rng = np.random.default_rng(6)
    np.save("ids.npy", rng.integers(0, VOCABULARY, (1, TOKENS)))
    for tied in (False, True):
        with open("model.mlir", "w") as file:
            file.write(Builder(rng).build(tied))
        expected = compute(slimc, slim_run, "model.mlir")
        before = read_embedding("model.mlir")
        for options in ("", "stream=false", "heads=false seed=7"):
            process = subprocess.run(
                [slim_opt, "model.mlir", f"-rotate={options}", "-remarks-filter=.*",
                 "-o", "rotated.mlir"],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            heads = 0 if "heads=false" in options else LAYERS
            assert process.stderr.count("values of an attention's heads") == heads
            assert ("residual stream of width 24" in process.stderr) == (
                "stream=false" not in options
            )
            actual = compute(slimc, slim_run, "rotated.mlir")
            error = np.abs(actual - expected).max() / np.abs(expected).max()
            print(f"tied={tied} {options}: error {error:.1e}")
            assert not np.array_equal(actual, expected)
            assert error < 1e-4, error
            text = open("rotated.mlir").read()
            if "stream=false" not in options:
                assert "norm1" not in text
                assert read_embedding("rotated.mlir") < 0.4 * before


main()
