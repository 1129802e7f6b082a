//===- slim-opt.cpp - Runs passes on slim modules -------------------------===//
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "slim/InitAll.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  slim::registerAllDialects(registry);
  slim::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "slim pass driver\n", registry));
}
