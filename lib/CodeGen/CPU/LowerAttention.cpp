//===- LowerAttention.cpp - Fused attention to vector loops ---------------===//
//
// A task is a block of queries of one head. It goes over the keys in blocks
// (Dao et al., FlashAttention, 2022):
//
//   1. The block's keys are transposed into panels, scaled, so that scores are
//      sums of outer products: vectors run along keys.
//   2. For a few queries at a time, the scores of the block are computed,
//   masked
//      and written to a buffer that stays in the first-level cache, and their
//      maximum is found.
//   3. Scores become exponentials of the difference to the greatest score so
//      far; their sum and the output so far are scaled to that maximum.
//   4. The products with the values, read where they lie, are added.
//
// In the end the output is divided by the sums. Nothing as large as queries
// times keys is ever in memory, and no operand is transposed as a whole.
//
// Of bf16 the instructions sum the products of pairs: neighbouring elements of
// queries and keys, and neighbouring keys of weights and values. Panels of keys
// hold the pairs of each key, and the block's values are interleaved to pairs;
// scores are scaled where they are masked, and exponentials are rounded.
//
//===----------------------------------------------------------------------===//
#include "DotProduct.h"
#include "RegisterBlock.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_LOWERATTENTIONPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;
using namespace slim::cpu;

using Loop = cpu::AttentionOp::Loop;

/// Bytes of the transposed keys of a block in f32, and bounds on their number.
static constexpr int64_t kKeyBytes = 64 << 10;
static constexpr int64_t kMinKeys = 64, kMaxKeys = 256;
/// Bytes of the output that a task accumulates, and a bound on its queries.
static constexpr int64_t kOutputBytes = 16 << 10;
static constexpr int64_t kMaxQueries = 128;

namespace {

class Emitter {
public:
  Emitter(OpBuilder &b, cpu::AttentionOp op,
          const LowerAttentionPassOptions &options);

