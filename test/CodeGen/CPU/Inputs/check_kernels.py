"""Compiles random sums of products and compares them with NumPy.

usage: check_kernels.py --seed N --count N [slimc options...]

Each case is a matrix product (with or without a batch, either operand
transposed) or a channels-last convolution, with random extents that few register
blocks divide, static or open, of random element types, its right operand a
constant (packed at compile time) or an argument, followed by nothing, a bias, or
a bias, a residual and a clamp; or, where sums are f32, by rounding to bf16.
Integers are compared exactly; floats against f64 with a bound that follows from
the number of terms and the rounding of inputs and of the result.
"""

import sys

import ml_dtypes
import numpy as np

import random_cases

# name: MLIR type, NumPy type, extension to the sum's type
KINDS = {
    "f32": ("f32", np.float32, None),
    "f64": ("f64", np.float64, None),
    "s8": ("i8", np.int8, "arith.extsi"),
    "u8": ("i8", np.uint8, "arith.extui"),
    "bf16": ("bf16", ml_dtypes.bfloat16, "arith.extf"),
}
NUMPY_OF_SUM = {"f32": np.float32, "f64": np.float64, "i32": np.int32}


def random_values(rng, shape, kind):
    if kind in ("s8", "u8"):
        info = np.iinfo(KINDS[kind][1])
        return rng.integers(info.min, info.max + 1, shape).astype(KINDS[kind][1])
    return rng.standard_normal(shape).astype(KINDS[kind][1])


