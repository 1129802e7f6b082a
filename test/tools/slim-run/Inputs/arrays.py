"""Writes the arrays of slim-run's tests into a directory."""
import os
import struct
import sys

import ml_dtypes
import numpy as np

os.makedirs(sys.argv[1], exist_ok=True)
os.chdir(sys.argv[1])


def save(name, array, version=None):
    with open(name, "wb") as file:
        np.lib.format.write_array(file, array, version)


def raw(name, header, data=b"", magic=b"\x93NUMPY", version=1, length=None):
    header = header.encode("latin1")
    size = len(header) if length is None else length
    with open(name, "wb") as file:
        file.write(magic + bytes([version, 0]))
        file.write(struct.pack("<H" if version == 1 else "<I", size))
        file.write(header + data)


# Inputs of "main".
ids = np.arange(12, dtype=np.int64).reshape(3, 4)
save("ids.npy", ids, (1, 0))
save("ids_v2.npy", ids, (2, 0))
save("ids_v3.npy", ids, (3, 0))
save("ids_fortran.npy", np.asfortranarray(ids))
save("mask.npy", np.ones((3, 4), np.int64))
save("mask_short.npy", np.ones((3, 3), np.int64))
save("scale.npy", np.array([1, 2, 3, -4], np.float32))
raw(  # 81 + 10 bytes: the data are not aligned
    "scale_unaligned.npy",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }".ljust(80) + "\n",
    np.array([1, 2, 3, -4], np.float32).tobytes(),
)
raw(
    "scale_terse.npy",
    '{"shape":(4,),"fortran_order":False,"descr":"=f4"}',
    np.array([1, 2, 3, -4], np.float32).tobytes(),
)
save("empty.npy", np.zeros((0, 4), np.int64))

# Results of "main".
save("sum.npy", ids + 1)
save("mean.npy", np.array([0.5, 1, 1.5, -2], np.float32))
save("mean_near.npy", np.array([0.5, 1, 1.501, -2], np.float32))
save("mean_f64.npy", np.array([0.5, 1, 1.5, -2], np.float64))
save("mean_nan.npy", np.array([0.5, np.nan, 1.5, np.inf], np.float32))

# Special values, for "append": input and result.
special = np.array([np.nan, np.inf, -np.inf, 0], np.float32)
save("special.npy", special)
save("special_appended.npy", np.append(special, np.float32(4)))
save("special_other.npy", np.array([0, np.inf, np.inf, 0, 4], np.float32))
save("matrix.npy", np.zeros((2, 2), np.float32))

# Inputs of "types".
numpy_types = {
    "f32": np.float32, "f64": np.float64, "f16": np.float16,
    "bf16": ml_dtypes.bfloat16, "i8": np.int8, "i16": np.int16,
    "i32": np.int32, "i64": np.int64, "u8": np.uint8, "u16": np.uint16,
    "u32": np.uint32, "u64": np.uint64, "bool": np.bool_,
    "f8E4M3FN": ml_dtypes.float8_e4m3fn, "f8E5M2": ml_dtypes.float8_e5m2,
}  # fmt: skip
for name, type in numpy_types.items():
    values = np.array([[0, 1, 2], [3, 4, 112]]).astype(type)
    save(f"in_{name}.npy", np.asfortranarray(values) if name == "i16" else values)

# Files that are no arrays, or none that slim-run takes.
good = open("scale.npy", "rb").read()
f4 = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }\n"
bad = "{'descr': '%s', 'fortran_order': False, 'shape': (4,), }\n"
open("bad_empty.npy", "wb").close()
open("bad_magic.npy", "wb").write(b"PK\x03\x04" + good)
open("bad_text.npy", "w").write("1 2 3 4\n")
for size in (6, 8, 9, 10, 50, 127, 128, 130, len(good) - 1):
    open(f"bad_cut_{size}.npy", "wb").write(good[:size])
open("bad_longer.npy", "wb").write(good + b"\0")
raw("bad_version.npy", f4 % "(4,)", bytes(16), version=9)
raw("bad_header_length.npy", f4 % "(4,)", version=2, length=2**32 - 1)
raw("bad_no_dictionary.npy", "\0" * 40)
raw("bad_no_keys.npy", "{}\n")
raw("bad_key.npy", "{'descr': '<f4', 'order': False, 'shape': (4,)}", bytes(16))
raw("bad_twice.npy", "{'descr': '<f4', 'descr': '<f4'}", bytes(16))
raw("bad_bool.npy", "{'descr': '<f4', 'fortran_order': 1, 'shape': (4,)}", bytes(16))
raw("bad_after.npy", (f4 % "(4,)").strip() + " import os", bytes(16))
raw("bad_negative.npy", f4 % "(-4,)", bytes(16))
raw("bad_not_tuple.npy", f4 % "4", bytes(16))
raw("bad_tuple_open.npy", "{'descr': '<f4', 'shape': (4,", bytes(16))
raw("bad_huge_extent.npy", f4 % "(99999999999999999999,)", bytes(16))
raw("bad_overflow.npy", f4 % "(4294967296, 4294967296, 4294967296)", bytes(16))
raw("bad_overflow_zero.npy", f4 % "(4294967296, 4294967296, 0, 4294967296)")
raw("bad_rank.npy", f4 % ("(" + "1, " * 17 + ")"), bytes(4))
raw("bad_object.npy", bad % "|O", bytes(32))
raw("bad_complex.npy", bad % "<c8", bytes(32))
raw("bad_string.npy", bad % "<U4", bytes(64))
raw("bad_big_endian.npy", bad % ">f4", bytes(16))
raw("bad_descr.npy", bad % "", bytes(16))
raw("bad_structured.npy",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,)}", bytes(16))