  void emit();

private:
  /// An operand and where the loops are among its dimensions.
  struct Operand {
    Value buffer;
    AffineMap map;
  };
  /// The loops of one access; those that an operand lacks do not matter.
  using Point = std::array<Value, 6>;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value number(float value) {
    return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value));
  }
  Value splat(float value) {
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(vectorType, b.getF32FloatAttr(value)));
  }
  Value add(Value lhs, Value rhs) {
    return b.createOrFold<arith::AddIOp>(loc, lhs, rhs);
  }
  Value add(Value lhs, int64_t rhs) { return add(lhs, index(rhs)); }
  Value sub(Value lhs, Value rhs) {
    return b.createOrFold<arith::SubIOp>(loc, lhs, rhs);
  }
  Value mul(Value lhs, int64_t rhs) {
    return b.createOrFold<arith::MulIOp>(loc, lhs, index(rhs));
  }
  Value min(Value lhs, Value rhs) {
    return b.createOrFold<arith::MinSIOp>(loc, lhs, rhs);
  }
  /// The greater number; the second where one is NaN, which makes it a single
  /// instruction. NaN among scores makes the sum of exponentials NaN.
  Value max(Value lhs, Value rhs) {
    Value isGreater =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, lhs, rhs);
    return arith::SelectOp::create(b, loc, isGreater, lhs, rhs);
  }
  Value reduceMax(Value vector);
  Value ceilDiv(Value lhs, int64_t rhs) {
    return b.createOrFold<arith::CeilDivUIOp>(loc, lhs, index(rhs));
  }
  Value broadcast(Value scalar) {
    return vector::BroadcastOp::create(b, loc, vectorType, scalar);
  }
  Value mask(Value count) {
    return vector::CreateMaskOp::create(b, loc, maskType, count);
  }
  scf::ForOp createLoop(Value from, Value to, int64_t step,
                        ValueRange inits = {}) {
    auto loop = scf::ForOp::create(b, loc, from, to, index(step), inits);
    b.setInsertionPointToStart(loop.getBody());
    return loop;
  }
  void endLoop(scf::ForOp loop, ValueRange results = {}) {
    if (!results.empty())
      scf::YieldOp::create(b, loc, results);
    b.setInsertionPointAfter(loop);
  }

  Operand makeContiguous(OpOperand &operand);
  Value getExtent(const Operand &operand, Loop loop);
  SmallVector<Value> getIndices(const Operand &operand, const Point &point);
  /// A vector of the buffer's elements, `lanes` of them if `count` is 0; zeros
  /// where `mask` is not set.
  Value loadVector(Value buffer, ValueRange indices, Value mask = Value(),
                   int64_t count = 0);
  Value allocate(ArrayRef<int64_t> shape, Type type) {
    return memref::AllocaOp::create(b, loc, MemRefType::get(shape, type),
                                    b.getI64IntegerAttr(64));
  }
  Value allocate(ArrayRef<int64_t> shape) {
    return allocate(shape, b.getF32Type());
  }
  /// What a row multiplies by: an element, or a pair of neighbours, in each
  /// lane.
  Value loadLeft(Value buffer, ValueRange indices) {
    if (multipliesPairs)
      return splatNeighbours(b, loc, loadVector(buffer, indices, Value(), 2),
                             lanes);
    return broadcast(memref::LoadOp::create(b, loc, buffer, indices));
  }
  Value multiplyAdd(Value left, Value right, Value sum) {
    if (multipliesPairs)
      return createBF16Dot(b, loc, sum, left, right, bf16Dot);
    return vector::FMAOp::create(b, loc, left, right, sum);
  }
  /// Elements that are multiplied and summed at once.
  int64_t getDepth() const { return multipliesPairs ? 2 : 1; }
  Value bitcast(Value vector, int64_t count, Type type) {
    return vector::BitCastOp::create(b, loc, VectorType::get({count}, type),
                                     vector);
  }
  /// f32 sums as elements of the operands.
  Value narrow(Value vector) {
    if (!multipliesPairs)
      return vector;
    return arith::TruncFOp::create(
        b, loc, VectorType::get({lanes}, b.getBF16Type()), vector);
  }
  Value getKeyHead() {
    if (op.getGroup() == 1)
      return head;
    return arith::DivUIOp::create(b, loc, head, index(op.getGroup()));
  }

  void allocateBuffers();
  void emitTask(Value batch, Value head, Value block);
  void emitPacking(Value firstKey, Value numKeys, Value lastKey);
  void emitValuePairs(Value firstKey, Value numKeys);
  void emitScores(Value row, Value firstKey, Value numKeys);
  void emitScorePanel(Value row, Value panel, Value firstKey, Value numKeys,
                      bool isPartial, SmallVectorImpl<Value> &maxima);
  void emitExponentials(Value row, Value numKeys);
  void emitOutput(Value row, Value firstKey, Value numKeys);
  void emitResult();

  OpBuilder &b;
  Location loc;
  cpu::AttentionOp op;
  bool threads, multipliesPairs;
  BF16Dot bf16Dot;
  int64_t lanes, vectors, rows, size, valueSize, valueVectors, valuePanels;
  int64_t blockQueries, blockKeys;
  VectorType vectorType, maskType;
  Value zero, one;
  SmallVector<Operand, 5> operands; // query, key, value, (mask,) output
  Operand query, key, value, bias, output;
  Value numQueries, numKeys;
  // Of a task.
  Value keyPanels, valuePairs, scores, weights, rowMaxima, maxima, sums,
      factors, accumulators;
  Value batch, head, firstQuery, endQuery;
};

} // namespace

