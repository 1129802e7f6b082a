//===- Decode.cpp - Decode ops as ONNX nodes ------------------------------===//
//
// Integers with scales are ONNX's DequantizeLinear. Small floats that opset 21
// lacks and codebooks are tables of all their values, from which Gather takes.
//
//===----------------------------------------------------------------------===//
#include "Registry.h"
#include "Scaling.h"
#include "slim/IR/WeightTree.h"

using namespace slim;
using namespace slim::onnxexport;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static bool isStored(Value value) {
  return value.getDefiningOp<GetWeightOp>() ||
         value.getDefiningOp<ConstantOp>();
}

/// Unsigned codes of `width` bits in the next type that ONNX has.
static Type getCodeType(MLIRContext *context, unsigned width) {
  return IntegerType::get(context, width <= 4 ? 4 : 8, IntegerType::Unsigned);
}

/// The bits of stored elements of at most 8 bits as indices.
static std::string exportCodes(GraphBuilder &graph, Value stored) {
  RankedTensorType type = getType(stored);
  Type codeType =
      getCodeType(graph.getContext(), type.getElementTypeBitWidth());
  auto wanted = RankedTensorType::get(type.getShape(), codeType);
  std::string codes = graph.tensor(
      GraphBuilder::getWeightName(stored), wanted,
      [=]() -> FailureOr<TensorData> {
        FailureOr<TensorData> data = decodeConstant(stored);
        if (failed(data))
          return failure();
        return TensorData(wanted, data->getBytes(), data->getOwner());
      });
  return graph.node("Cast", {codes}, {{"to", ::onnx::TensorProto::INT32}});
}

/// All values of a float type of at most 8 bits, by their bits.
static TensorData getTable(Type floatType, Type elementType) {
  int64_t count = int64_t(1) << floatType.getIntOrFloatBitWidth();
  std::vector<char> codes(count);
  for (int64_t i = 0; i < count; ++i)
    codes[i] = static_cast<char>(i);
  TensorData values(RankedTensorType::get({count}, floatType),
                    std::move(codes));
  std::vector<float> floats = values.toFloats();
  return TensorData::fromFloats(RankedTensorType::get({count}, elementType),
                                floats);
}

/// Whether stored elements are read from a table of their values.
static bool needsTable(Value value) {
  Type elementType = getType(value).getElementType();
  return isStored(value) && isa<FloatType>(elementType) &&
         elementType.getIntOrFloatBitWidth() <= 8 &&
         getDataType(elementType) == 0;
}

static void exportCodebook(GraphBuilder &graph, CodebookDecodeOp op) {
  if (!isStored(op.getCodes()))
    return graph.unsupported("codes that are computed");
  std::string indices = exportCodes(graph, op.getCodes());
  graph.result("Gather", {graph.operand(op.getTable()), indices},
               {{"axis", 0}});
}

