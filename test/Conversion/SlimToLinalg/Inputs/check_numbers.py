"""Compiles small slim modules and compares what they compute with NumPy.

usage: check_numbers.py [slimc options...]

One function a family; each module is compiled once and run on inputs that hit
the edges: NaN, infinities, zeros, extremes, ties, dimensions that stretch.
"""

import os
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np

from slim.runtime import Model, ModelError

TYPES = {
    np.dtype(np.float16): "f16",
    np.dtype(np.float32): "f32",
    np.dtype(np.float64): "f64",
    np.dtype(np.int8): "i8",
    np.dtype(np.int32): "i32",
    np.dtype(np.int64): "i64",
    np.dtype(np.uint8): "ui8",
    np.dtype(np.uint16): "ui16",
    np.dtype(np.uint32): "ui32",
    np.dtype(np.bool_): "i1",
}
FLOAT_EDGES = np.array(
    [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 127.4, 127.5, 128.0, -128.9]
    + [255.0, 256.0, -1e-3, 65504.0, 65520.0, 3e9, -3e9, 1e30, -1e30]
    + [np.inf, -np.inf, np.nan],
    np.float32,
)
checks = failures = 0


def compare(name, result, expected, rtol=0.0, atol=0.0):
    """Counts a check; prints what differs."""
    global checks, failures
    checks += 1
    expected = np.asarray(expected)
    if result.shape != expected.shape or result.dtype != expected.dtype:
        failures += 1
        print(f"{name}: {result.dtype}{result.shape} instead of "
              f"{expected.dtype}{expected.shape}")
    elif not np.allclose(result, expected, rtol=rtol, atol=atol, equal_nan=True):
        failures += 1
        print(f"{name}: {result} instead of {expected}")


def spell(array, dynamic=()):
    """The tensor type of an array, with open extents at `dynamic`."""
    dims = ["?" if i in dynamic else str(n) for i, n in enumerate(array.shape)]
    return f"tensor<{'x'.join(dims + [TYPES[array.dtype]])}>"


class Module:
    """A function with inputs %0, %1, ... that returns what `emit` adds."""

    def __init__(self, *inputs, dynamic=()):
        self.inputs = inputs
        self.types = [spell(x, dynamic) for x in inputs]
        self.lines = []
        self.results = []

    def emit(self, line, result_type, value="%r"):
        """Appends `line`, whose `%r` becomes a result of the function."""
        name = f"%v{len(self.results)}"
        self.lines.append(line.replace("%r", name))
        self.results.append((name, result_type))

    def run(self, *inputs):
        arguments = ", ".join(f"%a{i}: {t}" for i, t in enumerate(self.types))
        names = ", ".join(name for name, _ in self.results)
        types = ", ".join(t for _, t in self.results)
        body = "\n".join(self.lines)
        text = f"func.func @main({arguments}) -> ({types}) {{\n{body}\n"
        text += f"return {names} : {types}\n}}\n"
        with tempfile.TemporaryDirectory() as directory:
            source = os.path.join(directory, "m.mlir")
            library = os.path.join(directory, "m.so")
            with open(source, "w") as file:
                file.write(text)
            subprocess.run(["slimc", source, "-o", library, *sys.argv[1:]], check=True)
            with Model(library) as model:
                return list(model.run(list(inputs or self.inputs)).values())