Emitter::Emitter(OpBuilder &b, cpu::AttentionOp op,
                 const LowerAttentionPassOptions &options)
    : b(b), loc(op.getLoc()), op(op), threads(options.threads) {
  lanes = std::max<int64_t>(2, options.vectorBytes / 4);
  vectors = std::max(1u, options.vectors);
  vectorType = VectorType::get({lanes}, b.getF32Type());
  maskType = VectorType::get({lanes}, b.getI1Type());
  zero = index(0);
  one = index(1);
  for (OpOperand &operand : op->getOpOperands())
    operands.push_back(makeContiguous(operand));
  query = operands[0];
  key = operands[1];
  value = operands[2];
  output = operands.back();
  if (op.getMask())
    bias = operands[3];
  numQueries = getExtent(query, Loop::Query);
  numKeys = getExtent(key, Loop::Key);

  auto queryType = cast<MemRefType>(query.buffer.getType());
  size = queryType.getDimSize(3);
  multipliesPairs = queryType.getElementType().isBF16();
  bf16Dot = getBF16Dot(options.features).value_or(BF16Dot::Avx512);
  valueSize = cast<MemRefType>(value.buffer.getType()).getDimSize(3);
  valueVectors = std::min<int64_t>(vectors, llvm::divideCeil(valueSize, lanes));
  valuePanels = llvm::divideCeil(valueSize, lanes * valueVectors);
  // Registers for sums, a row of the right operand and an element of the left.
  rows = std::max(1u, options.rows);
  std::optional<int64_t> knownQueries = getConstantIntValue(numQueries);
  if (knownQueries)
    rows = std::max<int64_t>(1, std::min(rows, *knownQueries));

  int64_t columns = lanes * vectors;
  blockKeys = std::clamp(kKeyBytes / (4 * size), kMinKeys, kMaxKeys);
  if (std::optional<int64_t> known = getConstantIntValue(numKeys))
    blockKeys = std::min(blockKeys, std::max<int64_t>(1, *known));
  blockKeys = llvm::alignTo(blockKeys, columns);
  int64_t width = lanes * valueVectors * valuePanels;
  blockQueries = std::clamp(kOutputBytes / (4 * width), rows, kMaxQueries);
  if (knownQueries)
    blockQueries = std::min(blockQueries, std::max(rows, *knownQueries));
  blockQueries = llvm::alignTo(blockQueries, rows);
}

/// The operand itself, if the elements along its last dimension are neighbours,
/// otherwise a copy.
Emitter::Operand Emitter::makeContiguous(OpOperand &operand) {
  AffineMap map = op.getMap(operand);
  auto type = cast<MemRefType>(operand.get().getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (type.getRank() == 0 ||
      (succeeded(type.getStridesAndOffset(strides, offset)) &&
       strides.back() == 1))
    return {operand.get(), map};
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(b.createOrFold<memref::DimOp>(loc, operand.get(), i));
  Value copy = memref::AllocOp::create(
      b, loc, MemRefType::get(type.getShape(), type.getElementType()), sizes,
      b.getI64IntegerAttr(64));
  return {copy, map};
}

Value Emitter::getExtent(const Operand &operand, Loop loop) {
  auto type = cast<MemRefType>(operand.buffer.getType());
  for (unsigned i = 0; i < operand.map.getNumResults(); ++i)
    if (operand.map.getResult(i) == b.getAffineDimExpr(loop))
      return type.isDynamicDim(i)
                 ? b.createOrFold<memref::DimOp>(loc, operand.buffer, i)
                 : index(type.getDimSize(i));
  llvm_unreachable("the verifier wants the loop in the map");
}

SmallVector<Value> Emitter::getIndices(const Operand &operand,
                                       const Point &point) {
  SmallVector<Value> indices;
  for (AffineExpr expr : operand.map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    indices.push_back(dim ? point[dim.getPosition()] : zero);
  }
  return indices;
}

Value Emitter::loadVector(Value buffer, ValueRange indices, Value mask,
                          int64_t count) {
  auto type =
      VectorType::get({count ? count : lanes},
                      cast<MemRefType>(buffer.getType()).getElementType());
  if (!mask)
    return vector::LoadOp::create(b, loc, type, buffer, indices);
  Value zeros = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, loc, type, buffer, indices, mask,
                                      zeros);
}

Value Emitter::reduceMax(Value vector) {
  for (int64_t width = lanes / 2; width > 0; width /= 2) {
    SmallVector<int64_t> order;
    for (int64_t i = 0; i < lanes; ++i)
      order.push_back((i + width) % lanes);
    Value rotated = vector::ShuffleOp::create(b, loc, vector, vector, order);
    vector = max(rotated, vector);
  }
  return vector::ExtractOp::create(b, loc, vector, 0);
}

