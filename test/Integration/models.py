"""The real models of the tests: two shapes each, and plausible inputs.

Inputs are made from a fixed seed. Pictures are smooth with some noise, pages
hold lines of dark glyphs: on white noise a detector answers with zeros, which
would test nothing.
"""
from __future__ import annotations

import dataclasses
from typing import Callable

import numpy as np

from sentences import PARAGRAPHS


@dataclasses.dataclass(frozen=True)
class RealModel:
    """How to feed a model: one call of `inputs` per shape."""

    shapes: list  # of argument dictionaries for `inputs`
    inputs: Callable  # (rng, **shape) -> arrays by input name
    flags: tuple = ()  # for slimc


def image(rng: np.random.Generator, n: int, h: int, w: int) -> np.ndarray:
    """Normalized pictures: blobs of colour and a little noise."""
    coarse = rng.normal(size=(n, 3, max(h // 16, 1), max(w // 16, 1)))
    rows = np.arange(h) * coarse.shape[2] // h
    columns = np.arange(w) * coarse.shape[3] // w
    blobs = coarse[:, :, rows][:, :, :, columns]
    return (blobs + 0.1 * rng.normal(size=blobs.shape)).astype(np.float32)


def page(rng: np.random.Generator, n: int, h: int, w: int) -> np.ndarray:
    """White paper with lines of glyphs, each a random 5 x 7 bitmap, normalized
    as the text models want it (0 to 255 becomes -1 to 1)."""
    scale = max(h // 100, 2)
    line, advance = 14 * scale, 6 * scale
    pages = np.ones((n, 3, h, w), np.float32)
    for number in range(n):
        for top in range(3 * scale, h - 7 * scale, line):
            for left in range(4 * scale, w - 8 * scale, advance):
                glyph = rng.random((7, 5)) < 0.5
                glyph = np.kron(glyph, np.ones((scale, scale)))
                area = pages[number, :, top : top + 7 * scale, left : left + 5 * scale]
                area[:, glyph > 0] = -0.9
    return pages + 0.02 * rng.normal(size=pages.shape).astype(np.float32)


def tokens(rng: np.random.Generator, batch: int, seq: int) -> dict:
    """English text between its markers, [CLS] and [SEP]; each row but the first
    is shorter and padded at its end."""
    text = [id for paragraph in PARAGRAPHS for id in paragraph]
    ids = np.zeros((batch, seq), np.int64)
    mask = np.zeros_like(ids)
    for row in range(batch):
        length = seq - (seq * row // (batch + 1) if row else 0)
        start = rng.integers(len(text) - length)
        ids[row, :length] = [101, *text[start : start + length - 2], 102]
        mask[row, :length] = 1
    return {"input_ids": ids, "attention_mask": mask}


def tokens_with_types(rng: np.random.Generator, batch: int, seq: int) -> dict:
    feed = tokens(rng, batch, seq)
    feed["token_type_ids"] = np.zeros_like(feed["input_ids"])
    return feed


def drawn(name: str, draw: Callable) -> Callable:
    return lambda rng, n, h, w: {name: draw(rng, n, h, w)}


def speech(rng: np.random.Generator, batch: int) -> dict:
    """512 samples of a voiced sound."""
    time = np.arange(512) / 16000
    pitch = rng.uniform(100, 200, size=(batch, 1))
    wave = sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 8))
    noise = rng.normal(size=wave.shape)
    return {
        "input": (0.2 * wave + 0.01 * noise).astype(np.float32),
        "state": rng.normal(size=(2, batch, 128)).astype(np.float32),
        "sr": np.array(16000, np.int64),
    }


_TEXT_SHAPES = [{"batch": 1, "seq": 128}, {"batch": 3, "seq": 37}]
_CLASSIFIER_SHAPES = [{"n": 1, "h": 224, "w": 224}, {"n": 3, "h": 224, "w": 224}]

REAL_MODELS = {
    "paraphrase_minilm_l3": RealModel(_TEXT_SHAPES, tokens),
    "minilm_l6": RealModel(_TEXT_SHAPES, tokens),
    "minilm_int8": RealModel(_TEXT_SHAPES, tokens_with_types),
    "efficientnet_lite0": RealModel(_CLASSIFIER_SHAPES, drawn("input", image)),
    "orientation": RealModel(_CLASSIFIER_SHAPES, drawn("x", page)),
    "picodet_layout": RealModel([{"n": 1, "h": 800, "w": 608}], drawn("image", page)),
    "ppocrv4_det": RealModel(
        [{"n": 1, "h": 320, "w": 320}, {"n": 2, "h": 96, "w": 160}], drawn("x", page)
    ),
    "ppocrv4_rec": RealModel(
        [{"n": 1, "h": 48, "w": 320}, {"n": 2, "h": 48, "w": 200}], drawn("x", page)
    ),
    # Its branches yield tensors of different rank, depending on the number of
    # samples, which its authors fix.
    "silero_vad_16k": RealModel(
        [{"batch": 1}, {"batch": 3}], speech, ("--dim", "sequence=512")
    ),
}