def check_small_floats():
    x = np.concatenate(
        [
            FLOAT_EDGES,
            np.ldexp(np.arange(-40, 40, dtype=np.float32), -12),
            np.ldexp(np.arange(-33, 33, dtype=np.float32), 4),
            np.linspace(-500, 500, 301, dtype=np.float32),
        ]
    )
    formats = {
        "f8E4M3FN": ml_dtypes.float8_e4m3fn,
        "f8E5M2": ml_dtypes.float8_e5m2,
        "f8E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
        "f8E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
        "f4E2M1FN": ml_dtypes.float4_e2m1fn,
    }
    module = Module(x)
    size = x.size
    for name in formats:
        for saturate in ("true", "false"):
            narrow = f"tensor<{size}x{name}>"
            module.lines.append(
                f"%n_{name}_{saturate} = slim.cast %a0 {{to = {name}, "
                f"saturate = {saturate}}} : ({module.types[0]}) -> {narrow}"
            )
            module.emit(
                f"%r = slim.cast %n_{name}_{saturate} {{to = f32}} : ({narrow}) "
                f"-> tensor<{size}xf32>",
                f"tensor<{size}xf32>",
            )
    results = iter(module.run())
    for name, dtype in formats.items():
        largest = float(ml_dtypes.finfo(dtype).max)
        plain = x.astype(dtype).astype(np.float32)
        clipped = np.clip(x, -largest, largest).astype(dtype).astype(np.float32)
        if name == "f4E2M1FN":
            # Has neither infinity nor NaN: everything saturates.
            number = ~np.isnan(x)
            compare(name, next(results)[number], clipped[number])
            compare(name + " wrapping", next(results)[number], clipped[number])
            continue
        compare(name, next(results), np.where(np.isnan(x), np.nan, clipped).astype(np.float32))
        compare(name + " without saturation", next(results), plain)


def check_casts():
    module = Module(FLOAT_EDGES)
    size = FLOAT_EDGES.size
    for name in ("i8", "ui8", "i32", "ui32", "i64", "i1", "f16", "bf16"):
        middle = f"tensor<{size}x{name}>"
        if name == "bf16":
            module.lines.append(
                f"%b = slim.cast %a0 {{to = bf16}} : ({module.types[0]}) -> {middle}"
            )
            module.emit(
                f"%r = slim.cast %b {{to = f32}} : ({middle}) -> {module.types[0]}",
                module.types[0],
            )
        else:
            module.emit(
                f"%r = slim.cast %a0 {{to = {name}}} : ({module.types[0]}) -> {middle}",
                middle,
            )
    results = iter(module.run())
    for dtype in (np.int8, np.uint8, np.int32, np.uint32, np.int64):
        info = np.iinfo(dtype)
        exact = np.trunc(np.where(np.isnan(FLOAT_EDGES), 0, FLOAT_EDGES).astype(np.float64))
        expected = [
            int(info.max) if v >= float(info.max) else int(info.min) if v <= info.min else int(v)
            for v in exact
        ]
        compare(f"cast to {dtype.__name__}", next(results), np.array(expected, dtype))
    compare("cast to bool", next(results), FLOAT_EDGES != 0)
    with np.errstate(over="ignore"):
        compare("cast to float16", next(results), FLOAT_EDGES.astype(np.float16))
    compare(
        "cast to bfloat16",
        next(results),
        FLOAT_EDGES.astype(ml_dtypes.bfloat16).astype(np.float32),
    )


def check_integers():
    values = np.array([0, 1, -1, 2, 3, -3, 7, -8, 100, -100, 127, -128], np.int8)
    lhs, rhs = (a.reshape(-1).copy() for a in np.meshgrid(values, values))
    for dtype in (np.int8, np.uint8, np.int32):
        a, b = lhs.astype(dtype), rhs.astype(dtype)
        if dtype is np.int32:
            a = np.where(a == -128, np.iinfo(np.int32).min, a)
            a = a.astype(np.int32)
        module = Module(a, b)
        kind = module.types[0]
        for op in ("div", "mod", "rem", "pow", "shift_left", "shift_right", "max"):
            module.emit(f"%r = slim.{op} %a0, %a1 : ({kind}, {kind}) -> {kind}", kind)
        div, mod, rem, power, left, right, most = module.run()
        low, width = int(np.iinfo(dtype).min), np.iinfo(dtype).bits
        wrap = lambda v: np.array([int(x) & (2**width - 1) for x in v]).astype(
            np.uint64
        ).astype(dtype)
        pairs = list(zip(a.tolist(), b.tolist()))
        toward_zero = lambda x, y: abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
        compare("div", div, wrap([toward_zero(x, y) if y else 0 for x, y in pairs]))
        compare("mod", mod, wrap([x % y if y else 0 for x, y in pairs]))
        compare(
            "rem", rem, wrap([x - y * toward_zero(x, y) if y else 0 for x, y in pairs])
        )
        keep = [i for i, (x, y) in enumerate(pairs) if y >= 0 or abs(x) == 1]
        expected = wrap([pow(x, abs(y)) for x, y in pairs])
        compare("pow", power[keep], expected[keep])
        distance = [y % 2**width for _, y in pairs]
        compare(
            "shift_left",
            left,
            wrap([x << d if d < width else 0 for (x, _), d in zip(pairs, distance)]),
        )
        compare(
            "shift_right",
            right,
            wrap([x >> min(d, 200) for (x, _), d in zip(pairs, distance)]),
        )
        compare("max", most, np.maximum(a, b))


