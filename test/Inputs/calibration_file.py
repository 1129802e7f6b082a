"""Writes files of calibration statistics, as slim-calibrate does, from what a
test makes up or has computed with NumPy."""
import json

import numpy as np

NAMES = {
    "channel_abs_max": np.float32,
    "channel_mean": np.float64,
    "channel_abs_mean": np.float64,
    "channel_mean_square": np.float64,
    "second_moment": np.float32,
}
TYPES = {"float32": "F32", "float64": "F64"}


def statistics(rows, second_moment=True):
    """Of inputs [rows, columns]."""
    rows = np.asarray(rows, np.float64)
    result = {
        "range": np.array([rows.min(), rows.max(), 0, 0], np.float32),
        "channel_abs_max": np.abs(rows).max(0),
        "channel_mean": rows.mean(0),
        "channel_abs_mean": np.abs(rows).mean(0),
        "channel_mean_square": (rows**2).mean(0),
    }
    if second_moment:
        result["second_moment"] = (rows.T @ rows / len(rows))[None]
    return result


def write(path, entries):
    """`entries` maps names of inputs to `statistics`."""
    header, blobs, offset = {}, [], 0
    for name, entry in entries.items():
        for key, array in entry.items():
            array = np.ascontiguousarray(array, NAMES.get(key, np.float32))
            data = array.tobytes()
            header[f"{name}:{key}"] = {
                "dtype": TYPES[array.dtype.name],
                "shape": list(array.shape),
                "data_offsets": [offset, offset + len(data)],
            }
            blobs.append(data)
            offset += len(data)
    description = {
        "version": 1,
        "entries": {name: {"samples": 1, "rows": 1, "groups": 1} for name in entries},
    }
    header["__metadata__"] = {
        "format": "slim-calibration",
        "slim.calibration": json.dumps(description),
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(blobs))
