//===- Report.h - What compression did to each weight -----------*- C++ -*-===//
//
// Every compression pass appends one entry for each weight that it met to the
// module attribute `slim.report`, an array of dictionaries. The report thus
// travels with the module from pass to pass and from tool to tool, and becomes
// JSON at the end.
//
// Keys of an entry:
//
//   pass            the pass' name
//   weight          the name of the weight
//   status          "applied" or "skipped"
//   message         what was done, or why nothing was
//   shape           the shape of the dense weight
//   bytes_before    stored bytes of the weight's expression before the pass
//   bytes_after     and after it
//   relative_error  ||W - W'||_F / ||W||_F of the dense weight before (W) and
//                   after (W') this pass; only if applied
//
//   output_error    ||X (W - W')^T||_F / ||X W^T||_F over the inputs X of the
//                   calibration data; only where there are statistics of them
//
// and what else the pass says about its method, such as `rank`, `sparsity`,
// `format`, `granularity` or `algorithm`.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_COMPRESS_REPORT_H
#define SLIM_COMPRESS_REPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "slim/Support/LLVM.h"
#include "llvm/Support/JSON.h"
#include <string>

namespace slim {

struct ReportEntry {
  StringRef pass;
  StringRef weight;
  bool applied = false;
  std::string message;
  SmallVector<int64_t> shape;
  int64_t bytesBefore = 0;
  int64_t bytesAfter = 0;
  /// Meaningful if `applied`.
  double relativeError = 0;
  /// Further keys.
  SmallVector<NamedAttribute> details;
};

/// Appends `entries` to the report of `module`.
void appendToReport(ModuleOp module, ArrayRef<ReportEntry> entries);

/// Emits a remark that says what `entry` does.
void emitReportRemark(Location loc, const ReportEntry &entry);

/// The report of `module` as a JSON array of objects, empty if nothing was
/// compressed. Numbers that JSON lacks (infinity) become null.
llvm::json::Array getReport(ModuleOp module);

} // namespace slim

#endif // SLIM_COMPRESS_REPORT_H
