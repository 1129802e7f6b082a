//===- WindowEmitter.cpp - Vector loops along the channels ----------------===//
#include "WindowEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace slim;
using namespace slim::cpu;

/// Kernels of fewer steps of their bodies than this stay on one thread.
static constexpr int64_t kParallelWork = 1 << 17;

/// Windows of at most this many elements are written out.
static constexpr int64_t kWrittenOut = 25;

/// Positions of a row that a block has at most.
static constexpr int64_t kMaxRows = 8;

/// Vectors of columns that a block has without a row.
static constexpr int64_t kVectorsWithoutRow = 4;

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

bool cpu::isWindowKernel(AffineMap output, ArrayRef<AffineMap> inputs) {
  if (output.getNumResults() == 0 || inputs.empty() ||
      inputs.front().getNumResults() == 0)
    return false;
  AffineExpr column = output.getResults().back();
  unsigned loop = cast<AffineDimExpr>(column).getPosition();
  auto count = [&](AffineMap map) {
    return llvm::count_if(map.getResults(), [&](AffineExpr expr) {
      return expr.isFunctionOfDim(loop);
    });
  };
  if (inputs.front().getResults().back() != column ||
      count(inputs.front()) != 1)
    return false;
  return llvm::all_of(inputs.drop_front(), [&](AffineMap map) {
    return count(map) == 0 ||
           (count(map) == 1 && llvm::is_contained(map.getResults(), column));
  });
}

bool cpu::isWindowKernel(KernelOp op) {
  AffineMap output = op.getOutputMap();
  return output.getNumResults() > 0 &&
         op.getInputMap(0).isFunctionOfDim(
             output.getDimPosition(output.getNumResults() - 1));
}

//===----------------------------------------------------------------------===//
// Set-up
//===----------------------------------------------------------------------===//

WindowEmitter::WindowEmitter(OpBuilder &b, KernelOp op,
                             const KernelTarget &target, bool threads)
    : b(b), loc(op.getLoc()), op(op), threads(threads),
      numInputs(op.getInputs().size()), numLoops(op.getNumLoops()) {
  lanes = std::max<int64_t>(1, target.vectorBytes * 8 /
                                   op.getSumType().getIntOrFloatBitWidth());
  // The register block of a product leaves room for a row of its right operand
  // and two splat elements.
  registers = target.rows * target.vectors + target.vectors + 2;
  AffineMap output = op.getOutputMap();
  column = output.getDimPosition(output.getNumResults() - 1);
  for (unsigned i = 0; i + 1 < output.getNumResults(); ++i)
    outer.push_back(output.getDimPosition(i));
  for (OpOperand &operand : op->getOpOperands()) {
    buffers.push_back(operand.get());
    maps.push_back(op.getMap(operand));
  }
  for (unsigned loop = 0; loop < numLoops; ++loop) {
    extents.push_back(getExtent(loop));
    if (op.isReduction(loop))
      reductions.push_back(loop);
  }
  if (!outer.empty() && llvm::any_of(maps[0].getResults(), [&](AffineExpr e) {
        return e.isFunctionOfDim(outer.back()) && !isa<AffineDimExpr>(e);
      })) {
    row = outer.back();
    outer.pop_back();
  }
  // Reductions as the image walks them; of those, the innermost of known, small
  // extents are written out.
  AffineMap image = op.getInputMap(0);
  auto getPosition = [&](unsigned loop) {
    for (auto [i, expr] : llvm::enumerate(image.getResults()))
      if (expr.isFunctionOfDim(loop))
        return i;
    return size_t(0);
  };
  llvm::stable_sort(reductions, [&](unsigned lhs, unsigned rhs) {
    return getPosition(lhs) < getPosition(rhs);
  });
  int64_t taps = 1;
  while (!reductions.empty() && extents[reductions.back()].isFixed() &&
         taps * extents[reductions.back()].fixed <= kWrittenOut) {
    taps *= extents[reductions.back()].fixed;
    written.insert(written.begin(), reductions.pop_back_val());
  }
  ivs.assign(numLoops, index(0));
}

