"""The C interface of a compiled model (slim/Runtime/Model.h) in Python.

Needs NumPy alone, and ml_dtypes for models with bfloat16 or 8-bit floats.
"""
from __future__ import annotations

import ctypes
import dataclasses
import json
import os
from typing import Mapping, Sequence, Union

import numpy as np

ABI_VERSION = 1
MAX_RANK = 16

# slim_status
OK = 0

# slim_type, in its order. Types that NumPy lacks come from ml_dtypes.
_TYPE_NAMES = (
    "float32",
    "float64",
    "float16",
    "bfloat16",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "float8_e4m3fn",
    "float8_e5m2",
)


class ModelError(RuntimeError):
    """A library that cannot be used, or a run that failed; the text says why."""


class _Tensor(ctypes.Structure):
    """slim_tensor"""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("type", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("shape", ctypes.c_int64 * MAX_RANK),
    ]


class _TensorInfo(ctypes.Structure):
    """slim_tensor_info"""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("dim_names", ctypes.POINTER(ctypes.c_char_p)),
    ]


class _EntryInfo(ctypes.Structure):
    """slim_entry_info"""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("num_inputs", ctypes.c_int32),
        ("num_outputs", ctypes.c_int32),
        ("inputs", ctypes.POINTER(_TensorInfo)),
        ("outputs", ctypes.POINTER(_TensorInfo)),
    ]


class _ModelInfo(ctypes.Structure):
    """slim_model_info"""

    _fields_ = [
        ("abi_version", ctypes.c_uint32),
        ("num_entries", ctypes.c_int32),
        ("entries", ctypes.POINTER(_EntryInfo)),
        ("producer", ctypes.c_char_p),
        ("target_triple", ctypes.c_char_p),
        ("target_cpu", ctypes.c_char_p),
        ("report", ctypes.c_char_p),
        ("weight_bytes", ctypes.c_int64),
    ]


@dataclasses.dataclass(frozen=True)
class TensorInfo:
    """An input or an output as the model declares it."""

    name: str
    dtype: np.dtype
    shape: tuple  # an int, or None where the extent is known only at run time
    dim_names: tuple  # a str, or None where a dimension has no name


@dataclasses.dataclass(frozen=True)
class Entry:
    """A function of the model."""

    name: str
    inputs: tuple
    outputs: tuple


def _dtype(number: int) -> np.dtype:
    if not 0 <= number < len(_TYPE_NAMES):
        raise ModelError(f"element type {number} is newer than this package")
    name = _TYPE_NAMES[number]
    if name == "bfloat16" or name.startswith("float8"):
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name))
    return np.dtype(name)


def _type_number(dtype: np.dtype) -> int:
    try:
        return _TYPE_NAMES.index(dtype.name)
    except ValueError:
        raise ModelError(f"no tensor of a model has type {dtype.name}") from None


def _tensor_info(info: _TensorInfo) -> TensorInfo:
    rank = info.rank
    names = [info.dim_names[i] for i in range(rank)] if info.dim_names else []
    return TensorInfo(
        info.name.decode(),
        _dtype(info.type),
        tuple(e if e >= 0 else None for e in info.shape[:rank]),
        tuple(n.decode() if n else None for n in names) or (None,) * rank,
    )


def _declare(library: ctypes.CDLL) -> None:
    """Give the library's functions their types."""
    session = ctypes.c_void_p
    tensors = ctypes.POINTER(_Tensor)
    declarations = {
        "slim_get_model_info": (ctypes.POINTER(_ModelInfo), []),
        "slim_session_create": (ctypes.c_int, [ctypes.POINTER(session)]),
        "slim_session_run": (ctypes.c_int, [session, ctypes.c_int32, tensors, tensors]),
        "slim_session_error": (ctypes.c_char_p, [session]),
        "slim_session_set_num_threads": (None, [session, ctypes.c_int32]),
        "slim_session_destroy": (None, [session]),
    }
    for name, (result, arguments) in declarations.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments


