//===- FormTables.cpp - Functions of one byte as tables -------------------===//
//
// Between two quantized tensors there often is nothing but a function of one
// element: an activation that exporters write in several quantized steps, a
// change of the scale. A byte has 256 values. The function's ops themselves
// compute its result for each of them, here, and one lookup takes their place.
//
// In what follows, the source of a value is the tensor of bytes of which it is
// an elementwise function, as far up as there is only one.
//
//===----------------------------------------------------------------------===//
#include "IntegerOps.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/WeightTree.h"

using namespace slim;
using namespace slim::integerops;

static RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Whether `value` is a tensor of bytes that depends on the model's input.
static bool isBytes(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() == 0)
    return false;
  auto integer = dyn_cast<IntegerType>(type.getElementType());
  return integer && integer.getWidth() == 8 && !hasConstantData(value);
}

/// Whether `value` is one constant number for the whole tensor.
static bool isNumber(Value value) {
  RankedTensorType type = getTensorType(value);
  return type.hasStaticShape() && type.getNumElements() == 1 &&
         hasConstantData(value);
}

/// Whether `op` is a function of one element of its operand 0 (or of several
/// such) and of constant numbers.
static bool isPointwise(Operation *op) {
  if (op->getNumResults() != 1 ||
      !isa<RankedTensorType>(op->getResult(0).getType()))
    return false;
  auto isWhole = [](ArrayRef<int64_t> block) {
    return llvm::all_of(block, [](int64_t extent) { return extent == 0; });
  };
  if (auto quantize = dyn_cast<QuantizeOp>(op))
    return isWhole(quantize.getBlock());
  if (auto dequantize = dyn_cast<DequantizeOp>(op))
    return isWhole(dequantize.getBlock());
  return isa<TableLookupOp>(op) || slim::detail::isElementwise(op);
}

/// Whether `op` makes bytes of the floats that a function computes.
static bool isRoot(Operation *op) {
  return isBytes(op->getResult(0)) && op->getNumOperands() > 0 &&
         isa<QuantizeOp, CastOp>(op) &&
         isa<FloatType>(getElementTypeOrSelf(op->getOperand(0)));
}

namespace {

/// The sources of a function's values, and the ops that are to become tables.
class Sources {
public:
  explicit Sources(Operation *function);

  /// Ops whose results become lookups in their sources.
  ArrayRef<Operation *> getRoots() const { return roots; }
  /// The source of the result of a root.
  Value getSource(Operation *root) const { return own.lookup(root); }

private:
  Value getSource(Value value) const;
  Value findSource(Operation *op) const;
  void findNeeded(ArrayRef<Operation *> ops);

  /// By value; absent for what has none and for bytes that are their own.
  DenseMap<Value, Value> sources;
  DenseMap<Operation *, Value> own;
  /// Values that another op reads than those that disappear.
  DenseSet<Value> needed;
  SmallVector<Operation *> roots;
};

} // namespace

Value Sources::getSource(Value value) const {
  if (Value source = sources.lookup(value))
    return source;
  return isBytes(value) ? value : Value();
}

/// The source that the operands of `op` have in common; null if there is none.
Value Sources::findSource(Operation *op) const {
  if (!isPointwise(op))
    return {};
  Value common;
  for (auto [number, operand] : llvm::enumerate(op->getOperands())) {
    if (isa<TableLookupOp>(op) && number == 1) {
      if (!hasConstantData(operand))
        return {};
      continue;
    }
    if (isNumber(operand))
      continue;
    Value source = getSource(operand);
    if (!source || (common && source != common) ||
        source.getParentBlock() != op->getBlock() ||
        getTensorType(operand).getShape() !=
            getTensorType(op->getResult(0)).getShape())
      return {};
    common = source;
  }
  return common;
}

/// Goes upward: what a function reads is needed if its result is, except that a
/// table gives the result of a root without the values before it.
void Sources::findNeeded(ArrayRef<Operation *> ops) {
  for (Operation *op : llvm::reverse(ops))
    for (Value result : op->getResults())
      for (Operation *user : result.getUsers())
        if (user->getNumResults() != 1 ||
            !sources.contains(user->getResult(0)) ||
            (!isRoot(user) && needed.contains(user->getResult(0))))
          needed.insert(result);
}

