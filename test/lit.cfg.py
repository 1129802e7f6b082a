# -*- Python -*-
"""How lit finds and runs slim's tests.

Tools: slim-opt, slim-translate, slim-calibrate, slim-export, slimc, slim-run, slim-reduce,
slim-report, slim-lsp-server,
FileCheck, not, count, split-file, mlir-opt, mlir-translate, llvm-nm,
llvm-readelf, llvm-objdump.

Substitutions beside lit's own %s, %S, %t, %T:
  %python       the interpreter with numpy, onnx and onnxruntime
  %onnx         test/Inputs/onnx_text.py: writes a model from ONNX's textual form
  %host_cc      the C compiler; %host_cxx the C++ compiler; %cmake CMake
  %slim_src     the source tree; %slim_obj the build tree
  %slim_include the public headers
  %fake_model   arguments for a C compiler that make a shared library of the
                runtime and a model that is written by hand
  %models       where scripts/fetch_models.py puts real models
  %arm64_cc     a C compiler for arm64; %arm64_run an emulator for what it builds

Features: host-x86_64, avx512, avx512-bf16 (and VNNI, VBMI2), aarch64-cross, onnxruntime, models, sanitizers.
"""
import glob
import os
import shutil
import subprocess

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "Slim"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "unittests", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.slim_test_dir

llvm_config.with_system_environment(["HOME", "TMP", "TEMP", "SLIM_MODELS"])
llvm_config.use_default_substitutions()
# lit offers the interpreter that runs it, which need not have the packages.
config.substitutions = [s for s in config.substitutions if s[0] != "%python"]
llvm_config.with_environment("PATH", config.slim_tools_dir, append_path=True)
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
for room in ("python", "test/Inputs"):
    llvm_config.with_environment(
        "PYTHONPATH", os.path.join(config.slim_src_root, room), append_path=True
    )
# Two tests run at once and each may use OpenMP: no test gains from more.
config.environment.setdefault("OMP_NUM_THREADS", "2")

tool_dirs = [config.slim_tools_dir, config.llvm_tools_dir]
llvm_config.add_tool_substitutions(
    [
        "slim-opt",
        "slim-translate",
        "slim-calibrate",
        "slim-export",
        "slimc",
        "slim-run",
        "slim-reduce",
        "slim-report",
        "slim-lsp-server",
        "mlir-opt",
        "mlir-translate",
        "mlir-runner",
        "split-file",
        "llvm-nm",
        "llvm-readelf",
        "llvm-objdump",
    ],
    tool_dirs,
)

config.substitutions += [
    ("%python", config.python_executable),
    (
        "%onnx",
        f"{config.python_executable} "
        + os.path.join(config.test_source_root, "Inputs", "onnx_text.py"),
    ),
    ("%host_cc", config.host_cc),
    ("%host_cxx", config.host_cxx),
    ("%cmake", config.cmake),
    ("%mlir_cmake_dir", config.mlir_cmake_dir),
    ("%slim_src", config.slim_src_root),
    ("%slim_obj", config.slim_obj_root),
    ("%slim_include", os.path.join(config.slim_src_root, "include")),
    ("%models", config.slim_model_cache),
    (
        "%fake_model",
        "-std=c17 -O1 -Wall -fPIC -shared -ffreestanding -fvisibility=hidden "
        f"-I {config.slim_src_root}/include "
        + " ".join(sorted(glob.glob(f"{config.slim_src_root}/lib/Runtime/*.c")))
        + f" {config.slim_src_root}/test/Inputs/fake_model.c",
    ),
]


def processor_flags():
    """The flags that Linux lists for the first processor."""
    try:
        with open("/proc/cpuinfo") as info:
            for line in info:
                if line.startswith("flags"):
                    return set(line.split(":", 1)[1].split())
    except OSError:
        pass
    return set()


if config.host_arch in ("x86_64", "AMD64"):
    config.available_features.add("host-x86_64")
if "avx512f" in processor_flags():
    config.available_features.add("avx512")
if {"avx512_bf16", "avx512_vnni", "avx512_vbmi2"} <= processor_flags():
    config.available_features.add("avx512-bf16")

arm64_cc = shutil.which("aarch64-linux-gnu-gcc")
arm64_emulator = shutil.which("qemu-aarch64")
if arm64_cc and arm64_emulator and os.path.isdir("/usr/aarch64-linux-gnu"):
    config.available_features.add("aarch64-cross")
    config.substitutions += [
        ("%arm64_cc", arm64_cc),
        ("%arm64_run", f"{arm64_emulator} -L /usr/aarch64-linux-gnu"),
    ]

if (
    subprocess.run(
        [config.python_executable, "-c", "import numpy, onnx, onnxruntime"],
        capture_output=True,
    ).returncode
    == 0
):
    config.available_features.add("onnxruntime")
else:
    lit_config.warning(
        f"{config.python_executable} lacks numpy, onnx or onnxruntime; "
        "tests that need them are unsupported"
    )
if os.path.isdir(config.slim_model_cache):
    config.available_features.add("models")

if config.slim_sanitizers:
    config.available_features.add("sanitizers")
    # LLVM's bump allocators poison memory in code compiled with the sanitizer
    # and never unpoison it in the distribution's libLLVM: a false alarm.
    # Objects that live until the process ends are no leak.
    config.environment["ASAN_OPTIONS"] = "allow_user_poisoning=0:detect_leaks=0"
    config.environment["UBSAN_OPTIONS"] = "print_stacktrace=1"