WindowEmitter::Extent WindowEmitter::getExtent(unsigned loop) {
  Extent extent;
  AffineExpr dim = b.getAffineDimExpr(loop);
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = cast<MemRefType>(operand.get().getType());
    for (auto [i, expr] : llvm::enumerate(op.getMap(operand).getResults())) {
      if (expr != dim || extent.isFixed())
        continue;
      if (!type.isDynamicDim(i))
        extent.fixed = type.getDimSize(i);
      else if (!extent.value)
        extent.value = memref::DimOp::create(b, loc, operand.get(), i);
    }
  }
  return extent;
}

Value WindowEmitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value WindowEmitter::getValue(const Extent &extent) {
  return extent.isFixed() ? index(extent.fixed) : extent.value;
}

/// Whether an operand is read one element after the other along the columns: as
/// its last index, perhaps within panels that no vector crosses.
bool WindowEmitter::isContiguous(unsigned operand) {
  auto type = cast<MemRefType>(buffers[operand].getType());
  AffineExpr dim = b.getAffineDimExpr(column);
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || strides.empty() ||
      strides.back() != 1)
    return false;
  ArrayRef<AffineExpr> results = maps[operand].getResults();
  for (auto [i, expr] : llvm::enumerate(results)) {
    bool last = i + 1 == results.size();
    if (!expr.isFunctionOfDim(column) || (last && expr == dim))
      continue;
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    auto by = binary ? dyn_cast<AffineConstantExpr>(binary.getRHS())
                     : AffineConstantExpr();
    if (!by || binary.getLHS() != dim || by.getValue() % lanes ||
        expr.getKind() !=
            (last ? AffineExprKind::Mod : AffineExprKind::FloorDiv))
      return false;
  }
  return true;
}

bool WindowEmitter::canEmit() {
  AffineExpr dim = b.getAffineDimExpr(column);
  for (unsigned i = 0; i < maps.size(); ++i) {
    if (!maps[i].isFunctionOfDim(column) || isContiguous(i))
      continue;
    if (i == 0 || i >= numInputs ||
        !llvm::is_contained(maps[i].getResults(), dim) ||
        llvm::any_of(maps[i].getResults(), [](AffineExpr expr) {
          return !isa<AffineDimExpr, AffineConstantExpr>(expr);
        }))
      return false;
    mustPack = true;
  }
  return true;
}

/// A copy of an input with the columns last.
Value WindowEmitter::pack(unsigned input) {
  AffineMap map = maps[input];
  auto type = cast<MemRefType>(buffers[input].getType());
  SmallVector<unsigned> order;
  unsigned columnDim = 0;
  for (unsigned dim = 0; dim < map.getNumResults(); ++dim) {
    if (map.getResult(dim) == b.getAffineDimExpr(column))
      columnDim = dim;
    else
      order.push_back(dim);
  }
  order.push_back(columnDim);
  SmallVector<int64_t> shape;
  SmallVector<Value> sizes, bounds;
  SmallVector<AffineExpr> exprs;
  for (unsigned dim : order) {
    shape.push_back(type.getDimSize(dim));
    exprs.push_back(map.getResult(dim));
    bounds.push_back(b.createOrFold<memref::DimOp>(loc, buffers[input], dim));
    if (type.isDynamicDim(dim))
      sizes.push_back(bounds.back());
  }
  Value copy = memref::AllocOp::create(
      b, loc, MemRefType::get(shape, type.getElementType()), sizes,
      b.getI64IntegerAttr(64));
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Value> to, from(order.size());
  for (auto [dim, bound] : llvm::zip_equal(order, bounds)) {
    auto forOp = scf::ForOp::create(b, loc, index(0), bound, index(1));
    b.setInsertionPointToStart(forOp.getBody());
    to.push_back(forOp.getInductionVar());
    from[dim] = forOp.getInductionVar();
  }
  Value element = memref::LoadOp::create(b, loc, buffers[input], from);
  memref::StoreOp::create(b, loc, element, copy, to);
  buffers[input] = copy;
  maps[input] = AffineMap::get(numLoops, 0, exprs, b.getContext());
  return copy;
}

bool WindowEmitter::isLarge() {
  int64_t work = 1;
  for (const Extent &extent : extents)
    if (!extent.isFixed() || llvm::MulOverflow(work, extent.fixed, work))
      return true;
  return work >= kParallelWork;
}