class Model:
    """A compiled model, loaded, with one session.

    Not for use by several threads at once; open one Model per thread.
    """

    def __init__(self, path: Union[str, os.PathLike]):
        """Load the library at `path`. Raises ModelError, with the reason."""
        self._session = ctypes.c_void_p()
        path = os.path.abspath(path)
        try:
            self._library = ctypes.CDLL(path)
            _declare(self._library)
        except (OSError, AttributeError) as error:
            raise ModelError(f"{path} is no compiled model: {error}") from None
        info = self._library.slim_get_model_info().contents
        if info.abi_version != ABI_VERSION:
            raise ModelError(
                f"{path} has interface version {info.abi_version}, this package "
                f"knows {ABI_VERSION}; compile the model again"
            )
        self.path = path
        self.producer = info.producer.decode()
        self.target_triple = info.target_triple.decode()
        self.target_cpu = info.target_cpu.decode()
        self.weight_bytes = int(info.weight_bytes)
        self.report = json.loads(info.report.decode() or "{}")
        self.entries = tuple(
            Entry(
                entry.name.decode(),
                tuple(_tensor_info(entry.inputs[i]) for i in range(entry.num_inputs)),
                tuple(_tensor_info(entry.outputs[i]) for i in range(entry.num_outputs)),
            )
            for entry in info.entries[: info.num_entries]
        )
        status = self._library.slim_session_create(ctypes.byref(self._session))
        if status != OK:
            reason = self._library.slim_session_error(None) or b"no reason given"
            raise ModelError(f"{path}: {reason.decode()}")

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *unused) -> None:
        self.close()

    def close(self) -> None:
        """Free the session. The library stays loaded, as dlopen's users expect."""
        if getattr(self, "_session", None):
            self._library.slim_session_destroy(self._session)
            self._session = None

    @property
    def inputs(self) -> tuple:
        """The inputs of the first entry point."""
        return self.entries[0].inputs

    @property
    def outputs(self) -> tuple:
        """The outputs of the first entry point."""
        return self.entries[0].outputs

    def set_num_threads(self, count: int) -> None:
        """Threads of later runs; 0 for OpenMP's default."""
        self._library.slim_session_set_num_threads(self._session, count)

    def entry_index(self, entry: Union[int, str]) -> int:
        """The number of the entry point with a name."""
        if isinstance(entry, int):
            if not 0 <= entry < len(self.entries):
                raise ModelError(f"there are {len(self.entries)} entry points")
            return entry
        names = [e.name for e in self.entries]
        if entry not in names:
            raise ModelError(f"no entry point '{entry}'; there are: {names}")
        return names.index(entry)

    def run(
        self,
        inputs: Union[Mapping[str, np.ndarray], Sequence[np.ndarray]],
        entry: Union[int, str] = 0,
        copy: bool = True,
    ) -> dict:
        """Run an entry point; returns its outputs by name.

        `inputs` is a mapping by name or a sequence in the model's order. Arrays
        are taken as they are, nothing is converted: a wrong type or shape is a
        ModelError. With copy=False the results are views of the session's
        memory, valid until the next run.
        """
        return self.bind(inputs, entry)(copy)

    def bind(
        self,
        inputs: Union[Mapping[str, np.ndarray], Sequence[np.ndarray]],
        entry: Union[int, str] = 0,
    ) -> BoundRun:
        """Check and keep the inputs of an entry point, for repeated runs on them.

        The arrays are read anew by every run: change their elements in place
        between runs.
        """
        number = self.entry_index(entry)
        declared = self.entries[number]
        arrays = self._in_order(inputs, declared)
        given = (_Tensor * max(len(arrays), 1))()
        for tensor, array, info in zip(given, arrays, declared.inputs):
            if array.ndim > MAX_RANK:
                raise ModelError(f"input '{info.name}' has more than 16 dimensions")
            tensor.data = array.ctypes.data
            tensor.type = _type_number(array.dtype)
            tensor.rank = array.ndim
            tensor.shape[: array.ndim] = array.shape
        return BoundRun(self, number, arrays, given)

    @staticmethod
    def _in_order(inputs, declared: Entry) -> list:
        names = [info.name for info in declared.inputs]
        if isinstance(inputs, Mapping):
            unknown = [name for name in inputs if name not in names]
            missing = [name for name in names if name not in inputs]
            if unknown:
                raise ModelError(f"no input '{unknown[0]}'; there are: {names}")
            if missing:
                raise ModelError(f"input '{missing[0]}' is missing")
            inputs = [inputs[name] for name in names]
        elif len(inputs) != len(names):
            raise ModelError(f"{len(inputs)} inputs given, {len(names)} needed")
        # order="C" copies only what is not contiguous, and keeps rank 0.
        return [np.asarray(value, order="C") for value in inputs]


class BoundRun:
    """An entry point with its inputs, from Model.bind."""

    def __init__(self, model: Model, entry: int, arrays: list, given: ctypes.Array):
        self._model, self._entry = model, entry
        self._declared = model.entries[entry].outputs
        self._arrays = arrays  # keeps the memory that `given` points to
        self._given = given
        self._results = (_Tensor * max(len(self._declared), 1))()

    def execute(self) -> None:
        """Run; the outputs stay in the session's memory. Raises ModelError."""
        model = self._model
        status = model._library.slim_session_run(
            model._session, self._entry, self._given, self._results
        )
        if status != OK:
            raise ModelError(model._library.slim_session_error(model._session).decode())

    def __call__(self, copy: bool = True) -> dict:
        """Run; returns the outputs by name, as Model.run does."""
        self.execute()
        return {
            info.name: _array(tensor, copy)
            for tensor, info in zip(self._results, self._declared)
        }


def _array(tensor: _Tensor, copy: bool) -> np.ndarray:
    """The tensor as an array."""
    dtype = _dtype(tensor.type)
    shape = tuple(tensor.shape[: tensor.rank])
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if size == 0:
        return np.empty(shape, dtype)
    memory = (ctypes.c_char * size).from_address(tensor.data)
    array = np.frombuffer(memory, dtype=dtype).reshape(shape)
    return array.copy() if copy else array
