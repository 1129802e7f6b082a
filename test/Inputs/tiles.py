"""Runs modules with AMX's instructions on a processor without them.

The instructions are intrinsics in LLVM IR. They become calls of tiles.c, on
vectors of 1024 bytes; the rest of the module is compiled for this processor, which
passes for one that has all instructions.
"""

import os
import re
import shutil
import subprocess

CPU = "sapphirerapids"
TILE = "<256 x i32>"
WRAPPERS = """
declare void @slim_tilezero(ptr)
declare void @slim_tileload(ptr, ptr, i64)
declare void @slim_tilestore(ptr, ptr, i64)
declare void @slim_tile_bytes(ptr, ptr, ptr, i32, i32)
declare void @slim_tile_bf16(ptr, ptr, ptr)

define internal TILE @tile.tilezero(i16 %r, i16 %c) {
  %t = alloca TILE
  call void @slim_tilezero(ptr %t)
  %v = load TILE, ptr %t
  ret TILE %v
}
define internal TILE @tile.tileloadd64(i16 %r, i16 %c, ptr %p, i64 %s) {
  %t = alloca TILE
  call void @slim_tileload(ptr %t, ptr %p, i64 %s)
  %v = load TILE, ptr %t
  ret TILE %v
}
define internal void @tile.tilestored64(i16 %r, i16 %c, ptr %p, i64 %s, TILE %v) {
  %t = alloca TILE
  store TILE %v, ptr %t
  call void @slim_tilestore(ptr %t, ptr %p, i64 %s)
  ret void
}
"""
PRODUCT = """
define internal TILE @tile.NAME(i16 %r, i16 %c, i16 %k, TILE %sum, TILE %a, TILE %b) {
  %ps = alloca TILE
  %pa = alloca TILE
  %pb = alloca TILE
  store TILE %sum, ptr %ps
  store TILE %a, ptr %pa
  store TILE %b, ptr %pb
  call void CALLEE
  %v = load TILE, ptr %ps
  ret TILE %v
}
"""
BYTES = "@slim_tile_bytes(ptr %ps, ptr %pa, ptr %pb, i32 {}, i32 {})"
PRODUCTS = {
    "tdpbssd": BYTES.format(0, 0),
    "tdpbsud": BYTES.format(0, 1),
    "tdpbusd": BYTES.format(1, 0),
    "tdpbuud": BYTES.format(1, 1),
    "tdpbf16ps": "@slim_tile_bf16(ptr %ps, ptr %pa, ptr %pb)",
}
ALL_BITS = "; ".join(f"movl $$-1, %{name}" for name in ("eax", "ebx", "ecx", "edx"))


def interpret(text):
    """The module's text with calls for intrinsics."""
    text = re.sub(r"^declare .*@llvm\.x86\.(tile|tdp).*\n", "", text, flags=re.M)
    text = re.sub(r"@llvm\.x86\.(tile\w+|tdp\w+)\.internal", r"@tile.\1", text)
    text = text.replace("x86_amx", TILE).replace(f'"target-cpu"="{CPU}"', "")
    # What the runtime asks the processor and the operating system.
    text = text.replace('asm sideeffect "cpuid"', f'asm sideeffect "{ALL_BITS}"')
    text = text.replace(
        'asm sideeffect "xgetbv"', 'asm sideeffect "movl $$-1, %eax; movl $$-1, %edx"'
    )
    text = text.replace('asm sideeffect "syscall"', 'asm sideeffect "xorl %eax, %eax"')
    products = [
        PRODUCT.replace("NAME", name).replace("CALLEE", callee)
        for name, callee in PRODUCTS.items()
    ]
    return text + (WRAPPERS + "".join(products)).replace("TILE", TILE)


def compile_text(text, directory, name, slimc_options):
    """Compiles a module; the library's path and the instructions for tiles that
    it has."""
    path = lambda suffix: os.path.join(directory, f"{name}.{suffix}")
    with open(path("mlir"), "w") as file:
        file.write(text)
    options = [f"--mcpu={CPU}", "--emit=llvm", *slimc_options]
    subprocess.run(["slimc", path("mlir"), "-o", path("ll"), *options], check=True)
    with open(path("ll")) as file:
        module = file.read()
    with open(path("ll"), "w") as file:
        file.write(interpret(module))
    subprocess.run(
        ["llc", "-O1", "-mcpu=native", "-relocation-model=pic", "-filetype=obj"]
        + [path("ll"), "-o", path("o")],
        check=True,
    )
    libraries = ["-lm"]
    if "--threads" in slimc_options:
        tools = os.path.dirname(os.path.realpath(shutil.which("llc")))
        room = os.path.join(tools, "../lib")
        libraries += [f"-L{room}", f"-Wl,-rpath,{room}", "-lomp"]
    shim = os.path.join(os.path.dirname(__file__), "tiles.c")
    subprocess.run(
        [os.environ.get("CC", "cc"), "-O2", "-ffp-contract=off", "-fPIC", "-shared"]
        + [path("o"), shim, *libraries, "-o", path("so")],
        check=True,
    )
    return path("so"), set(re.findall(r"@llvm\.x86\.(tdp\w+)\.internal", module))
