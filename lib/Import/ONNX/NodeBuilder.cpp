//===- NodeBuilder.cpp - What an ONNX op's import function sees -*- C++ -*-===//
#include "NodeBuilder.h"

#include "ModelImporter.h"
#include "mlir/IR/Verifier.h"
#include "onnx/onnx_pb.h"

using namespace slim;
using namespace slim::onnximport;

NodeBuilder::NodeBuilder(ModelImporter &importer, OpBuilder &builder,
                         const ::onnx::NodeProto &node, int64_t opset,
                         Location loc, SmallVector<Value> operands)
    : importer(importer), builder(builder), node(node), opset(opset), loc(loc),
      operands(std::move(operands)) {}

//===----------------------------------------------------------------------===//
// The node
//===----------------------------------------------------------------------===//

StringRef NodeBuilder::getOpType() const { return node.op_type(); }

unsigned NodeBuilder::getNumResults() const { return node.output_size(); }

bool NodeBuilder::wantsResult(unsigned index) const {
  return index < getNumResults() && !node.output(index).empty();
}

std::optional<SmallVector<int64_t>> NodeBuilder::declaredShape(unsigned index) {
  if (!wantsResult(index))
    return std::nullopt;
  return importer.getDeclaredShape(node.output(index));
}

Value NodeBuilder::requiredOperand(unsigned index) {
  Value value = operand(index);
  return value ? value : invalid("lacks operand " + Twine(index));
}

