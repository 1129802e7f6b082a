"""Compiles matrix products of random shapes and compares them with NumPy.

usage: check_contractions.py --seed N --count N [slimc options...]

Each product has random extents (many that no register block divides), batch
dimensions or none, either operand transposed or not, and its row count static
or open. Accumulation is compared against f64 with a bound that follows from the
number of terms.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

from slim.runtime import Model


def module(batch, m, n, k, transpose_a, transpose_b, dynamic, element):
    """The module of one product, and the shapes of its operands."""
    dims = (["b"] if batch else []) + ["m", "n", "k"]

    def access(letters):
        prefix = ["b"] if batch else []
        return f"affine_map<({', '.join(dims)}) -> ({', '.join(prefix + letters)})>"

    a = ["k", "m"] if transpose_a else ["m", "k"]
    b = ["n", "k"] if transpose_b else ["k", "n"]
    extents = {"b": batch, "m": m, "n": n, "k": k}

    def shape(letters):
        return ([batch] if batch else []) + [extents[x] for x in letters]

    def tensor(letters):
        parts = [str(batch)] if batch else []
        parts += ["?" if x in dynamic else str(extents[x]) for x in letters]
        return f"tensor<{'x'.join(parts)}x{element}>"

    rank = 1 if batch else 0
    sizes, values = [], []
    for position, letter in enumerate(["m", "n"]):
        if letter not in dynamic:
            continue
        operand, letters = ("%a", a) if letter == "m" else ("%b", b)
        name = f"%d{letter}"
        index = rank + letters.index(letter)
        sizes.append(f"%i{letter} = arith.constant {index} : index")
        sizes.append(
            f"{name} = tensor.dim {operand}, %i{letter} : "
            f"{tensor(a if letter == 'm' else b)}"
        )
        values.append(name)
    iterators = ['"parallel"'] * (len(dims) - 1) + ['"reduction"']
    text = f"""
func.func @main(%a: {tensor(a)}, %b: {tensor(b)}) -> {tensor(["m", "n"])} {{
  %zero = arith.constant 0.0 : {element}
  {chr(10).join(sizes)}
  %empty = tensor.empty({', '.join(values)}) : {tensor(["m", "n"])}
  %init = linalg.fill ins(%zero : {element}) outs(%empty : {tensor(["m", "n"])})
    -> {tensor(["m", "n"])}
  %r = linalg.generic {{
      indexing_maps = [{access(a)}, {access(b)}, {access(["m", "n"])}],
      iterator_types = [{', '.join(iterators)}]}}
      ins(%a, %b : {tensor(a)}, {tensor(b)}) outs(%init : {tensor(["m", "n"])}) {{
  ^bb0(%x: {element}, %y: {element}, %s: {element}):
    %p = arith.mulf %x, %y : {element}
    %q = arith.addf %s, %p : {element}
    linalg.yield %q : {element}
  }} -> {tensor(["m", "n"])}
  return %r : {tensor(["m", "n"])}
}}
"""
    return text, shape(a), shape(b)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=10)
    options, slimc_options = parser.parse_known_args()
    rng = np.random.default_rng(options.seed)
    failures = 0
    with tempfile.TemporaryDirectory() as directory:
        for case in range(options.count):
            batch = int(rng.choice([0, 0, 1, 3]))
            m, n, k = (int(x) for x in rng.integers(1, 80, 3))
            if rng.random() < 0.2:
                m, n = (int(rng.choice([1, 8, 16, 32, 64])) for _ in range(2))
            transpose_a, transpose_b = (bool(x) for x in rng.integers(0, 2, 2))
            dynamic = [x for x in ("m", "n", "k") if rng.random() < 0.4]
            element = "f64" if rng.random() < 0.2 else "f32"
            text, a_shape, b_shape = module(
                batch, m, n, k, transpose_a, transpose_b, dynamic, element
            )
            source = os.path.join(directory, f"{case}.mlir")
            library = os.path.join(directory, f"{case}.so")
            with open(source, "w") as file:
                file.write(text)
            subprocess.run(["slimc", source, "-o", library, *slimc_options], check=True)
            dtype = np.float64 if element == "f64" else np.float32
            a = rng.standard_normal(a_shape).astype(dtype)
            b = rng.standard_normal(b_shape).astype(dtype)
            wide_a = np.swapaxes(a, -1, -2) if transpose_a else a
            wide_b = np.swapaxes(b, -1, -2) if transpose_b else b
            expected = wide_a.astype(np.float64) @ wide_b.astype(np.float64)
            bound = np.abs(wide_a.astype(np.float64)) @ np.abs(wide_b).astype(np.float64)
            with Model(library) as model:
                (result,) = model.run([a, b]).values()
            error = np.abs(result - expected)
            if not (error <= bound * np.finfo(dtype).eps * (k + 1)).all():
                failures += 1
                print(f"case {case} {text}: max error {error.max()}")
    print(f"{options.count - failures} of {options.count} products agree")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
