"""Decodes exported layers in NumPy and compares products with slim's.

usage: check_layers.py [--seed N]

Every case is a layer of a random shape that a pass quantizes. The directory that
slim-export writes is decoded here from what the convention says (the packing of
`compressed-tensors`), and the product by that weight is compared with the
compiled module's, within (terms + 4) * 2^-23 of the sum of the terms' magnitudes.
"""
import argparse
import json
import os
import subprocess
import tempfile

import ml_dtypes
import numpy as np

from slim.runtime import Model

TYPES = {"F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16,
         "I8": np.int8, "U8": np.uint8, "I32": np.int32, "I64": np.int64,
         "F8_E4M3": ml_dtypes.float8_e4m3fn}

# Passes, the format that they lead to and what the weight's scheme says.
CASES = [
    ("quantize-int8", "pack-quantized", {"num_bits": 8, "strategy": "channel"}),
    ("quantize{format=int8 granularity=tensor}", "pack-quantized",
     {"num_bits": 8, "strategy": "tensor", "symmetric": True}),
    ("quantize{format=int8 granularity=channel asymmetric}", "pack-quantized",
     {"num_bits": 8, "strategy": "channel", "symmetric": False}),
    ("quantize-int8{activations=dynamic}", "int-quantized",
     {"num_bits": 8, "strategy": "channel"}),
    ("quantize-int4{group-size=16}", "pack-quantized",
     {"num_bits": 4, "strategy": "group", "group_size": 16, "symmetric": True}),
    ("quantize-int4{group-size=32 asymmetric}", "pack-quantized",
     {"num_bits": 4, "strategy": "group", "group_size": 32, "symmetric": False}),
    ("quantize{format=int4 group-size=32 scale-type=f16}", "pack-quantized",
     {"num_bits": 4, "strategy": "group"}),
    ("quantize{format=int3 group-size=16}", "pack-quantized",
     {"num_bits": 3, "strategy": "group"}),
    ("quantize{format=int3 group-size=16 asymmetric}", "pack-quantized",
     {"num_bits": 3, "strategy": "group", "symmetric": False}),
    ("quantize{format=int2 granularity=channel asymmetric}", "pack-quantized",
     {"num_bits": 2, "strategy": "channel"}),
    ("quantize{format=fp8e4m3 granularity=channel}", "float-quantized",
     {"num_bits": 8, "type": "float", "strategy": "channel"}),
    ("quantize{format=fp8e4m3 block=16x32}", "float-quantized",
     {"type": "float", "strategy": "block", "block_structure": [16, 32]}),
    ("quantize{format=nvfp4}", "nvfp4-pack-quantized",
     {"num_bits": 4, "type": "float", "strategy": "tensor_group",
      "group_size": 16}),
    ("quantize{format=mxfp4}", "mxfp4-pack-quantized",
     {"num_bits": 4, "type": "float", "group_size": 32}),
    ("quantize{format=nf4 group-size=16}", "dense", None),
    ("prune-nm{n=2 m=4},quantize-int8", "dense", None),
    ("", "dense", None),
]
E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], np.float32)


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{result.stderr}")
    return result.stderr


def read_tensors(path):
    with open(path, "rb") as file:
        data = file.read()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    tensors, covered = {}, 0
    for name, entry in header.items():
        if name == "__metadata__":
            assert entry == {"format": "pt"}
            continue
        begin, end = entry["data_offsets"]
        assert begin == covered, "the format has no holes"
        covered = end
        part = data[8 + size + begin : 8 + size + end]
        tensors[name] = np.frombuffer(part, TYPES[entry["dtype"]]).reshape(
            entry["shape"])
    assert 8 + size + covered == len(data)
    return tensors