void Emitter::allocateBuffers() {
  int64_t columns = lanes * vectors;
  int64_t width = lanes * valueVectors * valuePanels;
  int64_t depth = getDepth();
  Type type = cast<MemRefType>(query.buffer.getType()).getElementType();
  keyPanels =
      allocate({blockKeys / columns, size / depth, columns * depth}, type);
  scores = allocate({rows, blockKeys});
  weights = scores;
  if (multipliesPairs) {
    weights = allocate({rows, blockKeys}, type);
    valuePairs = allocate({blockKeys / 2, 2 * width}, type);
  }
  rowMaxima = allocate({rows, lanes});
  factors = allocate({rows});
  maxima = allocate({blockQueries});
  sums = allocate({blockQueries});
  accumulators = allocate({blockQueries, width});
}

void Emitter::emit() {
  SmallVector<std::pair<Value, Value>> copies;
  for (auto [operand, original] : llvm::zip_equal(operands, op->getOperands()))
    if (operand.buffer != original)
      copies.emplace_back(operand.buffer, original);
  for (auto [copy, original] : ArrayRef(copies))
    if (copy != output.buffer)
      memref::CopyOp::create(b, loc, original, copy);

  SmallVector<Value> bounds = {getExtent(query, Loop::Batch),
                               getExtent(query, Loop::Head),
                               ceilDiv(numQueries, blockQueries)};
  if (threads) {
    SmallVector<Value> lower(3, zero), steps(3, one);
    auto loop = scf::ParallelOp::create(b, loc, lower, bounds, steps);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    allocateBuffers();
    SmallVector<Value> ivs(loop.getInductionVars());
    emitTask(ivs[0], ivs[1], ivs[2]);
  } else {
    OpBuilder::InsertionGuard guard(b);
    allocateBuffers();
    SmallVector<Value> ivs;
    for (Value bound : bounds)
      ivs.push_back(createLoop(zero, bound, 1).getInductionVar());
    emitTask(ivs[0], ivs[1], ivs[2]);
  }
  for (auto [copy, original] : ArrayRef(copies)) {
    if (copy == output.buffer)
      memref::CopyOp::create(b, loc, copy, original);
    memref::DeallocOp::create(b, loc, copy);
  }
}

void Emitter::emitTask(Value batchOfTask, Value headOfTask, Value block) {
  batch = batchOfTask;
  head = headOfTask;
  firstQuery = mul(block, blockQueries);
  endQuery = min(add(firstQuery, blockQueries), numQueries);

  Value width = index(lanes * valueVectors * valuePanels);
  auto clear = createLoop(zero, index(blockQueries), 1);
  Value row = clear.getInductionVar();
  memref::StoreOp::create(
      b, loc, number(-std::numeric_limits<float>::infinity()), maxima, row);
  memref::StoreOp::create(b, loc, number(0), sums, row);
  auto clearRow = createLoop(zero, width, lanes);
  vector::StoreOp::create(b, loc, splat(0), accumulators,
                          ValueRange{row, clearRow.getInductionVar()});
  endLoop(clearRow);
  endLoop(clear);

  // Of a causal block the last query sees the most keys.
  Value endKey = numKeys;
  if (op.getCausal())
    endKey = min(numKeys, add(endQuery, sub(numKeys, numQueries)));
  auto keyLoop = createLoop(zero, endKey, blockKeys);
  Value firstKey = keyLoop.getInductionVar();
  Value keysOfBlock = min(index(blockKeys), sub(endKey, firstKey));
  emitPacking(firstKey, keysOfBlock, sub(endKey, one));
  if (multipliesPairs)
    emitValuePairs(firstKey, keysOfBlock);
  auto rowLoop = createLoop(zero, sub(endQuery, firstQuery), rows);
  emitScores(rowLoop.getInductionVar(), firstKey, keysOfBlock);
  emitExponentials(rowLoop.getInductionVar(), keysOfBlock);
  emitOutput(rowLoop.getInductionVar(), firstKey, keysOfBlock);
  endLoop(rowLoop);
  endLoop(keyLoop);
  emitResult();
}

