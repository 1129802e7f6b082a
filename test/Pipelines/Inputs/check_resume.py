"""An interrupted quantize-blocks goes on where it was, to the same bytes, and uses
nothing of another run.

usage: check_resume.py SLIM-OPT MODULE DIRECTORY
"""
import filecmp
import os
import shutil
import subprocess
import sys
import time

import numpy as np

tool, module, directory = sys.argv[1:4]
os.makedirs(directory, exist_ok=True)
os.chdir(directory)
rng = np.random.default_rng(5)
STATE = "state"
for name in ("samples", "others"):
    np.savez(f"{name}.npz", **{f"x_{i}": rng.standard_normal((2, 4)).astype(np.float32)
                               for i in range(6)})


def command(output, source=module, **options):
    options = {"data": "samples.npz", "format": "int4", "min-elements": 0,
               "exclude": "^kept$", "iterations": 20, "batch": 2, "progress": "true",
               **options}
    words = " ".join(f"{key}={value}" for key, value in options.items())
    return [tool, source, "-o", output, f"-quantize-blocks={words}"]


def run(*arguments, **options):
    """What it has said."""
    result = subprocess.run(command(*arguments, **options), check=True,
                            stderr=subprocess.PIPE, text=True)
    return result.stderr


def interrupt(output):
    """Kills a run as soon as it has left something."""
    process = subprocess.Popen(command(output, checkpoint=STATE),
                               stderr=subprocess.DEVNULL)
    while process.poll() is None and not os.path.exists(STATE):
        time.sleep(0.0005)
    process.kill()
    process.wait()
    return os.path.exists(STATE)


def check_same(output, expected):
    assert filecmp.cmp(output, expected, shallow=False), f"{output}: other bytes"
    assert not os.path.exists(STATE), "the state is left"


def check_refused(why, *arguments, **options):
    """A run with the state of another one is a run without it."""
    run("plain", *arguments, **options)
    shutil.copy("kept", STATE)
    said = run("result", *arguments, checkpoint=STATE, **options)
    check_same("result", "plain")
    warnings = [line for line in said.splitlines() if "warning" in line]
    assert len(warnings) == 1 and why in warnings[0], said
    print(why)


said = run("whole")
assert "block 1 of 4, steps" in said, said
assert interrupt("result"), "the run was not interrupted"
shutil.copy(STATE, "kept")
said = run("result", checkpoint=STATE)
assert "block 1 of 4, steps" not in said and "block 3 of 4, steps" in said, said
check_same("result", "whole")
print("interrupted: goes on to the same bytes")

with open(module) as file, open("changed.mlir", "w") as changed:
    changed.write(file.read().replace("[[1.0, 0.5,", "[[1.0, 0.25,", 1))
check_refused("they are of another model", "changed.mlir")
check_refused("they are of other data", data="others.npz")
check_refused("they are of a run with other options", seed=1)
check_refused("they are of a run with other options", format="int3")
with open("kept", "r+b") as file:
    file.truncate(os.path.getsize("kept") - 1)
check_refused("the codes in 'state' are not used")
