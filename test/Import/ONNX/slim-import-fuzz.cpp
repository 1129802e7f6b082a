//===- slim-import-fuzz.cpp - Imports many files in one process -----------===//
//
// usage: slim-import-fuzz FILE...
//
// Imports each file and prints a line about it: `ok FILE`, or `error FILE: ...`
// with the diagnostic. A file that is refused without a diagnostic, or with
// more than one, is `silent` or `noisy`. The exit status is 1 if there was such
// a file. A crash ends the process before the line of its file: what the driver
// in test/Import/ONNX/fuzz.py looks for.
//
//===----------------------------------------------------------------------===//
#include "slim/Import/ONNX.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  bool isClean = true;
  for (int i = 1; i < argc; ++i) {
    // Types and attributes live as long as their context: a fresh one a file.
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    unsigned errors = 0;
    std::string first;
    mlir::ScopedDiagnosticHandler handler(
        &context, [&](mlir::Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error &&
              errors++ == 0)
            first = diagnostic.str();
          return mlir::success();
        });
    bool isImported = static_cast<bool>(
        slim::importONNX(argv[i], slim::ONNXImportOptions(), &context));
    bool isRight = isImported ? errors == 0 : errors == 1;
    isClean &= isRight;
    llvm::outs() << (isRight  ? isImported ? "ok " : "error "
                     : errors ? "noisy "
                              : "silent ")
                 << argv[i];
    if (!first.empty())
      llvm::outs() << ": " << llvm::StringRef(first).take_front(200);
    llvm::outs() << "\n";
    llvm::outs().flush();
  }
  return isClean ? 0 : 1;
}