class Case:
    def __init__(self, rng):
        self.rng = rng
        choice = rng.choice(["f32", "f32", "f64", "integer", "integer", "bf16"])
        if choice == "integer":
            self.kinds = [str(rng.choice(["s8", "u8"])) for _ in range(2)]
            self.sum = "i32"
        else:
            self.kinds = [str(choice)] * 2
            self.sum = "f64" if choice == "f64" else "f32"
        if rng.random() < 0.35:
            self.make_convolution()
        else:
            self.make_product()
        # Extents of the arguments that are open in the module.
        self.constant = rng.random() < 0.5
        self.dynamic = {d for d in self.maybe_dynamic if rng.random() < 0.4}
        if self.constant:
            self.dynamic -= set(self.right_dims)
        choices = ["none", "bias", "all"]
        if self.sum == "f32":
            choices += ["narrow"]
        self.epilogue = str(rng.choice(choices))

    def make_product(self):
        rng = self.rng
        extent = lambda: int(rng.integers(1, 80))
        self.extents = {"m": extent(), "n": extent(), "k": extent()}
        if rng.random() < 0.2:
            self.extents["k"] = int(rng.integers(80, 400))
        if rng.random() < 0.2:
            self.extents["m"] = int(rng.choice([1, 8, 14, 16, 64]))
            self.extents["n"] = int(rng.choice([1, 16, 32, 64, 100]))
        batch = [] if rng.random() < 0.5 else ["b"]
        if batch:
            self.extents["b"] = int(rng.integers(1, 4))
        shared = batch and rng.random() < 0.5
        self.left = batch + (["k", "m"] if rng.random() < 0.3 else ["m", "k"])
        self.right = ([] if shared else batch) + (
            ["n", "k"] if rng.random() < 0.5 else ["k", "n"]
        )
        self.out = batch + ["m", "n"]
        self.loops = batch + ["m", "n", "k"]
        self.left_dims, self.right_dims = self.left, self.right
        self.left_shape = [self.extents[d] for d in self.left]
        self.maybe_dynamic = ["m", "n", "k"]
        self.einsum = f"{''.join(self.left)},{''.join(self.right)}->{''.join(self.out)}"
        self.is_convolution = False

    def make_convolution(self):
        rng = self.rng
        self.is_convolution = True
        e = {
            "b": int(rng.integers(1, 3)),
            "h": int(rng.integers(1, 10)),
            "w": int(rng.integers(1, 34)),
            "f": int(rng.integers(1, 70)),
            "y": int(rng.integers(1, 4)),
            "x": int(rng.integers(1, 4)),
            "c": int(rng.integers(1, 40)),
        }
        self.stride = [int(s) for s in rng.integers(1, 3, 2)]
        self.dilation = [int(s) for s in rng.integers(1, 3, 2)]
        self.extents = e
        self.right = ["f", "c", "y", "x"]
        self.right_dims = self.right
        self.out = ["b", "h", "w", "f"]
        self.loops = ["b", "h", "w", "f", "y", "x", "c"]
        self.left = [
            "b",
            f"h * {self.stride[0]} + y * {self.dilation[0]}",
            f"w * {self.stride[1]} + x * {self.dilation[1]}",
            "c",
        ]
        self.left_shape = [
            e["b"],
            (e["h"] - 1) * self.stride[0] + (e["y"] - 1) * self.dilation[0] + 1,
            (e["w"] - 1) * self.stride[1] + (e["x"] - 1) * self.dilation[1] + 1,
            e["c"],
        ]
        self.left_dims = ["b", "", "", "c"]
        self.maybe_dynamic = ["b"]

    def tensor(self, dims, shape, element):
        parts = [
            "?" if d in self.dynamic else str(s) for d, s in zip(dims, shape)
        ]
        return f"tensor<{'x'.join(parts + [element])}>"

    def access(self, results):
        return f"affine_map<({', '.join(self.loops)}) -> ({', '.join(results)})>"

    def module(self):
        rng, e = self.rng, self.extents
        right_shape = [e[d] for d in self.right]
        out_shape = [e[d] for d in self.out]
        left_type = self.tensor(self.left_dims, self.left_shape, KINDS[self.kinds[0]][0])
        right_type = self.tensor(self.right, right_shape, KINDS[self.kinds[1]][0])
        out_type = self.tensor(self.out, out_shape, self.sum)
        n = self.out[-1]
        bias_type = self.tensor([n], [e[n]], self.sum)
        self.values = [
            random_values(rng, self.left_shape, self.kinds[0]),
            random_values(rng, right_shape, self.kinds[1]),
        ]
        dtype = NUMPY_OF_SUM[self.sum]
        if self.sum == "i32":
            make = lambda shape: rng.integers(-1000, 1000, shape).astype(dtype)
        else:
            make = lambda shape: rng.standard_normal(shape).astype(dtype)
        self.bias, self.residual = make([e[n]]), make(out_shape)
        self.limit = 1000 if self.sum == "i32" else 0.5

        arguments = [("%a", left_type)]
        head, body = "", ""
        if self.constant:
            memory = right_type.replace("tensor", "memref")
            data = self.values[1].tobytes().hex().upper()
            value = f'"0x{data}"'
            head = (
                f"memref.global constant @w : {memory} "
                f"{{slim.data = dense<{value}> : {right_type}}}\n"
            )
            body = (
                f"%m = memref.get_global @w : {memory}\n"
                f"%b = bufferization.to_tensor %m restrict : {memory} to {right_type}\n"
            )
        else:
            arguments.append(("%b", right_type))
        if self.epilogue in ("bias", "all"):
            arguments.append(("%bias", bias_type))
        if self.epilogue == "all":
            arguments.append(("%residual", out_type))
        sizes = []
        for d in self.out:
            if d in self.dynamic:
                source, dims, kind = (
                    ("%a", self.left_dims, left_type)
                    if d in self.left_dims
                    else ("%b", self.right, right_type)
                )
                body += f"%i{d} = arith.constant {dims.index(d)} : index\n"
                body += f"%d{d} = tensor.dim {source}, %i{d} : {kind}\n"
                sizes.append(f"%d{d}")
        zero = "0" if self.sum == "i32" else "0.0"
        suffix = "i" if self.sum == "i32" else "f"
        converts = ""
        names = []
        for i, kind in enumerate(self.kinds):
            element, _, extension = KINDS[kind]
            if extension:
                converts += f"%c{i} = {extension} %x{i} : {element} to {self.sum}\n"
            names.append(f"%c{i}" if extension else f"%x{i}")
        iterators = ", ".join(
            '"parallel"' if d in self.out else '"reduction"' for d in self.loops
        )
        rank = len(self.out)
        dims = ", ".join(f"d{i}" for i in range(rank))
        identity = f"affine_map<({dims}) -> ({dims})>"
        last = f"affine_map<({dims}) -> (d{rank - 1})>"
        parallel = ", ".join(['"parallel"'] * rank)
        result = "%s"
        tail = ""
        s = self.sum
        if self.epilogue == "bias":
            tail = f"""
  %y = linalg.generic {{indexing_maps = [{identity}, {last}, {identity}],
      iterator_types = [{parallel}]}}
      ins(%s, %bias : {out_type}, {bias_type}) outs(%e : {out_type}) {{
  ^bb0(%x0: {s}, %x1: {s}, %old: {s}):
    %q = arith.add{suffix} %x0, %x1 : {s}
    linalg.yield %q : {s}
  }} -> {out_type}"""
            result = "%y"
        elif self.epilogue == "all":
            limit = str(self.limit)
            clamp = "minsi" if s == "i32" else "minimumf"
            tail = f"""
  %limit = arith.constant {limit} : {s}
  %y = linalg.generic {{indexing_maps = [{identity}, {last}, {identity}, {identity}],
      iterator_types = [{parallel}]}}
      ins(%s, %bias, %residual : {out_type}, {bias_type}, {out_type})
      outs(%e : {out_type}) {{
  ^bb0(%x0: {s}, %x1: {s}, %x2: {s}, %old: {s}):
    %q = arith.add{suffix} %x0, %x1 : {s}
    %r = arith.{clamp} %q, %limit : {s}
    %t = arith.add{suffix} %r, %x2 : {s}
    linalg.yield %t : {s}
  }} -> {out_type}"""
            result = "%y"
        result_type = out_type
        if self.epilogue == "narrow":
            result_type = self.tensor(self.out, out_shape, "bf16")
            tail = f"""
  %o = tensor.empty({', '.join(sizes)}) : {result_type}
  %y = linalg.generic {{indexing_maps = [{identity}, {identity}],
      iterator_types = [{parallel}]}}
      ins(%s : {out_type}) outs(%o : {result_type}) {{
  ^bb0(%x0: {s}, %old: bf16):
    %q = arith.truncf %x0 : {s} to bf16
    linalg.yield %q : bf16
  }} -> {result_type}"""
            result = "%y"
        text = f"""{head}
func.func @main({', '.join(f'{n}: {t}' for n, t in arguments)}) -> {result_type} {{
  {body}
  %zero = arith.constant {zero} : {s}
  %e = tensor.empty({', '.join(sizes)}) : {out_type}
  %f = linalg.fill ins(%zero : {s}) outs(%e : {out_type}) -> {out_type}
  %s = linalg.generic {{
      indexing_maps = [{self.access(self.left)}, {self.access(self.right)},
                       {self.access(self.out)}],
      iterator_types = [{iterators}]}}
      ins(%a, %b : {left_type}, {right_type}) outs(%f : {out_type}) {{
  ^bb0(%x0: {KINDS[self.kinds[0]][0]}, %x1: {KINDS[self.kinds[1]][0]}, %sum: {s}):
    {converts}
    %p = arith.mul{suffix} {names[0]}, {names[1]} : {s}
    %q = arith.add{suffix} %sum, %p : {s}
    linalg.yield %q : {s}
  }} -> {out_type}
  {tail}
  return {result} : {result_type}
}}
"""
        return text

    def multiply(self, left, right):
        if not self.is_convolution:
            return np.einsum(self.einsum, left, right)
        e = self.extents
        result = np.zeros([e[d] for d in self.out])
        for y in range(e["y"]):
            for x in range(e["x"]):
                top, start = y * self.dilation[0], x * self.dilation[1]
                part = left[
                    :,
                    top : top + (e["h"] - 1) * self.stride[0] + 1 : self.stride[0],
                    start : start + (e["w"] - 1) * self.stride[1] + 1 : self.stride[1],
                ]
                result += np.einsum("bhwc,fc->bhwf", part, right[:, :, y, x])
        return result

    def inputs(self):
        inputs = [self.values[0]] + ([] if self.constant else [self.values[1]])
        inputs = [v.view(np.int8) if v.dtype == np.uint8 else v for v in inputs]
        if self.epilogue in ("bias", "all"):
            inputs.append(self.bias)
        if self.epilogue == "all":
            inputs.append(self.residual)
        return inputs

    def agrees(self, result):
        left, right = (v.astype(np.float64) for v in self.values)
        expected = self.multiply(left, right)
        bound = self.multiply(np.abs(left), np.abs(right))
        if self.epilogue in ("bias", "all"):
            expected = expected + self.bias
            bound = bound + np.abs(self.bias)
        if self.epilogue == "all":
            expected = np.minimum(expected, self.limit) + self.residual
            bound = bound + np.abs(self.residual)
        if self.sum == "i32":
            return (result == expected).all()
        terms = np.prod([e for d, e in self.extents.items() if d not in self.out])
        eps = np.finfo(NUMPY_OF_SUM[self.sum]).eps
        limit = bound * eps * (terms + 3)
        if self.epilogue == "narrow":
            # Half of the last of 8 bits.
            limit = limit * 1.01 + np.abs(expected) * 2.0**-8
            result = result.astype(np.float32)
        return (np.abs(result - expected) <= limit).all()


def check(rng, run):
    case = Case(rng)
    text = case.module()
    result = run(text, case.inputs())
    return None if case.agrees(result) else f"{case.kinds} differ\n{text}"


if __name__ == "__main__":
    sys.exit(random_cases.main("products", check, independent=True))
