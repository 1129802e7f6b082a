"""Reads exported layers with the package compressed-tensors itself.

usage: check_package.py [--seed N]

Needs the package, and so PyTorch; without it nothing is checked. Every case of
check_layers.py is exported; the package's classes parse `quantization_config`, its
compressor decodes the weight, and the result must be what NumPy decodes there:
bit by bit, or within the rounding of the type that the package decodes to (that of
the scales, bf16 for nvfp4 and mxfp4).
"""
import argparse
import json
import os
import sys
import tempfile

import numpy as np

from check_layers import CASES, decode, read_tensors, run

try:
    import torch
    from compressed_tensors.compressors import BaseCompressor
    from compressed_tensors.quantization import QuantizationConfig
    from safetensors.torch import load_file
except ImportError as error:
    print(f"0 of 0 layers agree: {error}")
    sys.exit()


def check(rng, passes, form):
    rows, depth = int(rng.integers(10, 70)), 32 * int(rng.integers(2, 6))
    weight = rng.standard_normal((rows, depth)).astype(np.float32)
    kind = f"tensor<{rows}x{depth}xf32>"
    text = (
        f'slim.weight @"net.layer.weight" : {kind} = dense<"0x'
        f'{weight.tobytes().hex()}"> : {kind}\n'
        f"func.func @main(%x: tensor<?x{depth}xf32>) -> tensor<?x{rows}xf32> {{\n"
        f'  %w = slim.get_weight @"net.layer.weight" : {kind}\n'
        f"  %y = slim.linear %x, %w : (tensor<?x{depth}xf32>, {kind}) -> "
        f"tensor<?x{rows}xf32>\n  return %y : tensor<?x{rows}xf32>\n}}\n")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "case")
        with open(path + ".mlir", "w", encoding="utf-8") as file:
            file.write(text)
        run("slim-opt", f"--pass-pipeline=builtin.module({passes})", path + ".mlir",
            "-o", path + ".q.mlir")
        run("slim-export", "--format=compressed-tensors", path + ".q.mlir", "-o", path)
        with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
            config = json.load(file)["quantization_config"]
        stored = os.path.join(path, "model.safetensors")
        tensors, arrays = load_file(stored), read_tensors(stored)
    parsed = QuantizationConfig.model_validate(config)
    assert parsed.format == form, parsed.format
    scheme = next(iter(parsed.config_groups.values()))
    state = {name.removeprefix("net.layer."): t for name, t in tensors.items()}
    expected = decode(arrays, "net.layer", config["config_groups"]["group_0"], form)
    compressor = BaseCompressor.get_value_from_registry(form)
    actual = compressor.decompress(state, scheme)["weight"]
    bound = 0 if actual.dtype == torch.float32 else torch.finfo(actual.dtype).eps
    actual = actual.to(torch.float64).numpy()
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    error = np.abs(actual - expected)
    assert (error <= bound * np.abs(expected)).all(), error.max()
    return error.max() / np.abs(expected).max()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    cases = [case for case in CASES if case[2] is not None]
    agree = 0
    for number, (passes, form, _) in enumerate(cases):
        try:
            error = check(np.random.default_rng([seed, number]), passes, form)
            print(f"{passes}: {error:.1e}")
            agree += 1
        except Exception as failure:  # says which case and goes on
            print(f"{passes}: {type(failure).__name__} {failure}")
    print(f"{agree} of {len(cases)} layers agree")


if __name__ == "__main__":
    main()