/// keyPanels[t / columns, d, t % columns] = scale * key[t, d]; of pairs
/// keyPanels[t / columns, d / 2, 2 (t % columns) + d % 2] = key[t, d]. Keys
/// behind the last one are copies of it; their scores are masked.
void Emitter::emitPacking(Value firstKey, Value keysOfBlock, Value lastKey) {
  int64_t columns = lanes * vectors, depth = getDepth();
  Value scale = splat(op.getScale().convertToFloat());
  Value keyHead = getKeyHead();
  auto panelLoop = createLoop(zero, ceilDiv(keysOfBlock, columns), 1);
  Value panel = panelLoop.getInductionVar();
  auto vectorLoop = createLoop(zero, index(columns), lanes);
  Value column = vectorLoop.getInductionVar();
  Value first = add(add(firstKey, mul(panel, columns)), column);
  SmallVector<Value> keys;
  for (int64_t i = 0; i < lanes; ++i)
    keys.push_back(min(add(first, i), lastKey));
  // `count` elements, or pairs that are moved as words, from number `element`.
  auto emitTile = [&](Value element, int64_t count) {
    Value inside;
    if (count < lanes)
      inside = vector::CreateMaskOp::create(
          b, loc, VectorType::get({lanes * depth}, b.getI1Type()),
          index(count * depth));
    SmallVector<Value> tile;
    for (Value position : keys) {
      Point point{batch, keyHead, zero, position, mul(element, depth), zero};
      Value row =
          loadVector(key.buffer, getIndices(key, point), inside, lanes * depth);
      tile.push_back(multipliesPairs
                         ? bitcast(row, lanes, b.getI32Type())
                         : arith::MulFOp::create(b, loc, row, scale));
    }
    transposeTile(b, loc, tile);
    for (int64_t i = 0; i < count; ++i) {
      Value row = tile[i];
      if (multipliesPairs)
        row = bitcast(row, 2 * lanes, b.getBF16Type());
      vector::StoreOp::create(
          b, loc, row, keyPanels,
          ValueRange{panel, add(element, i), mul(column, depth)});
    }
  };
  int64_t elements = size / depth, whole = elements / lanes * lanes;
  if (whole > 0) {
    auto elementLoop = createLoop(zero, index(whole), lanes);
    emitTile(elementLoop.getInductionVar(), lanes);
    endLoop(elementLoop);
  }
  if (whole < elements)
    emitTile(index(whole), elements - whole);
  endLoop(vectorLoop);
  endLoop(panelLoop);
}

/// valuePairs[t / 2, 2 e + t % 2] = value[t, e]. The last one's partner is 0.
void Emitter::emitValuePairs(Value firstKey, Value keysOfBlock) {
  Value keyHead = getKeyHead();
  SmallVector<int64_t> order;
  for (int64_t i = 0; i < lanes; ++i)
    order.append({i, lanes + i});
  auto loop = createLoop(zero, keysOfBlock, 2);
  Value t = loop.getInductionVar();
  Value partner = add(t, 1);
  Value hasPartner = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                           partner, keysOfBlock);
  Value pair = arith::ShRUIOp::create(b, loc, t, one);
  for (int64_t e = 0; e < valueSize; e += lanes) {
    int64_t count = std::min(lanes, valueSize - e);
    auto loadRow = [&](Value position, Value mask) {
      Point point{batch, keyHead, zero, add(firstKey, position),
                  zero,  index(e)};
      Value row = loadVector(value.buffer, getIndices(value, point), mask);
      return bitcast(row, lanes, b.getI16Type());
    };
    Value row = loadRow(t, count < lanes ? mask(index(count)) : Value());
    Value next = loadRow(partner, mask(arith::SelectOp::create(
                                      b, loc, hasPartner, index(count), zero)));
    Value both = vector::ShuffleOp::create(b, loc, row, next, order);
    vector::StoreOp::create(b, loc, bitcast(both, 2 * lanes, b.getBF16Type()),
                            valuePairs, ValueRange{pair, index(2 * e)});
  }
  endLoop(loop);
}

