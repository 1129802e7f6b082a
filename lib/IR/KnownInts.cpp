//===- KnownInts.cpp - What is known of a computed shape --------*- C++ -*-===//
//
// Models compute shapes with the ops that they compute everything with: they
// take the shape of a tensor apart, calculate, and concatenate the pieces. The
// analysis follows such a computation backward from the value in question, with
// a budget on the ops it looks at, each once.
//
//===----------------------------------------------------------------------===//
#include "KnownInts.h"

#include "Evaluate.h"
#include "Inference.h"
#include "ShapeMath.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/TensorData.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace slim;
using namespace slim::detail;

namespace {

/// More elements than a shape has, and than are worth the time.
constexpr int64_t kMaxElements = 1024;
/// Ops that one question may look at, and how deep it may go.
constexpr unsigned kMaxOps = 256;
constexpr unsigned kMaxDepth = 64;

using Elements = std::optional<SmallVector<KnownInt>>;

class KnownInts {
public:
  Elements get(Value value);

private:
  Elements compute(Value value);
  Elements compute(Operation *op);

  Elements visit(ShapeOp op);
  Elements visit(CastOp op);
  Elements visit(ConcatOp op);
  Elements visit(GatherOp op);
  Elements visit(SliceOp op);
  Elements visit(FillOp op);
  Elements visit(ExpandOp op);
  Elements visit(RangeOp op);
  Elements visitElementwise(Operation *op);
  Elements visitReduction(Operation *op);
  Elements visitSelect(SelectOp op);
  /// An op that keeps the elements in their order.
  Elements visitReshape(Value input, Value result);

  llvm::DenseMap<Value, Elements> known;
  unsigned numOps = 0;
  unsigned depth = 0;
};

} // namespace

/// The number of elements of a static integer tensor that is small enough.
static std::optional<int64_t> getSmallCount(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.getElementType().isIntOrIndex())
    return std::nullopt;
  int64_t count = multiplyExtents(tensor.getShape());
  if (isDynamic(count) || count > kMaxElements)
    return std::nullopt;
  return count;
}

static bool isVectorOrScalar(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() <= 1;
}

static Elements makeUnknown(int64_t count) {
  return SmallVector<KnownInt>(count, KnownInt::unknown());
}

Elements KnownInts::get(Value value) {
  if (auto it = known.find(value); it != known.end())
    return it->second;
  // A cycle (in a graph region) finds nothing.
  known[value] = std::nullopt;
  ++depth;
  Elements elements = compute(value);
  --depth;
  known[value] = elements;
  return elements;
}

Elements KnownInts::compute(Value value) {
  std::optional<int64_t> count = getSmallCount(value.getType());
  ElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant))) {
    if (!getSmallCount(constant.getType()))
      return std::nullopt;
    if (std::optional<TensorData> data = TensorData::fromAttr(constant))
      return llvm::map_to_vector(data->toInts(), KnownInt::of);
    return std::nullopt;
  }
  Operation *op = value.getDefiningOp();
  Elements elements;
  if (op && op->getNumResults() == 1 && depth <= kMaxDepth &&
      ++numOps <= kMaxOps)
    elements = compute(op);
  // A type that disagrees with the computation is an error found elsewhere.
  if (elements && (!count || static_cast<int64_t>(elements->size()) == *count))
    return elements;
  return count ? makeUnknown(*count) : std::nullopt;
}

Elements KnownInts::compute(Operation *op) {
  if (!isa<RankedTensorType>(op->getResult(0).getType()) ||
      !llvm::all_of(op->getOperandTypes(), llvm::IsaPred<RankedTensorType>))
    return std::nullopt;
  return llvm::TypeSwitch<Operation *, Elements>(op)
      .Case<ShapeOp, CastOp, ConcatOp, GatherOp, SliceOp, FillOp, ExpandOp,
            RangeOp>([&](auto known) { return visit(known); })
      .Case<SelectOp>([&](SelectOp select) { return visitSelect(select); })
      .Case<ReshapeOp, FlattenOp, SqueezeOp, UnsqueezeOp>([&](auto reshape) {
        return visitReshape(reshape.getInput(), reshape.getResult());
      })
      .Case<tensor::CastOp>([&](tensor::CastOp cast) {
        return visitReshape(cast.getSource(), cast.getResult());
      })
      .Case<ReduceSumOp, ReduceProdOp, ReduceMaxOp, ReduceMinOp>(
          [&](auto reduction) { return visitReduction(reduction); })
      .Default([&](Operation *other) { return visitElementwise(other); });
}

Elements KnownInts::visit(ShapeOp op) {
  Value input = skipCasts(op.getInput());
  auto type = cast<RankedTensorType>(input.getType());
  auto start = static_cast<int64_t>(op.getStart());
  auto end = static_cast<int64_t>(op.getEnd());
  if (start < 0 || end < start || end > type.getRank())
    return std::nullopt;
  SmallVector<KnownInt> extents;
  for (int64_t dim = start; dim < end; ++dim)
    extents.push_back(type.isDynamicDim(dim)
                          ? KnownInt::ofExtent(input, dim)
                          : KnownInt::of(type.getDimSize(dim)));
  return extents;
}

