"""Divides a budget of bits among formats and checks that the model keeps within
it, that the layers that hurt most get the most bits, and that q, k and v, which
have one input, get one format. Then it checks that biases are corrected.

usage: quantize_budget.py SLIM-OPT DIRECTORY
"""
import os
import re
import subprocess
import sys

import numpy as np

import calibration_file

LAYERS, WIDTH = 6, 64


def write_model(rng):
    lines = []
    body = []
    value = "%x"
    for layer in range(LAYERS):
        names = [f"l{layer}.q", f"l{layer}.k", f"l{layer}.o"]
        for name in names:
            # The layers differ in how evenly their weights are distributed.
            values = rng.standard_t(2 + 3 * layer, (WIDTH, WIDTH))
            numbers = ", ".join(
                "[" + ", ".join(f"{v:.6e}" for v in row) + "]" for row in values
            )
            lines.append(
                f"  slim.weight @{name} : tensor<{WIDTH}x{WIDTH}xf32> = "
                f"dense<[{numbers}]> : tensor<{WIDTH}x{WIDTH}xf32>"
            )
            body.append(
                f"    %w.{name} = slim.get_weight @{name} : tensor<{WIDTH}x{WIDTH}xf32>"
            )
        kind = f"tensor<?x{WIDTH}xf32>"
        linear = f"(%KIND, tensor<{WIDTH}x{WIDTH}xf32>) -> {kind}".replace("%KIND", kind)
        q, k, s, o = (f"%{part}{layer}" for part in "qkso")
        body += [
            f"    {q} = slim.linear {value}, %w.{names[0]} : {linear}",
            f"    {k} = slim.linear {value}, %w.{names[1]} : {linear}",
            f"    {s} = slim.add {q}, {k} : ({kind}, {kind}) -> {kind}",
            f"    {o} = slim.linear {s}, %w.{names[2]} : {linear}",
        ]
        value = o
    kind = f"tensor<?x{WIDTH}xf32>"
    with open("model.mlir", "w") as file:
        file.write("module {\n" + "\n".join(lines))
        file.write(f"\n  func.func @main(%x: {kind}) -> {kind} {{\n")
        file.write("\n".join(body) + f"\n    return {value} : {kind}\n  }}\n}}\n")


def quantize(slim_opt, options):
    process = subprocess.run(
        [slim_opt, "model.mlir", f"-quantize={options} min-elements=0",
         "-remarks-filter=.*", "-o", "quantized.mlir"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    report = {}
    text = open("quantized.mlir").read()
    for entry in re.findall(r"\{[^{}]*pass = [^{}]*\}", text):
        key = dict(re.findall(r'(\w+) = "?([^",}]+)', entry))
        report[key["weight"]] = key
    return report, process.stderr


def main():
    slim_opt, directory = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)
    os.chdir(directory)
    rng = np.random.default_rng(4)
    write_model(rng)
    names = [f"l{layer}.{part}" for layer in range(LAYERS) for part in "qko"]
    inputs = rng.standard_normal((300, WIDTH)) + 0.5
    calibration_file.write(
        "statistics.safetensors",
        {name: calibration_file.statistics(inputs) for name in names},
    )
    losses = []
    for extra in ("", "calibration=statistics.safetensors",
                  "calibration=statistics.safetensors algorithm=gptq"):  # fmt: skip
        for budget in (3.7, 5, 6.5, 9):
            report, remarks = quantize(
                slim_opt, f"budget={budget} formats=int3:64,int4:64,int8:0 {extra}"
            )
            assert len(report) == len(names)
            bits = [8 * int(entry["bytes_after"].split()[0]) / WIDTH**2
                    for entry in report.values()]  # fmt: skip
            assert np.mean(bits) <= budget, bits
            formats = {name: entry["format"] for name, entry in report.items()}
            for layer in range(LAYERS):
                assert formats[f"l{layer}.q"] == formats[f"l{layer}.k"]
            if budget == 5:
                # Heavy tails need more bits.
                assert len(set(formats.values())) > 1
                assert formats["l0.q"] >= formats[f"l{LAYERS - 1}.q"]
            if budget == 9:
                assert set(formats.values()) == {"int8"}
            key = "output_error" if extra else "relative_error"
            loss = sum(float(entry[key].split()[0]) ** 2 for entry in report.values())
            planned = re.search(r"([\d.]+) of [\d.]+ bits per element, loss ([\d.e+-]+)",
                                remarks)  # fmt: skip
            # The plan's measurements are those of the result.
            assert abs(float(planned[1]) - np.mean(bits)) < 1e-3
            assert abs(float(planned[2]) / loss - 1) < 1e-2, (planned[2], loss)
            losses.append(loss)
            print(f"{budget} {extra}: {np.mean(bits):.2f} bits, loss {loss:.2e}")
    for i in range(0, 12, 4):
        assert losses[i] > losses[i + 1] > losses[i + 2] > losses[i + 3]
    assert losses[8] < 0.8 * losses[4]

    report, _ = quantize(slim_opt, "format=int4 calibration=statistics.safetensors")
    assert all(entry["biases_corrected"].startswith("1") for entry in report.values())
    text = open("quantized.mlir").read()
    assert text.count(".bias : tensor") == 2 * len(names)
    report, _ = quantize(
        slim_opt, "format=int4 calibration=statistics.safetensors correct-bias=false"
    )
    assert ".bias" not in open("quantized.mlir").read()


main()
