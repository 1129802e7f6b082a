//===- ElementwiseOps.cpp - Elementwise ops: folding, casts -----*- C++ -*-===//
#include "Evaluate.h"
#include "FoldSupport.h"
#include "Inference.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/TensorData.h"
#include "llvm/ADT/APSInt.h"
#include <cmath>

using namespace slim;
using namespace slim::detail;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

namespace {

/// An operand's elements, stretched to the result's shape.
class Stretched {
public:
  Stretched(RankedTensorType type, RankedTensorType resultType)
      : shape(resultType.getShape()), strides(shape.size(), 0),
        index(shape.size(), 0) {
    int64_t stride = 1;
    for (int64_t i = 0; i < type.getRank(); ++i) {
      int64_t extent = type.getDimSize(type.getRank() - 1 - i);
      if (extent != 1)
        strides[shape.size() - 1 - i] = stride;
      stride *= extent;
    }
  }

  /// The position of the operand's element, and on to the result's next.
  int64_t next() {
    int64_t current = position;
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      position += strides[dim];
      if (++index[dim] < shape[dim])
        break;
      position -= strides[dim] * shape[dim];
      index[dim] = 0;
    }
    return current;
  }

private:
  ArrayRef<int64_t> shape;
  SmallVector<int64_t> strides, index;
  int64_t position = 0;
};

/// Constant operands of an elementwise op and the walk over them.
struct Operands {
  SmallVector<TensorData> data;
  SmallVector<Stretched> walk;
};

} // namespace

static std::optional<Operands> readOperands(ArrayRef<Attribute> attrs,
                                            RankedTensorType resultType) {
  Operands operands;
  for (Attribute attr : attrs) {
    std::optional<TensorData> data = getFoldedData(attr);
    if (!data || data->getType().getRank() > resultType.getRank())
      return std::nullopt;
    operands.walk.emplace_back(data->getType(), resultType);
    operands.data.push_back(std::move(*data));
  }
  return operands;
}

/// The floats that folding computes with: double holds them with bits to spare,
/// so that rounding its result rounds the exact one.
static bool isFoldedFloat(Type type) {
  return type.isF16() || type.isBF16() || type.isF32() || type.isF64();
}

static std::optional<TensorData> foldInts(const IntFunction &function,
                                          Operands &operands,
                                          RankedTensorType resultType) {
  std::vector<int64_t> result(resultType.getNumElements());
  SmallVector<int64_t> numbers(operands.data.size());
  for (int64_t &into : result) {
    for (auto [number, data, walk] :
         llvm::zip_equal(numbers, operands.data, operands.walk))
      number = data.getInt(walk.next());
    std::optional<int64_t> value = function(numbers);
    if (!value)
      return std::nullopt;
    into = *value;
  }
  return TensorData::fromInts(resultType, result);
}

static std::optional<TensorData> foldFloats(const FloatFunction &function,
                                            Operands &operands,
                                            RankedTensorType resultType) {
  std::vector<double> result(resultType.getNumElements());
  SmallVector<double> numbers(operands.data.size());
  for (double &into : result) {
    for (auto [number, data, walk] :
         llvm::zip_equal(numbers, operands.data, operands.walk))
      number = data.getDouble(walk.next());
    std::optional<double> value = function(numbers);
    if (!value)
      return std::nullopt;
    into = *value;
  }
  if (resultType.getElementType().isInteger(1)) {
    std::vector<int64_t> truths(result.begin(), result.end());
    return TensorData::fromInts(resultType, truths);
  }
  return TensorData::fromDoubles(resultType, result);
}

/// Takes the elements as they are, whatever their type.
static TensorData foldSelect(Operands &operands, RankedTensorType resultType) {
  int64_t width = TensorData::getElementBytes(resultType.getElementType());
  std::vector<char> bytes;
  bytes.reserve(TensorData::getNumBytes(resultType));
  for (int64_t i = 0, e = resultType.getNumElements(); i < e; ++i) {
    int64_t positions[3];
    for (auto [position, walk] : llvm::zip_equal(positions, operands.walk))
      position = walk.next();
    unsigned chosen = operands.data[0].getInt(positions[0]) ? 1 : 2;
    ArrayRef<char> element = operands.data[chosen].getBytes().slice(
        positions[chosen] * width, width);
    bytes.insert(bytes.end(), element.begin(), element.end());
  }
  return TensorData(resultType, std::move(bytes));
}

