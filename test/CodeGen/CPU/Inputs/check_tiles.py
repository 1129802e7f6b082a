"""Compiles random sums of products for AMX and compares them with NumPy.

usage: check_tiles.py --tiles --seed N --count N [slimc options...]

The cases are those of check_kernels.py with operands of 8 bits or bf16 and
reductions that tiles divide.
"""

import sys

import check_kernels
import random_cases


class Case(check_kernels.Case):
    def make_product(self):
        super().make_product()
        self.extents["k"] = 64 * int(self.rng.integers(1, 8))
        self.left_shape = [self.extents[d] for d in self.left]
        self.maybe_dynamic = ["m", "n"]

    def make_convolution(self):
        super().make_convolution()
        self.extents["c"] = 64 * int(self.rng.integers(1, 3))
        self.left_shape[-1] = self.extents["c"]


def check(rng, run):
    case = Case(rng)
    while case.kinds[0] not in ("s8", "u8", "bf16"):
        case = Case(rng)
    text = case.module()
    result = run(text, case.inputs())
    return None if case.agrees(result) else f"{case.kinds} differ\n{text}"


if __name__ == "__main__":
    sys.exit(random_cases.main("products", check, independent=True))
