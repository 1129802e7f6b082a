"""Compiles attention of random shapes and compares it with NumPy.

usage: check_attention.py --seed N --count N [slimc options...]

Heads come as they are or split off rows (and are merged again), keys may have
fewer heads, masks are additive or boolean and broadcast in any dimension, some
queries may have no key at all, extents may be open; some cases have more keys
than a block holds; some are in bf16.
"""

import sys

import ml_dtypes
import numpy as np

import random_cases


def attention(q, k, v, mask, scale, causal):
    heads, queries, keys = q.shape[1], q.shape[2], k.shape[2]
    k = np.repeat(k, heads // k.shape[1], axis=1)
    v = np.repeat(v, heads // v.shape[1], axis=1)
    scores = scale * q @ k.swapaxes(2, 3)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    if causal:
        seen = np.arange(keys) <= np.arange(queries)[:, None] + keys - queries
        scores = np.where(seen, scores, -np.inf)
    greatest = scores.max(-1, keepdims=True) if keys else 0
    e = np.exp(scores - np.where(np.isinf(greatest), 0, greatest))
    total = e.sum(-1, keepdims=True)
    return e @ v / np.where(total == 0, 1, total)


def make_case(rng):
    """A module, its inputs, what it computes of them, and a bound on errors."""
    batch = int(rng.integers(1, 4))
    key_heads = int(rng.integers(1, 4))
    heads = key_heads * int(rng.choice([1, 1, 1, 2, 3]))
    queries = int(rng.choice([1, 2, 7, 8, 9, 31, 64, 130, 200]))
    keys = int(rng.choice([1, 3, 16, 33, 64, 100, 300, 600]))
    size = int(rng.choice([4, 8, 15, 16, 32, 33, 64, 80]))
    value_size = size if rng.random() < 0.7 else int(rng.choice([5, 16, 48]))
    causal = rng.random() < 0.3
    if rng.random() < 0.3:
        keys = queries
    is_open = {n: rng.random() < 0.5 for n in "bst"}
    element = "bf16" if rng.random() < 0.5 else "f32"
    extents = {"b": batch, "s": queries, "t": keys}
    names = {"b": "batch", "s": "queries", "t": "keys"}

    def tensor(dims, element="f32"):
        text = "x".join("?" if is_open.get(d) else str(extents.get(d, d)) for d in dims)
        return f"tensor<{text}x{element}>"

    def named(dims):
        return "[" + ", ".join(f'"{names.get(d, "")}"' for d in dims) + "]"

    arguments, lines, shapes = [], [], []
    split = rng.random() < 0.6

    def add_operand(name, position, count, width):
        shape = [batch, count, extents[position], width]
        if not split:
            dims = ["b", count, position, width]
            arguments.append(f"%{name}: {tensor(dims)} {{slim.dim_names = {named(dims)}}}")
            return shape, dims
        flat = ["b", position, count * width]
        arguments.append(f"%{name}0: {tensor(flat)} {{slim.dim_names = {named(flat)}}}")
        wide = ["b", position, count, width]
        dims = ["b", count, position, width]
        lines.append(f"%{name}1 = slim.constant dense<[0, 0, {count}, {width}]> : tensor<4xi64>")
        lines.append(f"%{name}2 = slim.reshape %{name}0, %{name}1 : "
                     f"({tensor(flat)}, tensor<4xi64>) -> {tensor(wide)}")
        lines.append(f"%{name} = slim.transpose %{name}2 {{permutation = array<i64: 0, 2, 1, 3>}}"
                     f" : ({tensor(wide)}) -> {tensor(dims)}")
        return shape, dims

    types = []
    for name, position, count, width in (("q", "s", heads, size), ("k", "t", key_heads, size),
                                         ("v", "t", key_heads, value_size)):
        shape, dims = add_operand(name, position, count, width)
        shapes.append(shape)
        types.append(tensor(dims, element))
        lines.append(f"%{name}e = slim.cast %{name} {{to = {element}}} : "
                     f"({tensor(dims)}) -> {tensor(dims, element)}")
    inputs = [rng.standard_normal(s).astype(np.float32) for s in shapes]
    if element == "bf16":
        inputs = [x.astype(ml_dtypes.bfloat16).astype(np.float32) for x in inputs]
    mask = None
    if rng.random() < 0.6:
        dims = [d if rng.random() < 0.6 else 1 for d in ("b", heads, "s", "t")]
        dims = dims[int(rng.integers(0, 3)):]
        shape = [extents.get(d, d) for d in dims]
        is_bool = rng.random() < 0.4
        if is_bool:
            mask = rng.random(shape) < 0.7
        else:
            mask = rng.standard_normal(shape).astype(np.float32)
            mask[rng.random(shape) < 0.2] = -np.inf
        mask_type = tensor(dims, "i1" if is_bool else "f32")
        arguments.append(f"%m: {mask_type} {{slim.dim_names = {named(dims)}}}")
        types.append(mask_type)
    scale = float(np.float32(rng.uniform(0.05, 0.5)))
    result = tensor(["b", heads, "s", value_size])
    narrow = tensor(["b", heads, "s", value_size], element)
    lines.append(f"%ye = slim.attention %qe, %ke, %ve {'mask %m' if mask is not None else ''} "
                 f"{{scale = {scale!r} : f32, causal = {str(causal).lower()}}} : "
                 f"({', '.join(types)}) -> {narrow}")
    lines.append(f"%y = slim.cast %ye {{to = f32}} : ({narrow}) -> {result}")
    final = "%y"
    if split:
        wide = tensor(["b", "s", heads, value_size])
        merged = tensor(["b", "s", heads * value_size])
        lines.append(f"%y1 = slim.transpose %y {{permutation = array<i64: 0, 2, 1, 3>}} : ({result}) -> {wide}")
        lines.append(f"%y2 = slim.constant dense<[0, 0, {heads * value_size}]> : tensor<3xi64>")
        lines.append(f"%y3 = slim.reshape %y1, %y2 : ({wide}, tensor<3xi64>) -> {merged}")
        final, result = "%y3", merged
    text = f"func.func @main({', '.join(arguments)}) -> {result} {{\n  "
    text += "\n  ".join(lines) + f"\n  return {final} : {result}\n}}\n"
    wide_inputs = [x.astype(np.float64) for x in inputs]
    expected = attention(*wide_inputs, mask, scale, causal)
    # A score's rounding error is a relative error of its exponential; it grows
    # with the root of the number of terms.
    norms = [np.linalg.norm(x, axis=-1).max() for x in wide_inputs[:2]]
    bound = 8 + 2 * np.sqrt(size) * scale * norms[0] * norms[1]
    bound *= np.finfo(np.float32).eps * np.abs(wide_inputs[2]).max()
    if element == "bf16":
        # Weights and the result are rounded, each by half of 2^-8 at most.
        bound += (2**-9 + 2**-9 * 1.01) * np.abs(wide_inputs[2]).max()

    def merge(x):
        return np.ascontiguousarray(x.swapaxes(1, 2)).reshape(x.shape[0], x.shape[2], -1)

    if split:
        inputs = [merge(x) for x in inputs]
        expected = merge(expected)
    return text, inputs + ([mask] if mask is not None else []), expected, bound


def check(rng, run):
    text, inputs, expected, bound = make_case(rng)
    error = np.abs(run(text, inputs) - expected).max()
    return None if error <= bound else f"max error {error} of {bound}\n{text}"


if __name__ == "__main__":
    sys.exit(random_cases.main("attentions", check))
