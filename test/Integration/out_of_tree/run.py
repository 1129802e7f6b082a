#!/usr/bin/env python3
"""Install slim, build a pass against the installation, and run it.

usage: run.py --build DIR --work DIR --cmake CMAKE --cxx COMPILER
"""
import argparse
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def run(*command: str) -> subprocess.CompletedProcess:
    print("$", *command, flush=True)
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        print(done.stdout + done.stderr)
        raise SystemExit(f"{command[0]}: exit status {done.returncode}")
    return done


def main() -> int:
    parser = argparse.ArgumentParser(description="A pass outside the tree.")
    parser.add_argument("--build", required=True, help="slim's build directory")
    parser.add_argument("--work", required=True, help="a directory to write to")
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--cxx", default="c++")
    args = parser.parse_args()

    shutil.rmtree(args.work, ignore_errors=True)
    prefix = os.path.join(args.work, "prefix")
    plugin_build = os.path.join(args.work, "plugin")
    run(args.cmake, "--install", args.build, "--prefix", prefix)
    run(
        args.cmake,
        "-S", HERE,
        "-B", plugin_build,
        "-G", "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={args.cxx}",
    )  # fmt: skip
    run(args.cmake, "--build", plugin_build)
    done = run(
        os.path.join(prefix, "bin", "slim-opt"),
        f"--load-pass-plugin={plugin_build}/ExamplePass.so",
        "--pass-pipeline=builtin.module(example-clear-small{threshold=0.2})",
        os.path.join(HERE, "Inputs", "model.mlir"),
    )
    for text, where in [
        ("cleared 2 of 4 values", done.stderr),
        ("dense<[0.000000e+00, -3.000000e-01, 5.000000e-01, 0.000000e+00]>",
         done.stdout),
    ]:  # fmt: skip
        if text not in where:
            print(done.stdout + done.stderr)
            raise SystemExit(f"'{text}' is not in the output above")
    print("the pass was loaded and did its work")
    return 0


if __name__ == "__main__":
    sys.exit(main())
