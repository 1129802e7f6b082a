//===- NBits.cpp - Products with weights of few bits ------------*- C++ -*-===//
//
// MatMulNBits, an op of ONNX Runtime (docs/ContribOperators.md there): y = x
// W^T for W [N, K] in blocks along K that share a scale and a zero point. B
// holds the codes as unsigned numbers, from a byte's low bits up, in shape [N,
// blocks, bytes of a block]; the last block of a row may reach beyond K.
//
//===----------------------------------------------------------------------===//
#include "Registry.h"
#include "llvm/Support/MathExtras.h"

using namespace slim;
using namespace slim::onnximport;

namespace {
/// The attributes of a node.
struct NBitsShape {
  int64_t rows, columns, blockSize, bits;

  int64_t getNumBlocks() const { return llvm::divideCeil(columns, blockSize); }
  int64_t getBlockBytes() const { return blockSize * bits / 8; }
  /// Bytes of the zero points of a row.
  int64_t getZeroBytes() const {
    return llvm::divideCeil(getNumBlocks() * bits, 8);
  }
};
} // namespace

/// Numbers of `bits` bits, packed from the low bits of each byte up.
static int64_t getPacked(ArrayRef<char> bytes, int64_t index, int64_t bits) {
  int64_t perByte = 8 / bits;
  auto byte = static_cast<uint8_t>(bytes[index / perByte]);
  return byte >> (index % perByte * bits) & ((1 << bits) - 1);
}

static std::optional<NBitsShape> readShape(NodeBuilder &node) {
  NBitsShape shape = {node.intAttr("N", 0), node.intAttr("K", 0),
                      node.intAttr("block_size", 0), node.intAttr("bits", 4)};
  // No product of these overflows.
  constexpr int64_t limit = int64_t(1) << 30;
  if (shape.rows < 1 || shape.columns < 1 || shape.rows > limit ||
      shape.columns > limit)
    node.invalid("needs N and K from 1 to " + Twine(limit));
  else if (shape.blockSize < 16 || shape.blockSize > limit ||
           !llvm::isPowerOf2_64(shape.blockSize))
    node.invalid("has block_size " + Twine(shape.blockSize) +
                 "; it is a power of two, 16 at least");
  else if (shape.bits != 2 && shape.bits != 4 && shape.bits != 8)
    node.unsupported("codes of " + Twine(shape.bits) + " bits");
  if (!node.isOk())
    return std::nullopt;
  return shape;
}

/// The bytes of a constant operand of packed numbers.
static std::optional<TensorData> readPacked(NodeBuilder &node, unsigned index,
                                            int64_t size, const char *what) {
  std::optional<TensorData> data = node.constant(node.operand(index));
  if (!data) {
    node.unsupported(Twine(what) + " that are computed");
    return std::nullopt;
  }
  if (!data->getElementType().isInteger(8) ||
      int64_t(data->getBytes().size()) != size) {
    node.invalid("has " + Twine(what) + " of another size than " + Twine(size) +
                 " bytes");
    return std::nullopt;
  }
  return data;
}

/// A tensor of codes. Without zero points they are signed, as the one that is
/// implied lies in the middle.
static StoredTensor makeCodes(NodeBuilder &node, ArrayRef<int64_t> shape,
                              int64_t bits, bool isSigned,
                              std::vector<char> elements, StringRef name) {
  auto type = IntegerType::get(node.getContext(), bits,
                               isSigned ? IntegerType::Signless
                                        : IntegerType::Unsigned);
  StoredTensor tensor;
  tensor.data =
      TensorData(RankedTensorType::get(shape, type), std::move(elements));
  tensor.name = name.str();
  return tensor;
}

static StringRef getWeightName(Value value) {
  auto op = value.getDefiningOp<GetWeightOp>();
  return op ? op.getName() : StringRef();
}

static void importMatMulNBits(NodeBuilder &node) {
  std::optional<NBitsShape> shape = readShape(node);
  if (!shape)
    return;
  if (node.operand(4)) {
    node.unsupported("groups in another order (g_idx)");
    return;
  }
  Value zeros = node.operand(3);
  if (zeros && node.isFloat(zeros)) {
    node.unsupported("zero points that are floats");
    return;
  }
  int64_t blocks = shape->getNumBlocks(), bits = shape->bits;
  int64_t rowBytes = blocks * shape->getBlockBytes();
  std::optional<TensorData> packed =
      readPacked(node, 1, shape->rows * rowBytes, "codes");
  if (!packed)
    return;

  int64_t offset = zeros ? 0 : int64_t(1) << (bits - 1);
  std::vector<char> codes(shape->rows * shape->columns);
  for (int64_t row = 0; row < shape->rows; ++row) {
    ArrayRef<char> bytes = packed->getBytes().slice(row * rowBytes, rowBytes);
    for (int64_t column = 0; column < shape->columns; ++column)
      codes[row * shape->columns + column] =
          char((getPacked(bytes, column, bits) - offset) & ((1 << bits) - 1));
  }
  Value weight = node.tensor(
      makeCodes(node, {shape->rows, shape->columns}, bits, /*isSigned=*/!zeros,
                std::move(codes), getWeightName(node.operand(1))));

  Value zeroPoint;
  if (zeros) {
    int64_t zeroBytes = shape->getZeroBytes();
    std::optional<TensorData> packedZeros =
        readPacked(node, 3, shape->rows * zeroBytes, "zero points");
    if (!packedZeros)
      return;
    std::vector<char> points(shape->rows * blocks);
    for (int64_t row = 0; row < shape->rows; ++row)
      for (int64_t block = 0; block < blocks; ++block)
        points[row * blocks + block] = char(
            getPacked(packedZeros->getBytes().slice(row * zeroBytes, zeroBytes),
                      block, bits));
    zeroPoint = node.tensor(makeCodes(node, {shape->rows, blocks}, bits,
                                      /*isSigned=*/false, std::move(points),
                                      getWeightName(zeros)));
  }

  Value input = node.operand(0);
  Value scale =
      node.reshape(node.convert(node.operand(2), node.elementType(input)),
                   {shape->rows, blocks});
  SmallVector<int64_t> block = {1, shape->blockSize};
  Value dense = node.create<DequantizeOp>(weight, scale, zeroPoint, block);
  node.setResults(node.create<LinearOp>(input, dense, node.operand(5), false));
}

void slim::onnximport::registerNBits(Registry &registry) {
  registry.add("com.microsoft::MatMulNBits", 3, 6, importMatMulNBits);
}
