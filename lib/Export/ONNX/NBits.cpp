//===- NBits.cpp - Products with weights of 4 bits ------------------------===//
//
// The op is described in ONNX Runtime's docs/ContribOperators.md: y = x W^T for
// W [N, K] in blocks along K. B holds W's codes as unsigned numbers, two a
// byte, in shape [N, blocks, block size / 2]; scales have an element a block,
// zero points (8 where absent) 4 bits a block, each row of them in whole bytes.
//
//===----------------------------------------------------------------------===//
#include "NBits.h"

#include "slim/IR/WeightTree.h"
#include "llvm/Support/MathExtras.h"

using namespace slim;
using namespace slim::onnxexport;

namespace {

/// A matrix of codes, with the product's names for its dimensions.
struct NBitsWeight {
  mutable DequantizeOp op; // whose accessors are not const
  int64_t rows, columns;   ///< N and K
  int64_t rowBlock;        ///< rows that share a scale
  int64_t columnBlock;     ///< columns that do
  int64_t blockSize;       ///< of ONNX's blocks, of which those consist
  bool transposed;         ///< stored as [K, N]
  bool isUnsigned;

  int64_t getNumBlocks() const { return llvm::divideCeil(columns, blockSize); }
  /// The codes as unsigned numbers.
  int64_t getOffset() const { return isUnsigned ? 0 : 8; }
  /// Where an element of a matrix of `width` stored columns lies.
  int64_t index(int64_t row, int64_t column, int64_t width) const {
    return transposed ? column * width + row : row * width + column;
  }
  /// Where the scale of a block lies.
  int64_t scaleIndex(int64_t row, int64_t block) const {
    auto type = cast<RankedTensorType>(op.getScale().getType());
    return index(row / rowBlock, block * blockSize / columnBlock,
                 type.getDimSize(1));
  }
};

} // namespace

static std::optional<NBitsWeight> match(LinearOp product) {
  auto op = product.getWeight().getDefiningOp<DequantizeOp>();
  if (!op || !isWeight(op.getResult()))
    return std::nullopt;
  auto type = cast<RankedTensorType>(op.getInput().getType());
  auto codes = dyn_cast<IntegerType>(type.getElementType());
  Type elementType =
      cast<RankedTensorType>(product.getInput().getType()).getElementType();
  bool isFloat = elementType.isF32() || elementType.isF16();
  if (!codes || codes.getWidth() < 2 || codes.getWidth() > 4 || !isFloat ||
      !op.getInput().getDefiningOp<GetWeightOp>() ||
      !isWeightOrConstant(op.getScale()))
    return std::nullopt;

  NBitsWeight weight;
  weight.op = op;
  weight.transposed = product.getTransposed();
  weight.isUnsigned = codes.isUnsigned();
  int64_t rowDim = weight.transposed ? 1 : 0;
  weight.rows = type.getDimSize(rowDim);
  weight.columns = type.getDimSize(1 - rowDim);
  auto getBlock = [&](int64_t dim) {
    int64_t block = op.getBlock()[dim], extent = type.getDimSize(dim);
    return block == 0 ? std::max<int64_t>(extent, 1) : block;
  };
  weight.rowBlock = getBlock(rowDim);
  weight.columnBlock = getBlock(1 - rowDim);
  if (weight.columnBlock >= weight.columns) {
    // One scale a row: blocks of any extent do, the last one reaching beyond.
    weight.blockSize = weight.columns >= 128 ? 128 : 32;
    weight.columnBlock = weight.getNumBlocks() * weight.blockSize;
    return weight;
  }
  constexpr int64_t leastBlock = 16, largestBlock = 256;
  weight.blockSize =
      std::min(weight.columnBlock & -weight.columnBlock, largestBlock);
  if (weight.blockSize < leastBlock)
    return std::nullopt;
  return weight;
}

/// An element of up to 4 bits as ONNX has it.
static uint8_t toNibble(const NBitsWeight &weight, const TensorData &data,
                        int64_t index) {
  return static_cast<uint8_t>(data.getInt(index) + weight.getOffset()) & 15;
}