Sources::Sources(Operation *function) {
  SmallVector<Operation *> ops;
  function->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op->getNumRegions() == 0)
      ops.push_back(op);
  });
  for (Operation *op : ops)
    if (Value source = findSource(op))
      sources[op->getResult(0)] = source;
  findNeeded(ops);
  // Bytes that exist anyway are the source of what comes after them.
  for (Operation *op : ops) {
    Value result = op->getNumResults() == 1 ? op->getResult(0) : Value();
    Value source = findSource(op);
    // It may read both such bytes and what is before them.
    if (!source && result)
      source = sources.lookup(result);
    if (!source)
      continue;
    if (isRoot(op) && needed.contains(result)) {
      roots.push_back(op);
      own[op] = source;
      sources.erase(result);
    } else {
      sources[result] = source;
    }
  }
}

/// The ops from `source` to `root`, both in one block, in their order.
static SmallVector<Operation *> getOpsBetween(Value source, Operation *root) {
  SetVector<Operation *> ops;
  ops.insert(root);
  for (size_t i = 0; i < ops.size(); ++i)
    for (Value operand : ops[i]->getOperands())
      if (operand != source && !hasConstantData(operand))
        ops.insert(operand.getDefiningOp());
  SmallVector<Operation *> sorted(ops.begin(), ops.end());
  llvm::sort(sorted, [](Operation *lhs, Operation *rhs) {
    return lhs->isBeforeInBlock(rhs);
  });
  return sorted;
}

/// What `op`, whose operands have these values, gives.
static Attribute evaluate(Operation *op, ArrayRef<Attribute> operands) {
  if (auto decode = dyn_cast<DequantizeOp>(op)) {
    SmallVector<TensorData> data;
    for (Attribute operand : operands)
      data.push_back(*TensorData::fromAttr(cast<ElementsAttr>(operand)));
    FailureOr<TensorData> result = decode.decodeConstants(data);
    return failed(result) ? Attribute() : result->toAttr();
  }
  SmallVector<OpFoldResult> results;
  if (failed(op->fold(operands, results)) || results.size() != 1)
    return {};
  if (auto attribute = dyn_cast<Attribute>(results.front()))
    return attribute;
  for (auto [value, attribute] : llvm::zip_equal(op->getOperands(), operands))
    if (value == cast<Value>(results.front()))
      return attribute;
  return {};
}

/// The values of the result of `root` for the 256 values of an element of
/// `source`, in the order of its bits; none where an op does not evaluate.
static std::optional<TensorData> tabulate(Value source, Operation *root) {
  auto getCodesType = [](Value value) {
    RankedTensorType type = getTensorType(value);
    SmallVector<int64_t> shape(type.getRank(), 1);
    shape.back() = 256;
    return RankedTensorType::get(shape, type.getElementType());
  };
  Block block;
  IRMapping mapping;
  DenseMap<Value, Attribute> known;
  Value codes = block.addArgument(getCodesType(source), source.getLoc());
  mapping.map(source, codes);
  known[codes] =
      TensorData::fromInts(getCodesType(source),
                           llvm::to_vector(llvm::seq<int64_t>(0, 256)))
          .toAttr();
  OpBuilder builder(root->getContext());
  builder.setInsertionPointToEnd(&block);
  Attribute last;
  for (Operation *op : getOpsBetween(source, root)) {
    Operation *copy = builder.clone(*op, mapping);
    copy->getResult(0).setType(getCodesType(op->getResult(0)));
    SmallVector<Attribute> operands;
    for (Value operand : copy->getOperands()) {
      Attribute &attribute = known[operand];
      if (!attribute) {
        FailureOr<TensorData> data = decodeConstant(operand);
        if (failed(data))
          return std::nullopt;
        attribute = data->toAttr();
      }
      operands.push_back(attribute);
    }
    last = evaluate(copy, operands);
    if (!last)
      return std::nullopt;
    known[copy->getResult(0)] = last;
  }
  TensorData data = *TensorData::fromAttr(cast<ElementsAttr>(last));
  auto type = RankedTensorType::get({256}, data.getElementType());
  return TensorData(
      type, std::vector<char>(data.getBytes().begin(), data.getBytes().end()));
}

void integerops::formTables(Operation *function, Pass::Statistic &numFormed) {
  Sources sources(function);
  IRRewriter rewriter(function->getContext());
  // From the last one on, so that what a root reads still stands.
  for (Operation *root : llvm::reverse(sources.getRoots())) {
    Value source = sources.getSource(root);
    std::optional<TensorData> table = tabulate(source, root);
    if (!table)
      continue;
    rewriter.setInsertionPoint(root);
    Location loc = root->getLoc();
    Value constant = ConstantOp::create(rewriter, loc, table->toAttr());
    rewriter.replaceOpWithNewOp<TableLookupOp>(
        root, root->getResult(0).getType(), source, constant);
    ++numFormed;
  }
}
