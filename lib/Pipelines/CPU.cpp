//===- CPU.cpp - The road from the slim dialect to LLVM's -----------------===//
#include "slim/Pipelines/CPU.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "slim/CodeGen/CPU/Passes.h"
#include "slim/Conversion/Passes.h"
#include "slim/IR/Transforms/Passes.h"

using namespace mlir;
using namespace slim;

void CPUPipelineOptions::setTarget(const CPUTargetDescription &target) {
  vectorBytes = target.vectorBytes;
  kernelRows = target.kernelRows;
  kernelVectors = target.kernelVectors;
  l2Bytes = target.l2Bytes;
  llcBytes = target.llcBytes;
  features = ArrayRef<std::string>(target.kernelFeatures);
}

void LinalgPipelineOptions::setTarget(ArrayRef<std::string> features,
                                      unsigned rows) {
  auto has = [&](StringRef name) { return llvm::is_contained(features, name); };
  multipliesBF16 = has("bf16") || has("bfdot");
  splitActivations = has("vnni") || has("dotprod");
  correctsSigns = !has("vnni") && !has("i8mm");
  kernelRows = rows;
}

void slim::buildSimplifyPipeline(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createFuseIdiomsPass());
  pm.addPass(createCanonicalizerPass());
}

void slim::buildSlimToLinalgPipeline(OpPassManager &pm,
                                     const LinalgPipelineOptions &options) {
  pm.addPass(createFormIntegerOpsPass());
  if (options.splitActivations) {
    SplitActivationsPassOptions split;
    split.blockRows = options.kernelRows;
    split.correctsSigns = options.correctsSigns;
    pm.addPass(createSplitActivationsPass(split));
  }
  pm.addPass(createSinkDecodePass());
  pm.addPass(createPackTablesPass());
  ConvertSlimToLinalgPassOptions convert;
  convert.keepAttention = options.keepAttention;
  convert.multipliesBF16 = options.multipliesBF16;
  pm.addPass(createConvertSlimToLinalgPass(convert));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createFuseElementwisePass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  // On fused ops there are fewer tensors to decide about; the transposes that
  // become nothing are chances for more fusion.
  pm.addNestedPass<func::FuncOp>(createAssignLayoutsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createFuseElementwisePass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void slim::buildFormKernelsPipeline(OpPassManager &pm,
                                    const CPUPipelineOptions &options) {
  pm.addPass(createFormLookupsPass());
  SplitBatchPassOptions split;
  split.l2Bytes = options.l2Bytes;
  pm.addNestedPass<func::FuncOp>(createSplitBatchPass(split));
  pm.addPass(createCanonicalizerPass());
  pm.addNestedPass<func::FuncOp>(createFormAttentionPass());
  pm.addNestedPass<func::FuncOp>(createFormRowsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addNestedPass<func::FuncOp>(createFactorScalesPass());
  pm.addNestedPass<func::FuncOp>(createFormKernelsPass());
  PackWeightsPassOptions pack;
  pack.vectorBytes = options.vectorBytes;
  pack.rows = options.kernelRows;
  pack.vectors = options.kernelVectors;
  pack.llcBytes = options.llcBytes;
  llvm::append_range(pack.features, options.features);
  pm.addPass(createPackWeightsPass(pack));
  pm.addPass(createPackCodesPass());
}

void slim::buildKernelsToLLVMPipeline(OpPassManager &pm,
                                      const CPUPipelineOptions &options) {
  // Buffers.
  pm.addNestedPass<func::FuncOp>(createPlaceDestinationsPass());
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  bufferize.allowReturnAllocsFromLoops = true;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  pm.addNestedPass<func::FuncOp>(createMaterializeContiguousPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  // Copies of what now is one view to itself.
  pm.addPass(createCanonicalizerPass());
  pm.addNestedPass<func::FuncOp>(createPlaceDeallocationsPass());
  pm.addNestedPass<func::FuncOp>(createPlanMemoryPass());
  // Before kernels and libm's functions come in, which need no C interface.
  pm.addNestedPass<func::FuncOp>(LLVM::createLLVMRequestCWrappersPass());
  pm.addPass(createOutlineKernelsPass());

  // Loops.
  LowerKernelsPassOptions kernels;
  kernels.vectorBytes = options.vectorBytes;
  kernels.rows = options.kernelRows;
  kernels.vectors = options.kernelVectors;
  kernels.threads = options.threads;
  // The rest of the cache is for the right operand and the result.
  kernels.l2Bytes = options.l2Bytes / 2;
  llvm::append_range(kernels.features, options.features);
  pm.addNestedPass<func::FuncOp>(createLowerKernelsPass(kernels));
  LowerAttentionPassOptions attention;
  attention.vectorBytes = options.vectorBytes;
  // Enough sums to hide the latency; more rows would rarely divide the queries.
  attention.rows = std::min(8u, options.kernelRows.getValue());
  attention.vectors = options.kernelVectors;
  attention.threads = options.threads;
  llvm::append_range(attention.features, options.features);
  pm.addNestedPass<func::FuncOp>(createLowerAttentionPass(attention));
  LowerRowsPassOptions rows;
  rows.vectorBytes = options.vectorBytes;
  rows.threads = options.threads;
  pm.addNestedPass<func::FuncOp>(createLowerRowsPass(rows));
  LowerLoopsPassOptions loops;
  loops.threads = options.threads;
  loops.vectorBytes = options.vectorBytes;
  pm.addNestedPass<func::FuncOp>(createLowerLoopsPass(loops));
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addNestedPass<func::FuncOp>(createApproximateMathPass());
  LowerLookupsPassOptions lookups;
  lookups.vectorBytes = options.vectorBytes;
  llvm::append_range(lookups.features, options.features);
  pm.addPass(createLowerLookupsPass(lookups));
  if (options.threads)
    pm.addPass(createLowerParallelPass());

  // The LLVM dialect.
  pm.addNestedPass<func::FuncOp>(createLowerDynamicExpansionsPass());
  pm.addNestedPass<func::FuncOp>(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createLowerChecksPass());
  pm.addNestedPass<func::FuncOp>(arith::createArithExpandOpsPass());
  pm.addPass(createConvertVectorToLLVMPass());
  ExpandBF16PassOptions bf16;
  bf16.keepVectors = llvm::is_contained(options.features, "bf16") ||
                     llvm::is_contained(options.features, "bfdot");
  pm.addNestedPass<func::FuncOp>(createExpandBF16Pass(bf16));
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  // The elements of vectors, each of which is a call.
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  FinalizeMemRefToLLVMConversionPassOptions memrefs;
  memrefs.useGenericFunctions = true;
  pm.addPass(createFinalizeMemRefToLLVMConversionPass(memrefs));
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  if (options.threads)
    pm.addPass(createConvertOpenMPToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
}

void slim::buildLinalgToLLVMPipeline(OpPassManager &pm,
                                     const CPUPipelineOptions &options) {
  buildFormKernelsPipeline(pm, options);
  buildKernelsToLLVMPipeline(pm, options);
}

void slim::registerCPUPipelines() {
  PassPipelineRegistration<>("slim-simplify",
                             "Canonical, minimal form of a slim module",
                             buildSimplifyPipeline);
  PassPipelineRegistration<LinalgPipelineOptions>(
      "slim-to-linalg", "From the slim dialect to fused linalg on tensors",
      buildSlimToLinalgPipeline);
  PassPipelineRegistration<CPUPipelineOptions>(
      "slim-form-kernels",
      "Fused kernels with packed weights from linalg on tensors, for a CPU",
      buildFormKernelsPipeline);
  PassPipelineRegistration<CPUPipelineOptions>(
      "slim-linalg-to-llvm",
      "From linalg on tensors to the LLVM dialect, for a CPU",
      buildLinalgToLLVMPipeline);
  PassPipelineRegistration<CPUPipelineOptions>(
      "slim-to-llvm", "From the slim dialect to the LLVM dialect, for a CPU",
      [](OpPassManager &pm, const CPUPipelineOptions &options) {
        LinalgPipelineOptions linalg;
        linalg.keepAttention = true;
        linalg.setTarget(ArrayRef<std::string>(options.features),
                         options.kernelRows);
        buildSlimToLinalgPipeline(pm, linalg);
        buildLinalgToLLVMPipeline(pm, options);
      });
}
