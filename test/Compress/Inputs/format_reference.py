"""Quantization of a matrix in NumPy, from the definitions of the formats.

`draw_scheme` draws a number format, what shares a scale and the type of scales,
as options of the pass `quantize` and as a `Scheme`, which quantizes and decodes.
Numbers of the narrow floats are ml_dtypes'.
"""
import math

import ml_dtypes
import numpy as np

INTEGERS = {"int8": 127, "int4": 7, "int3": 3, "int2": 1, "ternary": 1}
FLOATS = {
    "fp8e4m3": ml_dtypes.float8_e4m3fn,
    "fp8e5m2": ml_dtypes.float8_e5m2,
    "fp4e2m1": ml_dtypes.float4_e2m1fn,
}
NF4 = np.array(
    [-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
     -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0,
     0.07958029955625534, 0.16093020141124725, 0.24611230194568634,
     0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
     0.7229568362236023, 1.0],
    np.float32,
)
COMPOSITES = {
    "mxfp8": ("fp8e4m3", (1, 32), "e8m0"),
    "mxfp4": ("fp4e2m1", (1, 32), "e8m0"),
    "nvfp4": ("fp4e2m1", (1, 16), "e4m3"),
}
FORMATS = [*INTEGERS, "binary", *FLOATS, "nf4", "kmeans2", "kmeans3", "kmeans4",
           "kmeans5", "kmeans6", "kmeans7", "kmeans8", *COMPOSITES]
F32 = np.float32


def top_of(name):
    if name in INTEGERS:
        return INTEGERS[name]
    if name in FLOATS:
        return float(ml_dtypes.finfo(FLOATS[name]).max)
    return 1


def floor_power(value):
    return F32(2.0 ** (math.frexp(float(value))[1] - 1))


def nearest_power(value):
    """Of two the greater; in the range of normal floats."""
    low = floor_power(value)
    return low * F32(2) if value >= F32(1.5) * low else low


def round_scale(kind, scale, whole):
    scale = max(F32(scale), np.finfo(F32).tiny)
    if kind == "f16":
        return max(F32(np.float16(min(scale, F32(65504)))), F32(2.0**-24))
    if kind == "bf16":
        return F32(ml_dtypes.bfloat16(scale))
    if kind == "e8m0":
        return nearest_power(scale)
    if kind == "e4m3":
        stored = ml_dtypes.float8_e4m3fn(min(scale / whole, F32(448)))
        return max(F32(stored), F32(2.0**-9))
    return scale


