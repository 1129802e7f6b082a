//===- CompressionDriver.h - What all compression passes share --*- C++ -*-===//
//
// A compression pass is a function from one weight to another; the driver does
// the rest: it finds the weights and who uses them, filters them by name,
// rewrites expressions, keeps symbols in order, measures the error through the
// decode ops themselves, and reports.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_COMPRESS_COMPRESSIONDRIVER_H
#define SLIM_COMPRESS_COMPRESSIONDRIVER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "slim/Compress/DecodeTree.h"

namespace slim {

/// A weight of the model: all equal decode trees of a module, in whatever
/// function, that feed at least one op which can be compressed.
struct CompressibleWeight {
  /// One of the trees.
  DecodeTree tree;
  /// The roots of all, in module order.
  SmallVector<Value> roots;
  /// The compressible ops whose weight operand is one of the roots.
  SmallVector<CompressibleOpInterface> consumers;
  /// The weight's dimensions as its first consumer sees them, a consumer that
  /// sums over something coming before one that only looks rows up.
  int64_t outputChannelDim = 0;
  SmallVector<int64_t> reductionDims;
  /// The weight before the pass, row-major.
  std::vector<float> dense;

  StringRef getName() const { return tree.getName(); }
  RankedTensorType getType() const { return tree.getType(); }
};

/// What a pass did to a weight.
struct CompressionOutcome {
  static CompressionOutcome skipped(const Twine &reason) {
    CompressionOutcome outcome;
    outcome.message = reason.str();
    return outcome;
  }
  static CompressionOutcome applied(const Twine &message) {
    CompressionOutcome outcome;
    outcome.wasApplied = true;
    outcome.message = message.str();
    return outcome;
  }
  /// Adds a key to the report.
  CompressionOutcome &with(StringRef key, Attribute value) {
    details.emplace_back(key, value);
    return *this;
  }

  bool wasApplied = false;
  std::string message;
  SmallVector<NamedAttribute> details;
  /// For a pass that replaces the weight's consumers instead of the weight: the
  /// bytes and the error that the driver cannot measure.
  std::optional<int64_t> bytesAfter;
  std::optional<double> relativeError;
};

/// Changes weights. Edits of symbols take effect at `finalize`.
class WeightRewriter {
public:
  explicit WeightRewriter(ModuleOp module) : module(module), symbols(module) {}

  /// Adds a weight beside `old`. It gets `name` in the end, if that is free
  /// then: a weight that replaces another keeps its name.
  WeightOp addWeight(StringRef name, const TensorData &data, WeightOp old);

  /// Reads `weight` at the insertion point of `builder`.
  Value readWeight(OpBuilder &builder, Location loc, WeightOp weight);

  /// Replaces each root of `weight` by what `build` makes of it, at the place
  /// of the root, and erases what becomes unused. `weight` describes the new
  /// tree afterwards.
  void replaceRoots(CompressibleWeight &weight,
                    function_ref<Value(OpBuilder &, Value)> build);

  /// Erases the decode tree of `root` as far as it has no use.
  void eraseTree(Value root);

  /// Erases the replaced weights that nothing reads any more and gives new
  /// weights their names.
  void finalize();

private:
  ModuleOp module;
  SymbolTable symbols;
  /// New weights and the names that they should have.
  SmallVector<std::pair<WeightOp, StringAttr>> wishes;
  SetVector<WeightOp> replaced;
};

/// The options that all compression passes have.
struct CompressionOptions {
  std::string include;
  std::string exclude;
  int64_t minElements = 0;
  /// Off for what is only tried.
  bool emitRemarks = true;
};

/// Counts for a pass' statistics.
struct CompressionCounts {
  int64_t applied = 0;
  int64_t skipped = 0;
  int64_t bytesBefore = 0;
  int64_t bytesAfter = 0;
};

/// Calls `compress` for each weight of `module`, in module order, that passes
/// the options' filters, has data and is finite. Emits a remark and a report
/// entry for each weight, and for those that do not pass. Fails, with a
/// diagnostic, on a bad regular expression, on unreadable data, and if
/// `compress` fails.
FailureOr<CompressionCounts>
compressWeights(ModuleOp module, StringRef pass,
                const CompressionOptions &options,
                function_ref<FailureOr<CompressionOutcome>(CompressibleWeight &,
                                                           WeightRewriter &)>
                    compress);

} // namespace slim

#endif // SLIM_COMPRESS_COMPRESSIONDRIVER_H