def check_broadcasting():
    a = np.arange(12, dtype=np.float32).reshape(3, 4)
    row = np.arange(4, dtype=np.float32).reshape(1, 4)
    module = Module(a, a, dynamic=(0, 1))
    module.emit(f"%r = slim.sub %a0, %a1 : ({spell(a, (0, 1))}, {spell(a, (0, 1))}) "
                "-> tensor<?x?xf32>", "tensor<?x?xf32>")
    column = a[:, :1]
    for x, y in ((a, a), (a, row), (row, a), (a, column), (column, row)):
        compare("broadcast", module.run(x, y)[0], x - y)
    global checks, failures
    checks += 1
    try:
        module.run(a, a[:2])
        failures += 1
        print("broadcast: extents 3 and 2 give no error")
    except ModelError as error:
        if "do not broadcast in dimension 0" not in str(error):
            failures += 1
            print(f"broadcast: {error}")


def softmax(x):
    e = np.exp(x - np.where(np.isneginf(x.max(-1, keepdims=True)), 0, x.max(-1, keepdims=True)))
    total = e.sum(-1, keepdims=True)
    return e / np.where(total == 0, 1, total)


def check_attention():
    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.standard_normal(shape).astype(np.float32)
    q, k, v = draw(2, 6, 3, 8), draw(2, 2, 5, 8), draw(2, 2, 5, 4)
    mask = rng.random((2, 1, 3, 5)) < 0.7
    mask[1, 0, 2] = False
    module = Module(q, k, v, mask, dynamic=(0, 2))
    result = "tensor<?x6x?x4xf32>"
    tq, tk, tv, tm = module.types
    tm = module.types[3] = spell(mask, (0, 2, 3))
    module.emit(
        f"%r = slim.attention %a0, %a1, %a2 mask %a3 {{causal = true}} : "
        f"({tq}, {tk}, {tv}, {tm}) -> {result}",
        result,
    )
    wide_k, wide_v = np.repeat(k, 3, 1), np.repeat(v, 3, 1)
    scores = q @ wide_k.swapaxes(-1, -2) / np.sqrt(8)
    seen = np.arange(5)[None] <= np.arange(3)[:, None] + 2
    scores = np.where(mask & seen, scores, -np.inf)
    expected = (softmax(scores) @ wide_v).astype(np.float32)
    compare("attention", module.run()[0], expected, 1e-5, 1e-5)


def check_rotary():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 3, 5, 8)).astype(np.float32)
    angle = rng.standard_normal((5, 3))
    cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    module = Module(x, cos, sin)
    for flag in ("false", "true"):
        module.emit(
            f"%r = slim.rotary_embedding %a0, %a1, %a2 {{interleaved = {flag}}} : "
            f"({', '.join(module.types)}) -> {module.types[0]}",
            module.types[0],
        )
    for interleaved, result in zip((False, True), module.run()):
        expected = x.copy()
        first = slice(0, 6, 2) if interleaved else slice(0, 3)
        second = slice(1, 6, 2) if interleaved else slice(3, 6)
        expected[..., first] = x[..., first] * cos - x[..., second] * sin
        expected[..., second] = x[..., first] * sin + x[..., second] * cos
        compare("rotary_embedding", result, expected, 1e-6, 1e-6)