Value NodeBuilder::fail(NodeStatus kind, const Twine &why) {
  if (isOk()) {
    status = kind;
    reason = why.str();
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

using ::onnx::AttributeProto;

const AttributeProto *NodeBuilder::findAttr(StringRef name) {
  for (const AttributeProto &attr : node.attribute())
    if (attr.name() == name)
      return &attr;
  return nullptr;
}

/// The attribute if it has that type, or none at all (as in old files).
static const AttributeProto *findTyped(NodeBuilder &node, StringRef name,
                                       AttributeProto::AttributeType type) {
  const AttributeProto *attr = node.findAttr(name);
  if (!attr || attr->type() == type ||
      attr->type() == AttributeProto::UNDEFINED)
    return attr;
  node.invalid("has an attribute '" + name + "' of another type than " +
               AttributeProto::AttributeType_Name(type));
  return nullptr;
}

bool NodeBuilder::hasGraphAttr(StringRef name) {
  const AttributeProto *attr = findTyped(*this, name, AttributeProto::GRAPH);
  return attr && attr->has_g();
}

std::optional<SmallVector<Value>>
NodeBuilder::importSubgraph(StringRef name, ArrayRef<Value> arguments,
                            OpBuilder &place) {
  if (!isOk())
    return std::nullopt;
  if (!hasGraphAttr(name)) {
    invalid("has no graph '" + name + "'");
    return std::nullopt;
  }
  FailureOr<SmallVector<Value>> results =
      importer.importSubgraph(findAttr(name)->g(), arguments, place);
  if (failed(results) || llvm::is_contained(*results, Value())) {
    poison();
    return std::nullopt;
  }
  return *results;
}

int64_t NodeBuilder::intAttr(StringRef name, int64_t defaultValue) {
  const AttributeProto *attr = findTyped(*this, name, AttributeProto::INT);
  return attr ? attr->i() : defaultValue;
}

float NodeBuilder::floatAttr(StringRef name, float defaultValue) {
  const AttributeProto *attr = findTyped(*this, name, AttributeProto::FLOAT);
  return attr ? attr->f() : defaultValue;
}

StringRef NodeBuilder::stringAttr(StringRef name, StringRef defaultValue) {
  const AttributeProto *attr = findTyped(*this, name, AttributeProto::STRING);
  return attr ? StringRef(attr->s()) : defaultValue;
}

std::optional<SmallVector<int64_t>> NodeBuilder::intsAttr(StringRef name) {
  const AttributeProto *attr = findTyped(*this, name, AttributeProto::INTS);
  if (!attr)
    return std::nullopt;
  return SmallVector<int64_t>(attr->ints().begin(), attr->ints().end());
}

SmallVector<float> NodeBuilder::floatsAttr(StringRef name) {
  const AttributeProto *attr = findTyped(*this, name, AttributeProto::FLOATS);
  if (!attr)
    return {};
  return SmallVector<float>(attr->floats().begin(), attr->floats().end());
}

SmallVector<StringRef> NodeBuilder::stringsAttr(StringRef name) {
  const AttributeProto *attr = findTyped(*this, name, AttributeProto::STRINGS);
  if (!attr)
    return {};
  return SmallVector<StringRef>(attr->strings().begin(), attr->strings().end());
}

template <typename Proto>
std::optional<StoredTensor>
NodeBuilder::readTensor(StringRef name, const Proto &proto, int64_t dataType) {
  std::string error;
  FailureOr<StoredTensor> tensor =
      importer.getTensorReader().read(proto, error);
  if (succeeded(tensor))
    return std::move(*tensor);
  bool isKnownType = static_cast<bool>(getElementType(dataType, getContext()));
  fail(isKnownType ? NodeStatus::Invalid : NodeStatus::Unsupported,
       "attribute '" + name + "' " + error);
  return std::nullopt;
}

std::optional<StoredTensor> NodeBuilder::tensorAttr(StringRef name) {
  const AttributeProto *attr = findTyped(*this, name, AttributeProto::TENSOR);
  if (!attr)
    return std::nullopt;
  return readTensor(name, attr->t(), attr->t().data_type());
}

std::optional<StoredTensor> NodeBuilder::sparseTensorAttr(StringRef name) {
  const AttributeProto *attr =
      findTyped(*this, name, AttributeProto::SPARSE_TENSOR);
  if (!attr)
    return std::nullopt;
  return readTensor(name, attr->sparse_tensor(),
                    attr->sparse_tensor().values().data_type());
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

int64_t NodeBuilder::normalizeAxis(int64_t axis, int64_t rank, bool allowEnd) {
  if (!isOk())
    return 0;
  int64_t count = rank + allowEnd;
  // Checked before the sum, which could overflow.
  if (axis < -count || axis >= count) {
    invalid("has axis " + Twine(axis) + ", but the rank is " + Twine(rank));
    return 0;
  }
  return axis < 0 ? axis + count : axis;
}

SmallVector<int64_t> NodeBuilder::normalizeAxes(ArrayRef<int64_t> axes,
                                                int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    axis = normalizeAxis(axis, rank);
    if (!isOk())
      return {};
    if (llvm::is_contained(result, axis)) {
      invalid("names axis " + Twine(axis) + " twice");
      return {};
    }
    result.push_back(axis);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

std::optional<TensorData> NodeBuilder::constant(Value value) {
  if (!value)
    return std::nullopt;
  if (auto op = value.getDefiningOp<ConstantOp>())
    return TensorData::fromAttr(op.getValue());
  if (const StoredTensor *weight = importer.getWeight(value))
    return weight->data;
  return std::nullopt;
}

std::optional<SmallVector<int64_t>> NodeBuilder::knownInts(Value value) {
  if (!isOk() || !value)
    return std::nullopt;
  if (std::optional<TensorData> data = constant(value)) {
    if (!isa<IntegerType>(data->getElementType()) ||
        data->getNumElements() > 65536)
      return std::nullopt;
    std::vector<int64_t> values = data->toInts();
    return SmallVector<int64_t>(values.begin(), values.end());
  }
  std::optional<SmallVector<int64_t>> known = slim::detail::getKnownInts(value);
  if (known && llvm::is_contained(*known, ShapedType::kDynamic))
    return std::nullopt;
  return known;
}

SmallVector<int64_t> NodeBuilder::constantInts(Value value, const Twine &what) {
  if (std::optional<SmallVector<int64_t>> known = knownInts(value))
    return *known;
  if (value && !isa<IntegerType>(elementType(value)))
    invalid(what + " is not of integers");
  else if (value)
    unsupported(what + " is not constant");
  return {};
}

Value NodeBuilder::scalar(double value, Type elementType) {
  if (!isOk() || !elementType)
    return {};
  auto type = RankedTensorType::get({}, elementType);
  Attribute element;
  if (isa<FloatType>(elementType)) {
    element = FloatAttr::get(elementType, value);
  } else {
    auto integerType = cast<IntegerType>(elementType);
    unsigned width = integerType.getWidth();
    bool isSigned = !integerType.isUnsigned() && width > 1;
    double least = isSigned ? -std::ldexp(1.0, width - 1) : 0.0;
    // One unit in the last place below the power of two where that is not an
    // integer of 53 bits.
    double greatest =
        std::min(std::ldexp(1.0, width - isSigned) - 1,
                 std::nextafter(std::ldexp(1.0, width - isSigned), 0.0));
    double clamped = std::isnan(value) ? 0 : std::clamp(value, least, greatest);
    APInt bits =
        isSigned
            ? APInt(width, static_cast<uint64_t>(static_cast<int64_t>(clamped)),
                    /*isSigned=*/true)
            : APInt(width, static_cast<uint64_t>(clamped));
    element = IntegerAttr::get(elementType, bits);
  }
  return create<ConstantOp>(
      cast<ElementsAttr>(DenseElementsAttr::get(type, element)));
}

Value NodeBuilder::ints(ArrayRef<int64_t> values) {
  if (!isOk())
    return {};
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    builder.getI64Type());
  return create<ConstantOp>(
      cast<ElementsAttr>(DenseElementsAttr::get(type, values)));
}

Value NodeBuilder::intScalar(int64_t value) {
  auto type = RankedTensorType::get({}, builder.getI64Type());
  return create<ConstantOp>(
      cast<ElementsAttr>(DenseElementsAttr::get(type, value)));
}

Value NodeBuilder::floats(ArrayRef<float> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    builder.getF32Type());
  return create<ConstantOp>(
      cast<ElementsAttr>(DenseElementsAttr::get(type, values)));
}

Value NodeBuilder::tensor(const StoredTensor &tensor) {
  if (!isOk())
    return {};
  return importer.makeTensor(tensor, wantsResult(0) ? StringRef(node.output(0))
                                                    : getOpType());
}

//===----------------------------------------------------------------------===//
// Creation of ops
//===----------------------------------------------------------------------===//

/// No tensor that slim compiles has a higher rank; higher ones come from
/// damaged files.
static constexpr int64_t kMaxRank = 32;

static bool isReasonable(Type type) {
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (!tensorType || tensorType.getRank() > kMaxRank)
    return false;
  int64_t elements = 1;
  for (int64_t extent : tensorType.getShape()) {
    if (ShapedType::isDynamic(extent))
      continue;
    if (extent < 0 || llvm::MulOverflow(elements, extent, elements) ||
        elements > kMaxElements)
      return false;
  }
  return true;
}

SmallVector<Value>
NodeBuilder::finish(OperationState &state, unsigned count,
                    llvm::function_ref<LogicalResult(OperationState &)> infer) {
  SmallVector<Value> values(count);
  if (llvm::is_contained(state.operands, Value())) {
    invalid("lacks an operand");
    return values;
  }
  std::string message;
  ScopedDiagnosticHandler handler(getContext(), [&](Diagnostic &diagnostic) {
    if (message.empty())
      message = diagnostic.str();
    return success();
  });
  if (failed(infer(state))) {
    invalid(message.empty() ? "has operands that do not fit" : message);
    return values;
  }
  for (Type type : state.types) {
    if (!isReasonable(type)) {
      invalid("has a result too large for any machine");
      return values;
    }
  }
  Operation *op = builder.create(state);
  if (failed(verify(op))) {
    op->erase();
    invalid(message.empty() ? "is not valid" : message);
    return values;
  }
  if (std::optional<SmallVector<Value>> folded = tryFold(op)) {
    op->erase();
    return *folded;
  }
  return SmallVector<Value>(op->getResults());
}

/// Small weights take part in constant folding, but not the step from integers
/// of few bits to floats: it decodes a quantized weight, which stays small.
static bool mayFoldWeight(Operation *op, const StoredTensor &weight) {
  if (weight.getType().getNumElements() > slim::detail::kMaxFoldedElements)
    return false;
  unsigned width = weight.getType().getElementTypeBitWidth();
  return !isa<CastOp>(op) || width == 1 || width > 8;
}

/// A weight under another shape is the same bytes, whatever its size.
Value NodeBuilder::tryReshapeWeight(Operation *op) {
  if (!isa<ReshapeOp, FlattenOp, SqueezeOp, UnsqueezeOp>(op))
    return {};
  auto type = ::llvm::cast<RankedTensorType>(op->getResult(0).getType());
  const StoredTensor *weight = importer.getWeight(op->getOperand(0));
  if (!weight || !type.hasStaticShape() ||
      type.getNumElements() != weight->getType().getNumElements())
    return {};
  return importer.makeTensor(weight->withShape(type.getShape()), getOpType());
}

std::optional<SmallVector<Value>> NodeBuilder::tryFold(Operation *op) {
  if (isa<ConstantOp>(op))
    return std::nullopt;
  if (Value reshaped = tryReshapeWeight(op))
    return SmallVector<Value>{reshaped};
  SmallVector<Attribute> constants(op->getNumOperands());
  bool allConstant = true;
  for (auto [index, value] : llvm::enumerate(op->getOperands())) {
    if (auto constant = value.getDefiningOp<ConstantOp>()) {
      constants[index] = constant.getValue();
    } else {
      const StoredTensor *weight = importer.getWeight(value);
      allConstant &= weight && mayFoldWeight(op, *weight);
    }
  }
  // Weights are looked at only where they make everything constant.
  if (allConstant)
    for (auto [index, value] : llvm::enumerate(op->getOperands()))
      if (!constants[index])
        constants[index] = importer.getWeight(value)->data.toAttr();

  SmallVector<OpFoldResult> results;
  if (failed(op->fold(constants, results)) ||
      results.size() != op->getNumResults())
    return std::nullopt;
  for (auto [result, type] : llvm::zip(results, op->getResultTypes())) {
    auto value = dyn_cast<Value>(result);
    if (value ? value.getType() != type || value.getDefiningOp() == op
              : cast<TypedAttr>(cast<Attribute>(result)).getType() != type)
      return std::nullopt;
  }
  // A large constant becomes a weight in the end, under the value's name.
  Location resultLoc = loc;
  if (wantsResult(0))
    resultLoc = NameLoc::get(builder.getStringAttr(node.output(0)));
  SmallVector<Value> values;
  for (auto [result, type] : llvm::zip(results, op->getResultTypes())) {
    auto value = dyn_cast<Value>(result);
    values.push_back(
        value ? value
              : ConstantOp::create(builder, resultLoc, type,
                                   cast<ElementsAttr>(cast<Attribute>(result)))
                    .getResult());
  }
  return values;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

Value NodeBuilder::convert(Value value, Type to) {
  if (!value || elementType(value) == to)
    return value;
  return create<CastOp>(value, to);
}

Value NodeBuilder::toI64(Value value) {
  return convert(value, builder.getI64Type());
}

Value NodeBuilder::toShape(Value value) {
  if (!value)
    return {};
  if (isFloat(value) || rank(value) > 1)
    return invalid("has a shape that is no vector of integers");
  value = toI64(value);
  return rank(value) == 0 ? reshape(value, {1}) : value;
}

Value NodeBuilder::scatterByAxis(Value axes, Value values, int64_t rank,
                                 int64_t defaultValue) {
  if (!isOk())
    return {};
  Value defaults = ints(SmallVector<int64_t>(rank, defaultValue));
  return create<ScatterElementsOp>(defaults, axes, values, /*axis=*/0,
                                   ScatterMode::Replace);
}

Value NodeBuilder::toScalar(Value value) {
  if (!value || rank(value) == 0)
    return value;
  for (int64_t extent : shape(value))
    if (extent != 1)
      return invalid("has a tensor where a scalar belongs");
  return reshape(value, ArrayRef<int64_t>());
}

Value NodeBuilder::reshape(Value value, ArrayRef<int64_t> newShape) {
  if (!isOk() || !value || shape(value) == newShape)
    return value;
  return create<ReshapeOp>(value, ints(newShape), /*allow_zero=*/false);
}

Value NodeBuilder::reshape(Value value, Value newShape) {
  return create<ReshapeOp>(value, newShape, /*allow_zero=*/true);
}

Value NodeBuilder::unsqueeze(Value value, ArrayRef<int64_t> axes) {
  return axes.empty() ? value : create<UnsqueezeOp>(value, axes);
}

Value NodeBuilder::squeeze(Value value, ArrayRef<int64_t> axes) {
  return axes.empty() ? value : create<SqueezeOp>(value, axes);
}

Value NodeBuilder::transpose(Value value, ArrayRef<int64_t> permutation) {
  bool isIdentity = true;
  for (auto [index, dimension] : llvm::enumerate(permutation))
    isIdentity &= dimension == static_cast<int64_t>(index);
  return isIdentity ? value : create<TransposeOp>(value, permutation);
}

Value NodeBuilder::shapeOf(Value value) {
  return create<ShapeOp>(value, /*start=*/0, /*end=*/rank(value));
}

Value NodeBuilder::dim(Value value, int64_t dimension) {
  return create<ShapeOp>(value, dimension, dimension + 1);
}

Value NodeBuilder::concat(ArrayRef<Value> values, int64_t axis) {
  if (values.size() == 1)
    return values[0];
  return create<ConcatOp>(ValueRange(values), axis);
}

Value NodeBuilder::slice(Value value, int64_t axis, int64_t start,
                         int64_t end) {
  Value starts = ints({start}), ends = ints({end}), steps = ints({1});
  return create<SliceOp>(value, starts, ends, steps, ArrayRef<int64_t>(axis));
}

Value NodeBuilder::expand(Value value, Value newShape) {
  return create<ExpandOp>(value, newShape);
}

Value NodeBuilder::fill(Value newShape, double value, Type elementType) {
  Value element = scalar(value, elementType);
  return create<FillOp>(newShape, element);
}

Value NodeBuilder::iota(Value count) {
  Value limit = toScalar(count), start = intScalar(0), delta = intScalar(1);
  return create<RangeOp>(start, limit, delta);
}