Elements KnownInts::visit(CastOp op) {
  auto from = dyn_cast<IntegerType>(op.getInput().getType().getElementType());
  auto to = dyn_cast<IntegerType>(op.getTo());
  if (!from || !to)
    return std::nullopt;
  Elements elements = get(op.getInput());
  if (!elements)
    return std::nullopt;
  for (KnownInt &element : *elements) {
    if (element.number)
      element.number = to.getWidth() == 1 ? *element.number != 0
                                          : wrapInt(*element.number, to);
    else if (to.getWidth() < 32)
      element = KnownInt::unknown(); // an extent may not fit
  }
  return elements;
}

Elements KnownInts::visit(ConcatOp op) {
  SmallVector<KnownInt> all;
  for (Value input : op.getInputs()) {
    if (!isVectorOrScalar(input))
      return std::nullopt;
    const Elements &elements = get(input);
    if (!elements)
      return std::nullopt;
    llvm::append_range(all, *elements);
  }
  return all;
}

Elements KnownInts::visit(GatherOp op) {
  auto type = cast<RankedTensorType>(op.getInput().getType());
  if (type.getRank() != 1)
    return std::nullopt;
  // Copied: the next question may move the first answer.
  Elements input = get(op.getInput());
  Elements indices = get(op.getIndices());
  if (!input || !indices)
    return std::nullopt;
  int64_t size = input->size();
  SmallVector<KnownInt> gathered;
  for (const KnownInt &index : *indices) {
    int64_t position = index.number.value_or(size);
    if (position < 0)
      position += size;
    gathered.push_back(position >= 0 && position < size ? (*input)[position]
                                                        : KnownInt::unknown());
  }
  return gathered;
}

Elements KnownInts::visit(SliceOp op) {
  if (!isVectorOrScalar(op.getInput()) || op.getAxes().size() != 1)
    return std::nullopt;
  Elements input = get(op.getInput());
  if (!input)
    return std::nullopt;
  std::optional<int64_t> bounds[3];
  Value operands[] = {op.getStarts(), op.getEnds(), op.getSteps()};
  for (auto [bound, operand] : llvm::zip_equal(bounds, operands)) {
    const Elements &elements = get(operand);
    if (!elements || elements->size() != 1 || !elements->front().number)
      return std::nullopt;
    bound = elements->front().number;
  }
  if (*bounds[2] == 0)
    return std::nullopt;
  SliceRange range =
      getSliceRange(input->size(), *bounds[0], *bounds[1], *bounds[2]);
  SmallVector<KnownInt> part;
  for (int64_t i = 0; i < range.count; ++i)
    part.push_back((*input)[range.start + i * range.step]);
  return part;
}

Elements KnownInts::visit(FillOp op) {
  Elements shape = get(op.getShape());
  Elements value = get(op.getValue());
  if (!shape || shape->size() > 1 || !value || value->size() != 1)
    return std::nullopt;
  int64_t count = 1;
  if (!shape->empty()) {
    if (!shape->front().number)
      return std::nullopt;
    count = *shape->front().number;
  }
  if (count < 0 || count > kMaxElements)
    return std::nullopt;
  return SmallVector<KnownInt>(count, value->front());
}

Elements KnownInts::visit(ExpandOp op) {
  Elements input = get(op.getInput());
  Elements shape = get(op.getShape());
  if (!isVectorOrScalar(op.getInput()) || !input || !shape || shape->size() > 1)
    return std::nullopt;
  if (shape->empty() || input->size() != 1)
    return input;
  std::optional<int64_t> count = shape->front().number;
  if (!count || *count < 0 || *count > kMaxElements)
    return std::nullopt;
  return SmallVector<KnownInt>(*count, input->front());
}

Elements KnownInts::visit(RangeOp op) {
  std::optional<int64_t> bounds[3];
  for (auto [bound, operand] : llvm::zip_equal(bounds, op->getOperands())) {
    const Elements &elements = get(operand);
    if (!elements || elements->size() != 1 || !elements->front().number)
      return std::nullopt;
    bound = elements->front().number;
  }
  std::optional<int64_t> count =
      getRangeCount(*bounds[0], *bounds[1], *bounds[2]);
  if (!count || *count > kMaxElements)
    return std::nullopt;
  SmallVector<KnownInt> sequence;
  for (int64_t i = 0; i < *count; ++i)
    sequence.push_back(KnownInt::of(*bounds[0] + i * *bounds[2]));
  return sequence;
}

Elements KnownInts::visitReshape(Value input, Value result) {
  // An open number of elements is at best the input's.
  return get(input);
}

