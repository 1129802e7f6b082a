"""Statistics of small models equal those that ONNX Runtime and NumPy give, in
every mode: at once, stage by stage, by one thread, and after an interruption.

usage: check_statistics.py SLIM-CALIBRATE DIRECTORY
"""
import filecmp
import os
import signal
import subprocess
import sys
import time

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import reference

TOLERANCE = 2e-5
tool, directory = sys.argv[1:3]
rng = np.random.default_rng(3)


def weight(name, *shape):
    values = rng.standard_normal(shape).astype(np.float32) / np.sqrt(np.prod(shape[1:]))
    return numpy_helper.from_array(values.astype(np.float32), name)


def make_model(nodes, shape, weights):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def convolutions():
    """Padded, strided, dilated, depthwise and grouped ones."""
    nodes = [
        helper.make_node("Conv", ["x", "c0"], ["a"], strides=[2, 1], pads=[1, 0, 1, 2]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "c1"], ["c"], group=6, dilations=[2, 1]),
        helper.make_node("Conv", ["c", "c2"], ["d"], group=2),
        helper.make_node("Conv", ["c", "c3"], ["e"]),
        helper.make_node("Add", ["d", "e"], ["y"]),
    ]
    weights = [weight("c0", 6, 3, 3, 2), weight("c1", 6, 1, 2, 3)]
    weights += [weight("c2", 4, 3, 1, 1), weight("c3", 4, 6, 1, 1)]
    shapes = [(1, 3, 11 + i % 3, 9) for i in range(7)]
    return make_model(nodes, [1, 3, None, 9], weights), shapes


def products():
    """A weight that several ops read, and one that is the same for two."""
    nodes = [
        helper.make_node("MatMul", ["x", "m0"], ["a"]),
        helper.make_node("Tanh", ["a"], ["b"]),
        helper.make_node("MatMul", ["b", "m1"], ["c"]),
        helper.make_node("MatMul", ["b", "m2"], ["d"]),
        helper.make_node("Mul", ["c", "d"], ["e"]),
        helper.make_node("MatMul", ["e", "m3"], ["y"]),
    ]
    weights = [weight("m0", 5, 7), weight("m1", 7, 9)]
    weights += [weight("m2", 7, 9), weight("m3", 9, 3)]
    shapes = [(2, 1 + i % 4, 5) for i in range(300)]
    return make_model(nodes, [2, None, 5], weights), shapes


def command(model, data, output, *flags):
    return [tool, model, f"--data={data}", "-o", output, "--second-moment", *flags]


def run(*arguments):
    subprocess.run(command(*arguments, "--quiet"), check=True, stdout=subprocess.DEVNULL)


def interrupt(model, data, output):
    """Kills a run as soon as it has left something, and starts it again."""
    flags = ("--checkpoint-samples=8", "--jobs=1")
    process = subprocess.Popen(
        command(model, data, output, *flags),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not os.path.exists(output + ".partial"):
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    was_interrupted = not os.path.exists(output)
    run(model, data, output, *flags)
    assert not os.path.exists(output + ".partial"), "the partial file is left"
    return was_interrupted


def check(name, make):
    model, shapes = make()
    path = os.path.join(directory, name)
    onnx.save(model, path + ".onnx")
    samples = [{"x": rng.standard_normal(s).astype(np.float32)} for s in shapes]
    data = path + ".npz"
    np.savez(data, **{f"x_{i}": s["x"] for i, s in enumerate(samples)})
    expected = reference.run_reference(model, samples, second_moment=True)

    def compare(mode):
        output = f"{path}.{mode}.safetensors"
        reference.compare(output, expected, len(samples), TOLERANCE)
        return output

    outputs = {}
    for mode, flags in {
        "plain": (),
        "single": ("--jobs=1",),
        "sequential": ("--sequential",),
    }.items():
        run(path + ".onnx", data, f"{path}.{mode}.safetensors", *flags)
        outputs[mode] = compare(mode)
    same = filecmp.cmp(outputs["plain"], outputs["single"], shallow=False)
    assert same, "the number of threads changes statistics"
    output = f"{path}.again.safetensors"
    was_interrupted = interrupt(path + ".onnx", data, output)
    compare("again")
    same = filecmp.cmp(outputs["plain"], output, shallow=False)
    assert same, "an interruption changes statistics"
    print(f"{name}: alike in every mode; interrupted: {was_interrupted}")


os.makedirs(directory, exist_ok=True)
check("convolutions", convolutions)
check("products", products)
