"""Compares gptq with the authors' formulation in NumPy, on the same scales, for
random layers: the output errors agree within 2 %.

    check_gptq.py <slim-test-round> <directory for files>
"""
import os
import subprocess
import sys

import numpy as np

import gptq_reference as reference

LAYERS = 20


def random_layer(rng):
    rows, columns = int(rng.integers(40, 300)), int(rng.integers(60, 400))
    weight = rng.standard_normal((rows, columns)) * np.exp(
        rng.standard_normal((rows, 1)) / 2
    )
    # Correlated inputs of uneven size, as behind a norm.
    sources = rng.standard_normal((columns // 3, columns))
    inputs = rng.standard_normal((2 * columns, columns // 3)) @ sources
    inputs = inputs / 4 + rng.standard_normal((2 * columns, columns))
    inputs *= np.exp(rng.standard_normal(columns) / 2)
    moment = inputs.T @ inputs / len(inputs)
    return weight.astype(np.float32), moment.astype(np.float32)


def main():
    tool, directory = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)
    paths = [os.path.join(directory, name) for name in ("w.npy", "h.npy")]
    rng = np.random.default_rng(5)
    worst = 0
    for index in range(LAYERS):
        weight, moment = random_layer(rng)
        bits = int(rng.integers(2, 5))
        group = [0, 32, 64, 128][rng.integers(4)]
        asymmetric = bool(rng.integers(2))
        for path, array in zip(paths, (weight, moment)):
            np.save(path, array)
        command = [tool, *paths, "--algorithm=rtn,gptq", "--set=scale-search=absmax"]
        command += [f"--format=int{bits}", f"--block-columns={group}"]
        command += ["--asymmetric"] if asymmetric else []
        text = subprocess.run(command, check=True, capture_output=True, text=True)
        ours = {key: float(value) for key, value in map(str.split, text.stdout.splitlines())}
        expected = reference.output_error(
            weight, reference.gptq(weight, moment, bits, group, asymmetric), moment
        )
        ratio = ours["gptq"] / expected
        worst = max(worst, abs(ratio - 1))
        print(
            f"{index}: {weight.shape}, int{bits}, group {group}, "
            f"{'a' if asymmetric else ''}symmetric: nearest {ours['rtn']:.3e}, "
            f"gptq {ours['gptq']:.3e}, ratio to the reference {ratio:.4f}"
        )
        assert ours["gptq"] < ours["rtn"]
    print(f"largest difference {100 * worst:.2f} %")
    assert worst < 0.02


main()
