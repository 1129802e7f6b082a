//===- InsertObservers.cpp - Marking where statistics are taken -----------===//

#include "Observers.h"
#include "slim/Calibrate/ObserverNames.h"
#include "slim/Calibrate/Passes.h"
#include "slim/IR/SlimOps.h"

namespace slim {
#define GEN_PASS_DEF_INSERTOBSERVERSPASS
#include "slim/Calibrate/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;
using namespace slim::calibration;

using Kinds = SmallVector<StringRef>;

static bool needsRows(StringRef kind) {
  return kind == ObserveOp::kChannels || kind == ObserveOp::kSecondMoment;
}

bool calibration::observeValue(OpBuilder &builder, Value value, StringRef name,
                               ArrayRef<StringRef> kinds, int64_t groups) {
  Kinds possible(kinds);
  if (cast<RankedTensorType>(value.getType()).getRank() == 0)
    llvm::erase_if(possible, needsRows);
  if (possible.empty())
    return false;
  ObserveOp::create(builder, value.getLoc(), value, builder.getStringAttr(name),
                    builder.getStrArrayAttr(possible),
                    builder.getI64IntegerAttr(groups));
  return true;
}

/// Whether `rows` has the elements of `input` in their order.
static bool isView(Value rows, Value input) {
  if (rows == input)
    return true;
  auto reshape = rows.getDefiningOp<ReshapeOp>();
  return reshape && reshape.getInput() == input;
}

/// Columns of the matrix that `op` multiplies by its weight; kDynamic if the
/// weight's type does not say.
static int64_t countColumns(CompressibleOpInterface op) {
  auto weight = cast<RankedTensorType>(op.getWeightOperand().get().getType());
  int64_t columns = op.getGroupCount();
  for (int64_t dim : op.getReductionDims()) {
    if (weight.isDynamicDim(dim))
      return ShapedType::kDynamic;
    columns *= weight.getDimSize(dim);
  }
  return columns;
}

/// Gives `rows` the number of columns that the weight has: the type of a
/// computed shape may leave it open.
static Value fixColumns(OpBuilder &builder, CompressibleOpInterface op,
                        Value rows) {
  auto type = cast<RankedTensorType>(rows.getType());
  int64_t columns = countColumns(op);
  if (!type.isDynamicDim(1) || ShapedType::isDynamic(columns))
    return rows;
  auto fixed = RankedTensorType::get({type.getDimSize(0), columns},
                                     type.getElementType());
  Value shape = ConstantOp::create(builder, op.getLoc(),
                                   builder.getI64TensorAttr({-1, columns}));
  return ReshapeOp::create(builder, op.getLoc(), fixed, rows, shape);
}

int64_t calibration::observeInput(CompressibleOpInterface op, StringRef name,
                                  ArrayRef<StringRef> kinds) {
  OpBuilder builder(op);
  Value input = getActivation(op);
  Kinds ofInput, ofRows;
  for (StringRef kind : kinds)
    (needsRows(kind) ? ofRows : ofInput).push_back(kind);
  if (ofRows.empty())
    return observeValue(builder, input, name, ofInput);
  FailureOr<Value> rows = op.buildActivationRows(builder);
  if (failed(rows))
    return observeValue(builder, input, name, ofInput);
  if (isView(*rows, input)) {
    rows = fixColumns(builder, op, *rows);
    return observeValue(builder, *rows, name, kinds, op.getGroupCount());
  }
  rows = fixColumns(builder, op, *rows);
  return observeValue(builder, input, name, ofInput) +
         observeValue(builder, *rows, name, ofRows, op.getGroupCount());
}

namespace {

struct InsertObserversPass
    : public slim::impl::InsertObserversPassBase<InsertObserversPass> {
  using InsertObserversPassBase::InsertObserversPassBase;

  void runOnOperation() override {
    FailureOr<Kinds> weightKinds =
        getKinds("kinds", kinds, {ObserveOp::kRange, ObserveOp::kChannels});
    FailureOr<Kinds> otherKinds =
        getKinds("value-kinds", valueKinds, {ObserveOp::kRange});
    if (failed(weightKinds) || failed(otherKinds))
      return signalPassFailure();
    if (values != "none" && values != "all") {
      emitError(getOperation().getLoc())
          << getArgument() << ": option 'values' is 'none' or 'all', not '"
          << values << "'";
      return signalPassFailure();
    }

    // Named before anything is inserted: observers name nothing.
    auto inputs = nameWeightInputs(getOperation());
    std::vector<std::pair<Value, std::string>> others;
    if (values == "all")
      for (auto function : getOperation().getOps<func::FuncOp>())
        llvm::append_range(others, nameActivations(function));

    llvm::DenseSet<std::pair<Value, StringRef>> done;
    for (auto &[op, name] : inputs)
      if (done.insert({getActivation(op), name}).second)
        numObservers += observeInput(op, name, *weightKinds);
    for (auto &[value, name] : others) {
      OpBuilder builder(&getContext());
      builder.setInsertionPointAfterValue(value);
      numObservers += observeValue(builder, value, name, *otherKinds);
    }
  }

private:
  /// The kinds that an option lists, or the default.
  FailureOr<Kinds> getKinds(StringRef option, ArrayRef<std::string> texts,
                            ArrayRef<StringRef> defaults) {
    if (texts.empty())
      return Kinds(defaults);
    Kinds kinds;
    for (StringRef text : texts) {
      if (!ObserveOp::isKind(text))
        return emitError(getOperation().getLoc())
               << getArgument() << ": option '" << option
               << "' has the unknown kind '" << text
               << "'; known are range, channels, second_moment and histogram";
      if (!llvm::is_contained(kinds, text))
        kinds.push_back(text);
    }
    return kinds;
  }
};

} // namespace
