//===- InitAll.cpp - Registration of everything ---------------------------===//
#include "slim/InitAll.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "slim/IR/SlimDialect.h"

void slim::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<SlimDialect>();
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
}

void slim::registerAllPasses() { mlir::registerAllPasses(); }
