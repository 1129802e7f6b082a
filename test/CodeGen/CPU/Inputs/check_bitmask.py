"""Multiplies one row of bytes by sparse weights larger than the caches.

usage: check_bitmask.py [slimc options...]

Where the processor can expand vectors, the compiled library is smaller than the
weights, as only what is not zero is in it. The products are exact.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np

from slim.runtime import Model

K, N = 4100, 8300


def expands_vectors(slimc_options):
    """Whether the code is for this machine, and that has the instructions."""
    if any(option.startswith("--mcpu") for option in slimc_options):
        return False
    with open("/proc/cpuinfo") as file:
        flags = next((line.split() for line in file if line.startswith("flags")), [])
    return "avx512_vbmi2" in flags and "avx512_vnni" in flags


def main():
    rng = np.random.default_rng(7)
    weights = rng.integers(-127, 128, (K, N)).astype(np.int8)
    weights[rng.random((K, N)) < 0.8] = 0
    with tempfile.TemporaryDirectory() as directory:
        data = os.path.join(directory, "w.bin")
        weights.tofile(data)
        source = os.path.join(directory, "m.mlir")
        library = os.path.join(directory, "m.so")
        with open(source, "w") as file:
            file.write(f"""
memref.global constant @w : memref<{K}x{N}xi8>
  {{slim.data = #slim.external<"{data}", 0>}}
func.func @main(%x: tensor<1x{K}xi8>) -> tensor<1x{N}xi32> {{
  %m = memref.get_global @w : memref<{K}x{N}xi8>
  %w = bufferization.to_tensor %m restrict : memref<{K}x{N}xi8> to tensor<{K}x{N}xi8>
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<1x{N}xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<1x{N}xi32>) -> tensor<1x{N}xi32>
  %y = linalg.matmul ins(%x, %w : tensor<1x{K}xi8>, tensor<{K}x{N}xi8>)
    outs(%f : tensor<1x{N}xi32>) -> tensor<1x{N}xi32>
  return %y : tensor<1x{N}xi32>
}}
""")
        subprocess.run(["slimc", source, "-o", library, *sys.argv[1:]], check=True)
        size = os.path.getsize(library)
        row = rng.integers(-128, 128, (1, K)).astype(np.int8)
        with Model(library) as model:
            (result,) = model.run([row]).values()
        expected = row.astype(np.int32) @ weights.astype(np.int32)
        print("exact" if (result == expected).all() else "wrong")
        form = "sparse" if size < 0.5 * weights.size else "dense"
        wanted = "sparse" if expands_vectors(sys.argv[1:]) else "dense"
        print(f"stored {form}, wanted {wanted}")


if __name__ == "__main__":
    main()
