//===- slim-reduce.cpp - Makes failing slim modules smaller ---------------===//
#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"
#include "slim/InitAll.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  slim::registerAllDialects(registry);
  slim::registerAllPasses();
  mlir::MLIRContext context(registry);
  return mlir::failed(mlir::mlirReduceMain(argc, argv, context));
}
