"""Learned rounding keeps outputs of blocks better than what it begins with, and
than rounding that is learned layer by layer.

usage: check_blocks.py SLIM-OPT SLIMC DIRECTORY

A transformer's layer and two blocks of a convolution net, with random weights and
correlated inputs, are quantized to few bits by `quantize` (rtn, gptq, autoround)
and by `quantize-blocks`, compiled, and compared with the model in floats on other
data.
"""
import json
import os
import subprocess
import sys

import numpy as np

from slim.runtime import Model

slim_opt, slimc, directory = sys.argv[1:4]
os.makedirs(directory, exist_ok=True)
os.chdir(directory)
rng = np.random.default_rng(3)
SAMPLES, TESTS = 48, 16


def literal(values):
    if values.ndim == 0:
        return repr(float(values))
    return "[" + ", ".join(map(literal, values)) + "]"


def tensor(*shape):
    return f"tensor<{''.join(f'{d}x' for d in shape)}f32>"


class Text:
    """A module as it is written."""

    def __init__(self, kind, result):
        self.kind, self.result = kind, result
        self.weights, self.body, self.count = "", "", 0

    def weight(self, name, *shape, scale=None):
        fan = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        values = rng.standard_normal(shape) * (scale or fan**-0.5)
        if len(shape) == 1:
            values = 1 + 0.3 * values
        t = tensor(*shape)
        self.weights += f"slim.weight @{name} : {t} = dense<{literal(values)}> : {t}\n"
        self.body += f"%{name} = slim.get_weight @{name} : {t}\n"
        return f"%{name}", t

    def op(self, name, operands, result, attributes="", results=1):
        self.count += 1
        value = f"%v{self.count}"
        names = ", ".join(o[0] for o in operands)
        kinds = ", ".join(o[1] for o in operands)
        self.body += f"{value}{':3' if results > 1 else ''} = slim.{name} {names} " \
            f"{attributes} : ({kinds}) -> {result}\n"
        return (value + ("#0" if results > 1 else ""), result if results == 1 else None)

    def write(self, path, value):
        with open(path, "w") as file:
            file.write(f"module {{\n{self.weights}func.func @main(%x: {self.kind} "
                       f"{{slim.name = \"x\"}}) -> {self.result} {{\n{self.body}"
                       f"return {value[0]} : {self.result}\n}}\n}}\n")


def write_transformer(path):
    width, heads, size, inner = 48, 3, 16, 96
    t = "tensor<1x?x48xf32>"
    text = Text(t, t)
    split = "tensor<1x?x3x16xf32>"
    head = "tensor<1x3x?x16xf32>"
    text.body += "%split = slim.constant dense<[1, -1, 3, 16]> : tensor<4xi64>\n"
    text.body += "%join = slim.constant dense<[1, -1, 48]> : tensor<3xi64>\n"

    def norm(value, name):
        scale = text.weight(name, width)
        text.count += 1
        v = f"%v{text.count}"
        text.body += (
            f"{v}:3 = slim.layer_norm {value[0]} scale {scale[0]} "
            f"{{axis = 2, epsilon = 1.0e-5 : f32}} : ({t}, {scale[1]}) -> "
            f"({t}, tensor<1x?x1xf32>, tensor<1x?x1xf32>)\n")
        return v + "#0", t

    def linear(value, name, rows, columns):
        result = f"tensor<1x?x{rows}xf32>"
        return text.op("linear", [value, text.weight(name, rows, columns)], result)

    def to_heads(value):
        value = text.op("reshape", [value, ("%split", "tensor<4xi64>")], split)
        return text.op("transpose", [value], head, "{permutation = array<i64: 0, 2, 1, 3>}")

    x = ("%x", t)
    for layer in range(2):
        q, k, v = (to_heads(linear(x, f"{n}_{layer}", width, width)) for n in "qkv")
        text.count += 1
        value = f"%v{text.count}"
        text.body += (f"{value} = slim.attention {q[0]}, {k[0]}, {v[0]} : "
                      f"({head}, {head}, {head}) -> {head}\n")
        a = text.op("transpose", [(value, head)], split,
                    "{permutation = array<i64: 0, 2, 1, 3>}")
        a = text.op("reshape", [a, ("%join", "tensor<3xi64>")], t)
        a = text.op("add", [linear(a, f"o{layer}", width, width), x], t)
        x = norm(a, f"n{layer}")
        h = linear(x, f"up{layer}", inner, width)
        h = text.op("gelu", [h], "tensor<1x?x96xf32>")
        x = norm(text.op("add", [linear(h, f"down{layer}", width, inner), x], t), f"m{layer}")
    text.write(path, x)
    mixing = rng.standard_normal((width, width)) * (rng.random(width) ** 3)
    make = lambda: (rng.standard_normal((1, int(rng.integers(5, 20)), width)) @ mixing)
    return make, 6