static FailureOr<TensorData> packCodes(const NBitsWeight &weight,
                                       RankedTensorType type) {
  FailureOr<TensorData> data = decodeConstant(weight.op.getInput());
  if (failed(data))
    return failure();
  std::vector<char> bytes(TensorData::getNumBytes(type));
  int64_t rowBytes = weight.getNumBlocks() * weight.blockSize / 2;
  int64_t width = data->getType().getDimSize(1);
  for (int64_t row = 0; row < weight.rows; ++row)
    for (int64_t column = 0; column < weight.columns; ++column)
      bytes[row * rowBytes + column / 2] |=
          toNibble(weight, *data, weight.index(row, column, width))
          << (column % 2 * 4);
  return TensorData(type, std::move(bytes));
}

static FailureOr<TensorData> packScales(const NBitsWeight &weight,
                                        RankedTensorType type) {
  FailureOr<TensorData> data = decodeConstant(weight.op.getScale());
  if (failed(data))
    return failure();
  std::vector<float> scales;
  for (int64_t row = 0; row < weight.rows; ++row)
    for (int64_t block = 0; block < weight.getNumBlocks(); ++block)
      scales.push_back(data->getFloat(weight.scaleIndex(row, block)));
  return TensorData::fromFloats(type, scales);
}

static FailureOr<TensorData> packZeroPoints(const NBitsWeight &weight,
                                            RankedTensorType type) {
  std::vector<char> bytes(TensorData::getNumBytes(type));
  Value zeroPoint = weight.op.getZeroPoint();
  if (!zeroPoint) // of unsigned codes: 0, where the op's default is 8
    return TensorData(type, std::move(bytes));
  FailureOr<TensorData> data = decodeConstant(zeroPoint);
  if (failed(data))
    return failure();
  int64_t rowBytes = type.getDimSize(1);
  for (int64_t row = 0; row < weight.rows; ++row)
    for (int64_t block = 0; block < weight.getNumBlocks(); ++block)
      bytes[row * rowBytes + block / 2] |=
          toNibble(weight, *data, weight.scaleIndex(row, block))
          << (block % 2 * 4);
  return TensorData(type, std::move(bytes));
}

bool slim::onnxexport::exportAsNBits(GraphBuilder &graph, LinearOp op) {
  std::optional<NBitsWeight> matched = match(op);
  if (!matched)
    return false;
  NBitsWeight weight = *matched;
  Value zeroPoint = weight.op.getZeroPoint();
  if (zeroPoint && !isWeightOrConstant(zeroPoint))
    return false;
  int64_t blocks = weight.getNumBlocks();
  Type byte = IntegerType::get(graph.getContext(), 8, IntegerType::Unsigned);
  Type elementType =
      cast<RankedTensorType>(op.getInput().getType()).getElementType();
  std::string name = GraphBuilder::getWeightName(op.getWeight());
  auto add = [&](const Twine &label, ArrayRef<int64_t> shape, Type element,
                 auto pack) {
    auto type = RankedTensorType::get(shape, element);
    return graph.tensor(label.str(), type, [=] { return pack(weight, type); });
  };
  Names inputs = {
      graph.operand(op.getInput()),
      add(name, {weight.rows, blocks, weight.blockSize / 2}, byte, packCodes),
      add(name + ".scale", {weight.rows, blocks}, elementType, packScales)};
  if (zeroPoint || weight.isUnsigned)
    inputs.push_back(add(name + ".zero_point", {weight.rows, (blocks + 1) / 2},
                         byte, packZeroPoints));
  SmallVector<Attr> attributes = {{"K", weight.columns},
                                  {"N", weight.rows},
                                  {"bits", 4},
                                  {"block_size", weight.blockSize}};
  if (!op.getBias()) {
    graph.result("MatMulNBits", inputs, attributes, kMicrosoftDomain);
    return true;
  }
  std::string product = graph.makeIntermediate("MatMulNBits");
  graph.addNode("MatMulNBits", inputs, {product}, attributes, kMicrosoftDomain);
  graph.result("Add", {product, graph.operand(op.getBias())});
  return true;
}