/// The scores of `rows` queries from `row` of the block on, and their maxima.
void Emitter::emitScores(Value row, Value firstKey, Value keysOfBlock) {
  int64_t columns = lanes * vectors;
  SmallVector<Value> start(rows,
                           splat(-std::numeric_limits<float>::infinity()));
  Value whole = arith::DivUIOp::create(b, loc, keysOfBlock, index(columns));
  auto panelLoop = createLoop(zero, whole, 1, start);
  SmallVector<Value> next(panelLoop.getRegionIterArgs());
  emitScorePanel(row, panelLoop.getInductionVar(), firstKey, keysOfBlock,
                 /*isPartial=*/false, next);
  endLoop(panelLoop, next);
  std::optional<int64_t> known = getConstantIntValue(keysOfBlock);
  SmallVector<Value> found(panelLoop.getResults());
  if (!known || *known % columns != 0) {
    // At most one more.
    auto restLoop = createLoop(whole, ceilDiv(keysOfBlock, columns), 1, found);
    next.assign(restLoop.getRegionIterArgs().begin(),
                restLoop.getRegionIterArgs().end());
    emitScorePanel(row, restLoop.getInductionVar(), firstKey, keysOfBlock,
                   /*isPartial=*/true, next);
    endLoop(restLoop, next);
    found.assign(restLoop.result_begin(), restLoop.result_end());
  }
  for (int64_t m = 0; m < rows; ++m)
    vector::StoreOp::create(b, loc, found[m], rowMaxima,
                            ValueRange{index(m), zero});
}

void Emitter::emitScorePanel(Value row, Value panel, Value firstKey,
                             Value keysOfBlock, bool isPartial,
                             SmallVectorImpl<Value> &maximaOfRows) {
  int64_t columns = lanes * vectors, depth = getDepth();
  // Rows behind the last query compute its scores again.
  SmallVector<Value> positions;
  Value last = sub(endQuery, one);
  for (int64_t m = 0; m < rows; ++m)
    positions.push_back(min(add(firstQuery, add(row, m)), last));

  RegisterBlock block{rows, vectors, vectorType};
  SmallVector<Value> sumsOfBlock = block.multiply(
      b, loc, zero, index(size / depth), block.createZeros(b, loc),
      [&](int64_t m, Value d) {
        Point point{batch, head, positions[m], zero, mul(d, depth), zero};
        return loadLeft(query.buffer, getIndices(query, point));
      },
      [&](int64_t v, Value d) {
        return loadVector(keyPanels, {panel, d, index(v * lanes * depth)},
                          Value(), lanes * depth);
      },
      [&](Value left, Value right, Value sum) {
        return multiplyAdd(left, right, sum);
      });
  // Keys of f32 are scaled already.
  if (multipliesPairs)
    for (Value &score : sumsOfBlock)
      score = arith::MulFOp::create(b, loc, score,
                                    splat(op.getScale().convertToFloat()));

  Value lowest = splat(-std::numeric_limits<float>::infinity());
  for (int64_t v = 0; v < vectors; ++v) {
    Value column = add(mul(panel, columns), v * lanes);
    Value position = add(firstKey, column);
    Value inside = isPartial ? mask(sub(keysOfBlock, column)) : Value();
    for (int64_t m = 0; m < rows; ++m) {
      Value score = sumsOfBlock[m * vectors + v];
      if (op.getMask()) {
        Point point{batch, head, positions[m], position, zero, zero};
        SmallVector<Value> indices = getIndices(bias, point);
        Value addend = bias.map.isFunctionOfDim(Loop::Key)
                           ? loadVector(bias.buffer, indices, inside)
                           : broadcast(memref::LoadOp::create(
                                 b, loc, bias.buffer, indices));
        score = arith::AddFOp::create(b, loc, score, addend);
      }
      if (op.getCausal()) {
        Value visible =
            sub(add(add(positions[m], sub(numKeys, numQueries)), 1), position);
        score = arith::SelectOp::create(b, loc, mask(visible), score, lowest);
      }
      if (inside)
        score = arith::SelectOp::create(b, loc, inside, score, lowest);
      maximaOfRows[m] = max(score, maximaOfRows[m]);
      vector::StoreOp::create(b, loc, score, scores,
                              ValueRange{index(m), column});
    }
  }
}

