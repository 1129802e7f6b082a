"""The engines of the benchmark behind one interface. Runs inside a worker.

An engine loads one artifact, takes its inputs once and then runs as often as it
is asked; `run` does nothing that the engine's users would not do in a loop.
Each module of an engine is imported where it is used, so that a worker holds
one engine alone.
"""
from __future__ import annotations

import os
import sys

import numpy as np


class Slim:
    def __init__(self, path: str, threads: int, options: dict):
        here = os.path.dirname(os.path.abspath(__file__))
        sys.path.insert(0, os.path.join(here, "../python"))
        import slim

        self._model = slim.Model(path)
        self._model.set_num_threads(threads)

    def feed(self, inputs: dict) -> None:
        self._bound = self._model.bind(inputs)
        self.run = self._bound.execute

    def outputs(self) -> list:
        return list(self._bound().values())


class OnnxRuntime:
    def __init__(self, path: str, threads: int, options: dict):
        import onnxruntime

        self._runtime = onnxruntime
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            path, settings, providers=["CPUExecutionProvider"]
        )

    def feed(self, inputs: dict) -> None:
        known = {i.name for i in self._session.get_inputs()}
        binding = self._session.io_binding()
        # The binding points to the arrays: they must outlive it.
        self._inputs = {k: v for k, v in inputs.items() if k in known}
        for name, value in self._inputs.items():
            binding.bind_cpu_input(name, value)
        for output in self._session.get_outputs():
            binding.bind_output(output.name)
        self._binding = binding

    def run(self) -> None:
        self._session.run_with_iobinding(self._binding)

    def outputs(self) -> list:
        self.run()
        return self._binding.copy_outputs_to_cpu()


class OpenVino:
    """options: precision, one of OpenVINO's names for INFERENCE_PRECISION_HINT."""

    def __init__(self, path: str, threads: int, options: dict):
        import openvino

        self._openvino = openvino
        core = openvino.Core()
        self._compiled = core.compile_model(
            core.read_model(path),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": options.get("precision", "f32"),
                "INFERENCE_NUM_THREADS": str(threads),
                "PERFORMANCE_HINT": "LATENCY",
                "NUM_STREAMS": "1",
            },
        )
        self._request = self._compiled.create_infer_request()

    def feed(self, inputs: dict) -> None:
        self._inputs = inputs
        for port in self._compiled.inputs:
            name = next(n for n in port.names if n in inputs)
            self._request.set_tensor(
                port, self._openvino.Tensor(inputs[name], shared_memory=True)
            )

    def run(self) -> None:
        self._request.infer()

    def outputs(self) -> list:
        self.run()
        return [
            np.array(self._request.get_tensor(port).data)
            for port in self._compiled.outputs
        ]


class Iree:
    """options: inputs, the names of the inputs in the model's order."""

    def __init__(self, path: str, threads: int, options: dict):
        import iree.runtime as runtime

        self._runtime = runtime
        if threads == 1:
            self._device = runtime.get_device("local-sync")
        else:
            runtime.flags.parse_flags(f"--task_topology_group_count={threads}")
            self._device = runtime.get_device("local-task")
        config = runtime.Config(device=self._device)
        module = runtime.VmModule.mmap(config.vm_instance, path)
        name = next(
            n
            for n in module.function_names
            if not n.startswith("__") and not n.endswith("$async")
        )
        self._names = options["inputs"]
        self._function = runtime.load_vm_module(module, config)[name]

    def feed(self, inputs: dict) -> None:
        self._arguments = [
            self._runtime.asdevicearray(self._device, inputs[name])
            for name in self._names
        ]

    def run(self):
        return self._function(*self._arguments)

    def outputs(self) -> list:
        results = self.run()
        if not isinstance(results, (list, tuple)):
            results = [results]
        return [np.array(r.to_host()) for r in results]


ENGINES = {
    "slim": Slim,
    "onnxruntime": OnnxRuntime,
    "openvino": OpenVino,
    "iree": Iree,
}
