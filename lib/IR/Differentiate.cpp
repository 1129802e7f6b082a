//===- Differentiate.cpp - Reverse-mode differentiation -------------------===//

#include "slim/IR/Differentiate.h"

#include "Arithmetic.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace slim;
using namespace slim::detail;

static bool isFloat(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<FloatType>(type.getElementType());
}

namespace {
/// One run of buildGradients().
class Reverse {
public:
  Reverse(OpBuilder &builder, ValueRange wanted)
      : builder(builder), active(wanted.begin(), wanted.end()) {}

  /// Takes `gradient` as one of those of `value`.
  void add(Value value, Value gradient);
  /// The sum of those; null if there is none.
  Value lookup(Value value) const { return gradients.lookup(value); }
  /// Carries gradients from the last op before the insertion point to the
  /// first.
  LogicalResult run();

private:
  bool usesActive(Operation &op) const;
  LogicalResult carryBack(Operation &op);

  OpBuilder &builder;
  /// Floats that depend on wanted values, and these.
  llvm::DenseSet<Value> active;
  llvm::DenseMap<Value, Value> gradients;
};
} // namespace

void Reverse::add(Value value, Value gradient) {
  Value &sum = gradients[value];
  sum = sum ? AddOp::create(builder, value.getLoc(), sum, gradient) : gradient;
}

bool Reverse::usesActive(Operation &op) const {
  auto isActive = [&](Value value) { return active.contains(value); };
  if (llvm::any_of(op.getOperands(), isActive))
    return true;
  if (op.getNumRegions() == 0)
    return false;
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegions(), captured);
  return llvm::any_of(captured, isActive);
}

LogicalResult Reverse::carryBack(Operation &op) {
  SmallVector<Value> ofResults;
  for (Value result : op.getResults())
    ofResults.push_back(lookup(result));
  if (llvm::none_of(ofResults, [](Value value) { return bool(value); }))
    return success();
  auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
  SmallVector<Value> ofOperands;
  if (!differentiable ||
      failed(differentiable.buildVJP(builder, ofResults, ofOperands)))
    return op.emitOpError()
           << "has no derivative, which the gradient with respect to a value "
              "before it takes";
  assert(ofOperands.size() == op.getNumOperands() && "a gradient an operand");
  for (auto [number, operand] : llvm::enumerate(op.getOperands())) {
    if (!active.contains(operand))
      continue;
    if (!ofOperands[number])
      return op.emitOpError() << "has no derivative with respect to operand #"
                              << number << ", which the gradient takes";
    add(operand, ofOperands[number]);
  }
  return success();
}

LogicalResult Reverse::run() {
  Block *block = builder.getInsertionBlock();
  SmallVector<Operation *> carrying;
  for (Operation &op :
       llvm::make_range(block->begin(), builder.getInsertionPoint())) {
    if (!usesActive(op))
      continue;
    carrying.push_back(&op);
    for (Value result : op.getResults())
      if (isFloat(result))
        active.insert(result);
  }
  for (Operation *op : llvm::reverse(carrying))
    if (failed(carryBack(*op)))
      return failure();
  return success();
}

LogicalResult slim::buildGradients(OpBuilder &builder,
                                   ArrayRef<Cotangent> outputs,
                                   ValueRange wanted,
                                   SmallVectorImpl<Value> &gradients) {
  Block *block = builder.getInsertionBlock();
  Block::iterator end = builder.getInsertionPoint();
  Operation *last = end == block->begin() ? nullptr : &*std::prev(end);
  Reverse reverse(builder, wanted);
  for (const Cotangent &output : outputs)
    reverse.add(output.value, output.gradient);
  if (failed(reverse.run()))
    return failure();
  llvm::DenseSet<Operation *> kept;
  for (Value value : wanted) {
    Value gradient = reverse.lookup(value);
    if (!gradient)
      gradient = buildZerosLike(builder, value.getLoc(), value);
    gradients.push_back(gradient);
    kept.insert(gradient.getDefiningOp());
  }
  // Gradients of operands that nobody asked for.
  auto isNew = [&](Block::iterator it) {
    return it != block->begin() && &*std::prev(it) != last;
  };
  for (Block::iterator it = end; isNew(it);) {
    Operation &op = *std::prev(it);
    if (isOpTriviallyDead(&op) && !kept.contains(&op))
      op.erase();
    else
      --it;
  }
  return success();
}

LogicalResult slim::differentiate(func::FuncOp function, ValueRange wanted) {
  if (!llvm::hasSingleElement(function.getBody()))
    return function.emitError()
           << "cannot be differentiated: it has not exactly one block";
  Operation *terminator = function.front().getTerminator();
  SmallVector<Cotangent> outputs;
  for (Value result : terminator->getOperands()) {
    if (!isFloat(result))
      continue;
    unsigned number = function.getNumArguments();
    if (failed(function.insertArgument(number, result.getType(),
                                       /*argAttrs=*/{}, result.getLoc())))
      return failure();
    outputs.push_back({result, function.getArgument(number)});
  }
  OpBuilder builder(terminator);
  SmallVector<Value> gradients;
  if (failed(buildGradients(builder, outputs, wanted, gradients)))
    return failure();
  for (Value gradient : gradients) {
    if (failed(function.insertResult(function.getNumResults(),
                                     gradient.getType(), /*resultAttrs=*/{})))
      return failure();
    terminator->insertOperands(terminator->getNumOperands(), gradient);
  }
  return success();
}
