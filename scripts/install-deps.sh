#!/bin/sh
# Install what building and testing slim needs on Debian 12 ("bookworm").
#
# usage: scripts/install-deps.sh [--list]
#
# Nothing happens when every package is there. Otherwise this needs root.
# --list prints the packages instead.
set -eu

# LLVM and MLIR with their tools, the compiler that builds slim, the linker that
# slimc runs, OpenMP for compiled models and the sanitizers' runtime.
llvm="llvm-22-dev libmlir-22-dev mlir-22-tools llvm-22-tools clang-22 lld-22
      libomp-22-dev libclang-rt-22-dev clang-format-22"
# What MLIRConfig.cmake and LLVMConfig.cmake look for.
llvm_libs="zlib1g-dev libzstd-dev libxml2-dev libedit-dev libffi-dev
           libcurl4-openssl-dev"
# The importer's protobuf and ONNX schema, dense algebra, unit tests.
libs="libprotobuf-dev protobuf-compiler libonnx-dev libeigen3-dev libgtest-dev"
build="cmake ninja-build ccache make git gcc g++ libc6-dev"
python="python3 python3-venv python3-pip ca-certificates"
# Cross-compilation is tested by running arm64 models in an emulator.
cross="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"

# shellcheck disable=SC2086 # the lists are split on purpose
set -- ${1:-} $llvm $llvm_libs $libs $build $python $cross
if [ "$1" = --list ]; then
  shift
  printf '%s\n' "$@"
  exit 0
fi

missing=
for package in "$@"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || :
  [ "$status" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo "deps: all $# Debian packages are installed"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "deps: error: these Debian packages are missing and only root can" \
    "install them:$missing" >&2
  echo "deps: run 'sudo make deps', or install them yourself" >&2
  exit 1
fi

echo "deps: installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o Acquire::Retries=3 update
# shellcheck disable=SC2086
if ! apt-get -q -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
  install --no-install-recommends $missing; then
  echo "deps: error: apt-get could not install the packages above; slim needs" \
    "LLVM 22, which Debian 12 carries in its main and security archives" >&2
  exit 1
fi
echo "deps: done"
