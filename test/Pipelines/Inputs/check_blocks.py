"""Learned rounding keeps outputs of blocks better than what it begins with, and
than rounding that is learned layer by layer.

usage: check_blocks.py SLIM-OPT SLIMC DIRECTORY

A transformer's layer and two blocks of a convolution net, with random weights and
correlated inputs, are quantized to few bits by `quantize` (rtn, gptq, autoround)
and by `quantize-blocks`, compiled, and compared with the model in floats on other
data.
"""
import os
import subprocess
import sys

import numpy as np

from block_models import Text, check_learned, measure, rng, write_data

slim_opt, slimc, directory = sys.argv[1:4]
os.makedirs(directory, exist_ok=True)
os.chdir(directory)


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


for name, write in (("transformer", write_transformer), ("convolutions", write_convolutions)):
    model = f"{name}.mlir"
    make, weights = write(model)
    tests, expected = write_data(slimc, name, make)
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
    results = {way: measure(slimc, name, way, passes, tests, expected)
               for way, passes in ways.items()}
    errors = {way: error for way, (error, _) in results.items()}
    print(name, {way: round(float(error), 4) for way, error in errors.items()})
    for way in ("blocks", "joined"):
        learned = check_learned(results[way][1])
        print(f"{name}, {way}: {len(learned)} weights in "
              f"{len({w['block'] for w in learned})} blocks")
        for other in ("rtn", "gptq", "autoround"):
            verdict = "better" if errors[way] < errors[other] else "WORSE"
            print(f"{name}, {way}: {verdict} than {other}")
