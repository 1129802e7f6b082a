//===- PackWeights.cpp - Weights in reading order -------------------------===//
#include "CodePlanes.h"
#include "DotProduct.h"
#include "StoredWeights.h"
#include "WindowEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/SymbolTable.h"
#include "slim/CodeGen/CPU/Passes.h"
#include "slim/CodeGen/WeightSection.h"
#include "slim/IR/PackedBits.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightStorage.h"
#include "llvm/ADT/StringSet.h"
#include <cstring>

namespace slim {
#define GEN_PASS_DEF_PACKWEIGHTSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace slim;
using namespace slim::cpu;

namespace {

/// The layout of a packed weight: `order` lists the dimensions of the original,
/// the vector dimension excepted. Packed, it is
///   (order[0], ..., panel, ..., column within the panel[, depth])
/// with `leading` dimensions before the panel, and the last of `order` divided
/// by `depth` if that is above one.
struct Layout {
  unsigned vectorDim;
  SmallVector<unsigned> order;
  unsigned leading;
  int64_t columns;
  int64_t depth;

  std::string getSuffix() const {
    std::string suffix;
    llvm::raw_string_ostream os(suffix);
    os << ".panels" << columns;
    if (depth > 1)
      os << "x" << depth;
    for (unsigned dim : order)
      os << "." << dim;
    return suffix;
  }
};

} // namespace

/// The weight that `value` is, perhaps reshaped, which moves no element.
static memref::GetGlobalOp getWeight(Value value) {
  while (isa_and_nonnull<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
      value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return getStoredWeight(value);
}

/// The layout in which `op` reads input `number`; nothing if it should stay.
static std::optional<Layout> chooseLayout(KernelOp op, unsigned number,
                                          const MicroKernel &kernel) {
  AffineMap map = op.getInputMap(number), left = op.getInputMap(0);
  unsigned vectorLoop =
      op.getOutputMap().getDimPosition(op.getOutputMap().getNumResults() - 1);
  Layout layout;
  layout.columns = kernel.getColumns();
  layout.depth =
      number == 1 && !isWindowKernel(op) ? kernel.getPanelDepth() : 1;
  std::optional<unsigned> vectorDim;
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    if (!expr.isFunctionOfDim(vectorLoop)) {
      layout.order.push_back(dim);
      continue;
    }
    if (vectorDim || !isa<AffineDimExpr>(expr))
      return std::nullopt;
    vectorDim = dim;
  }
  if (!vectorDim || layout.order.empty())
    return std::nullopt;
  layout.vectorDim = *vectorDim;
  // Dimensions in the order in which the left operand walks its own.
  auto getKey = [&](unsigned dim) {
    int key = -1;
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (map.getResult(dim).isFunctionOfDim(loop))
        for (auto [position, expr] : llvm::enumerate(left.getResults()))
          if (expr.isFunctionOfDim(loop))
            key = std::max(key, int(position));
    return key;
  };
  llvm::sort(layout.order, [&](unsigned a, unsigned b) {
    return std::pair(getKey(a), a) < std::pair(getKey(b), b);
  });
  // Before the panel: what the reduction does not walk.
  layout.leading = 0;
  for (unsigned dim : layout.order) {
    bool reduced = false;
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      reduced |=
          op.isReduction(loop) && map.getResult(dim).isFunctionOfDim(loop);
    if (reduced)
      break;
    ++layout.leading;
  }
  return layout;
}

static AffineMap getPackedMap(AffineMap map, const Layout &layout) {
  SmallVector<AffineExpr> exprs;
  AffineExpr vector = map.getResult(layout.vectorDim);
  for (auto [i, dim] : llvm::enumerate(layout.order)) {
    if (i == layout.leading)
      exprs.push_back(vector.floorDiv(layout.columns));
    AffineExpr expr = map.getResult(dim);
    if (layout.depth > 1 && i + 1 == layout.order.size())
      expr = expr.floorDiv(layout.depth);
    exprs.push_back(expr);
  }
  if (layout.leading == layout.order.size())
    exprs.push_back(vector.floorDiv(layout.columns));
  exprs.push_back(vector % layout.columns);
  if (layout.depth > 1)
    exprs.push_back(map.getResult(layout.order.back()) % layout.depth);
  return AffineMap::get(map.getNumDims(), 0, exprs, map.getContext());
}

/// `data` in `layout`, zero where the original has nothing.
static TensorData pack(const TensorData &data, const Layout &layout) {
  ArrayRef<int64_t> shape = data.getType().getShape();
  int64_t bytes = TensorData::getElementBytes(data.getElementType());
  SmallVector<int64_t> strides(shape.size(), bytes);
  for (int64_t dim = int64_t(shape.size()) - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * shape[dim + 1];

  int64_t columns = layout.columns, depth = layout.depth;
  int64_t width = shape[layout.vectorDim],
          panels = llvm::divideCeil(width, columns);
  SmallVector<int64_t> packedShape, outerExtent, outerStride;
  std::optional<unsigned> panelLoop;
  int64_t depthExtent = 1, depthStride = 0;
  for (auto [i, dim] : llvm::enumerate(layout.order)) {
    if (i == layout.leading) {
      panelLoop = outerExtent.size();
      outerExtent.push_back(panels);
      outerStride.push_back(columns * strides[layout.vectorDim]);
    }
    int64_t extent = shape[dim], stride = strides[dim];
    if (depth > 1 && i + 1 == layout.order.size()) {
      depthExtent = extent;
      depthStride = stride;
      extent = llvm::divideCeil(extent, depth);
      stride *= depth;
    }
    outerExtent.push_back(extent);
    outerStride.push_back(stride);
  }
  if (!panelLoop) {
    panelLoop = outerExtent.size();
    outerExtent.push_back(panels);
    outerStride.push_back(columns * strides[layout.vectorDim]);
  }
  packedShape = outerExtent;
  packedShape.push_back(columns);
  if (depth > 1)
    packedShape.push_back(depth);
  auto type = RankedTensorType::get(packedShape, data.getElementType());
  std::vector<char> packed(TensorData::getNumBytes(type));

  const char *from = data.getBytes().data();
  char *to = packed.data();
  SmallVector<int64_t> position(outerExtent.size(), 0);
  int64_t count = 1;
  for (int64_t extent : outerExtent)
    count *= extent;
  int64_t columnStride = strides[layout.vectorDim];
  for (int64_t i = 0; i < count; ++i) {
    int64_t offset = 0;
    for (auto [at, stride] : llvm::zip_equal(position, outerStride))
      offset += at * stride;
    int64_t valid = std::min(columns, width - position[*panelLoop] * columns);
    int64_t validDepth =
        depth > 1 ? std::min(depth, depthExtent - position.back() * depth) : 1;
    for (int64_t column = 0; column < valid; ++column)
      for (int64_t step = 0; step < validDepth; ++step)
        std::memcpy(to + (column * depth + step) * bytes,
                    from + offset + column * columnStride + step * depthStride,
                    bytes);
    to += columns * depth * bytes;
    for (int64_t dim = int64_t(position.size()) - 1; dim >= 0; --dim) {
      if (++position[dim] < outerExtent[dim])
        break;
      position[dim] = 0;
    }
  }
  return TensorData(type, std::move(packed));
}

/// `data` with each element along `dim` `times` times, `extent` in all.
static TensorData repeat(const TensorData &data, unsigned dim, int64_t times,
                         int64_t extent) {
  SmallVector<int64_t> shape(data.getType().getShape());
  int64_t inner = TensorData::getElementBytes(data.getElementType()), outer = 1;
  for (int64_t more : ArrayRef(shape).drop_front(dim + 1))
    inner *= more;
  for (int64_t more : ArrayRef(shape).take_front(dim))
    outer *= more;
  int64_t stored = shape[dim];
  shape[dim] = extent;
  auto type = RankedTensorType::get(shape, data.getElementType());
  std::vector<char> bytes(TensorData::getNumBytes(type));
  char *to = bytes.data();
  for (int64_t i = 0; i < outer; ++i)
    for (int64_t at = 0; at < extent; ++at, to += inner)
      std::memcpy(to,
                  data.getBytes().data() + (i * stored + at / times) * inner,
                  inner);
  return TensorData(type, std::move(bytes));
}

/// Whether `op` may read kPackedDepth elements along the reduction at once: all
/// inputs from `other` on are the same for them.
static bool hasSharedInputs(KernelOp op, unsigned other) {
  AffineMap left = op.getInputMap(0);
  auto last = cast<AffineDimExpr>(left.getResults().back());
  for (unsigned i = other; i < op.getInputs().size(); ++i)
    for (AffineExpr expr : op.getInputMap(i).getResults()) {
      if (!expr.isFunctionOfDim(last.getPosition()))
        continue;
      auto division = dyn_cast<AffineBinaryOpExpr>(expr);
      auto by = division ? dyn_cast<AffineConstantExpr>(division.getRHS())
                         : AffineConstantExpr();
      if (!by || division.getKind() != AffineExprKind::FloorDiv ||
          division.getLHS() != last || by.getValue() % kPackedDepth != 0)
        return false;
    }
  return true;
}

/// Whether `op` widens integers, and how.
static bool isWidening(Operation *op, bool &isUnsigned) {
  isUnsigned = isa<arith::ExtUIOp, arith::UIToFPOp>(op);
  return isUnsigned || isa<arith::ExtSIOp, arith::SIToFPOp>(op);
}

/// Rows of a product up to which it waits for its weights, not for arithmetic.
static constexpr int64_t kMaxBitmaskRows = 2;

/// The largest share of elements that are not zero for which reading them by
/// masks is faster than reading everything.
static constexpr double kMaxBitmaskDensity = 0.4;

/// Whether the product of `op` has few rows, whatever happens at run time.
static bool hasFewRows(KernelOp op) {
  AffineMap left = op.getInputMap(0);
  auto type = cast<ShapedType>(op.getOutput().getType());
  int64_t rows = 1;
  for (auto [i, expr] : llvm::enumerate(op.getOutputMap().getResults())) {
    if (!left.isFunctionOfDim(cast<AffineDimExpr>(expr).getPosition()))
      continue;
    if (type.isDynamicDim(i) || (rows *= type.getDimSize(i)) > kMaxBitmaskRows)
      return false;
  }
  return true;
}

namespace {
/// Weights in a layout, as a stream of what is not zero.
struct Bitmask {
  TensorData values, masks, starts;
};
} // namespace

/// The stream of `packed` ([panel, ..., column, depth] of bytes), if that is
/// smaller by enough.
static std::optional<Bitmask> createBitmask(const TensorData &packed) {
  ArrayRef<char> bytes = packed.getBytes();
  ArrayRef<int64_t> shape = packed.getType().getShape();
  int64_t rank = shape.size();
  int64_t group = shape[rank - 2] * shape[rank - 1];
  int64_t panels = shape.front();
  int64_t panelBytes = int64_t(bytes.size()) / panels;
  std::vector<char> values;
  std::vector<int64_t> masks, starts;
  for (int64_t at = 0; at < int64_t(bytes.size()); at += 64) {
    if (at % panelBytes == 0)
      starts.push_back(values.size());
    uint64_t mask = 0;
    for (int64_t bit = 0; bit < 64; ++bit)
      if (bytes[at + bit] != 0) {
        mask |= uint64_t(1) << bit;
        values.push_back(bytes[at + bit]);
      }
    masks.push_back(int64_t(mask));
    if (double(values.size()) > kMaxBitmaskDensity * double(bytes.size()))
      return std::nullopt;
  }
  MLIRContext *context = packed.getType().getContext();
  auto i64 = IntegerType::get(context, 64);
  SmallVector<int64_t> maskShape(shape.drop_back(2));
  maskShape.push_back(group / 64);
  // No stream is empty.
  values.push_back(0);
  auto valuesType =
      RankedTensorType::get({int64_t(values.size())}, packed.getElementType());
  return Bitmask{
      TensorData(valuesType, std::move(values)),
      TensorData::fromInts(RankedTensorType::get(maskShape, i64), masks),
      TensorData::fromInts(RankedTensorType::get({panels}, i64), starts)};
}

namespace {
struct PackWeightsPass
    : public slim::impl::PackWeightsPassBase<PackWeightsPass> {
  using PackWeightsPassBase::PackWeightsPassBase;

  void runOnOperation() override {
    target = {vectorBytes, rows, vectors,
              SmallVector<std::string>(features.begin(), features.end())};
    SymbolTable symbols(getOperation());
    // Weights that a cache holds from run to run arrive faster than streams
    // expand.
    uint64_t bytes = 0;
    for (auto global : getOperation().getOps<memref::GlobalOp>())
      if (global->hasAttr(WeightSection::kDataAttr))
        bytes += TensorData::getNumBytes(RankedTensorType::get(
            global.getType().getShape(), global.getType().getElementType()));
    comeFromMemory = bytes > llcBytes;
    WalkResult walked = getOperation().walk([&](KernelOp op) {
      FailureOr<unsigned> first = packCodes(op, symbols);
      if (failed(first))
        return WalkResult::interrupt();
      std::unique_ptr<MicroKernel> kernel = MicroKernel::select(op, target);
      for (unsigned i = *first; i < op.getInputs().size(); ++i)
        if ((i > 1 || kernel->getRightBits() == 8) &&
            (failed(widenInput(op, i, kernel->needsLeftSums(), symbols)) ||
             failed(readBytes(op, i, symbols))))
          return WalkResult::interrupt();
      for (unsigned i = std::max(2u, *first); i < op.getInputs().size(); ++i)
        if (failed(spreadInput(op, i, symbols)))
          return WalkResult::interrupt();
      kernel = MicroKernel::select(op, target);
      for (unsigned i = *first; i < op.getInputs().size(); ++i)
        if (failed(packInput(op, i, *kernel, symbols)))
          return WalkResult::interrupt();
      return WalkResult::advance();
    });
    if (walked.wasInterrupted())
      return signalPassFailure();
    eraseUnused();
  }

private:
  /// The stored weight of less than a byte an element that input `number` of
  /// `op` is; null for other inputs.
  memref::GlobalOp getCodes(KernelOp op, unsigned number,
                            SymbolTable &symbols) {
    if (number >= op.getInputs().size())
      return {};
    auto type = dyn_cast<RankedTensorType>(op.getInputs()[number].getType());
    memref::GetGlobalOp get = getWeight(op.getInputs()[number]);
    if (!get || !type || type.getElementTypeBitWidth() >= 8)
      return {};
    auto global = symbols.lookup<memref::GlobalOp>(get.getName());
    return global && global->hasAttr(WeightSection::kDataAttr)
               ? global
               : memref::GlobalOp();
  }

  static FailureOr<TensorData> readCodes(memref::GlobalOp global,
                                         RankedTensorType type) {
    FailureOr<TensorData> data =
        readWeightData(global, type, global->getAttr(WeightSection::kDataAttr));
    if (failed(data))
      return failure();
    return TensorData(type, data->getBytes(), data->getOwner());
  }

  /// Packs a right operand of codes of less than a byte that are decoded to
  /// floats: by planes, each an input. Returns the number of the first input
  /// that is left to pack.
  FailureOr<unsigned> packCodes(KernelOp op, SymbolTable &symbols) {
    memref::GlobalOp global = getCodes(op, 1, symbols);
    if (!global || isWindowKernel(op) || !canReadPlanes(op, 1) ||
        !isa<FloatType>(op.getSumType()) ||
        !isa<FloatType>(getElementTypeOrSelf(op.getInputs()[0])) ||
        !hasNeighbours(op) || !hasSharedInputs(op, 2))
      return 1;
    std::unique_ptr<MicroKernel> kernel = MicroKernel::select(op, target);
    std::optional<Layout> layout = chooseLayout(op, 1, *kernel);
    auto type = cast<RankedTensorType>(op.getInputs()[1].getType());
    if (!layout || kernel->getDepth() != 1)
      return 1;
    layout->depth = kPackedDepth;
    std::string name = global.getName().str();
    if (type.getShape() != global.getType().getShape())
      for (int64_t extent : type.getShape())
        name += "_" + std::to_string(extent);
    name += layout->getSuffix();
    SmallVector<unsigned> planes = getBitPlanes(type.getElementTypeBitWidth());
    SmallVector<memref::GlobalOp> packed;
    std::optional<TensorData> reordered;
    unsigned below = 0;
    for (unsigned bits : planes) {
      std::string plane =
          name + ".bits" + std::to_string(below) + "_" + std::to_string(bits);
      auto stored = symbols.lookup<memref::GlobalOp>(plane);
      if (!stored) {
        if (!reordered) {
          FailureOr<TensorData> data = readCodes(global, type);
          if (failed(data))
            return failure();
          reordered = pack(*data, *layout);
        }
        stored = createGlobal(global, plane,
                              packBits(getPlane(*reordered, below, bits), bits),
                              symbols);
      }
      packed.push_back(stored);
      below += bits;
    }
    OpBuilder b(op);
    SmallVector<Value> inputs{op.getInputs().front()};
    SmallVector<Attribute> maps{op.getIndexingMaps()[0]};
    Attribute map =
        AffineMapAttr::get(getPackedMap(op.getInputMap(1), *layout));
    for (memref::GlobalOp plane : packed) {
      inputs.push_back(readGlobal(b, op.getLoc(), plane));
      maps.push_back(map);
    }
    llvm::append_range(inputs, op.getInputs().drop_front(2));
    llvm::append_range(maps, op.getIndexingMaps().getValue().drop_front(2));
    readPlanes(op, 1, planes);
    op.getInputsMutable().assign(inputs);
    op.setIndexingMapsAttr(b.getArrayAttr(maps));
    return 1 + planes.size();
  }

  /// Reads codes of less than a byte, which nothing has packed or widened, as
  /// bytes.
  LogicalResult readBytes(KernelOp op, unsigned number, SymbolTable &symbols) {
    memref::GlobalOp global = getCodes(op, number, symbols);
    if (!global || !canReadPlanes(op, number))
      return success();
    auto type = cast<RankedTensorType>(op.getInputs()[number].getType());
    std::string name = global.getName().str();
    for (int64_t extent : type.getShape())
      name += "_" + std::to_string(extent);
    name += ".codes";
    auto bytes = symbols.lookup<memref::GlobalOp>(name);
    if (!bytes) {
      FailureOr<TensorData> data = readCodes(global, type);
      if (failed(data))
        return failure();
      bytes = createGlobal(global, name,
                           getPlane(*data, 0, type.getElementTypeBitWidth()),
                           symbols);
      setCodes(bytes, type.getElementTypeBitWidth(), /*isUnsigned=*/true);
    }
    OpBuilder b(op);
    readPlanes(op, number, {8});
    op->setOperand(number, readGlobal(b, op.getLoc(), bytes));
    return success();
  }

  static void setCodes(memref::GlobalOp bytes, unsigned width,
                       bool isUnsigned) {
    auto sign = isUnsigned ? IntegerType::Unsigned : IntegerType::Signless;
    bytes->setAttr(kCodesAttr, TypeAttr::get(IntegerType::get(
                                   bytes.getContext(), width, sign)));
  }

  /// Stores elements of less than a byte that `op` reads as bytes of the same
  /// value, which vectors can read; `keepsBits` if the body is to say how many
  /// of a byte's bits count.
  LogicalResult widenInput(KernelOp op, unsigned number, bool keepsBits,
                           SymbolTable &symbols) {
    Value operand = op.getInputs()[number];
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    auto integer = dyn_cast<IntegerType>(getElementTypeOrSelf(operand));
    memref::GetGlobalOp get = getWeight(operand);
    if (!get || !type || !integer || integer.getWidth() >= 8)
      return success();
    BlockArgument argument = op.getBody().getArgument(number);
    auto global = symbols.lookup<memref::GlobalOp>(get.getName());
    Attribute attr =
        global ? global->getAttr(WeightSection::kDataAttr) : Attribute();
    if (!attr || argument.use_empty())
      return success();
    bool isUnsigned = false;
    isWidening(*argument.user_begin(), isUnsigned);
    for (Operation *user : argument.getUsers())
      if (bool other; !isWidening(user, other) || other != isUnsigned)
        return success();
    std::string name = get.getName().str();
    for (int64_t extent : type.getShape())
      name += "_" + std::to_string(extent);
    name += isUnsigned ? ".ui8" : ".i8";
    auto wide = symbols.lookup<memref::GlobalOp>(name);
    if (!wide) {
      FailureOr<TensorData> data = readWeightData(global, type, attr);
      if (failed(data))
        return failure();
      unsigned unused = 8 - integer.getWidth();
      std::vector<char> bytes(data->getBytes().begin(), data->getBytes().end());
      for (char &byte : bytes) {
        uint8_t high = uint8_t(byte) << unused;
        byte = isUnsigned ? char(high >> unused) : char(int8_t(high) >> unused);
      }
      OpBuilder b(op);
      wide = createGlobal(
          global, name,
          TensorData(RankedTensorType::get(type.getShape(), b.getI8Type()),
                     std::move(bytes)),
          symbols);
      setCodes(wide, integer.getWidth(), isUnsigned);
    }
    OpBuilder b(op);
    op->setOperand(number, readGlobal(b, op.getLoc(), wide));
    argument.setType(b.getI8Type());
    if (keepsBits) {
      b.setInsertionPointToStart(&op.getBody().front());
      auto low = arith::TruncIOp::create(b, op.getLoc(), integer, argument);
      argument.replaceAllUsesExcept(low, low);
    }
    return success();
  }

  /// Repeats scales and zero points of blocks of columns for each column: then
  /// vectors read them as they read those of groups, and a block's columns
  /// need not be a multiple of a panel's.
  LogicalResult spreadInput(KernelOp op, unsigned number,
                            SymbolTable &symbols) {
    Value operand = op.getInputs()[number];
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    memref::GetGlobalOp get = getWeight(operand);
    AffineMap map = op.getInputMap(number);
    AffineExpr column = op.getOutputMap().getResults().back();
    std::optional<unsigned> dim;
    for (auto [i, expr] : llvm::enumerate(map.getResults()))
      if (expr.getKind() == AffineExprKind::FloorDiv &&
          cast<AffineBinaryOpExpr>(expr).getLHS() == column)
        dim = i;
    if (!get || !type || !dim)
      return success();
    auto divisor = dyn_cast<AffineConstantExpr>(
        cast<AffineBinaryOpExpr>(map.getResult(*dim)).getRHS());
    int64_t columns =
        cast<ShapedType>(op.getOutput().getType()).getShape().back();
    auto global = symbols.lookup<memref::GlobalOp>(get.getName());
    Attribute attr =
        global ? global->getAttr(WeightSection::kDataAttr) : Attribute();
    if (!attr || !divisor || ShapedType::isDynamic(columns))
      return success();
    SmallVector<int64_t> shape(type.getShape());
    shape[*dim] = columns;
    std::string name = get.getName().str();
    for (int64_t extent : shape)
      name += "_" + std::to_string(extent);
    name += ".spread" + std::to_string(divisor.getValue());
    auto spread = symbols.lookup<memref::GlobalOp>(name);
    if (!spread) {
      FailureOr<TensorData> data = readWeightData(global, type, attr);
      if (failed(data))
        return failure();
      // Of the operand's type, which has no sign.
      TensorData stored(type, data->getBytes(), data->getOwner());
      spread = createGlobal(global, name,
                            repeat(stored, *dim, divisor.getValue(), columns),
                            symbols);
    }
    OpBuilder b(op);
    op->setOperand(number, readGlobal(b, op.getLoc(), spread));
    SmallVector<AffineExpr> exprs(map.getResults());
    exprs[*dim] = column;
    SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
    maps[number] = AffineMapAttr::get(
        AffineMap::get(map.getNumDims(), 0, exprs, b.getContext()));
    op.setIndexingMapsAttr(b.getArrayAttr(maps));
    return success();
  }

  LogicalResult packInput(KernelOp op, unsigned number,
                          const MicroKernel &kernel, SymbolTable &symbols) {
    Value operand = op.getInputs()[number];
    auto operandType = dyn_cast<RankedTensorType>(operand.getType());
    memref::GetGlobalOp get = getWeight(operand);
    if (!get || !operandType || !operandType.hasStaticShape())
      return success();
    auto global = symbols.lookup<memref::GlobalOp>(get.getName());
    Attribute attr =
        global ? global->getAttr(WeightSection::kDataAttr) : Attribute();
    std::optional<Layout> layout = chooseLayout(op, number, kernel);
    if (!attr || !layout)
      return success();

    std::string name = get.getName().str();
    if (operandType.getShape() != global.getType().getShape())
      for (int64_t extent : operandType.getShape())
        name += "_" + std::to_string(extent);
    name += layout->getSuffix();
    unsigned bits = number == 1 ? kernel.getRightBits() : 8;
    if (bits < 8)
      name += ".bits" + std::to_string(bits);
    bool mayBeSparse = comeFromMemory && kernel.canReadBitmask(target) &&
                       op.getInputs().size() == 2 && layout->leading == 0 &&
                       hasFewRows(op);
    auto packed = symbols.lookup<memref::GlobalOp>(name);
    if (!packed || mayBeSparse) {
      FailureOr<TensorData> data = readWeightData(global, operandType, attr);
      if (failed(data))
        return failure();
      // Data that is at hand has the shape that it is stored in.
      TensorData reshaped(operandType, data->getBytes(), data->getOwner());
      TensorData reordered = pack(reshaped, *layout);
      if (bits < 8)
        reordered = packBits(reordered, bits);
      if (mayBeSparse)
        if (std::optional<Bitmask> stream = createBitmask(reordered)) {
          useBitmask(op, global, name, *layout, *stream, symbols);
          return success();
        }
      if (!packed) {
        packed = createGlobal(global, name, reordered, symbols);
        if (Attribute codes = global->getAttr(kCodesAttr); codes && bits == 8)
          packed->setAttr(kCodesAttr, codes);
      }
    }
    OpBuilder b(op);
    op->setOperand(number, readGlobal(b, op.getLoc(), packed));
    if (bits < 8)
      readAsIntegers(op, number, bits);
    SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
    maps[number] =
        AffineMapAttr::get(getPackedMap(op.getInputMap(number), *layout));
    op.setIndexingMapsAttr(b.getArrayAttr(maps));
    return success();
  }

  /// Makes the body of `op` read the bits of small floats, which bytes hold
  /// several of, as integers.
  static void readAsIntegers(KernelOp op, unsigned number, unsigned bits) {
    BlockArgument argument = op.getBody().getArgument(number);
    if (isa<IntegerType>(argument.getType()))
      return;
    argument.setType(IntegerType::get(op.getContext(), bits));
    for (Operation *user : llvm::make_early_inc_range(argument.getUsers())) {
      user->getResult(0).replaceAllUsesWith(argument);
      user->erase();
    }
  }

  memref::GlobalOp createGlobal(memref::GlobalOp original, StringRef name,
                                const TensorData &data, SymbolTable &symbols) {
    OpBuilder b(original);
    auto global = memref::GlobalOp::create(
        b, original.getLoc(), name, StringAttr(),
        MemRefType::get(data.getType().getShape(), data.getElementType()),
        Attribute(), /*constant=*/true, original.getAlignmentAttr());
    global->setAttr(WeightSection::kDataAttr, buildWeightData(name, data));
    symbols.insert(global);
    ++numPacked;
    return global;
  }

  static Value readGlobal(OpBuilder &b, Location loc, memref::GlobalOp global) {
    Value memory = memref::GetGlobalOp::create(b, loc, global.getType(),
                                               global.getSymName());
    return bufferization::ToTensorOp::create(
        b, loc,
        RankedTensorType::get(global.getType().getShape(),
                              global.getType().getElementType()),
        memory, /*restrict=*/true);
  }

  /// Makes `op` read its right operand, in the layout `name`, from a stream.
  void useBitmask(KernelOp op, memref::GlobalOp original, StringRef name,
                  const Layout &layout, const Bitmask &stream,
                  SymbolTable &symbols) {
    OpBuilder b(op);
    MLIRContext *context = b.getContext();
    AffineMap packed = getPackedMap(op.getInputMap(1), layout);
    ArrayRef<AffineExpr> outer = packed.getResults().drop_back(2);
    SmallVector<AffineExpr> maskExprs(outer);
    AffineExpr zero = b.getAffineConstantExpr(0);
    maskExprs.push_back(zero);
    unsigned numDims = packed.getNumDims();
    SmallVector<Value> inputs{op.getInputs().front()};
    SmallVector<Attribute> maps{op.getIndexingMaps()[0]};
    auto add = [&](StringRef suffix, const TensorData &data,
                   ArrayRef<AffineExpr> exprs) {
      std::string full = (name + suffix).str();
      auto global = symbols.lookup<memref::GlobalOp>(full);
      if (!global)
        global = createGlobal(original, full, data, symbols);
      inputs.push_back(readGlobal(b, op.getLoc(), global));
      maps.push_back(
          AffineMapAttr::get(AffineMap::get(numDims, 0, exprs, context)));
    };
    add(".values", stream.values, zero);
    add(".masks", stream.masks, maskExprs);
    add(".starts", stream.starts, outer.front());
    llvm::append_range(maps, op.getIndexingMaps().getValue().drop_front(2));
    Block &body = op.getBody().front();
    for (unsigned i : {2, 3})
      body.insertArgument(i, b.getI64Type(), op.getLoc());
    op.getInputsMutable().assign(inputs);
    op.setIndexingMapsAttr(b.getArrayAttr(maps));
    op.setBitmask(true);
    ++numSparse;
  }

  /// Weights that are read no longer.
  void eraseUnused() {
    getOperation()->walk<WalkOrder::PostOrder, ReverseIterator>(
        [](Operation *op) {
          // Decodes and reshapes of weights that went into kernels, too.
          if (isOpTriviallyDead(op) && !isa<memref::GlobalOp>(op))
            op->erase();
        });
    llvm::StringSet<llvm::MallocAllocator> used;
    getOperation().walk([&](memref::GetGlobalOp op) {
      if (op.use_empty())
        op.erase();
      else
        used.insert(op.getName());
    });
    for (auto global :
         llvm::make_early_inc_range(getOperation().getOps<memref::GlobalOp>()))
      if (global->hasAttr(WeightSection::kDataAttr) &&
          !used.contains(global.getSymName()))
        global.erase();
  }

  KernelTarget target;
  bool comeFromMemory = false;
};
} // namespace
