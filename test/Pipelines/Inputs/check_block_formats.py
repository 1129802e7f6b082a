"""Learned rounding is better than rounding to nearest in formats of every kind.

usage: check_block_formats.py SLIMC DIRECTORY

A residual block of two linear layers is quantized by `quantize` and by
`quantize-blocks`, compiled, and compared with the model in floats on other data.
"""
import os
import sys

import numpy as np

from block_models import Text, check_learned, measure, rng, write_data

slimc, directory = sys.argv[1:3]
os.makedirs(directory, exist_ok=True)
os.chdir(directory)


def write_residual(path):
    t, wide = "tensor<1x?x64xf32>", "tensor<1x?x96xf32>"
    text = Text(t, t)
    h = text.op("linear", [("%x", t), text.weight("up", 96, 64)], wide)
    h = text.op("relu", [h], wide)
    h = text.op("linear", [h, text.weight("down", 64, 96)], t)
    text.write(path, text.op("add", [h, ("%x", t)], t))
    mixing = rng.standard_normal((64, 64)) * (rng.random(64) ** 3)
    return lambda: rng.standard_normal((1, int(rng.integers(5, 20)), 64)) @ mixing


tests, expected = write_data(slimc, "residual", write_residual("residual.mlir"))
for words in ("int3 group-size=16", "int4 group-size=16 asymmetric=true",
              "fp4e2m1 group-size=16", "mxfp4", "nvfp4", "nf4 group-size=32"):
    name = words.split()[0]
    words = f"format={words} min-elements=0"
    before, _ = measure(slimc, "residual", f"{name}-rtn", f"quantize{{{words}}}", tests,
                        expected)
    after, report = measure(slimc, "residual", f"{name}-blocks",
                            f"quantize-blocks{{{words} data=residual.npz}}", tests, expected)
    assert len(check_learned(report)) == 2
    verdict = "better" if after < before else "WORSE"
    print(f"{name}: {verdict} than rtn ({after:.4f}, {before:.4f})")
