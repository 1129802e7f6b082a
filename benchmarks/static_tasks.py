"""What static_int8.py measures: models, their data, and what counts as alike."""
from __future__ import annotations

import dataclasses
import os
import sys
from typing import Callable

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../scripts"))

CALIBRATION_LINES = 64
TEST_LINES = 200


class Unavailable(Exception):
    """Something a task needs is not here; the text says what."""


def data_file(name: str) -> str:
    path = os.path.join(os.environ.get("SLIM_MODELS", ""), name)
    if not os.path.exists(path):
        raise Unavailable(f"SLIM_MODELS holds no {name}")
    return path


@dataclasses.dataclass(frozen=True)
class Task:
    name: str
    model: str
    # (split) -> (samples of calibration, samples of test), each a dict of inputs
    split: Callable
    # What numbers are -> (outputs of the model, of the quantized model) -> number
    # from 0 to 1. The first is what counts most.
    measures: dict
    output: str = ""  # the output that is compared; the first if empty
    transformer: bool = False
    matmuls: bool = False  # products of activations are quantized, too


def split_photographs(seed: int):
    with np.load(data_file("crops224.npz")) as file:
        images, names = file["images"], file["names"]
    # As the model was trained: 0 to 255 becomes -1 to 1, channels first.
    images = ((images.astype(np.float32) - 127) / 128).transpose(0, 3, 1, 2)
    photographs = np.unique(names)
    chosen = np.random.default_rng(seed).permutation(photographs)
    in_calibration = np.isin(names, chosen[: len(chosen) // 2])
    samples = [{"input": np.ascontiguousarray(image[None])} for image in images]
    return (
        [s for s, c in zip(samples, in_calibration) if c],
        [s for s, c in zip(samples, in_calibration) if not c],
    )


def verses(seed: int) -> list:
    with open(data_file("verses.tsv"), encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t")[1] for line in list(file)[1:]]
    order = np.random.default_rng(seed).permutation(len(lines))
    return [lines[i] for i in order]


def sentences(models: str):
    def split(seed: int):
        from wordpiece import WordPiece

        vocabulary = os.path.join(models, "minilm_l6.vocab.txt")
        if not os.path.exists(vocabulary):
            raise Unavailable(f"no {vocabulary}")
        tokenizer = WordPiece(vocabulary)
        texts = verses(seed)[: CALIBRATION_LINES + TEST_LINES]
        samples = [tokenizer.batch([text]) for text in texts]
        return samples[:CALIBRATION_LINES], samples[CALIBRATION_LINES:]

    return split


def draw_line(text: str, rng) -> np.ndarray:
    """A line of text as the recognizer takes it: cut out tightly, 48 high, -1 to
    1, and zeros up to a width of 320."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(size=int(rng.integers(28, 35)))
    left, _, right, _ = font.getbbox(text)
    width = min(320, int(right - left) + 12)
    paper, ink = int(rng.integers(200, 256)), int(rng.integers(0, 60))
    image = Image.new("L", (width, 48), paper)
    ImageDraw.Draw(image).text((6, 24), text, fill=ink, font=font, anchor="lm")
    pixels = np.asarray(image, np.float32) + rng.normal(0, 3, (48, width))
    line = np.zeros((1, 3, 48, 320), np.float32)
    line[..., :width] = np.clip(pixels, 0, 255) / 127.5 - 1
    return line


def lines_of_text(words_per_line: int):
    def split(seed: int):
        rng = np.random.default_rng(seed)
        lines = []
        for text in verses(seed):
            words = text.split()
            start = int(rng.integers(0, max(1, len(words) - words_per_line)))
            line = " ".join(words[start : start + words_per_line])
            lines.append(line[:16].strip())
        lines = lines[: CALIBRATION_LINES + TEST_LINES]
        samples = [{"x": draw_line(line, rng)} for line in lines]
        return samples[:CALIBRATION_LINES], samples[CALIBRATION_LINES:]

    return split


def agreement(expected: list, actual: list) -> float:
    pairs = zip(expected, actual)
    return float(np.mean([e.argmax(-1) == a.argmax(-1) for e, a in pairs]))


def cosine(expected: list, actual: list) -> float:
    def one(a, b):
        a, b = a.ravel().astype(np.float64), b.ravel().astype(np.float64)
        return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))

    return float(np.mean([one(e, a) for e, a in zip(expected, actual)]))


def read_string(scores: np.ndarray) -> tuple:
    """The characters by CTC's rule: repetitions once, no blanks (code 0)."""
    best = scores[0].argmax(-1)
    kept = np.append(True, best[1:] != best[:-1]) & (best != 0)
    return tuple(best[kept])


def same_strings(expected: list, actual: list) -> float:
    pairs = zip(expected, actual)
    return float(np.mean([read_string(e) == read_string(a) for e, a in pairs]))


def same_letters(expected: list, actual: list) -> float:
    """Without regard to spaces, of whose presence the model itself is unsure: on
    these lines it reads 97 % of the letters' strings, and 76 % with the spaces."""

    def letters(scores: np.ndarray) -> tuple:
        space = scores.shape[-1] - 1  # the last class
        return tuple(c for c in read_string(scores) if c != space)

    pairs = zip(expected, actual)
    return float(np.mean([letters(e) == letters(a) for e, a in pairs]))


def make_tasks(models: str) -> list:
    return [
        Task(
            "classifier",
            "efficientnet_lite0",
            split_photographs,
            {"top-1 agreement": agreement},
        ),
        Task(
            "encoder",
            "minilm_l6",
            sentences(models),
            {"cosine": cosine},
            output="sentence_embedding",
            transformer=True,
            matmuls=True,
        ),
        Task("words", "ppocrv4_rec", lines_of_text(1), {"words alike": same_strings}),
        Task(
            "lines",
            "ppocrv4_rec",
            lines_of_text(3),
            {"lines alike": same_strings, "but for spaces": same_letters},
        ),
    ]
