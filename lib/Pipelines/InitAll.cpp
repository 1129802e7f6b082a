//===- InitAll.cpp - Registration of everything ---------------------------===//
#include "slim/InitAll.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "slim/Analysis/Passes.h"
#include "slim/Calibrate/Passes.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include "slim/CodeGen/CPU/Passes.h"
#include "slim/CodeGen/LLVMTranslation.h"
#include "slim/Compress/Passes.h"
#include "slim/Conversion/Passes.h"
#include "slim/IR/SlimDialect.h"
#include "slim/IR/Transforms/Passes.h"
#include "slim/Pipelines/CPU.h"
#include "slim/Pipelines/Passes.h"

void slim::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<SlimDialect, cpu::SlimCPUDialect>();
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllToLLVMIRTranslations(registry);
  registerSlimLLVMTranslation(registry);
  cpu::registerBufferizationModels(registry);
}

void slim::registerAllPasses() {
  mlir::registerAllPasses();
  registerSlimIRPasses();
  registerSlimAnalysisPasses();
  registerSlimCalibratePasses();
  registerSlimCompressPasses();
  registerSlimConversionPasses();
  registerSlimCPUPasses();
  registerSlimPipelinesPasses();
  registerCPUPipelines();
}