def unpack(words, bits, shape, dim):
    """The integers in 32-bit words along `dim`, signed."""
    words = np.ascontiguousarray(np.moveaxis(words.view(np.uint32), dim, -1))
    assert words.shape[-1] == -(-shape[dim] * bits // 32)
    stream = np.unpackbits(words.view(np.uint8), axis=-1, bitorder="little")
    stream = stream[:, : shape[dim] * bits].reshape(len(words), shape[dim], bits)
    parts = (stream.astype(np.int64) << np.arange(bits)).sum(-1)
    parts = np.moveaxis(parts, -1, dim)
    return parts - 2 ** (bits - 1)


def spread(scale, shape):
    """A scale for each element."""
    if scale.size == 1:
        return np.broadcast_to(scale.reshape(1, 1), shape)
    for dim in (0, 1):
        repeats = -(-shape[dim] // scale.shape[dim])
        scale = np.repeat(scale, repeats, dim)
    return scale[: shape[0], : shape[1]]


def decode(tensors, name, scheme, form):
    weights = scheme["weights"]
    scale = tensors[name + ".weight_scale"]
    if form in ("nvfp4-pack-quantized", "mxfp4-pack-quantized"):
        packed = tensors[name + ".weight_packed"]
        codes = np.stack([packed & 15, packed >> 4], -1).reshape(
            packed.shape[0], -1)
        values = E2M1[codes & 7] * np.where(codes & 8, -1, 1)
        if form == "mxfp4-pack-quantized":
            scale = np.ldexp(np.float32(1), scale.astype(int) - 127)
        else:
            whole = tensors[name + ".weight_global_scale"]
            scale = scale.astype(np.float32) / whole
        return values * spread(scale, values.shape)
    if "block_structure" in weights:
        rows, columns = weights["block_structure"]
        values = tensors[name + ".weight"].astype(np.float32)
        full = np.repeat(np.repeat(scale, rows, 0), columns, 1)
        return values * full[: values.shape[0], : values.shape[1]]
    zero = tensors.get(name + ".weight_zero_point")
    assert (zero is None) == weights["symmetric"]
    if form == "pack-quantized":
        shape = tensors[name + ".weight_shape"]
        bits = weights["num_bits"]
        codes = unpack(tensors[name + ".weight_packed"], bits, shape, 1)
        if zero is not None and weights["strategy"] != "tensor":
            zero = unpack(zero, bits, scale.shape, 0)
    else:
        codes = tensors[name + ".weight"].astype(np.float32)
    if zero is not None:
        codes = codes - spread(zero.astype(np.int64), codes.shape)
    return (codes.astype(np.float32)
            * spread(scale.astype(np.float32), codes.shape))


def check(number, rng, passes, form, expected):
    rows = int(rng.integers(10, 70))
    depth = 32 * int(rng.integers(2, 6))
    transposed = bool(rng.integers(2))
    weight = rng.standard_normal((rows, depth)).astype(np.float32)
    stored = np.ascontiguousarray(weight.T) if transposed else weight
    kind = f"tensor<{stored.shape[0]}x{stored.shape[1]}xf32>"
    text = (
        f'slim.weight @"net.layer.weight" : {kind} = dense<"0x'
        f'{stored.tobytes().hex()}"> : {kind}\n'
        f'func.func @main(%x: tensor<?x{depth}xf32> {{slim.name = "x"}}) -> '
        f'(tensor<?x{rows}xf32> {{slim.name = "y"}}) {{\n'
        f'  %w = slim.get_weight @"net.layer.weight" : {kind}\n'
        f"  %y = slim.linear %x, %w {{transposed = {str(transposed).lower()}}} : "
        f"(tensor<?x{depth}xf32>, {kind}) -> tensor<?x{rows}xf32>\n"
        f"  return %y : tensor<?x{rows}xf32>\n}}\n")
    x = rng.standard_normal((5, depth)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "case")
        with open(path + ".mlir", "w", encoding="utf-8") as file:
            file.write(text)
        run("slim-opt", f"--pass-pipeline=builtin.module({passes})",
            path + ".mlir", "-o", path + ".q.mlir")
        run("slimc", path + ".q.mlir", "-o", path + ".so")
        y = Model(path + ".so").run({"x": x})["y"]
        warnings = run("slim-export", "--format=compressed-tensors",
                       path + ".q.mlir", "-o", path)
        with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
            config = json.load(file)["quantization_config"]
        tensors = read_tensors(os.path.join(path, "model.safetensors"))
    assert config["quant_method"] == "compressed-tensors"
    assert config["format"] == form, config["format"]
    if expected is None:
        assert config["config_groups"] == {}
        assert config["ignore"] == ["net.layer"]
        assert ("decoded numbers" in warnings) == bool(passes), warnings
        decoded = tensors["net.layer.weight"]
    else:
        assert not warnings, warnings
        assert config["ignore"] == []
        scheme = config["config_groups"]["group_0"]
        assert scheme["targets"] == ["net.layer"]
        assert expected.items() <= scheme["weights"].items(), scheme
        decoded = decode(tensors, "net.layer", scheme, form)
        if "dynamic" in passes:
            activations = scheme["input_activations"]
            assert activations["dynamic"] and activations["strategy"] == "token"
            # What rounding of activations costs is not in question here.
            codes = np.abs(x).max() / 127 * np.abs(decoded).sum(1).max()
            assert np.abs(y - x @ decoded.T).max() < codes
            return
    assert decoded.shape == (rows, depth)
    bound = (depth + 4) * 2.0**-23 * (np.abs(x) @ np.abs(decoded).T)
    assert (np.abs(y - x @ decoded.T) <= bound).all()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    agree = 0
    for number, case in enumerate(CASES):
        try:
            check(number, np.random.default_rng([arguments.seed, number]), *case)
            agree += 1
        except Exception as error:  # says which case and goes on
            print(f"{case[0]}: {type(error).__name__} {error}")
    print(f"{agree} of {len(CASES)} layers agree")


if __name__ == "__main__":
    main()
