//===- MatchLayer.cpp - Decode trees that compressed-tensors has ----------===//
#include "Layer.h"
#include "slim/IR/WeightTree.h"

using namespace slim;
using namespace slim::compressedtensors;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

llvm::json::Object Quantization::toJSON() const {
  llvm::json::Object object{{"num_bits", numBits},
                            {"type", isFloat ? "float" : "int"},
                            {"symmetric", isSymmetric},
                            {"strategy", strategy},
                            {"dynamic", isDynamic}};
  if (groupSize)
    object["group_size"] = groupSize;
  if (!blockStructure.empty())
    object["block_structure"] = llvm::json::Array(blockStructure);
  if (!scaleType.empty())
    object["scale_dtype"] = scaleType;
  return object;
}

std::string Layer::getScheme() const {
  llvm::json::Object object{{"format", format}, {"weights", weights.toJSON()}};
  if (inputs)
    object["input_activations"] = inputs->toJSON();
  return llvm::formatv("{0}", llvm::json::Value(std::move(object))).str();
}

std::string slim::compressedtensors::getLayerName(StringRef weightName) {
  weightName.consume_back(".weight");
  return weightName.str();
}

namespace {

/// The weight of one product, output by input.
class Matcher {
public:
  Matcher(LinearOp op, StringRef weightName, std::string &why)
      : op(op), why(why) {
    layer.name = getLayerName(weightName);
  }

  std::optional<Layer> match();

private:
  bool fail(const Twine &reason) {
    why = reason.str();
    return false;
  }
  bool matchBlocks();
  bool matchIntegers(IntegerType codes);
  bool matchFloats();
  bool matchNibbles();
  void matchInputs();
  bool isPacked() const { return layer.format == "pack-quantized"; }

  /// Adds a tensor: what the weight or constant `source` decodes to, in output
  /// by input order where it is a matrix, changed by `change`, which gives
  /// `shape`.
  void add(StringRef suffix, Value source, ArrayRef<int64_t> shape,
           Type elementType,
           std::function<TensorData(const TensorData &)> change);
  /// Adds the scale as the floats that it is stored as.
  void addScale();
  SmallVector<int64_t> getScaleShape();

  LinearOp op;
  std::string &why;
  Layer layer;
  DequantizeOp weight;
  int64_t rows = 0, columns = 0;
};

} // namespace

void Matcher::add(StringRef suffix, Value source, ArrayRef<int64_t> shape,
                  Type elementType,
                  std::function<TensorData(const TensorData &)> change) {
  auto type = RankedTensorType::get(shape, elementType);
  bool isTurned = op.getTransposed() && getType(source).getRank() == 2;
  layer.tensors.push_back(
      {layer.name + "." + suffix.str(), type, [=]() -> FailureOr<TensorData> {
         FailureOr<TensorData> data = decodeConstant(source);
         if (failed(data))
           return failure();
         TensorData changed = change(isTurned ? transposeMatrix(*data) : *data);
         return TensorData(type, changed.getBytes(), changed.getOwner());
       }});
}

static TensorData keep(const TensorData &data) { return data; }

bool Matcher::matchBlocks() {
  auto isWhole = [](int64_t block, int64_t extent) {
    return block == 0 || block >= extent;
  };
  int64_t rowDim = op.getTransposed() ? 1 : 0;
  rows = getType(weight.getInput()).getDimSize(rowDim);
  columns = getType(weight.getInput()).getDimSize(1 - rowDim);
  int64_t rowBlock = weight.getBlock()[rowDim];
  int64_t columnBlock = weight.getBlock()[1 - rowDim];
  Quantization &scheme = layer.weights;
  if (isWhole(columnBlock, columns)) {
    if (rowBlock == 1) {
      scheme.strategy = "channel";
      return true;
    }
    if (isWhole(rowBlock, rows)) {
      scheme.strategy = "tensor";
      return true;
    }
  } else if (rowBlock == 1) {
    if (columns % columnBlock)
      return fail("its groups of " + Twine(columnBlock) +
                  " do not divide rows of " + Twine(columns));
    scheme.strategy = "group";
    scheme.groupSize = columnBlock;
    return true;
  }
  scheme.strategy = "block";
  scheme.blockStructure = {isWhole(rowBlock, rows) ? rows : rowBlock,
                           isWhole(columnBlock, columns) ? columns
                                                         : columnBlock};
  return true;
}

SmallVector<int64_t> Matcher::getScaleShape() {
  ArrayRef<int64_t> shape = getType(weight.getScale()).getShape();
  if (layer.weights.strategy == "tensor")
    return {1};
  if (op.getTransposed())
    return {shape[1], shape[0]};
  return SmallVector<int64_t>(shape);
}