def write_convolutions(path):
    t = "tensor<1x16x?x?xf32>"
    text = Text(t, "tensor<1x16xf32>")
    text.body += "%zero = slim.constant dense<0.0> : tensor<f32>\n"

    def conv(value, name, filters, channels, kernel, groups=1):
        weight = text.weight(name, filters, channels, kernel, kernel, scale=(channels * kernel**2) ** -0.5)
        pad = kernel // 2
        return text.op("conv", [value, weight], f"tensor<1x{filters}x?x?xf32>",
                       f"{{strides = array<i64: 1, 1>, pads = array<i64: {pad}, {pad}, {pad}, {pad}>, "
                       f"dilations = array<i64: 1, 1>, groups = {groups} : i64}}")

    def clamp(value):
        text.count += 1
        v = f"%v{text.count}"
        text.body += (f"{v} = slim.clamp {value[0]} lower %zero : ({value[1]}, tensor<f32>) "
                      f"-> {value[1]}\n")
        return v, value[1]

    x = ("%x", t)
    for block in range(2):
        a = clamp(conv(x, f"a{block}", 32, 16, 1))
        b = clamp(conv(a, f"b{block}", 32, 8, 3, groups=4))
        x = text.op("add", [conv(b, f"c{block}", 16, 32, 1), x], t)
    y = text.op("reduce_mean", [clamp(x)], "tensor<1x16xf32>", "{axes = array<i64: 2, 3>}")
    text.write(path, y)
    mixing = rng.standard_normal((16, 16)) * (rng.random(16)[:, None] ** 2)
    make = lambda: np.einsum("ij,bjhw->bihw", mixing,
                             rng.standard_normal((1, 16, int(rng.integers(5, 9)), 7)))
    return make, 3


def run(library, inputs):
    with Model(library) as model:
        return [next(iter(model.run([x]).values())) for x in inputs]


for name, write in (("transformer", write_transformer), ("convolutions", write_convolutions)):
    model = f"{name}.mlir"
    make, weights = write(model)
    make_f32 = lambda: make().astype(np.float32)
    np.savez(f"{name}.npz", **{f"x_{i}": make_f32() for i in range(SAMPLES)})
    tests = [make_f32() for _ in range(TESTS)]
    subprocess.run([slimc, model, "-o", f"{name}.so"], check=True)
    expected = run(f"./{name}.so", tests)
    common = "format=int3 group-size=16 min-elements=0"
    seen = f"calibration={name}.seen"
    ways = {
        "rtn": f"quantize{{{common}}}",
        "gptq": f"quantize{{{common} algorithm=gptq correct-bias=false {seen}}}",
        "autoround": f"quantize{{{common} algorithm=autoround correct-bias=false {seen}}}",
        "blocks": f"quantize-blocks{{{common} data={name}.npz algorithm=gptq {seen}}}",
        "joined": f"quantize-blocks{{{common} data={name}.npz algorithm=gptq {seen} "
                  f"block-weights={weights}}}",
    }
    subprocess.run([slim_opt, model, "-o", os.devnull, "-pass-pipeline=builtin.module("
                    f"calibrate{{data={name}.npz output={name}.seen second-moment=true}})"],
                   check=True)
    errors = {}
    for way, passes in ways.items():
        subprocess.run([slimc, model, "-o", f"{name}-{way}.so", f"--compress={passes}",
                        f"--report={way}.json"], check=True)
        actual = run(f"./{name}-{way}.so", tests)
        errors[way] = np.sqrt(sum(((a - e) ** 2).sum() for a, e in zip(actual, expected))
                              / sum((e**2).sum() for e in expected))
    print(name, {way: round(float(error), 4) for way, error in errors.items()})
    for way in ("blocks", "joined"):
        with open(f"{way}.json") as file:
            report = [w for w in json.load(file)["weights"] if w["pass"] == "quantize-blocks"]
        learned = [w for w in report if "block" in w]
        assert learned, report
        errors_of_blocks = {w["block"]: (w["block_error_before"], w["block_error"])
                            for w in learned}
        assert all(after <= before for before, after in errors_of_blocks.values())
        assert any(after < before for before, after in errors_of_blocks.values())
        print(f"{name}, {way}: {len(learned)} weights in "
              f"{len({w['block'] for w in learned})} blocks")
        for other in ("rtn", "gptq", "autoround"):
            verdict = "better" if errors[way] < errors[other] else "WORSE"
            print(f"{name}, {way}: {verdict} than {other}")