/// Scores become exp(score - maximum so far).
void Emitter::emitExponentials(Value row, Value keysOfBlock) {
  constexpr int64_t unroll = 2;
  auto rowLoop = createLoop(zero, index(rows), 1);
  Value m = rowLoop.getInductionVar();
  Value state = add(row, m);
  Value highest = reduceMax(loadVector(rowMaxima, {m, zero}));
  Value before = memref::LoadOp::create(b, loc, maxima, state);
  Value isHigher =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, highest, before);
  Value maximum = arith::SelectOp::create(b, loc, isHigher, highest, before);
  memref::StoreOp::create(b, loc, maximum, maxima, state);
  // Minus infinity minus itself is NaN; minus 0 it stays.
  Value lowest = number(-std::numeric_limits<float>::infinity());
  Value isMasked =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, maximum, lowest);
  Value base = arith::SelectOp::create(b, loc, isMasked, number(0), maximum);
  // What there is so far is scaled only where there is something and the
  // maximum has changed, which few blocks of keys do.
  Value isFirst =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, before, lowest);
  Value isSame = arith::XOrIOp::create(
      b, loc, isHigher, arith::ConstantIntOp::create(b, loc, 1, 1));
  auto choice = scf::IfOp::create(b, loc, b.getF32Type(),
                                  arith::OrIOp::create(b, loc, isFirst, isSame),
                                  /*withElseRegion=*/true);
  b.setInsertionPointToStart(choice.thenBlock());
  scf::YieldOp::create(b, loc, number(1));
  b.setInsertionPointToStart(choice.elseBlock());
  scf::YieldOp::create(
      b, loc,
      ValueRange{math::ExpOp::create(
          b, loc, arith::SubFOp::create(b, loc, before, base))});
  b.setInsertionPointAfter(choice);
  Value factor = choice.getResult(0);
  memref::StoreOp::create(b, loc, factor, factors, m);

  Value baseVector = broadcast(base);
  SmallVector<Value> start(unroll, splat(0));
  // Whole panels: what is behind the last key is minus infinity.
  Value end = mul(ceilDiv(keysOfBlock, lanes * vectors), lanes * vectors);
  int64_t count = vectors % unroll == 0 ? unroll : 1;
  start.resize(count);
  auto loop = createLoop(zero, end, lanes * count, start);
  SmallVector<Value> next;
  for (int64_t v = 0; v < count; ++v) {
    Value column = add(loop.getInductionVar(), v * lanes);
    Value score = loadVector(scores, {m, column});
    Value weight = math::ExpOp::create(
        b, loc, arith::SubFOp::create(b, loc, score, baseVector));
    vector::StoreOp::create(b, loc, narrow(weight), weights,
                            ValueRange{m, column});
    next.push_back(
        arith::AddFOp::create(b, loc, loop.getRegionIterArgs()[v], weight));
  }
  endLoop(loop, next);
  Value total = loop.getResult(0);
  for (int64_t v = 1; v < count; ++v)
    total = arith::AddFOp::create(b, loc, total, loop.getResult(v));
  Value sum = vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD,
                                          total, arith::FastMathFlags::reassoc);
  Value old = memref::LoadOp::create(b, loc, sums, state);
  Value scaled = arith::MulFOp::create(b, loc, old, factor);
  memref::StoreOp::create(b, loc, arith::AddFOp::create(b, loc, scaled, sum),
                          sums, state);
  endLoop(rowLoop);
}