static void exportCast(GraphBuilder &graph, CastOp op) {
  Value input = op.getInput();
  if (needsTable(input) && getDataType(op.getTo()) != 0 &&
      isa<FloatType>(op.getTo())) {
    std::string indices = exportCodes(graph, input);
    Type inputType = getType(input).getElementType();
    std::string table = graph.tensor(getTable(inputType, op.getTo()));
    return graph.result("Gather", {table, indices}, {{"axis", 0}});
  }
  int32_t to = getDataType(op.getTo());
  if (to == 0 || getDataType(getType(input).getElementType()) == 0)
    return graph.unsupported("a cast of an element type that ONNX lacks");
  SmallVector<Attr> attributes = {{"to", to}};
  if (!op.getSaturate())
    attributes.push_back({"saturate", 0});
  graph.result("Cast", {graph.operand(input)}, attributes);
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

/// The type in which ONNX stores integers for DequantizeLinear; null for types
/// of other ops.
static Type getQuantizedType(Type type) {
  MLIRContext *context = type.getContext();
  if (auto integer = dyn_cast<IntegerType>(type)) {
    unsigned width = integer.getWidth();
    if (width > 16)
      return width == 32 && !integer.isUnsigned() ? type : Type();
    unsigned stored = width <= 4 ? 4 : width <= 8 ? 8 : 16;
    return IntegerType::get(context, stored, integer.getSignedness());
  }
  bool isSmall = isa<Float8E4M3FNType, Float8E5M2Type, Float8E4M3FNUZType,
                     Float8E5M2FNUZType>(type);
  return isSmall ? type : Type();
}

/// Stored integers in a type that ONNX has.
static std::string exportQuantized(GraphBuilder &graph, Value input,
                                   Type elementType) {
  RankedTensorType type = getType(input);
  if (type.getElementType() == elementType)
    return graph.operand(input);
  auto wanted = RankedTensorType::get(type.getShape(), elementType);
  return graph.tensor(GraphBuilder::getWeightName(input), wanted,
                      [=]() -> FailureOr<TensorData> {
                        FailureOr<TensorData> data = decodeConstant(input);
                        if (failed(data))
                          return failure();
                        return convertIntegers(*data, elementType);
                      });
}

/// Floats times scales: a product that broadcasts, blocks being made a
/// dimension of their own.
static void exportScaledFloats(GraphBuilder &graph, DequantizeOp op) {
  RankedTensorType type = getType(op.getInput());
  Type elementType = getType(op.getScale()).getElementType();
  SmallVector<int64_t> blocked;
  for (auto [dim, extent] : llvm::enumerate(op.getBlock()))
    if (extent > 1 && !isWhole(type, op.getBlock(), dim))
      blocked.push_back(dim);
  if (op.getZeroPoint())
    return graph.unsupported("floats with a zero point");
  if (blocked.size() > 1)
    return graph.unsupported("floats in blocks along several dimensions");
  bool divides = blocked.empty() ||
                 (type.hasStaticShape() &&
                  type.getDimSize(blocked[0]) % op.getBlock()[blocked[0]] == 0);
  if (!divides)
    return graph.unsupported("floats in blocks that do not divide a dimension");

  std::string input;
  if (needsTable(op.getInput()))
    input =
        graph.node("Gather",
                   {graph.tensor(getTable(type.getElementType(), elementType)),
                    exportCodes(graph, op.getInput())},
                   {{"axis", 0}});
  else
    input = graph.operand(op.getInput());
  bool isConverted =
      needsTable(op.getInput()) || type.getElementType() == elementType;
  if (!isConverted)
    input = graph.node("Cast", {input}, {{"to", getDataType(elementType)}});
  std::string scale = graph.operand(op.getScale());
  if (blocked.empty())
    return graph.result("Mul", {input, scale});

  int64_t dim = blocked[0], block = op.getBlock()[dim];
  SmallVector<int64_t> split(type.getShape());
  split[dim] /= block;
  split.insert(split.begin() + dim + 1, block);
  input = graph.node("Reshape", {input, graph.ints(split)});
  scale = graph.node("Unsqueeze", {scale, graph.ints({dim + 1})});
  std::string product = graph.node("Mul", {input, scale});
  graph.result("Reshape", {product, graph.ints(type.getShape())});
}

/// (input - zero point) * scale by arithmetic, for scales that broadcast.
static void exportArithmetic(GraphBuilder &graph, DequantizeOp op) {
  if (llvm::any_of(op.getBlock(), [](int64_t extent) { return extent > 1; }))
    return graph.unsupported("blocks of an extent that is open");
  Attr to("to", getDataType(getType(op.getScale()).getElementType()));
  std::string input = graph.node("Cast", {graph.operand(op.getInput())}, {to});
  if (op.getZeroPoint()) {
    std::string zero =
        graph.node("Cast", {graph.operand(op.getZeroPoint())}, {to});
    input = graph.node("Sub", {input, zero});
  }
  graph.result("Mul", {input, graph.operand(op.getScale())});
}

static void exportDequantize(GraphBuilder &graph, DequantizeOp op) {
  RankedTensorType type = getType(op.getInput());
  Type scaleType = getType(op.getScale()).getElementType();
  if (!scaleType.isF32() && !scaleType.isF16() && !scaleType.isBF16())
    return graph.unsupported("scales in a type that ONNX lacks");
  Type quantized = getQuantizedType(type.getElementType());
  if (!quantized) {
    if (isa<FloatType>(type.getElementType()))
      return exportScaledFloats(graph, op);
    return graph.unsupported("integers in a type that ONNX lacks");
  }
  std::optional<Scaling> scaling =
      getScaling(type, getType(op.getScale()), op.getBlock());
  bool areConstant =
      isWeightOrConstant(op.getScale()) &&
      (!op.getZeroPoint() || isWeightOrConstant(op.getZeroPoint()));
  // ONNX Runtime takes computed scales of rows for one scale of all when it
  // joins the op with a product: these are arithmetic.
  bool hasGroups =
      llvm::any_of(op.getBlock(), [](int64_t extent) { return extent > 1; });
  if (!scaling || (!areConstant &&
                   (scaling->repeats || (scaling->blockSize && !hasGroups))))
    return exportArithmetic(graph, op);
  bool isWidened = quantized != type.getElementType();
  if (isWidened && (!isStored(op.getInput()) || !areConstant))
    return graph.unsupported("computed integers in a type that ONNX lacks");
  Names inputs = {exportQuantized(graph, op.getInput(), quantized),
                  exportScale(graph, op.getScale(), *scaling, type,
                              op.getBlock(), scaleType)};
  if (op.getZeroPoint())
    inputs.push_back(exportScale(graph, op.getZeroPoint(), *scaling, type,
                                 op.getBlock(), quantized));
  graph.result("DequantizeLinear", inputs, scaling->getAttributes());
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

static void exportReshapeDecode(GraphBuilder &graph, ReshapeDecodeOp op) {
  std::string input = graph.operand(op.getInput());
  ArrayRef<int64_t> permutation = op.getPermutation();
  if (!llvm::is_sorted(permutation))
    input = graph.node("Transpose", {input}, {{"perm", permutation}});
  graph.result("Reshape", {input, graph.ints(op.getShape())});
}

void slim::onnxexport::registerDecode(Registry &registry) {
  registry.add(exportCast);
  registry.add(exportCodebook);
  registry.add(exportDequantize);
  registry.add(exportReshapeDecode);
}
