# slim_use_precompiled_header(target): with SLIM_ENABLE_PCH, the upstream headers
# that most passes include are parsed once for all rooms. It halves the time that
# a pass takes to compile. Off by default, so that a header that a file forgets to
# include is noticed by whoever builds without; on in the release preset.
option(SLIM_ENABLE_PCH "Precompile the headers of MLIR that passes include" OFF)

function(slim_use_precompiled_header target)
  if(NOT SLIM_ENABLE_PCH)
    return()
  endif()
  if(NOT TARGET slim-pch)
    file(WRITE "${PROJECT_BINARY_DIR}/cmake/empty.cpp" "")
    add_library(slim-pch OBJECT "${PROJECT_BINARY_DIR}/cmake/empty.cpp")
    target_precompile_headers(slim-pch PRIVATE
      <mlir/Dialect/Arith/IR/Arith.h>
      <mlir/Dialect/Func/IR/FuncOps.h>
      <mlir/Dialect/Linalg/IR/Linalg.h>
      <mlir/Dialect/Tensor/IR/Tensor.h>
      <mlir/IR/Builders.h>
      <mlir/IR/BuiltinOps.h>
      <mlir/IR/Matchers.h>
      <mlir/IR/PatternMatch.h>
      <mlir/Pass/Pass.h>
      <mlir/Transforms/DialectConversion.h>)
  endif()
  target_precompile_headers(${target} REUSE_FROM slim-pch)
endfunction()

# ccache keys on the precompiled header's content, which must not hold a time.
if(SLIM_ENABLE_PCH AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
  if(CMAKE_CXX_COMPILER_LAUNCHER STREQUAL "${SLIM_CCACHE}")
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros
        "${SLIM_CCACHE}")
  endif()
endif()
