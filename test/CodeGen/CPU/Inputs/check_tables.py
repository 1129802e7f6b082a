"""Compiles lookups in tables of bytes and compares every code with NumPy's.

usage: check_tables.py --seed N --count N [slimc options...]

Each case is a function of one quantized tensor: a random table, or an activation
between scales that are powers of two, so that NumPy's arithmetic is exact. The
tensor is an argument, the quantized sum of two arguments, or the requantized
result of an integer product or of a depthwise convolution. Shapes divide nothing;
some extents are open.
"""

import sys

import numpy as np

import random_cases


def tensor(shape, element, dynamic=()):
    dims = ["?" if i in dynamic else str(n) for i, n in enumerate(shape)]
    return f"tensor<{'x'.join([*dims, element])}>"


def dense(values, element):
    return (
        f'dense<"0x{values.tobytes().hex().upper()}"> : '
        f"{tensor(values.shape, element)}"
    )


DTYPES = {"ui8": np.uint8, "i8": np.int8}


class Module:
    """The text of a function, line by line, and what it computes."""

    def __init__(self, rng):
        self.rng = rng
        self.weights, self.arguments, self.lines = [], [], []
        self.inputs = []
        self.count = 0

    def name(self):
        self.count += 1
        return f"%v{self.count}"

    def argument(self, values, element, dynamic=()):
        name = f"%arg{len(self.inputs)}"
        self.arguments.append(f"{name}: {tensor(values.shape, element, dynamic)}")
        self.inputs.append(values)
        return name

    def constant(self, values, element):
        name = self.name()
        self.lines.append(f"{name} = slim.constant {dense(values, element)}")
        return name

    def weight(self, values, element):
        name = self.name()
        symbol = f"@w{self.count}"
        self.weights.append(
            f"slim.weight {symbol} : {tensor(values.shape, element)} = "
            f"{dense(values, element)}"
        )
        self.lines.append(
            f"{name} = slim.get_weight {symbol} : {tensor(values.shape, element)}"
        )
        return name

    def op(self, text, operands, operand_types, result_type):
        name = self.name()
        self.lines.append(
            f"{name} = slim.{text.format(*operands)} : "
            f"({', '.join(operand_types)}) -> {result_type}"
        )
        return name

    def codes(self, shape, element):
        limits = np.iinfo(DTYPES[element])
        return self.rng.integers(
            limits.min, limits.max + 1, shape, DTYPES[element]
        )

    def scale(self, rank, scale, zero, element):
        ones = [1] * rank
        number = self.constant(np.full(ones, scale, np.float32), "f32")
        code = self.constant(np.full(ones, zero, DTYPES[element]), element)
        block = ", ".join("0" * rank)
        types = [tensor(ones, "f32"), tensor(ones, element)]
        return [number, code], types, f"block = array<i64: {block}>"

    def quantize(self, value, kind, rank, scale, zero, element, dynamic):
        operands, types, block = self.scale(rank, scale, zero, element)
        return self.op(
            f"quantize {{}}, {{}}, {{}} {{{{to = {element}, {block}}}}}",
            [value, *operands],
            [tensor(kind, "f32", dynamic), *types],
            tensor(kind, element, dynamic),
        )

    def dequantize(self, value, kind, rank, scale, zero, element, dynamic):
        operands, types, block = self.scale(rank, scale, zero, element)
        return self.op(
            f"dequantize {{}}, {{}}, {{}} {{{{{block}}}}}",
            [value, *operands],
            [tensor(kind, element, dynamic), *types],
            tensor(kind, "f32", dynamic),
        )

    def text(self, result, result_type):
        lines = "\n".join(f"  {line}" for line in self.lines)
        weights = "\n".join(self.weights)
        return (
            f"{weights}\nfunc.func @main({', '.join(self.arguments)}) -> "
            f"{result_type} {{\n{lines}\n  return {result} : {result_type}\n}}\n"
        )


def saturate(values, element):
    limits = np.iinfo(DTYPES[element])
    return np.clip(values, limits.min, limits.max).astype(DTYPES[element])


def power(rng, low, high):
    return np.float32(2.0 ** int(rng.integers(low, high)))


