"""Sensitivities of a small network equal what NumPy gives: the losses of weights
that were rounded, and the expected losses of random signs.

usage: check_sensitivity.py SLIM-OPT DIRECTORY
"""
import json
import os
import subprocess
import sys

import numpy as np

slim_opt, directory = sys.argv[1:3]
os.makedirs(directory, exist_ok=True)
os.chdir(directory)
rng = np.random.default_rng(5)
SAMPLES, ROWS, WIDTHS = 6, 3, (48, 40, 32)
A, B = (
    rng.standard_normal((n, m)).astype(np.float32) / np.float32(np.sqrt(m))
    for m, n in zip(WIDTHS, WIDTHS[1:])
)
X = rng.standard_normal((SAMPLES, ROWS, WIDTHS[0])).astype(np.float32)
np.savez("data.npz", x=X)


def literal(matrix):
    return "[" + ", ".join(
        "[" + ", ".join(f"{float(v)!r}" for v in row) + "]" for row in matrix
    ) + "]"


def kind(*shape):
    return f"tensor<{'x'.join(map(str, shape))}xf32>"


m, h, n = WIDTHS
with open("model.mlir", "w") as file:
    file.write(f"""module {{
  slim.weight @a : {kind(h, m)} = dense<{literal(A)}> : {kind(h, m)}
  slim.weight @b : {kind(n, h)} = dense<{literal(B)}> : {kind(n, h)}
  func.func @main(%x: {kind(ROWS, m)} {{slim.name = "x"}}) -> {kind(ROWS, n)} {{
    %a = slim.get_weight @a : {kind(h, m)}
    %b = slim.get_weight @b : {kind(n, h)}
    %0 = slim.linear %x, %a : ({kind(ROWS, m)}, {kind(h, m)}) -> {kind(ROWS, h)}
    %1 = slim.relu %0 : ({kind(ROWS, h)}) -> {kind(ROWS, h)}
    %2 = slim.linear %1, %b : ({kind(ROWS, h)}, {kind(n, h)}) -> {kind(ROWS, n)}
    return %2 : {kind(ROWS, n)}
  }}
}}
""")


def measure(options):
    passes = f"builtin.module(measure-sensitivity{{data=data.npz output=s.json {options}}})"
    subprocess.run(
        [slim_opt, "model.mlir", f"-pass-pipeline={passes}", "-o", os.devnull],
        check=True,
    )
    with open("s.json") as file:
        return json.load(file)["weights"]


def run(a, b):
    hidden = np.maximum(X.astype(np.float64) @ a.T, 0)
    return hidden, hidden @ b.T


def round_to_int4(w):
    scale = np.abs(w).max(1, keepdims=True) / np.float32(7)
    return np.round(w / scale) * scale


def expect(name, actual, expected, tolerance):
    error = abs(actual - expected) / expected
    assert error <= tolerance, f"{name}: {actual} instead of {expected}"
    print(f"{name}: as expected")


hidden, y = run(A.astype(np.float64), B.astype(np.float64))


def squared_error(other):
    error = ((other - y) ** 2).sum((1, 2)) / (y**2).sum((1, 2))
    return error.mean()


found = measure("passes={quantize{format=int4 min-elements=0}}")
for name, pair in {"a": (round_to_int4(A), B), "b": (A, round_to_int4(B))}.items():
    weight, other = (A, pair[0]) if name == "a" else (B, pair[1])
    relative = np.linalg.norm(weight - other) / np.linalg.norm(weight)
    expect(f"relative error of {name}", found[name]["relative_error"], relative, 1e-5)
    loss = squared_error(run(*pair)[1])
    expect(f"loss of {name}", found[name]["loss"], loss, 1e-3)

# Of the last layer the expectations are exact: its outputs are linear in b.
SIZE = 0.01
variance = SIZE**2 * (B.astype(np.float64) ** 2).mean()
energy = (hidden**2).sum(-1)
found = measure(f"method=hessian size={SIZE} draws=64 include=^b$")
assert list(found) == ["b"]
loss = (variance * n * energy.sum(1) / (y**2).sum((1, 2))).mean()
expect("trace of the Hessian", found["b"]["loss"], loss, 0.05)

found = measure(f"method=fisher size={SIZE} draws=64 exclude=a")
assert list(found) == ["b"]
p = np.exp(y - y.max(-1, keepdims=True))
p /= p.sum(-1, keepdims=True)
information = 1 - (p**2).sum(-1)  # the trace of diag(p) - p p^T
loss = (variance * energy * information / 2).mean()
expect("trace of Fisher's information", found["b"]["loss"], loss, 0.05)
