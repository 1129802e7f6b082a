"""Compares the narrow floats of Numerics with ml_dtypes: what every code stands
for, and the codes of every number that a code stands for, of the middles
between neighbours and what is next to these, and of 100,000 random numbers.

    check_encoding.py <slim-test-encode> <directory for files>
"""
import os
import subprocess
import sys

import ml_dtypes
import numpy as np

RANDOM = 100_000
TYPES = {
    "e4m3": ml_dtypes.float8_e4m3fn,
    "e5m2": ml_dtypes.float8_e5m2,
    "e2m1": ml_dtypes.float4_e2m1fn,
    "e8m0": ml_dtypes.float8_e8m0fnu,
}


def draw(rng, exact):
    """float32 numbers in and around the range of a type."""
    finite = np.unique(exact[np.isfinite(exact)])
    middles = ((finite[1:].astype(np.float64) + finite[:-1]) / 2).astype(np.float32)
    special = np.concatenate([exact, middles])
    special = np.concatenate(
        [special, np.nextafter(special, np.float32(np.inf)),
         np.nextafter(special, np.float32(-np.inf)), 2 * finite,
         np.array([0.0, -0.0, np.inf, -np.inf, np.nan], np.float32)])
    least = np.abs(finite[finite != 0]).min()
    exponents = rng.uniform(np.log2(least) - 2, np.log2(finite.max()) + 1, RANDOM)
    random = np.exp2(exponents) * rng.choice([-1, 1], RANDOM)
    return special.astype(np.float32), random.astype(np.float32)


def main():
    tool, directory = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)
    paths = [os.path.join(directory, name) for name in ("x.npy", "codes", "numbers")]
    rng = np.random.default_rng(1)
    np.seterr(all="ignore")
    failures = 0
    for name, kind in TYPES.items():
        count = 16 if name == "e2m1" else 256
        exact = np.arange(count, dtype=np.uint8).view(kind).astype(np.float32)
        special, random = draw(rng, exact)
        values = np.concatenate([special, random])
        # What a type without NaN makes of NaN is nobody's concern.
        if name == "e2m1":
            values = values[~np.isnan(values)]
        np.save(paths[0], values)
        subprocess.run([tool, name, *paths], check=True)
        codes = np.fromfile(paths[1], np.uint8)
        numbers = np.fromfile(paths[2], np.float32)[:count]
        expected = values.astype(kind)
        wrong_numbers = ~((numbers == exact) | (np.isnan(numbers) & np.isnan(exact)))
        # NaNs have several codes.
        decoded = expected.astype(np.float32)
        wrong = (codes != expected.view(np.uint8)) & ~(
            np.isnan(decoded) & np.isnan(numbers[codes]))
        for value in values[wrong][:5]:
            print(f"{name}: {value!r}")
        failures += int(wrong.sum() + wrong_numbers.sum())
        print(f"{name}: {count - wrong_numbers.sum()} of {count} codes, "
              f"{len(values) - wrong.sum()} of {len(values)} numbers agree, "
              f"{len(random)} of them random")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