void Matcher::addScale() {
  // A cast to the type of arithmetic is the reader's matter, too.
  Value scale = weight.getScale();
  if (auto cast = scale.getDefiningOp<CastOp>()) {
    Type stored = getType(cast.getInput()).getElementType();
    if (stored.isF16() || stored.isBF16())
      scale = cast.getInput();
  }
  add("weight_scale", scale, getScaleShape(), getType(scale).getElementType(),
      keep);
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

bool Matcher::matchIntegers(IntegerType codes) {
  unsigned bits = codes.getWidth();
  if (bits < 2 || bits > 8)
    return fail("integers of " + Twine(bits) + " bits have no packed form");
  Quantization &scheme = layer.weights;
  scheme.numBits = bits;
  layer.format = bits == 8 && layer.inputs ? "int-quantized" : "pack-quantized";
  if (scheme.strategy == "block" && isPacked())
    return fail("packed integers have scales by channel or by group, not by "
                "blocks of rows");
  // The convention's integers are signed: unsigned ones move with their zero.
  int64_t offset = codes.isUnsigned() ? int64_t(1) << (bits - 1) : 0;
  Value zeroPoint = weight.getZeroPoint();
  scheme.isSymmetric = !zeroPoint && offset == 0;

  MLIRContext *context = op.getContext();
  Type i8 = IntegerType::get(context, 8), i32 = IntegerType::get(context, 32);
  if (isPacked()) {
    add("weight_packed", weight.getInput(),
        {rows, countPackedWords(columns, bits)}, i32,
        [=](const TensorData &data) {
          return packIntegers(toSignedBytes(data, offset), bits, /*dim=*/1);
        });
    auto shapeType = RankedTensorType::get({2}, IntegerType::get(context, 64));
    layer.tensors.push_back({layer.name + ".weight_shape", shapeType,
                             [shapeType, rows = rows,
                              columns = columns]() -> FailureOr<TensorData> {
                               return TensorData::fromInts(shapeType,
                                                           {rows, columns});
                             }});
  } else {
    add("weight", weight.getInput(), {rows, columns}, i8,
        [=](const TensorData &data) { return toSignedBytes(data, offset); });
  }
  addScale();
  if (scheme.isSymmetric)
    return true;
  // Where there is none, unsigned numbers have zeros at their least one.
  bool isAbsent = !zeroPoint;
  auto toSigned = [=](const TensorData &data) {
    if (!isAbsent)
      return toSignedBytes(data, offset);
    auto type = RankedTensorType::get(data.getType().getShape(), i8);
    std::vector<int64_t> zeros(type.getNumElements(), -offset);
    return TensorData::fromInts(type, zeros);
  };
  Value source = zeroPoint ? zeroPoint : weight.getScale();
  SmallVector<int64_t> shape = getScaleShape();
  if (!isPacked() || scheme.strategy == "tensor") {
    add("weight_zero_point", source, shape, i8, toSigned);
    return true;
  }
  add("weight_zero_point", source, {countPackedWords(shape[0], bits), shape[1]},
      i32, [=](const TensorData &data) {
        return packIntegers(toSigned(data), bits, /*dim=*/0);
      });
  return true;
}

bool Matcher::matchFloats() {
  Type elementType = getType(weight.getInput()).getElementType();
  layer.format = "float-quantized";
  layer.weights.isFloat = true;
  add("weight", weight.getInput(), {rows, columns}, elementType, keep);
  addScale();
  return true;
}

/// Floats of 4 bits with the scales of NVFP4 or MXFP4.
bool Matcher::matchNibbles() {
  Quantization &scheme = layer.weights;
  scheme.isFloat = true;
  scheme.numBits = 4;
  MLIRContext *context = op.getContext();
  if (columns % 2)
    return fail("rows of an odd number of 4-bit floats have no packed form");
  Type byte = IntegerType::get(context, 8, IntegerType::Unsigned);
  auto addPacked = [&] {
    add("weight_packed", weight.getInput(), {rows, columns / 2}, byte,
        packNibbles);
  };
  SmallVector<int64_t> shape = getScaleShape();
  if (auto scales = weight.getScale().getDefiningOp<DequantizeOp>()) {
    Value whole = scales.getScale();
    bool isNvfp4 =
        scheme.strategy == "group" && scheme.groupSize == 16 &&
        isa<Float8E4M3FNType>(getType(scales.getInput()).getElementType()) &&
        getType(whole).getNumElements() == 1 && !scales.getZeroPoint();
    if (!isNvfp4)
      return fail("its 4-bit floats do not have NVFP4's scales");
    layer.format = "nvfp4-pack-quantized";
    scheme.strategy = "tensor_group";
    scheme.scaleType = "torch.float8_e4m3fn";
    addPacked();
    add("weight_scale", scales.getInput(), shape,
        getType(scales.getInput()).getElementType(), keep);
    // The convention divides by it.
    Type f32 = Float32Type::get(context);
    add("weight_global_scale", whole, {1}, f32, [=](const TensorData &data) {
      return TensorData::fromFloats(RankedTensorType::get({1}, f32),
                                    1.0f / data.getFloat(0));
    });
    return true;
  }
  auto cast = weight.getScale().getDefiningOp<CastOp>();
  if (!cast || scheme.strategy != "group" || scheme.groupSize != 32 ||
      !isa<Float8E8M0FNUType>(getType(cast.getInput()).getElementType()))
    return fail("its 4-bit floats do not have NVFP4's or MXFP4's scales");
  layer.format = "mxfp4-pack-quantized";
  scheme.scaleType = "torch.uint8";
  addPacked();
  add("weight_scale", cast.getInput(), shape, byte, keep);
  return true;
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

void Matcher::matchInputs() {
  auto dequantize = op.getInput().getDefiningOp<DequantizeOp>();
  if (!dequantize)
    return;
  Quantization inputs;
  if (auto dynamic = dequantize.getInput().getDefiningOp<DynamicQuantizeOp>()) {
    inputs.isDynamic = true;
    inputs.isSymmetric = false;
    inputs.strategy = dynamic.getPerRow() ? "token" : "tensor";
    layer.inputs = inputs;
    return;
  }
  auto quantize = dequantize.getInput().getDefiningOp<QuantizeOp>();
  if (auto runs = dequantize.getScale().getDefiningOp<DynamicScaleOp>();
      runs && quantize && quantize.getScale() == runs.getScale() &&
      (runs.getTo().isInteger(8) || isa<Float8E4M3FNType>(runs.getTo()))) {
    inputs.isDynamic = true;
    inputs.isFloat = isa<FloatType>(runs.getTo());
    inputs.strategy = runs.getBlock() == 0 ? "token" : "group";
    inputs.groupSize = runs.getBlock();
    layer.inputs = inputs;
    return;
  }
  auto codes =
      quantize ? dyn_cast<IntegerType>(quantize.getTo()) : IntegerType();
  Value scale = dequantize.getScale(), zeroPoint = dequantize.getZeroPoint();
  if (!codes || codes.getWidth() != 8 || !isWeightOrConstant(scale) ||
      getType(scale).getNumElements() != 1 ||
      (zeroPoint && !isWeightOrConstant(zeroPoint)))
    return;
  int64_t offset = codes.isUnsigned() ? 128 : 0;
  inputs.strategy = "tensor";
  inputs.isSymmetric = !zeroPoint && offset == 0;
  layer.inputs = inputs;
  add("input_scale", scale, {1}, getType(scale).getElementType(), keep);
  if (inputs.isSymmetric)
    return;
  Type i8 = IntegerType::get(op.getContext(), 8);
  bool isAbsent = !zeroPoint;
  add("input_zero_point", zeroPoint ? zeroPoint : scale, {1}, i8,
      [=](const TensorData &data) {
        if (!isAbsent)
          return toSignedBytes(data, offset);
        return TensorData::fromInts(RankedTensorType::get({1}, i8), -offset);
      });
}

std::optional<Layer> Matcher::match() {
  weight = op.getWeight().getDefiningOp<DequantizeOp>();
  auto isLeaf = [](Value value) {
    return value.getDefiningOp<GetWeightOp>() != nullptr;
  };
  if (!weight || !isLeaf(weight.getInput())) {
    fail("it is no matrix of codes with scales");
    return std::nullopt;
  }
  matchInputs();
  if (!matchBlocks())
    return std::nullopt;
  Type elementType = getType(weight.getInput()).getElementType();
  bool isMatched = false;
  if (auto codes = dyn_cast<IntegerType>(elementType))
    isMatched = matchIntegers(codes);
  else if (weight.getZeroPoint())
    fail("its floats have a zero point");
  else if (isa<Float8E4M3FNType>(elementType))
    isMatched = matchFloats();
  else if (isa<Float4E2M1FNType>(elementType))
    isMatched = matchNibbles();
  else
    fail("its element type is not in the convention");
  if (!isMatched)
    return std::nullopt;
  return std::move(layer);
}

std::optional<Layer> slim::compressedtensors::matchLayer(LinearOp op,
                                                         StringRef weightName,
                                                         std::string &why) {
  return Matcher(op, weightName, why).match();
}
