"""How near outputs come to those of the reference."""
from __future__ import annotations

import numpy as np


def _flat(outputs: list) -> list:
    return [o.astype(np.float64).ravel() for o in outputs if o.dtype.kind == "f"]


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / scale if scale > 0 else float(np.array_equal(a, b))


def _error(actual: np.ndarray, expected: np.ndarray) -> float:
    scale = float(np.abs(expected).max(initial=0)) or 1.0
    return float(np.abs(actual - expected).max(initial=0)) / scale


def compare(actual: list, expected: list, classes: bool) -> dict:
    """`actual` and `expected` are lists of runs, each a list of outputs in the
    model's order. max_error is the largest error of any output over that
    output's largest magnitude; cosine is of the worst output, the mean over
    the runs; top1 is the share of rows of the first output with the same
    largest element, where `classes`. Only mismatch where outputs differ in shape
    or are not finite."""
    errors, cosines, agree = [], [], []
    for got, wanted in zip(actual, expected):
        if [o.shape for o in got] != [o.shape for o in wanted]:
            return {"mismatch": "other shapes"}
        pairs = list(zip(_flat(got), _flat(wanted)))
        if not all(np.isfinite(a).all() or not np.isfinite(b).all() for a, b in pairs):
            return {"mismatch": "not finite"}
        errors.append(max(_error(*pair) for pair in pairs))
        cosines.append(min(_cosine(*pair) for pair in pairs))
        if classes:
            agree += list(got[0].argmax(-1) == wanted[0].argmax(-1))
    result = {"max_error": max(errors), "cosine": float(np.mean(cosines))}
    if classes:
        result["top1"] = float(np.mean(agree))
    return result
