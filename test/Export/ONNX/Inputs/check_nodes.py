"""Exports what the importer makes of ONNX's node tests and runs it in ONNX Runtime.

usage: check_nodes.py [--every N] [--first N] [--match TEXT]

For every N-th test case of the onnx package that slim imports: the exported
model passes onnx.checker and gives the expected outputs, or slim-export says
what has no form in ONNX. Cases that ONNX Runtime itself does not pass are counted
apart.
"""
import argparse
import os
import subprocess
import tempfile

import numpy as np
import onnx
import onnx.backend.test.case.node
import onnx.checker
import onnxruntime


def compare(path, case):
    inputs, expected = case.data_sets[0]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options)
    names = [info.name for info in case.model.graph.input]
    given = dict(zip(names, inputs))
    outputs = session.run(
        None, {info.name: given[info.name] for info in session.get_inputs()})
    for actual, wanted in zip(outputs, expected):
        np.testing.assert_equal(actual.shape, wanted.shape)
        np.testing.assert_allclose(
            actual.astype(np.float64), wanted.astype(np.float64),
            rtol=max(case.rtol, 1e-3), atol=max(case.atol, 1e-5))


def check(case, folder):
    model = case.model
    inputs, expected = case.data_sets[0]
    if not all(isinstance(value, np.ndarray) for value in [*inputs, *expected]):
        return "without tensors"
    original = os.path.join(folder, "original.onnx")
    onnx.save(model, original)
    source = os.path.join(folder, "source.mlir")
    target = os.path.join(folder, "target.onnx")
    imported = subprocess.run(
        ["slim-translate", "--import-onnx", original, "-o", source],
        capture_output=True, text=True)
    if imported.returncode:
        return "not imported"
    exported = subprocess.run(["slim-export", source, "-o", target],
                              capture_output=True, text=True)
    if exported.returncode:
        if "ONNX" not in exported.stderr or exported.stderr.count("error") != 1:
            raise RuntimeError(exported.stderr)
        print(f"{case.name}: {exported.stderr.strip().splitlines()[0][-150:]}")
        return "not exported"
    onnx.checker.check_model(target, full_check=True)
    try:
        compare(target, case)
    except Exception as error:
        if "NOT_IMPLEMENTED" in str(error):
            return "not passed by ONNX Runtime"
        try:
            compare(original, case)
        except Exception:
            return "not passed by ONNX Runtime"
        raise
    return "agree"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--match", default="")
    arguments = parser.parse_args()
    cases = onnx.backend.test.case.node.collect_testcases(None)
    cases = [case for case in cases if arguments.match in case.name]
    counts = {}
    for case in cases[arguments.first :: arguments.every]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                outcome = check(case, folder)
            except Exception as error:  # says which case and goes on
                outcome = "wrong"
                print(f"{case.name}: {' '.join(str(error).split())[:300]}")
        counts[outcome] = counts.get(outcome, 0) + 1
    print(", ".join(f"{counts[key]} {key}" for key in sorted(counts)))
    print(f"{counts.get('wrong', 0)} wrong")


if __name__ == "__main__":
    main()
