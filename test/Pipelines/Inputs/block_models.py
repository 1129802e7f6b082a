"""Models with random weights and correlated inputs, and what quantizing them costs."""
import json
import subprocess

import numpy as np

from slim.runtime import Model

rng = np.random.default_rng(3)
SAMPLES, TESTS = 48, 16


def literal(values):
    if values.ndim == 0:
        return repr(float(values))
    return "[" + ", ".join(map(literal, values)) + "]"


def tensor(*shape):
    return f"tensor<{''.join(f'{d}x' for d in shape)}f32>"


class Text:
    """A module as it is written."""

    def __init__(self, kind, result):
        self.kind, self.result = kind, result
        self.weights, self.body, self.count = "", "", 0

    def weight(self, name, *shape, scale=None):
        fan = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        values = rng.standard_normal(shape) * (scale or fan**-0.5)
        if len(shape) == 1:
            values = 1 + 0.3 * values
        t = tensor(*shape)
        self.weights += f"slim.weight @{name} : {t} = dense<{literal(values)}> : {t}\n"
        self.body += f"%{name} = slim.get_weight @{name} : {t}\n"
        return f"%{name}", t

    def op(self, name, operands, result, attributes="", results=1):
        self.count += 1
        value = f"%v{self.count}"
        names = ", ".join(o[0] for o in operands)
        kinds = ", ".join(o[1] for o in operands)
        self.body += f"{value}{':3' if results > 1 else ''} = slim.{name} {names} " \
            f"{attributes} : ({kinds}) -> {result}\n"
        return (value + ("#0" if results > 1 else ""), result if results == 1 else None)

    def write(self, path, value):
        with open(path, "w") as file:
            file.write(f"module {{\n{self.weights}func.func @main(%x: {self.kind} "
                       f"{{slim.name = \"x\"}}) -> {self.result} {{\n{self.body}"
                       f"return {value[0]} : {self.result}\n}}\n}}\n")


def run(library, inputs):
    with Model(library) as model:
        return [next(iter(model.run([x]).values())) for x in inputs]


def write_data(slimc, name, make):
    """The model in floats, compiled; what it gives for data of its own."""
    make_f32 = lambda: make().astype(np.float32)
    np.savez(f"{name}.npz", **{f"x_{i}": make_f32() for i in range(SAMPLES)})
    tests = [make_f32() for _ in range(TESTS)]
    subprocess.run([slimc, f"{name}.mlir", "-o", f"{name}.so"], check=True)
    return tests, run(f"./{name}.so", tests)


def measure(slimc, name, way, passes, tests, expected):
    """The relative error of the outputs, and the report."""
    subprocess.run([slimc, f"{name}.mlir", "-o", f"{name}-{way}.so", f"--compress={passes}",
                    f"--report={name}-{way}.json"], check=True)
    actual = run(f"./{name}-{way}.so", tests)
    with open(f"{name}-{way}.json") as file:
        report = json.load(file)["weights"]
    error = np.sqrt(sum(((a - e) ** 2).sum() for a, e in zip(actual, expected))
                    / sum((e**2).sum() for e in expected))
    return error, [w for w in report if w["pass"] == "quantize-blocks"]


def check_learned(report):
    """The learned weights; no block is worse than before, and some is better."""
    learned = [w for w in report if "block" in w]
    assert learned, report
    errors = {w["block"]: (w["block_error_before"], w["block_error"]) for w in learned}
    assert all(after <= before for before, after in errors.values())
    assert any(after < before for before, after in errors.values())
    return learned
