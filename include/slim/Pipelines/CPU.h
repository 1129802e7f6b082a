//===- CPU.h - The road from the slim dialect to LLVM's ---------*- C++ -*-===//
#ifndef SLIM_PIPELINES_CPU_H
#define SLIM_PIPELINES_CPU_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "slim/CodeGen/CPU/TargetDescription.h"

namespace slim {

struct CPUPipelineOptions
    : public mlir::PassPipelineOptions<CPUPipelineOptions> {
  Option<unsigned> vectorBytes{*this, "vector-bytes",
                               llvm::cl::desc("Bytes of a vector register"),
                               llvm::cl::init(32)};
  Option<unsigned> kernelRows{
      *this, "kernel-rows",
      llvm::cl::desc("Rows of a matrix product's register block"),
      llvm::cl::init(6)};
  Option<unsigned> kernelVectors{
      *this, "kernel-vectors",
      llvm::cl::desc("Vectors a row of a matrix product's register block"),
      llvm::cl::init(2)};
  ListOption<std::string> features{
      *this, "features",
      llvm::cl::desc(
          "Instruction families beyond plain vectors: vnni, bf16, pmaddwd, "
          "dotprod, i8mm, bfdot, amx-int8, amx-bf16, vbmi, pshufb, tbl")};
  Option<uint64_t> l2Bytes{
      *this, "l2-bytes", llvm::cl::desc("Bytes of a core's second-level cache"),
      llvm::cl::init(1 << 20)};
  Option<uint64_t> llcBytes{*this, "llc-bytes",
                            llvm::cl::desc("Bytes of the last-level cache"),
                            llvm::cl::init(32 << 20)};
  Option<bool> threads{*this, "threads",
                       llvm::cl::desc("Generate OpenMP parallel loops"),
                       llvm::cl::init(false)};

  /// Takes the shapes of registers and kernels from a target.
  void setTarget(const CPUTargetDescription &target);
};

/// Target-independent cleanup of a module of the slim dialect.
void buildSimplifyPipeline(mlir::OpPassManager &pm);

struct LinalgPipelineOptions
    : public mlir::PassPipelineOptions<LinalgPipelineOptions> {
  Option<bool> keepAttention{
      *this, "keep-attention",
      llvm::cl::desc("Leave attention that a target can fuse as an op"),
      llvm::cl::init(false)};
  Option<bool> multipliesBF16{
      *this, "multiplies-bf16",
      llvm::cl::desc("The target multiplies pairs of bf16: leave attention of "
                     "bf16 so"),
      llvm::cl::init(false)};
  Option<bool> splitActivations{
      *this, "split-activations",
      llvm::cl::desc("Multiply float activations with coded weights as digits "
                     "of integers (slim-split-activations)"),
      llvm::cl::init(false)};
  Option<unsigned> kernelRows{
      *this, "kernel-rows",
      llvm::cl::desc("Rows of a matrix product's register block"),
      llvm::cl::init(14)};
  Option<bool> correctsSigns{
      *this, "corrects-signs",
      llvm::cl::desc("Dot products of an unsigned and a signed byte are those "
                     "of two signed ones, corrected"),
      llvm::cl::init(false)};

  /// Splits activations if it pays on a target of these kernel features: if it
  /// has instructions that sum several products of bytes without widening them.
  void setTarget(llvm::ArrayRef<std::string> features, unsigned rows);
};

/// From the slim dialect to linalg on tensors, fused.
void buildSlimToLinalgPipeline(mlir::OpPassManager &pm,
                               const LinalgPipelineOptions &options);

/// Fused kernels, with packed weights, from linalg on tensors.
void buildFormKernelsPipeline(mlir::OpPassManager &pm,
                              const CPUPipelineOptions &options);

/// From linalg and kernels on tensors to the LLVM dialect.
void buildKernelsToLLVMPipeline(mlir::OpPassManager &pm,
                                const CPUPipelineOptions &options);

/// Both: from linalg on tensors to the LLVM dialect.
void buildLinalgToLLVMPipeline(mlir::OpPassManager &pm,
                               const CPUPipelineOptions &options);

/// Registers them as slim-simplify, slim-to-linalg, slim-form-kernels,
/// slim-linalg-to-llvm and, all in one, slim-to-llvm.
void registerCPUPipelines();

} // namespace slim

#endif // SLIM_PIPELINES_CPU_H