def check_scans():
    rng = np.random.default_rng(2)
    x = rng.integers(0, 6, (3, 7, 2)).astype(np.float32)
    k = np.array([4], np.int64)
    module = Module(x, k, dynamic=())
    values, indices = "tensor<3x?x2xf32>", "tensor<3x?x2xi64>"
    for number, largest in enumerate(("true", "false")):
        module.lines.append(
            f"%t{number}, %i{number} = slim.top_k %a0, %a1 {{axis = 1, largest = "
            f"{largest}}} : ({module.types[0]}, tensor<1xi64>) -> ({values}, {indices})"
        )
        module.results += [(f"%t{number}", values), (f"%i{number}", indices)]
    for exclusive in ("false", "true"):
        for reverse in ("false", "true"):
            module.emit(
                f"%r = slim.cumsum %a0 {{axis = 1, exclusive = {exclusive}, reverse = "
                f"{reverse}}} : ({module.types[0]}) -> {module.types[0]}",
                module.types[0],
            )
    for last in ("false", "true"):
        module.emit(
            f"%r = slim.arg_max %a0 {{axis = 1, last = {last}}} : "
            f"({module.types[0]}) -> tensor<3x2xi64>",
            "tensor<3x2xi64>",
        )
    for count in (4, 0, 7):
        results = iter(module.run(x, np.array([count], np.int64)))
        for sign in (-1, 1):
            order = np.argsort(sign * x, axis=1, kind="stable")[:, :count]
            compare("top_k", next(results), np.take_along_axis(x, order, 1))
            compare("top_k positions", next(results), order)
        for exclusive in (False, True):
            for reverse in (False, True):
                y = np.flip(x, 1) if reverse else x
                total = np.cumsum(y, 1, dtype=np.float32)
                total = total - y if exclusive else total
                compare("cumsum", next(results), np.flip(total, 1) if reverse else total)
        compare("arg_max", next(results), x.argmax(1))
        compare("arg_max of the last", next(results), 6 - np.flip(x, 1).argmax(1))


def check_quantization():
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.standard_normal((4, 6)) * 3, np.zeros((1, 6))])
    x = x.astype(np.float32)
    x[0, :3] = [0.25, 0.75, -0.25]
    scale = np.array([[0.5], [0.1], [2.0], [0.01], [1.0]], np.float32)
    zero = np.array([[3], [128], [0], [255], [7]], np.uint8)
    module = Module(x, scale, zero)
    tx, ts, tz = module.types
    attributes = "{to = ui8, block = array<i64: 1, 0>}"
    module.emit(
        f"%r = slim.quantize %a0, %a1, %a2 {attributes} : ({tx}, {ts}, {tz}) "
        "-> tensor<5x6xui8>",
        "tensor<5x6xui8>",
    )
    module.lines.append(
        f"%q, %s, %z = slim.dynamic_quantize %a0 {{per_row = true}} : ({tx}) -> "
        "(tensor<5x6xui8>, tensor<5x1xf32>, tensor<5x1xui8>)"
    )
    module.results += [
        ("%q", "tensor<5x6xui8>"), ("%s", "tensor<5x1xf32>"), ("%z", "tensor<5x1xui8>"),
    ]
    fixed, q, s, z = module.run()
    expected = np.clip(np.rint(x / scale) + zero, 0, 255).astype(np.uint8)
    compare("quantize", fixed, expected)
    low = np.minimum(x.min(1, keepdims=True), 0)
    high = np.maximum(x.max(1, keepdims=True), 0)
    ds = ((high - low) / np.float32(255)).astype(np.float32)
    ds[ds == 0] = 1
    dz = np.clip(np.rint(-low / ds), 0, 255)
    compare("dynamic_quantize scale", s, ds, 1e-6)
    compare("dynamic_quantize zero point", z, dz.astype(np.uint8))
    compare("dynamic_quantize", q, np.clip(np.rint(x / ds) + dz, 0, 255).astype(np.uint8))