OpFoldResult slim::detail::foldElementwise(Operation *op,
                                           ArrayRef<Attribute> attrs) {
  RankedTensorType resultType = getFoldedType(op->getResult(0).getType());
  if (!resultType)
    return {};
  std::optional<Operands> operands = readOperands(attrs, resultType);
  if (!operands)
    return {};
  if (isa<SelectOp>(op))
    return foldSelect(*operands, resultType).toAttr();

  Type elementType = operands->data.front().getElementType();
  std::optional<TensorData> folded;
  if (auto integer = dyn_cast<IntegerType>(elementType)) {
    // A power may have an exponent of another type.
    if (llvm::all_of(operands->data, [&](const TensorData &data) {
          auto type = dyn_cast<IntegerType>(data.getElementType());
          return type && type.isUnsigned() == integer.isUnsigned();
        }))
      if (IntFunction function = getIntFunction(op, integer))
        folded = foldInts(function, *operands, resultType);
  } else if (isFoldedFloat(elementType)) {
    if (FloatFunction function = getFloatFunction(op))
      folded = foldFloats(function, *operands, resultType);
  }
  return folded ? OpFoldResult(folded->toAttr()) : OpFoldResult();
}

//===----------------------------------------------------------------------===//
// CastOp
//===----------------------------------------------------------------------===//

LogicalResult CastOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location> location,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  Type to = adaptor.getTo();
  if (!isa<FloatType>(to) && !to.isSignlessInteger() && !to.isUnsignedInteger())
    return inference.error("cannot cast to ", to,
                           ": it is no float, signless or unsigned integer");
  types.push_back(RankedTensorType::get(type->getShape(), to));
  return success();
}

void CastOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  appendElementwiseTies(*this, ties);
}

static TensorData castIntsToFloats(const TensorData &data,
                                   RankedTensorType type) {
  bool isUnsigned = data.getElementType().isUnsignedInteger();
  if (type.getElementType().isF32()) {
    std::vector<float> floats;
    for (int64_t value : data.toInts())
      floats.push_back(isUnsigned
                           ? static_cast<float>(static_cast<uint64_t>(value))
                           : static_cast<float>(value));
    return TensorData::fromFloats(type, floats);
  }
  std::vector<double> doubles;
  for (int64_t value : data.toInts())
    doubles.push_back(isUnsigned
                          ? static_cast<double>(static_cast<uint64_t>(value))
                          : static_cast<double>(value));
  return TensorData::fromDoubles(type, doubles);
}

static TensorData castFloatsToInts(const TensorData &data,
                                   RankedTensorType type) {
  auto to = cast<IntegerType>(type.getElementType());
  std::vector<int64_t> ints;
  for (int64_t i = 0, e = data.getNumElements(); i < e; ++i) {
    double value = data.getDouble(i);
    if (to.getWidth() == 1) {
      ints.push_back(value != 0);
      continue;
    }
    // Saturates, and makes NaN 0.
    llvm::APSInt number(to.getWidth(), to.isUnsigned());
    bool isExact;
    APFloat(value).convertToInteger(number, APFloat::rmTowardZero, &isExact);
    ints.push_back(number.getExtValue());
  }
  return TensorData::fromInts(type, ints);
}

/// Saturating where asked for; none where the type has no value for a number.
static std::optional<TensorData>
castFloats(const TensorData &data, RankedTensorType type, bool saturate) {
  auto to = cast<FloatType>(type.getElementType());
  // A float of scales: powers of two alone.
  if (isa<Float8E8M0FNUType>(to))
    return std::nullopt;
  // Widening is exact.
  if (to.isF32() && data.getElementType().getIntOrFloatBitWidth() < 32)
    return TensorData::fromFloats(type, data.toFloats());
  bool isTiny = to.getWidth() < 8;
  double largest =
      APFloat::getLargest(to.getFloatSemantics()).convertToDouble();
  std::vector<double> doubles;
  for (int64_t i = 0, e = data.getNumElements(); i < e; ++i) {
    double value = data.getDouble(i);
    if (std::isnan(value) && isTiny)
      return std::nullopt;
    if (isTiny || (saturate && to.getWidth() == 8))
      value = std::isnan(value) ? value : std::clamp(value, -largest, largest);
    doubles.push_back(value);
  }
  return TensorData::fromDoubles(type, doubles);
}