Elements KnownInts::visitSelect(SelectOp op) {
  if (!llvm::all_of(op->getOperands(), isVectorOrScalar))
    return std::nullopt;
  Elements operands[3];
  size_t count = 1;
  for (auto [elements, operand] :
       llvm::zip_equal(operands, op->getOperands())) {
    elements = get(operand);
    if (!elements)
      return std::nullopt;
    if (elements->size() != 1)
      count = elements->size();
  }
  SmallVector<KnownInt> result;
  for (size_t i = 0; i < count; ++i) {
    auto at = [&](unsigned operand) -> KnownInt {
      const SmallVector<KnownInt> &elements = *operands[operand];
      if (elements.size() == 1)
        return elements.front();
      return i < elements.size() ? elements[i] : KnownInt::unknown();
    };
    KnownInt condition = at(0);
    result.push_back(condition.number ? at(*condition.number ? 1 : 2)
                                      : KnownInt::unknown());
  }
  return result;
}

Elements KnownInts::visitElementwise(Operation *op) {
  if (op->getNumOperands() == 0 ||
      !llvm::all_of(op->getOperands(), isVectorOrScalar))
    return std::nullopt;
  auto type = dyn_cast<IntegerType>(
      cast<RankedTensorType>(op->getOperand(0).getType()).getElementType());
  auto resultType = dyn_cast<IntegerType>(
      cast<RankedTensorType>(op->getResult(0).getType()).getElementType());
  if (!type || !resultType)
    return std::nullopt;
  IntFunction function = getIntFunction(op, type);
  if (!function)
    return std::nullopt;

  SmallVector<SmallVector<KnownInt>> operands;
  size_t count = 1;
  for (Value operand : op->getOperands()) {
    const Elements &elements = get(operand);
    if (!elements ||
        !cast<RankedTensorType>(operand.getType()).getElementType().isInteger())
      return std::nullopt;
    operands.push_back(*elements);
    if (elements->size() != 1)
      count = elements->size();
  }
  SmallVector<KnownInt> result;
  for (size_t i = 0; i < count; ++i) {
    SmallVector<int64_t> numbers;
    bool hasExtent = false;
    for (const SmallVector<KnownInt> &elements : operands) {
      if (elements.size() != 1 && elements.size() != count)
        return std::nullopt;
      const KnownInt &element = elements[elements.size() == 1 ? 0 : i];
      if (element.number)
        numbers.push_back(*element.number);
      hasExtent |= static_cast<bool>(element.tensor);
    }
    std::optional<int64_t> number;
    // An extent is not negative.
    if (isa<EqualOp>(op) && hasExtent && numbers.size() == 1 && numbers[0] < 0)
      number = 0;
    if (numbers.size() == operands.size())
      number = function(numbers);
    if (number)
      number = wrapInt(*number, resultType);
    result.push_back({number, Value(), 0});
  }
  return result;
}

Elements KnownInts::visitReduction(Operation *op) {
  Value input = op->getOperand(0);
  auto axes = op->getAttrOfType<DenseI64ArrayAttr>("axes");
  auto type = dyn_cast<IntegerType>(
      cast<RankedTensorType>(input.getType()).getElementType());
  if (!isVectorOrScalar(input) || !axes || !type)
    return std::nullopt;
  Elements elements = get(input);
  if (axes.empty() || !elements || elements->empty())
    return axes.empty() ? elements : std::nullopt;
  if (elements->size() == 1)
    return elements;
  // The greatest and the least are sought among signed numbers here.
  if (type.isUnsigned() && isa<ReduceMaxOp, ReduceMinOp>(op))
    return std::nullopt;
  int64_t result = 0;
  for (auto [index, element] : llvm::enumerate(*elements)) {
    if (!element.number)
      return std::nullopt;
    int64_t number = *element.number;
    if (index == 0)
      result = number;
    else if (isa<ReduceSumOp>(op))
      result = static_cast<int64_t>(static_cast<uint64_t>(result) +
                                    static_cast<uint64_t>(number));
    else if (isa<ReduceProdOp>(op))
      result = static_cast<int64_t>(static_cast<uint64_t>(result) *
                                    static_cast<uint64_t>(number));
    else
      result = isa<ReduceMaxOp>(op) ? std::max(result, number)
                                    : std::min(result, number);
  }
  return SmallVector<KnownInt>{KnownInt::of(wrapInt(result, type))};
}

//===----------------------------------------------------------------------===//
// Questions
//===----------------------------------------------------------------------===//

Value slim::detail::skipCasts(Value value) {
  while (auto cast = value.getDefiningOp<tensor::CastOp>()) {
    if (!isa<RankedTensorType>(cast.getSource().getType()))
      break;
    value = cast.getSource();
  }
  return value;
}

std::optional<SmallVector<KnownInt>>
slim::detail::getKnownElements(Value value) {
  return KnownInts().get(value);
}

KnownInt slim::detail::getKnownElement(Value value) {
  auto elements = getKnownElements(value);
  return elements && elements->size() == 1 ? elements->front()
                                           : KnownInt::unknown();
}

std::optional<SmallVector<int64_t>> slim::detail::getKnownInts(Value value) {
  auto elements = getKnownElements(value);
  if (!elements)
    return std::nullopt;
  return llvm::map_to_vector(*elements, [](const KnownInt &element) {
    return element.number.value_or(ShapedType::kDynamic);
  });
}