def check_products():
    rng = np.random.default_rng(4)
    a = rng.integers(0, 256, (2, 1, 3, 5)).astype(np.uint8)
    b = rng.integers(-128, 128, (4, 5, 6)).astype(np.int8)
    h = rng.standard_normal((3, 5)).astype(np.float16)
    w = rng.standard_normal((6, 5)).astype(np.float16)
    bias = rng.standard_normal(6).astype(np.float16)
    module = Module(a, b, h, w, bias, dynamic=())
    module.types[0] = spell(a, (0, 1))
    module.types[1] = spell(b, (0,))
    ta, tb, th, tw, tbias = module.types
    module.emit(f"%r = slim.matmul %a0, %a1 : ({ta}, {tb}) -> tensor<?x?x3x6xi32>",
                "tensor<?x?x3x6xi32>")
    module.emit(f"%r = slim.linear %a2, %a3, %a4 : ({th}, {tw}, {tbias}) -> tensor<3x6xf16>",
                "tensor<3x6xf16>")
    integers, halves = module.run()
    compare("matmul of ui8 and i8", integers, a.astype(np.int32) @ b.astype(np.int32))
    wide = h.astype(np.float32) @ w.astype(np.float32).T + bias.astype(np.float32)
    compare("linear on f16", halves, wide.astype(np.float16), 1e-3, 1e-3)


def check_norms():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((2, 6, 5)).astype(np.float32) * 3 + 1
    scale = rng.standard_normal(6).astype(np.float32)
    bias = rng.standard_normal(6).astype(np.float32)
    module = Module(x, scale, bias, dynamic=())
    module.types[0] = spell(x, (0, 2))
    tx = module.types[0]
    module.emit(
        f"%r = slim.group_norm %a0, %a1, %a2 {{groups = 3, epsilon = 0.1 : f32}} : "
        f"({tx}, tensor<6xf32>, tensor<6xf32>) -> {tx}", tx)
    module.emit(
        f"%r = slim.group_norm %a0, %a1, %a2 {{groups = 0, epsilon = 0.1 : f32}} : "
        f"({tx}, tensor<6xf32>, tensor<6xf32>) -> {tx}", tx)
    module.emit(
        f"%r = slim.local_response_norm %a0 {{size = 4, alpha = 0.5 : f32, "
        f"beta = 0.75 : f32, bias = 1.5 : f32}} : ({tx}) -> {tx}", tx)
    module.emit(f"%r = slim.log_softmax %a0 {{axis = 1}} : ({tx}) -> {tx}", tx)
    module.emit(
        f"%r = slim.rms_norm %a0 {{axis = 1, epsilon = 0.1 : f32}} : ({tx}) -> {tx}", tx)
    grouped, instance, response, log, rms = module.run()

    def norm(y):
        mean, variance = y.mean(-1, keepdims=True), y.var(-1, keepdims=True)
        return (y - mean) / np.sqrt(variance + 0.1)

    affine = lambda y: y * scale[:, None] + bias[:, None]
    compare("group_norm", grouped, affine(norm(x.reshape(2, 3, 10)).reshape(x.shape)), 1e-4, 1e-5)
    compare("instance norm", instance, affine(norm(x)), 1e-4, 1e-5)
    squares = np.pad(x * x, ((0, 0), (1, 2), (0, 0)))
    sums = sum(squares[:, i : i + 6] for i in range(4))
    compare("local_response_norm", response, x / (1.5 + 0.5 / 4 * sums) ** 0.75, 1e-5, 1e-6)
    shifted = x - x.max(1, keepdims=True)
    compare("log_softmax", log, shifted - np.log(np.exp(shifted).sum(1, keepdims=True)), 1e-5, 1e-5)
    flat = x.reshape(2, -1)
    root = np.sqrt((flat**2).mean(1) + 0.1)[:, None, None]
    compare("rms_norm", rms, (x / root).astype(np.float32), 1e-5, 1e-6)


def main():
    for name, check in sorted(globals().items()):
        if name.startswith("check_"):
            check()
    print(f"{checks - failures} of {checks} checks agree")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