/// The elements converted to those of `type`; none where it has no value for
/// one of them, or where the types are too wide to be converted here.
static std::optional<TensorData>
castData(const TensorData &data, RankedTensorType type, bool saturate) {
  Type from = data.getElementType(), to = type.getElementType();
  if (from.getIntOrFloatBitWidth() > 64 || to.getIntOrFloatBitWidth() > 64)
    return std::nullopt;
  if (isa<FloatType>(from) && isa<FloatType>(to))
    return castFloats(data, type, saturate);
  if (isa<FloatType>(from))
    return castFloatsToInts(data, type);
  if (isa<FloatType>(to)) {
    if (isFoldedFloat(to))
      return castIntsToFloats(data, type);
    TensorData floats =
        castIntsToFloats(data, type.clone(Float64Type::get(type.getContext())));
    return castFloats(floats, type, saturate);
  }
  std::vector<int64_t> ints = data.toInts();
  if (to.isInteger(1))
    for (int64_t &value : ints)
      value = value != 0;
  return TensorData::fromInts(type, ints);
}

OpFoldResult CastOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  RankedTensorType type = getFoldedType(getType());
  std::optional<TensorData> data = getFoldedData(adaptor.getInput());
  if (!type || !data)
    return {};
  std::optional<TensorData> result = castData(*data, type, getSaturate());
  return result ? OpFoldResult(result->toAttr()) : OpFoldResult();
}

OpOperand &CastOp::getValuesOperand() { return getInputMutable(); }

FailureOr<TensorData> CastOp::decodeConstants(ArrayRef<TensorData> operands) {
  if (operands.size() != 1 || operands[0].getType() != getInput().getType())
    return emitOpError("has data of another type than its input");
  std::optional<TensorData> result =
      castData(operands[0], cast<RankedTensorType>(getType()), getSaturate());
  if (!result)
    return failure();
  return *result;
}

/// Casts are lowered as the elementwise ops that they are.
FailureOr<Value> CastOp::buildDecode(OpBuilder &, ValueRange) {
  return failure();
}

//===----------------------------------------------------------------------===//
// ClampOp
//===----------------------------------------------------------------------===//

LogicalResult ClampOp::inferReturnTypes(MLIRContext *context,
                                        std::optional<Location> location,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  Inference inference(getOperationName(), location);
  auto type = inference.getTensor(adaptor.getInput(), "input");
  if (failed(type))
    return failure();
  for (auto [bound, name] : {std::pair(adaptor.getLower(), "lower"),
                             std::pair(adaptor.getUpper(), "upper")}) {
    if (!bound)
      continue;
    auto boundType = inference.getTensor(bound, name, 0, 0);
    if (failed(boundType) || failed(inference.requireElementType(
                                 *boundType, name, type->getElementType())))
      return failure();
  }
  types.push_back(
      RankedTensorType::get(type->getShape(), type->getElementType()));
  return success();
}

void ClampOp::getChannelTies(SmallVectorImpl<ChannelTie> &ties) {
  appendElementwiseTies(*this, ties);
}

OpFoldResult ClampOp::fold(FoldAdaptor adaptor) {
  if (!getLower() && !getUpper() && getInput().getType() == getType())
    return getInput();
  RankedTensorType type = getFoldedType(getType());
  if (!type)
    return {};
  std::optional<Operands> operands = readOperands(adaptor.getOperands(), type);
  if (!operands)
    return {};
  unsigned lower = getLower() ? 1 : 0, upper = getUpper() ? lower + 1 : 0;
  std::optional<TensorData> folded;
  if (auto integer = dyn_cast<IntegerType>(type.getElementType())) {
    if (integer.getWidth() > 64)
      return {};
    bool isUnsigned = integer.isUnsigned() || integer.getWidth() == 1;
    auto less = [=](int64_t lhs, int64_t rhs) {
      return isUnsigned
                 ? static_cast<uint64_t>(lhs) < static_cast<uint64_t>(rhs)
                 : lhs < rhs;
    };
    folded = foldInts(
        [=](ArrayRef<int64_t> x) -> std::optional<int64_t> {
          int64_t value = lower && less(x[0], x[lower]) ? x[lower] : x[0];
          return upper && less(x[upper], value) ? x[upper] : value;
        },
        *operands, type);
  } else if (isFoldedFloat(type.getElementType())) {
    folded = foldFloats(
        [=](ArrayRef<double> x) -> std::optional<double> {
          // NaN is below nothing and stays.
          double value = lower && x[0] < x[lower] ? x[lower] : x[0];
          return upper && x[upper] < value ? x[upper] : value;
        },
        *operands, type);
  }
  return folded ? OpFoldResult(folded->toAttr()) : OpFoldResult();
}
