"""check.py DIRECTORY EXPRESSION...: every Python expression must be true, where
a(name) is the array in DIRECTORY/name.npy."""
import sys

import numpy as np


def a(name):
    return np.load(f"{sys.argv[1]}/{name}.npy")


for expression in sys.argv[2:]:
    if not np.all(eval(expression)):
        sys.exit(f"not true: {expression}")