/// Positions a block: a divisor of the row's extent if there is one not much
/// below the limit. Besides their sums, registers hold an element of the image
/// and the weights of the innermost window.
unsigned WindowEmitter::chooseRows() {
  int64_t weights = written.empty() ? 1 : extents[written.back()].fixed;
  int64_t limit =
      std::clamp<int64_t>(int64_t(registers) - weights - 2, 2, kMaxRows);
  const Extent &extent = extents[row];
  if (!extent.isFixed())
    return limit;
  if (extent.fixed <= limit)
    return std::max<int64_t>(extent.fixed, 1);
  for (int64_t rows = limit; rows > limit / 2; --rows)
    if (extent.fixed % rows == 0)
      return rows;
  return limit;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void WindowEmitter::emitLoop(Value begin, Value end, int64_t step,
                             unsigned loop, Body body) {
  auto forOp = scf::ForOp::create(b, loc, begin, end, index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  ivs[loop] = forOp.getInductionVar();
  body();
}

void WindowEmitter::emit() {
  SmallVector<Value> copies;
  for (unsigned i = 1; i < numInputs; ++i)
    if (maps[i].isFunctionOfDim(column) && !isContiguous(i))
      copies.push_back(pack(i));
  emitOuter();
  for (Value copy : copies)
    memref::DeallocOp::create(b, loc, copy);
}

void WindowEmitter::emitOuter() {
  if (row >= 0)
    blockRows = chooseRows();
  OpBuilder::InsertionGuard guard(b);
  if (!threads || !isLarge() || outer.empty() ||
      op->getParentOfType<scf::ParallelOp>()) {
    for (unsigned loop : outer) {
      auto forOp = scf::ForOp::create(b, loc, index(0), getValue(extents[loop]),
                                      index(1));
      b.setInsertionPointToStart(forOp.getBody());
      ivs[loop] = forOp.getInductionVar();
    }
    return emitRow();
  }
  SmallVector<Value> lower(outer.size(), index(0)), upper,
      step(outer.size(), index(1));
  for (unsigned loop : outer)
    upper.push_back(getValue(extents[loop]));
  auto parallel = scf::ParallelOp::create(b, loc, lower, upper, step);
  b.setInsertionPointToStart(parallel.getBody());
  for (auto [loop, iv] : llvm::zip_equal(outer, parallel.getInductionVars()))
    ivs[loop] = iv;
  emitRow();
}

/// Blocks of positions, then smaller powers of two for what is left.
void WindowEmitter::emitRow() {
  if (row < 0)
    return emitColumns();
  Extent extent = extents[row];
  Value begin = index(0);
  int64_t done = 0;
  while (blockRows > 0) {
    Value end;
    bool any = true;
    if (extent.isFixed()) {
      int64_t next = done + (extent.fixed - done) / blockRows * blockRows;
      any = next > done;
      done = next;
      end = index(done);
    } else {
      Value left = arith::SubIOp::create(b, loc, extent.value, begin);
      Value rest = arith::RemUIOp::create(b, loc, left, index(blockRows));
      end = arith::SubIOp::create(b, loc, extent.value, rest);
    }
    if (any)
      emitLoop(begin, end, blockRows, row, [&] { emitColumns(); });
    begin = end;
    // What a fixed extent leaves is one block.
    if (extent.isFixed())
      blockRows = extent.fixed - done;
    else
      blockRows = blockRows == 1
                      ? 0
                      : int64_t(llvm::bit_floor(uint64_t(blockRows - 1)));
  }
}

/// Full vectors, several at a time where there is no row, then a masked one.
void WindowEmitter::emitColumns() {
  Extent extent = extents[column];
  Value begin = index(0), whole = getValue(extent);
  auto roundDown = [&](int64_t step) {
    if (extent.isFixed())
      return index(extent.fixed / step * step);
    Value rest = arith::RemUIOp::create(b, loc, whole, index(step));
    return arith::SubIOp::create(b, loc, whole, rest).getResult();
  };
  for (int64_t vectors : {row < 0 ? kVectorsWithoutRow : 1, int64_t(1)}) {
    blockVectors = vectors;
    Value end = roundDown(vectors * lanes);
    if (!extent.isFixed() || extent.fixed >= vectors * lanes)
      emitLoop(begin, end, vectors * lanes, column,
               [&] { emitBlock(Value()); });
    begin = end;
    if (row >= 0)
      break;
  }
  if (extent.isFixed() && extent.fixed % lanes == 0)
    return;
  blockVectors = 1;
  OpBuilder::InsertionGuard guard(b);
  if (!extent.isFixed()) {
    Value any =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, begin, whole);
    b.setInsertionPointToStart(
        scf::IfOp::create(b, loc, any, /*withElseRegion=*/false).thenBlock());
  }
  ivs[column] = begin;
  Value left = b.createOrFold<arith::SubIOp>(loc, whole, begin);
  emitBlock(vector::CreateMaskOp::create(
      b, loc, VectorType::get({lanes}, b.getI1Type()), left));
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

void WindowEmitter::emitBlock(Value mask) {
  auto type = VectorType::get({lanes}, op.getSumType());
  Value init = arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(type, cast<Attribute>(op.getInit())));
  SmallVector<Value> sums(blockRows * blockVectors, init);
  emitEpilogue(mask, emitReductions(reductions, mask, sums));
}

SmallVector<Value> WindowEmitter::emitReductions(ArrayRef<unsigned> loops,
                                                 Value mask,
                                                 SmallVector<Value> sums) {
  if (loops.empty())
    return emitWindow(mask, sums);
  auto forOp = scf::ForOp::create(
      b, loc, index(0), getValue(extents[loops.front()]), index(1), sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  ivs[loops.front()] = forOp.getInductionVar();
  SmallVector<Value> next = emitReductions(
      loops.drop_front(), mask, SmallVector<Value>(forOp.getRegionIterArgs()));
  scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(forOp.getResults());
}

AffineMap WindowEmitter::shift(AffineMap map, int64_t rowShift,
                               int64_t vectorShift, ArrayRef<int64_t> taps) {
  SmallVector<AffineExpr> dims;
  for (unsigned loop = 0; loop < numLoops; ++loop)
    dims.push_back(b.getAffineDimExpr(loop));
  if (row >= 0)
    dims[row] = dims[row] + rowShift;
  dims[column] = dims[column] + vectorShift * lanes;
  for (auto [loop, tap] : llvm::zip(written, taps))
    dims[loop] = b.getAffineConstantExpr(tap);
  return map.replaceDimsAndSymbols(dims, {}, numLoops, 0);
}

/// An index expression at the current values of the loops, which are not
/// negative.
Value WindowEmitter::evaluate(AffineExpr expr) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return ivs[dim.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return index(constant.getValue());
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value lhs = evaluate(binary.getLHS()), rhs = evaluate(binary.getRHS());
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return b.createOrFold<arith::AddIOp>(loc, lhs, rhs);
  case AffineExprKind::Mul:
    return b.createOrFold<arith::MulIOp>(loc, lhs, rhs);
  case AffineExprKind::Mod:
    return b.createOrFold<arith::RemUIOp>(loc, lhs, rhs);
  case AffineExprKind::FloorDiv:
    return b.createOrFold<arith::DivUIOp>(loc, lhs, rhs);
  default:
    llvm_unreachable("kernels have no other index expressions");
  }
}

SmallVector<Value> WindowEmitter::getIndices(AffineMap map) {
  return llvm::map_to_vector(map.getResults(),
                             [&](AffineExpr expr) { return evaluate(expr); });
}

/// An element of an operand, or a vector where it depends on the column.
Value WindowEmitter::load(unsigned operand, AffineMap map, Value mask,
                          Loaded &loaded) {
  Value buffer = buffers[operand];
  std::vector<const void *> key{buffer.getAsOpaquePointer()};
  for (AffineExpr expr : map.getResults())
    key.push_back(expr.getAsOpaquePointer());
  Value &value = loaded[key];
  if (value)
    return value;
  SmallVector<Value> indices = getIndices(map);
  if (!maps[operand].isFunctionOfDim(column))
    return value = memref::LoadOp::create(b, loc, buffer, indices);
  auto type = VectorType::get({lanes}, getElementTypeOrSelf(buffer));
  // Panels are padded.
  bool isPanel = !isa<AffineDimExpr>(maps[operand].getResults().back());
  if (!mask || isPanel)
    return value = vector::LoadOp::create(b, loc, type, buffer, indices);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return value = vector::MaskedLoadOp::create(b, loc, type, buffer, indices,
                                              mask, zero);
}

/// The written-out loops: along the innermost one, steps are taken in the order
/// of the image's elements.
SmallVector<Value> WindowEmitter::emitWindow(Value mask,
                                             SmallVector<Value> sums) {
  SmallVector<SmallVector<int64_t>> lines(1);
  for (unsigned loop : ArrayRef(written).drop_back(written.empty() ? 0 : 1)) {
    SmallVector<SmallVector<int64_t>> longer;
    for (const SmallVector<int64_t> &line : lines)
      for (int64_t k = 0; k < extents[loop].fixed; ++k) {
        longer.push_back(line);
        longer.back().push_back(k);
      }
    lines = std::move(longer);
  }
  int64_t width = written.empty() ? 1 : extents[written.back()].fixed;
  // How far a step along the row and along the window goes in the image.
  auto getStep = [&](int loop) {
    int64_t step = 0;
    if (loop >= 0)
      for (AffineExpr expr : op.getInputMap(0).getResults()) {
        SmallVector<AffineExpr> at(numLoops, b.getAffineConstantExpr(0));
        AffineExpr base = expr.replaceDimsAndSymbols(at, {});
        at[loop] = b.getAffineConstantExpr(1);
        step += cast<AffineConstantExpr>(expr.replaceDimsAndSymbols(at, {}))
                    .getValue() -
                cast<AffineConstantExpr>(base).getValue();
      }
    return step;
  };
  int64_t rowStep = getStep(row),
          windowStep = getStep(written.empty() ? -1 : int(written.back()));

  struct Step {
    int64_t row, k;
  };
  SmallVector<Step> steps;
  for (int64_t k = 0; k < width; ++k)
    for (int64_t at = 0; at < blockRows; ++at)
      steps.push_back({at, k});
  llvm::stable_sort(steps, [&](const Step &lhs, const Step &rhs) {
    return lhs.row * rowStep + lhs.k * windowStep <
           rhs.row * rowStep + rhs.k * windowStep;
  });

  Block &body = op.getBody().front();
  BodyEvaluator evaluator(body, lanes);
  for (SmallVector<int64_t> line : lines) {
    Loaded loaded;
    if (!written.empty())
      line.push_back(0);
    // The weights of a line first: all positions read them.
    for (int64_t k = 0; k < width; ++k)
      for (int64_t v = 0; v < blockVectors; ++v)
        for (unsigned i = 1; i < numInputs; ++i) {
          if (!written.empty())
            line.back() = k;
          if (!body.getArgument(i).use_empty())
            load(i, shift(maps[i], 0, v, line), mask, loaded);
        }
    for (const Step &step : steps) {
      if (!written.empty())
        line.back() = step.k;
      for (int64_t v = 0; v < blockVectors; ++v) {
        for (unsigned i = 0; i < numInputs; ++i)
          if (!body.getArgument(i).use_empty())
            evaluator.set(
                i, load(i, shift(maps[i], step.row, v, line), mask, loaded));
        Value &sum = sums[step.row * blockVectors + v];
        evaluator.set(numInputs, sum);
        sum = evaluator.getResult(b, loc);
      }
    }
  }
  return sums;
}

void WindowEmitter::emitEpilogue(Value mask, ArrayRef<Value> sums) {
  Block &epilogue = op.getEpilogue().front();
  BodyEvaluator evaluator(epilogue, lanes);
  unsigned output = op->getNumOperands() - 1;
  Loaded loaded;
  for (int64_t at = 0; at < blockRows; ++at)
    for (int64_t v = 0; v < blockVectors; ++v) {
      for (unsigned i = 0; i < op.getExtras().size(); ++i)
        if (!epilogue.getArgument(1 + i).use_empty())
          evaluator.set(1 + i, load(numInputs + i,
                                    shift(maps[numInputs + i], at, v, {}), mask,
                                    loaded));
      evaluator.set(0, sums[at * blockVectors + v]);
      Value result = evaluator.getResult(b, loc);
      SmallVector<Value> indices =
          getIndices(shift(op.getOutputMap(), at, v, {}));
      Value buffer = op->getOperand(output);
      if (mask)
        createMaskedStore(b, loc, result, buffer, indices, mask);
      else
        vector::StoreOp::create(b, loc, result, buffer, indices);
    }
}
