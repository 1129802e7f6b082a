"""Write random whole numbers from -3 to 8 as samples for calibration.

usage: write_samples.py FILE.npz NAME=SAMPLES,EXTENT,...  ...
"""
import sys

import numpy as np

rng = np.random.default_rng(0)
arrays = {}
for argument in sys.argv[2:]:
    name, shape = argument.split("=")
    samples = rng.integers(-3, 9, [int(extent) for extent in shape.split(",")])
    samples.flat[:2] = -3, 8
    arrays[name] = samples.astype(np.float32)
np.savez(sys.argv[1], **arrays)
