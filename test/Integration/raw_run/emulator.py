"""raw_run.c compiled for arm64, and the emulator that runs it."""
from __future__ import annotations

import os
import shutil

import raw_run

SKIPPED = 77
TRIPLE = "aarch64-unknown-linux-gnu"
SYSROOT = "/usr/aarch64-linux-gnu"
COMPILER, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64"
HERE = os.path.dirname(os.path.abspath(__file__))


def available() -> bool:
    """Whether the tools are installed; says what is missing."""
    if shutil.which(COMPILER) and shutil.which(EMULATOR) and os.path.isdir(SYSROOT):
        return True
    print(f"skipped: {COMPILER}, {EMULATOR} and {SYSROOT} are needed; run make deps")
    return False


def build_raw_run(directory: str) -> list:
    """Compile the program; the begin of a command that runs it."""
    program = os.path.join(directory, "raw_run")
    include = os.path.join(HERE, "../../../include")
    command = [COMPILER, "-std=c11", "-D_GNU_SOURCE", "-O1", "-I", include]
    raw_run.run([*command, os.path.join(HERE, "raw_run.c"), "-o", program])
    return [EMULATOR, "-L", SYSROOT, "-cpu", "max", program]