def make_source(module, element):
    """A quantized tensor: its value, codes, and open dimensions."""
    rng = module.rng
    kind = rng.choice(["argument", "sum", "linear", "depthwise"])
    if kind in ("argument", "sum"):
        shape = [int(n) for n in rng.integers(1, 40, int(rng.integers(1, 4)))]
        shape[-1] = int(rng.integers(1, 200))
        dynamic = [i for i in range(len(shape)) if rng.random() < 0.3]
        codes = module.codes(shape, element)
        value = module.argument(codes, element, dynamic)
        if kind == "argument":
            return value, codes, dynamic
        other = module.codes(shape, element)
        right = module.argument(other, element, dynamic)
        rank = len(shape)
        left = module.dequantize(value, shape, rank, 0.5, 3, element, dynamic)
        right = module.dequantize(right, shape, rank, 0.25, 9, element, dynamic)
        floats = tensor(shape, "f32", dynamic)
        total = module.op("add {}, {}", [left, right], [floats, floats], floats)
        value = module.quantize(total, shape, rank, 0.5, 5, element, dynamic)
        numbers = (codes.astype(int) - 3) * 0.5 + (other.astype(int) - 9) * 0.25
        return value, saturate(np.rint(numbers / 0.5) + 5, element), dynamic

    factor = power(rng, -9, -5)
    if kind == "linear":
        m, n, k = (int(v) for v in rng.integers(1, 70, 3))
        x, w = module.codes((m, k), "ui8"), module.codes((n, k), "i8")
        sums = x.astype(int) @ w.astype(int).T
        operands = [module.argument(x, "ui8"), module.weight(w, "i8")]
        text = "linear {}, {}"
    else:
        c = int(rng.integers(2, 70))
        h, v = (int(i) for i in rng.integers(3, 20, 2))
        x, w = module.codes((1, c, h, v), "ui8"), module.codes((c, 1, 3, 3), "i8")
        views = np.lib.stride_tricks.sliding_window_view(x[0], (3, 3), axis=(1, 2))
        sums = np.einsum("chvij,cij->chv", views.astype(int), w[:, 0].astype(int))
        sums = sums[None]
        operands = [module.argument(x, "ui8"), module.weight(w, "i8")]
        text = (
            "conv {}, {} {{strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,"
            f" dilations = array<i64: 1, 1>, groups = {c}}}}}"
        )
    shape = sums.shape
    value = module.op(
        text, operands, [tensor(x.shape, "ui8"), tensor(w.shape, "i8")],
        tensor(shape, "i32"),
    )
    floats = tensor(shape, "f32")
    value = module.op("cast {} {{to = f32}}", [value], [tensor(shape, "i32")], floats)
    number = module.constant(np.full([1], factor, np.float32), "f32")
    value = module.op("mul {}, {}", [value, number], [floats, "tensor<1xf32>"], floats)
    value = module.quantize(value, shape, len(shape), 1.0, 7, element, ())
    return value, saturate(np.rint(sums * factor) + 7, element), ()


def make_case(rng):
    """The module's text, its inputs and what it returns."""
    module = Module(rng)
    element, to = (str(e) for e in rng.choice(["ui8", "i8"], 2))
    value, codes, dynamic = make_source(module, element)
    shape = codes.shape
    result_type = tensor(shape, to, dynamic)
    if rng.random() < 0.5:
        table = module.codes(256, to)
        operands = [value, module.constant(table, to)]
        types = [tensor(shape, element, dynamic), tensor((256,), to)]
        result = module.op("table_lookup {}, {}", operands, types, result_type)
        expected = table[codes.view(np.uint8)]
    else:
        # x * hard_sigmoid(x), the sigmoid quantized on its way.
        rank, scale = len(shape), power(rng, -6, -2)
        floats = tensor(shape, "f32", dynamic)
        x = module.dequantize(value, shape, rank, scale, 100, element, dynamic)
        gate = module.op(
            "hard_sigmoid {} {{alpha = 0.25 : f32, beta = 0.5 : f32}}",
            [x], [floats], floats,
        )
        gate = module.quantize(gate, shape, rank, 2.0**-7, 1, "i8", dynamic)
        gate = module.dequantize(gate, shape, rank, 2.0**-7, 1, "i8", dynamic)
        y = module.op("mul {}, {}", [x, gate], [floats, floats], floats)
        result = module.quantize(y, shape, rank, 2.0**-4, 11, to, dynamic)
        numbers = (codes.astype(int) - 100) * float(scale)
        gates = np.clip(numbers * 0.25 + 0.5, 0, 1)
        gates = (saturate(np.rint(gates * 2**7) + 1, "i8").astype(int) - 1) / 2**7
        expected = saturate(np.rint(numbers * gates * 2**4) + 11, to)
    return module.text(result, result_type), module.inputs, expected


def check(rng, run):
    text, inputs, expected = make_case(rng)
    result = run(text, inputs)
    if result.shape == expected.shape and np.array_equal(result, expected):
        return None
    wrong = int(np.sum(result != expected)) if result.shape == expected.shape else -1
    return f"{wrong} of {expected.size} codes differ\n{text[-3000:]}"


if __name__ == "__main__":
    sys.exit(random_cases.main("tables", check))
