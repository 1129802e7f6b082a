//===- slim-translate.cpp - Translates models from and to slim ------------===//
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "slim/Import/ONNX.h"

int main(int argc, char **argv) {
  slim::registerONNXImport();
  return mlir::failed(
      mlir::mlirTranslateMain(argc, argv, "slim model translator\n"));
}