/// accumulators = factor * accumulators + weights * values
void Emitter::emitOutput(Value row, Value firstKey, Value keysOfBlock) {
  Value keyHead = getKeyHead();
  int64_t columns = lanes * valueVectors, depth = getDepth();
  RegisterBlock block{rows, valueVectors, vectorType};
  auto emitPanel = [&](Value first, bool isLast) {
    SmallVector<Value> start;
    for (int64_t m = 0; m < rows; ++m) {
      Value factor =
          broadcast(memref::LoadOp::create(b, loc, factors, index(m)));
      for (int64_t v = 0; v < valueVectors; ++v) {
        Value old =
            loadVector(accumulators, {add(row, m), add(first, v * lanes)});
        start.push_back(arith::MulFOp::create(b, loc, old, factor));
      }
    }
    SmallVector<Value> masks(valueVectors);
    for (int64_t v = 0; isLast && v < valueVectors; ++v) {
      int64_t left = valueSize - (valuePanels - 1) * columns - v * lanes;
      if (left < lanes)
        masks[v] = mask(index(std::max<int64_t>(left, 0)));
    }
    SmallVector<Value> sumsOfBlock = block.multiply(
        b, loc, zero, ceilDiv(keysOfBlock, depth), start,
        [&](int64_t m, Value t) {
          return loadLeft(weights, {index(m), mul(t, depth)});
        },
        [&](int64_t v, Value t) {
          Value element = add(first, v * lanes);
          if (multipliesPairs)
            return loadVector(valuePairs, {t, mul(element, 2)}, Value(),
                              2 * lanes);
          Point point{batch, keyHead, zero, add(firstKey, t), zero, element};
          return loadVector(value.buffer, getIndices(value, point), masks[v]);
        },
        [&](Value left, Value right, Value sum) {
          return multiplyAdd(left, right, sum);
        });
    for (int64_t m = 0; m < rows; ++m)
      for (int64_t v = 0; v < valueVectors; ++v)
        vector::StoreOp::create(b, loc, sumsOfBlock[m * valueVectors + v],
                                accumulators,
                                ValueRange{add(row, m), add(first, v * lanes)});
  };
  bool isRagged = valueSize % columns != 0;
  int64_t whole = isRagged ? valuePanels - 1 : valuePanels;
  if (whole > 0) {
    auto panelLoop = createLoop(zero, index(whole * columns), columns);
    emitPanel(panelLoop.getInductionVar(), /*isLast=*/false);
    endLoop(panelLoop);
  }
  if (isRagged)
    emitPanel(index(whole * columns), /*isLast=*/true);
}

void Emitter::emitResult() {
  auto rowLoop = createLoop(zero, sub(endQuery, firstQuery), 1);
  Value row = rowLoop.getInductionVar();
  Value sum = memref::LoadOp::create(b, loc, sums, row);
  Value isEmpty =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, sum, number(0));
  Value divisor = arith::SelectOp::create(b, loc, isEmpty, number(1), sum);
  Value factor = broadcast(arith::DivFOp::create(b, loc, number(1), divisor));
  for (int64_t first = 0; first < valueSize; first += lanes) {
    Value weighted = loadVector(accumulators, {row, index(first)});
    Value result = narrow(arith::MulFOp::create(b, loc, weighted, factor));
    Point point{batch, head, add(firstQuery, row), zero, zero, index(first)};
    SmallVector<Value> indices = getIndices(output, point);
    if (first + lanes <= valueSize)
      vector::StoreOp::create(b, loc, result, output.buffer, indices);
    else
      createMaskedStore(b, loc, result, output.buffer, indices,
                        mask(index(valueSize - first)));
  }
  endLoop(rowLoop);
}

namespace {
struct LowerAttentionPass
    : public slim::impl::LowerAttentionPassBase<LowerAttentionPass> {
  using LowerAttentionPassBase::LowerAttentionPassBase;

  void runOnOperation() override {
    LowerAttentionPassOptions options;
    options.vectorBytes = vectorBytes;
    options.rows = rows;
    options.vectors = vectors;
    options.threads = threads;
    llvm::append_range(options.features, features);
    SmallVector<cpu::AttentionOp> ops;
    getOperation().walk([&](cpu::AttentionOp op) { ops.push_back(op); });
    for (cpu::AttentionOp op : ops) {
      if (!op.hasBufferSemantics()) {
        op.emitOpError("is on tensors; bufferize it first");
        return signalPassFailure();
      }
      OpBuilder builder(op);
      Emitter(builder, op, options).emit();
      op.erase();
      ++numLowered;
    }
  }
};
} // namespace
