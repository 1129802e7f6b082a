//===- slim-lsp-server.cpp - Editor support for slim modules --------------===//
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "slim/InitAll.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  slim::registerAllDialects(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
