"""Makes what the engines load: static, quantized and compiled models.

Everything is kept in a working directory under a name that tells what went into
it, so that a second run starts at once. Where times of compilation are to be
measured, `fresh` compiles again.
"""
from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import logging
import os
import subprocess
import sys
import time

import numpy as np

from cases import Case
from forms import Form

CALIBRATION_SETS = 32
CHANNELS_OPSET = 13  # the first in which a scale can be one of a channel
WEIGHT_GROUP = 128  # elements that share a scale in the peers' 4- and 8-bit weights,
SMALL_GROUP = 32  # and in those of finer scales


class BuildError(Exception):
    """An artifact could not be made; the text is one line of the reason."""


@dataclasses.dataclass(frozen=True)
class Settings:
    tools: str  # directory of slimc
    models: str  # directory of the ONNX files
    work: str
    dynamic: bool = False  # keep the models' open dimensions
    fresh: bool = False  # compile again what is there


def calibration(case: Case):
    """Inputs that are not the tests'."""
    rows = max(1, case.shape.get("n", case.shape.get("batch", 1)))
    for number in range(max(4, CALIBRATION_SETS // rows)):
        yield case.inputs(number, calibration=True)


class Reader:
    """calibration() as ONNX Runtime wants it."""

    def __init__(self, case: Case, names: set):
        self._sets = calibration(case)
        self._names = names

    def get_next(self):
        feed = next(self._sets, None)
        return feed and {k: v for k, v in feed.items() if k in self._names}


def plain(case: Case, settings: Settings, path: str) -> None:
    """The model with the extents of the case and no other shapes, which the
    engines infer."""
    import onnx

    model = onnx.load(case.source(settings.models))
    if not settings.dynamic:
        inputs = case.inputs(0)
        del model.graph.value_info[:]
        for value in model.graph.input:
            if value.name in inputs:
                dims = value.type.tensor_type.shape.dim
                for dim, extent in zip(dims, inputs[value.name].shape):
                    dim.dim_value = extent
        for value in model.graph.output:
            for dim in value.type.tensor_type.shape.dim:
                if dim.HasField("dim_param"):
                    dim.Clear()
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    onnx.save(model, path)


def preprocessed(case: Case, settings: Settings, path: str) -> set:
    """Writes the model as ONNX Runtime's quantizer wants it; the input names."""
    import onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    source = make_source("plain", case, settings)
    model = onnx.load(source)
    if model.opset_import[0].version < CHANNELS_OPSET:
        source = path + ".converted"
        onnx.save(onnx.version_converter.convert_version(model, CHANNELS_OPSET), source)
    quant_pre_process(source, path, skip_symbolic_shape=True)
    if source.endswith(".converted"):
        os.remove(source)
    return {value.name for value in onnx.load(path).graph.input}


def qdq(case: Case, settings: Settings, path: str) -> None:
    """ONNX Runtime's static quantization: u8 activations, s8 weights a channel."""
    from onnxruntime import quantization as q

    # It warns of every bias that it cannot quantize by channel.
    logging.getLogger().setLevel(logging.ERROR)
    prepared = path + ".prepared"
    names = preprocessed(case, settings, prepared)
    q.quantize_static(
        prepared,
        path,
        Reader(case, names),
        # The mask of an encoder spans the range of fp32: nothing that it is
        # added to can be quantized.
        op_types_to_quantize=["MatMul", "Gemm"] if case.kind == "text" else None,
        quant_format=q.QuantFormat.QDQ,
        per_channel=True,
        activation_type=q.QuantType.QUInt8,
        weight_type=q.QuantType.QInt8,
    )
    os.remove(prepared)


def dynamic(case: Case, settings: Settings, path: str) -> None:
    from onnxruntime import quantization as q

    prepared = path + ".prepared"
    preprocessed(case, settings, prepared)
    q.quantize_dynamic(
        prepared, path, per_channel=True, weight_type=q.QuantType.QInt8
    )
    os.remove(prepared)


def nbits(bits: int, group: int = WEIGHT_GROUP):
    def make(case: Case, settings: Settings, path: str) -> None:
        import onnx
        from onnxruntime.quantization import matmul_nbits_quantizer as q

        quantizer = q.MatMulNBitsQuantizer(
            onnx.load(make_source("plain", case, settings)),
            bits=bits,
            block_size=group,
            is_symmetric=True,
            accuracy_level=4,  # products of int8, the fastest
        )
        quantizer.process()
        quantizer.model.save_model_to_file(path)

    return make


def nncf_static(case: Case, settings: Settings, path: str) -> None:
    import nncf
    import openvino

    model = openvino.Core().read_model(make_source("plain", case, settings))
    names = {n for port in model.inputs for n in port.names}
    sets = [
        {k: v for k, v in feed.items() if k in names} for feed in calibration(case)
    ]
    kind = nncf.ModelType.TRANSFORMER if case.kind == "text" else None
    quantized = nncf.quantize(
        model, nncf.Dataset(sets), subset_size=len(sets), model_type=kind
    )
    openvino.save_model(quantized, path, compress_to_fp16=False)


def nncf_weights(mode: str, group: int):
    def make(case: Case, settings: Settings, path: str) -> None:
        import nncf
        import openvino

        model = openvino.Core().read_model(make_source("plain", case, settings))
        compressed = nncf.compress_weights(
            model,
            mode=getattr(nncf.CompressWeightsMode, mode),
            group_size=group,
            all_layers=True if group > 0 else None,
        )
        openvino.save_model(compressed, path, compress_to_fp16=False)

    return make


# How the model that an engine takes is made, and the ending of its file.
SOURCES = {
    "plain": (plain, ".onnx"),
    "qdq": (qdq, ".onnx"),
    "dynamic": (dynamic, ".onnx"),
    "nbits8": (nbits(8), ".onnx"),
    "nbits4": (nbits(4), ".onnx"),
    "nbits4-g32": (nbits(4, SMALL_GROUP), ".onnx"),
    "nncf": (nncf_static, ".xml"),
    "nncf-w8": (nncf_weights("INT8_SYM", -1), ".xml"),
    "nncf-w4": (nncf_weights("INT4_SYM", WEIGHT_GROUP), ".xml"),
    "nncf-w4-g32": (nncf_weights("INT4_SYM", SMALL_GROUP), ".xml"),
}


def reason(text: str) -> str:
    """The first error of many lines, or the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line.lower()]
    return (errors + lines[-1:] or ["no reason given"])[0][:300]


def case_directory(case: Case, settings: Settings) -> str:
    name = case.name + ("-dynamic" if settings.dynamic else "")
    path = os.path.join(settings.work, name)
    os.makedirs(path, exist_ok=True)
    return path


def make_source(kind: str, case: Case, settings: Settings) -> str:
    """The path of the model of a kind of SOURCES. Raises BuildError."""
    make, ending = SOURCES[kind]
    path = os.path.join(case_directory(case, settings), kind + ending)
    if not os.path.exists(path):
        partial = os.path.join(os.path.dirname(path), "partial-" + kind + ending)
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # progress bars
                make(case, settings, partial)
        except Exception as error:  # whatever a quantizer raises is the reason
            raise BuildError(f"{kind}: {reason(str(error))}") from error
        # OpenVINO writes the weights beside the model.
        if ending == ".xml":
            os.replace(partial[:-4] + ".bin", path[:-4] + ".bin")
        os.replace(partial, path)
    return path


def run_timed(commands: list) -> dict:
    """Run commands one after the other; their time, and peak of memory in MB."""
    wall = cpu = peak = 0.0
    for command in commands:
        start = time.monotonic()
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            text = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall += time.monotonic() - start
        cpu += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss * 1024 / 1e6)
        if process.returncode:
            tool = os.path.basename(command[0])
            raise BuildError(f"{tool}: {reason(text)}")
    return {"wall_s": wall, "cpu_s": cpu, "peak_mb": peak}


def slim_commands(form: Form, source: str, target: str, threads: int, settings):
    command = [os.path.join(settings.tools, "slimc"), source, "-o", target]
    return [command + list(form.flags) + (["--threads"] if threads > 1 else [])]


def iree_commands(form: Form, source: str, target: str, threads: int, settings):
    tools = os.path.dirname(sys.executable)
    module = target + ".mlir"
    importer = [f"{tools}/iree-import-onnx", source, "-o", module]
    compiler = [f"{tools}/iree-compile", module, "-o", target]
    compiler += ["--iree-hal-target-device=local"]
    compiler += ["--iree-hal-local-target-device-backends=llvm-cpu"]
    compiler += ["--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3"]
    # Its limit, 32 KiB, refuses what it makes of a norm.
    compiler += ["--iree-llvmcpu-stack-allocation-limit=1048576"]
    return [importer + ["--opset-version", "17"], compiler + list(form.flags)]


COMPILERS = {"slim": (slim_commands, ".so"), "iree": (iree_commands, ".vmfb")}


def identity(engine: str, settings: Settings) -> str:
    """Changes with the compiler."""
    if engine != "slim":
        from importlib.metadata import version

        return version("iree-base-compiler")
    slimc = os.path.join(settings.tools, "slimc")
    library = os.path.join(settings.tools, "../lib/libSlim.so")
    return str([os.path.getmtime(f) for f in (slimc, library) if os.path.exists(f)])


def make_artifact(form: Form, case: Case, threads: int, settings: Settings) -> tuple:
    """What the engine loads, and the time its compiler took (None if it has no
    compiler). Raises BuildError."""
    source = make_source(form.source, case, settings)
    if form.engine not in COMPILERS:
        return source, None
    commands, ending = COMPILERS[form.engine]
    parts = [os.path.getmtime(source)]
    parts.append(identity(form.engine, settings))
    parts.append(commands(form, "", "", threads, settings))
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
    directory = case_directory(case, settings)
    target = os.path.join(directory, f"{form.label}-{digest}{ending}")
    facts = target + ".json"
    if settings.fresh or not os.path.exists(facts):
        used = run_timed(commands(form, source, target, threads, settings))
        with open(facts, "w", encoding="utf-8") as file:
            json.dump(used, file)
    with open(facts, encoding="utf-8") as file:
        return target, json.load(file)


def write_inputs(case: Case, number: int, settings: Settings) -> str:
    """The inputs of a case with a seed, as a file for the workers."""
    path = os.path.join(case_directory(case, settings), f"inputs-{number}.npz")
    if not os.path.exists(path):
        partial = path[:-4] + "-partial.npz"
        np.savez(partial, **case.inputs(number))
        os.replace(partial, path)
    return path


def input_names(case: Case, settings: Settings) -> list:
    """The inputs of the model in its order."""
    import onnx

    graph = onnx.load(make_source("plain", case, settings)).graph
    constants = {tensor.name for tensor in graph.initializer}
    return [value.name for value in graph.input if value.name not in constants]
