"""Calls raw_run.c, the program that runs a model on raw arrays."""
from __future__ import annotations

import os
import re
import subprocess

import numpy as np

import slim


def compile_model(slimc: str, model: str, library: str, *flags: str) -> None:
    command = [slimc, model, "-o", library, *flags]
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        raise SystemExit(f"slimc {' '.join(flags)} failed on {model}")


def fixed_dims(model: slim.Model, inputs: dict) -> list:
    """The flags of slimc that fix the model's named dimensions."""
    dims = {}
    for info in model.inputs:
        for name, known, extent in zip(
            info.dim_names, info.shape, inputs[info.name].shape
        ):
            if known is None:
                dims[name] = extent
    return [f"--dim={name}={extent}" for name, extent in dims.items()]


def write_inputs(model: slim.Model, inputs: dict, directory: str) -> list:
    """Write the inputs; returns raw_run's arguments for them."""
    arguments = []
    for number, info in enumerate(model.inputs):
        path = os.path.join(directory, f"in{number}")
        inputs[info.name].tofile(path)
        extents = "x".join(str(e) for e in inputs[info.name].shape)
        arguments.append(f"{extents}:{path}")
    return arguments


def run(command: list, environment: dict = {}) -> str:
    """What raw_run prints."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.returncode}\n{done.stderr}")
    return done.stdout


def read_outputs(model: slim.Model, text: str, prefix: str) -> dict:
    """The outputs by name that a run wrote and described in `text`."""
    outputs = {}
    for match in re.finditer(r"^output (\d+) type \d+ extents([ \d]*)$", text, re.M):
        number = int(match[1])
        info = model.outputs[number]
        shape = [int(extent) for extent in match[2].split()]
        array = np.fromfile(f"{prefix}{number}", info.dtype)
        outputs[info.name] = array.reshape(shape)
    return outputs