class Scheme:
    """A number format, its blocks, and the type of their scales."""

    def __init__(self, name, block, scale, asymmetric):
        self.name, self.block = name, block
        self.scale, self.asymmetric = scale, asymmetric

    def quantize_block(self, values, whole):
        """What the values of one block are decoded to, and magnitudes."""
        if self.asymmetric and values.any():
            return self.quantize_asymmetric(values, whole)
        decoded = self.quantize_symmetric(values, whole)
        return decoded, np.abs(decoded)

    def quantize_symmetric(self, values, whole):
        if not values.any():
            # Powers of two have no zero, and neither has binary.
            least = self.name == "binary" and self.scale == "e8m0"
            return values - np.finfo(F32).tiny if least else values
        magnitude = np.abs(values).max()
        if self.name in ("ternary", "binary"):
            sums = np.add.accumulate(np.abs(values.ravel()).astype(np.float64))
            wanted = F32(sums[-1] / values.size)
        elif self.scale == "e8m0":
            wanted = floor_power(magnitude) / floor_power(top_of(self.name))
        else:
            wanted = magnitude / F32(top_of(self.name))
        scale = round_scale(self.scale, wanted, whole) * whole
        scaled = values / scale
        top = F32(top_of(self.name))
        if self.name in INTEGERS:
            return np.rint(np.clip(scaled, -top, top)) * scale
        if self.name in FLOATS:
            numbers = np.clip(scaled, -top, top).astype(FLOATS[self.name])
            return numbers.astype(F32) * scale
        if self.name == "binary":
            return np.where(scaled > 0, scale, -scale)
        distances = np.abs(scaled[..., None].astype(np.float64) - NF4)
        return NF4[distances.argmin(-1)] * scale

    def quantize_asymmetric(self, values, whole):
        bits = int(self.name[3:])
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        least, greatest = min(values.min(), F32(0)), max(values.max(), F32(0))
        wanted = (greatest - least) / F32(high - low)
        scale = round_scale(self.scale, wanted, whole) * whole
        if self.scale == "e8m0" and scale < wanted:
            scale = scale * F32(2)
        zero = np.rint(np.clip(low - float(least) / float(scale), low, high))
        scaled = (values / scale).astype(np.float64) + zero
        codes = np.rint(np.clip(scaled, low, high))
        return ((codes - zero).astype(F32) * scale,
                (np.abs(codes) + abs(zero)).astype(F32) * scale)

    def blocks(self, shape):
        """The slices of the blocks of a matrix."""
        rows, columns = (extent or size for extent, size in zip(self.block, shape))
        return [np.s_[row : row + rows, column : column + columns]
                for row in range(0, shape[0], rows)
                for column in range(0, shape[1], columns)]

    def quantize(self, matrix):
        """What the matrix is decoded to, and the magnitudes of what is summed:
        where there are zero points, codes and they are summed apart."""
        if self.name.startswith("kmeans"):
            return matrix, np.abs(matrix)  # is made so that a table holds it
        whole = F32(1)
        if self.scale == "e4m3" and matrix.any():
            whole = np.abs(matrix).max() / F32(top_of(self.name) * 448)
        decoded, spread = np.empty_like(matrix), np.empty_like(matrix)
        for part in self.blocks(matrix.shape):
            decoded[part], spread[part] = self.quantize_block(matrix[part], whole)
        return decoded, spread

    def draw(self, rng, shape):
        """A matrix of weights, some blocks of which are zeros."""
        if self.name.startswith("kmeans"):
            # Multiples of 1/2^(bits - 1) from -1 on, times a power of two for
            # each block, in which -1 has to occur.
            count = 2 ** int(self.name[6:])
            matrix = (rng.integers(0, count, shape) / (count / 2) - 1).astype(F32)
            for part in self.blocks(shape):
                matrix[part][0, 0] = -1
                matrix[part] *= F32(2.0 ** rng.integers(-3, 3))
        else:
            matrix = rng.standard_normal(shape).astype(F32)
            matrix *= F32(2.0 ** rng.integers(-20, 3))
            if rng.random() < 0.2:
                matrix[0] = 0
        # Powers of two have no zero: what the least of them makes of a block of
        # zeros depends on the table.
        has_zero = not (self.name.startswith("kmeans") and self.scale == "e8m0")
        if has_zero and rng.random() < 0.2:
            for part in self.blocks(shape):
                if rng.random() < 0.3:
                    matrix[part] = 0
        return matrix


def draw_scheme(rng):
    name = str(rng.choice(FORMATS))
    if name in COMPOSITES:
        number, block, scale = COMPOSITES[name]
        return Scheme(number, block, scale, False), f"format={name}"
    asymmetric = name in ("int8", "int4", "int3", "int2") and rng.random() < 0.4
    scale = str(rng.choice(["f32", "f32", "f16", "bf16", "e8m0", "e4m3"]))
    # Powers of two are exact in all but the type that is relative.
    if name.startswith("kmeans") and scale == "e4m3":
        scale = "e8m0"
    kind = rng.integers(4)
    if kind == 0:
        block, text = (0, 0), "granularity=tensor"
    elif kind == 1:
        block, text = (1, 0), "granularity=channel"
    elif kind == 2:
        block = (1, int(rng.choice([5, 8, 16, 32, 128])))
        text = f"group-size={block[1]}"
    else:
        block = (int(rng.choice([rng.integers(1, 9), 64, 128])),
                 int(rng.choice([rng.integers(4, 40), 64, 128])))
        text = f"block={block[0]}x{block[1]}"
    algorithm = "kmeans" if name.startswith("kmeans") else "rtn"
    text = (f"format={name} {text} scale-type={scale} algorithm={algorithm}"
            + (" asymmetric" if asymmetric else ""))
    return Scheme(name, block, scale, asymmetric), text
