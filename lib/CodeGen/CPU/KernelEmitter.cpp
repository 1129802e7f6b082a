//===- KernelEmitter.cpp - Register-blocked loops of a kernel -------------===//
#include "KernelEmitter.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace slim;
using namespace slim::cpu;

/// Kernels of fewer multiply-adds than this stay on one thread.
static constexpr int64_t kParallelWork = 1 << 17;
/// As many tasks as this give any few threads about as much to do, unless a
/// task had fewer multiply-adds than kTaskWork.
static constexpr int64_t kTasks = 16, kTaskWork = 1 << 15;

bool KernelEmitter::canEmit() {
  // Vectors along the output and, where they depend on it, along the extras.
  if (!getOutput().strides[column].is(1))
    return false;
  for (unsigned i = numInputs; i + 1 < nest.operands.size(); ++i)
    if (!nest.operands[i].strides[column].is(1) &&
        !nest.operands[i].strides[column].is(0))
      return false;
  for (KernelOperand &operand : nest.operands)
    if (&operand != &getInput(0) && operand.panelColumns &&
        operand.panelColumns % columns)
      return false;
  if (!getInput(0).irregular.empty() || reductions.empty())
    return false;
  for (unsigned i = numInputs; i < nest.operands.size(); ++i)
    if (!nest.operands[i].irregular.empty())
      return false;
  if (kernel->getDepth() > 1 && !getInput(0).strides[reductions.back()].is(1))
    return false;
  // A stream is read by its masks.
  if (op.getBitmask())
    return true;
  // Vectors of less than a byte an element are not as they lie in memory.
  for (unsigned i = 0; i < numInputs; ++i)
    if (getElementType(getInput(i)).getIntOrFloatBitWidth() < 8)
      return false;
  for (unsigned i = 1; i < numInputs; ++i) {
    KernelOperand &operand = getInput(i);
    bool isPanel = operand.panelColumns != 0;
    int64_t wanted = kernel->getColumnElements(i);
    bool fits = operand.strides[column].is(isPanel ? wanted : 1) ||
                (i > 1 && operand.strides[column].is(0));
    // Neighbours come from packing. So does the padding that saves masked loads
    // of 16-bit floats, which few processors have.
    Type element = getElementType(operand);
    if (i == 1 && !isPanel &&
        (wanted > 1 ||
         (isa<FloatType>(element) && element.getIntOrFloatBitWidth() == 16)))
      fits = false;
    if (fits)
      continue;
    if (isPanel || i > 1 || numInputs > 2 || !operand.irregular.empty())
      return false;
    mustPack = true;
  }
  return true;
}

bool KernelEmitter::isLarge() {
  int64_t work = 1;
  for (KernelLoop &loop : nest.loops)
    if (!loop.extent.isFixed() ||
        llvm::MulOverflow(work, loop.extent.fixed, work))
      return true;
  return work >= kParallelWork;
}

void KernelEmitter::emitLoop(Value begin, Value end, int64_t step,
                             llvm::function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b, loc, begin, end, index.constant(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void KernelEmitter::emitLoops(ArrayRef<unsigned> loops, Body body) {
  if (loops.empty())
    return body();
  emitLoop(index.constant(0), index.get(getExtent(loops.front())), 1,
           [&](Value iv) {
             ivs[loops.front()] = iv;
             emitLoops(loops.drop_front(), body);
           });
}

void KernelEmitter::emitGrid(ArrayRef<Value> bounds, bool parallel,
                             llvm::function_ref<void(ValueRange)> body) {
  if (parallel) {
    SmallVector<Value> lower(bounds.size(), index.constant(0)),
        step(bounds.size(), index.constant(1));
    auto loop = scf::ParallelOp::create(b, loc, lower, bounds, step);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    return body(loop.getInductionVars());
  }
  SmallVector<Value> indices;
  OpBuilder::InsertionGuard guard(b);
  for (Value bound : bounds) {
    auto loop =
        scf::ForOp::create(b, loc, index.constant(0), bound, index.constant(1));
    b.setInsertionPointToStart(loop.getBody());
    indices.push_back(loop.getInductionVar());
  }
  body(indices);
}

/// Steps of the first row loop to take at a time.
Quantity KernelEmitter::getChunk() {
  unsigned loop = rowLoops.front();
  int64_t granule = getRowGranule();
  Type type = getElementType(getInput(0));
  int64_t bytes = llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
  Quantity stride = getInput(0).strides[loop];
  if (stride.isFixed()) {
    int64_t stepBytes = std::max<int64_t>(1, std::abs(stride.fixed) * bytes);
    int64_t chunk = std::max<int64_t>(1, l2Bytes / stepBytes / granule);
    chunk *= granule;
    if (getExtent(loop).isFixed() && chunk >= getExtent(loop).fixed)
      return getExtent(loop);
    return Quantity::of(chunk);
  }
  Value stepBytes = index.get(index.mul(stride, Quantity::of(bytes * granule)));
  Value one = index.constant(1);
  stepBytes = arith::MaxSIOp::create(b, loc, stepBytes, one);
  Value chunk =
      arith::DivUIOp::create(b, loc, index.constant(l2Bytes), stepBytes);
  chunk = arith::MaxSIOp::create(b, loc, chunk, one);
  return Quantity::of(index.mul(chunk, index.constant(granule)));
}

Value KernelEmitter::getBalancedChunks(Value numChunks, Value granules,
                                       ArrayRef<Value> others) {
  Value tasks = numChunks;
  for (Value other : others) {
    // A multiple of four is as good for four threads, and for two.
    if (std::optional<int64_t> known = getConstantIntValue(other);
        known && *known % 4 == 0)
      return numChunks;
    tasks = index.mul(tasks, other);
  }
  if (std::optional<int64_t> known = getConstantIntValue(tasks);
      known && (*known % 4 == 0 || *known >= kTasks))
    return numChunks;
  int64_t work = columns * getRowGranule();
  for (unsigned loop : llvm::concat<unsigned>(
           SmallVector<unsigned>(ArrayRef(rowLoops).drop_front()), reductions))
    if (getExtent(loop).isFixed())
      work = llvm::SaturatingMultiply<uint64_t>(work, getExtent(loop).fixed);
  Value one = index.constant(1);
  Value least = index.constant(
      llvm::divideCeil(kTaskWork, std::clamp<int64_t>(work, 1, kTaskWork)));
  Value most = b.createOrFold<arith::DivUIOp>(loc, granules, least);
  Value wanted = b.createOrFold<arith::MulIOp>(
      loc, numChunks,
      b.createOrFold<arith::CeilDivUIOp>(
          loc, index.constant(kTasks),
          b.createOrFold<arith::MaxUIOp>(loc, tasks, one)));
  wanted = b.createOrFold<arith::MinUIOp>(loc, wanted, most);
  return b.createOrFold<arith::MaxUIOp>(loc, wanted, numChunks);
}

Value KernelEmitter::getOffset(KernelOperand &operand,
                               llvm::function_ref<bool(unsigned)> take) {
  Quantity offset = Quantity::of(int64_t(0));
  for (unsigned loop = 0; loop < nest.loops.size(); ++loop)
    if (take(loop) && ivs[loop])
      offset = index.add(
          offset, index.mul(Quantity::of(ivs[loop]), operand.strides[loop]));
  return index.get(offset);
}

void KernelEmitter::emit() {
  bool parallel =
      threads && isLarge() && !op->getParentOfType<scf::ParallelOp>();
  SmallVector<Value> copies;
  if (mustPack) {
    packRight(parallel);
    copies.push_back(getInput(1).buffer);
  }
  if (hasConflictingRows()) {
    packLeft(parallel);
    copies.push_back(getInput(0).buffer);
  }
  if (kernel->needsLeftSums()) {
    sumLeft(parallel);
    copies.push_back(leftSums.buffer);
  }
  SmallVector<unsigned> batch = nest.getLoops(LoopKind::Batch);
  SmallVector<Value> bounds;
  for (unsigned loop : batch)
    bounds.push_back(index.get(getExtent(loop)));
  Quantity width = getExtent(column);
  Value panels = width.isFixed()
                     ? index.constant(llvm::divideCeil(width.fixed, columns))
                     : b.createOrFold<arith::CeilDivUIOp>(
                           loc, width.value, index.constant(columns));
  // Chunks of rows, which differ by one block of rows at most: threads that get
  // as many of them have as much to do.
  Value numChunks, granules, granule;
  if (!rowLoops.empty()) {
    Quantity extent = getExtent(rowLoops.front()), chunk = getChunk();
    granule = index.constant(getRowGranule());
    granules =
        b.createOrFold<arith::CeilDivUIOp>(loc, index.get(extent), granule);
    if (extent.isFixed() && chunk.is(extent.fixed)) {
      numChunks = index.constant(1);
    } else {
      Value most =
          b.createOrFold<arith::DivUIOp>(loc, index.get(chunk), granule);
      numChunks = b.createOrFold<arith::CeilDivUIOp>(loc, granules, most);
    }
    if (parallel) {
      SmallVector<Value> others(bounds);
      others.push_back(panels);
      numChunks = getBalancedChunks(numChunks, granules, others);
    }
    // The loop as a whole is known to have its fixed extent.
    if (isConstantIntValue(numChunks, 1))
      granule = Value();
    bounds.push_back(numChunks);
  }
  bounds.push_back(panels);
  // On the stack of the function, or of the threads' part of it.
  if (!parallel) {
    OpBuilder::InsertionGuard guard(b);
    auto function = op->getParentOfType<FunctionOpInterface>();
    b.setInsertionPointToStart(&function.getFunctionBody().front());
    createTile();
  }
  emitGrid(bounds, parallel, [&](ValueRange grid) {
    if (parallel)
      createTile();
    for (auto [loop, iv] : llvm::zip(batch, grid))
      ivs[loop] = iv;
    if (!granule)
      return emitPanel(grid.back(), Value(), Value());
    auto getBound = [&](Value number) {
      Value product = index.mul(granules, number);
      Value whole = arith::DivUIOp::create(b, loc, product, numChunks);
      return index.mul(whole, granule);
    };
    Value number = grid[grid.size() - 2];
    Value begin = getBound(number);
    Value end = getBound(index.add(number, index.constant(1)));
    end = arith::MinSIOp::create(b, loc, end,
                                 index.get(getExtent(rowLoops.front())));
    emitPanel(grid.back(), begin, end);
  });
  for (Value copy : copies)
    memref::DeallocOp::create(b, loc, copy);
}

/// The current panel's first columns, vectors of `vectorWidths`. If `left` is
/// given, only so many columns exist.
void KernelEmitter::emitColumns(ArrayRef<int64_t> vectorWidths, Value left,
                                Value begin, Value end) {
  widths.assign(vectorWidths.begin(), vectorWidths.end());
  blockVectors = widths.size();
  masks.clear();
  for (unsigned v = 0; left && v < blockVectors; ++v) {
    Value bound =
        b.createOrFold<arith::SubIOp>(loc, left, index.constant(v * lanes));
    masks.push_back(vector::CreateMaskOp::create(
        b, loc, VectorType::get({widths[v]}, b.getI1Type()), bound));
  }
  emitColumnStart();
  emitRowLoops(rowLoops, begin, end);
}

/// `begin` and `end` bound the first row loop; null for all of it.
void KernelEmitter::emitPanel(Value thisPanel, Value begin, Value end) {
  panel = thisPanel;
  Quantity width = getExtent(column);
  SmallVector<int64_t> full(kernel->getVectors(), lanes);
  if (width.isFixed() && width.fixed % columns == 0)
    return emitColumns(full, Value(), begin, end);
  Value left = arith::SubIOp::create(
      b, loc, index.get(width), index.mul(thisPanel, index.constant(columns)));
  auto emitRest = [&] {
    if (!width.isFixed())
      return emitColumns(full, left, begin, end);
    // As few vectors as it takes, the last one as narrow as it may be.
    int64_t rest = width.fixed % columns;
    SmallVector<int64_t> last(llvm::divideCeil(rest, lanes), lanes);
    int64_t narrow = rest - (int64_t(last.size()) - 1) * lanes;
    while (last.back() / 2 >= std::max(narrow, kernel->getMinLanes()))
      last.back() /= 2;
    bool isExact = last.back() == narrow;
    // A constant, so that the store of a single element is seen to be one.
    emitColumns(last, isExact ? Value() : index.constant(rest), begin, end);
  };
  if (width.isFixed() && width.fixed < columns)
    return emitRest();
  Value isFull = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, left,
                                       index.constant(columns));
  auto branch = scf::IfOp::create(b, loc, isFull, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  emitColumns(full, Value(), begin, end);
  b.setInsertionPointToStart(branch.elseBlock());
  emitRest();
}

void KernelEmitter::emitRowLoops(ArrayRef<unsigned> loops, Value begin,
                                 Value end) {
  if (loops.empty())
    return emitBlock(1);
  if (loops.size() == 1)
    return emitRowBlocks(begin, end);
  unsigned loop = loops.front();
  emitLoop(begin ? begin : index.constant(0),
           end ? end : index.get(getExtent(loop)), 1, [&](Value iv) {
             ivs[loop] = iv;
             emitRowLoops(loops.drop_front(), Value(), Value());
           });
}

void KernelEmitter::emitRowBlocks(Value begin, Value end) {
  unsigned loop = rowLoops.back();
  int64_t rows = kernel->getRows();
  auto emitBlocks = [&](Value from, Value to, int64_t block) {
    emitLoop(from, to, block, [&](Value iv) {
      ivs[loop] = iv;
      emitBlock(block);
    });
  };
  Quantity extent = getExtent(loop);
  if (!begin && extent.isFixed()) {
    // Blocks of two sizes that differ by what an instruction takes, one row in
    // general; the very last block may lack a part of that.
    int64_t granule = std::min(kernel->getInstructionRows(), rows);
    int64_t granules = llvm::divideCeil(extent.fixed, granule);
    int64_t count = llvm::divideCeil(granules, rows / granule);
    int64_t small = granules / count, block = small * granule;
    int64_t split = (granules - small * count) * (small + 1) * granule;
    int64_t full = split + (extent.fixed - split) / block * block;
    if (split > 0)
      emitBlocks(index.constant(0), index.constant(split), block + granule);
    if (split < full)
      emitBlocks(index.constant(split), index.constant(full), block);
    if (full < extent.fixed)
      emitBlocks(index.constant(full), index.constant(extent.fixed),
                 extent.fixed - full);
    return;
  }
  Value from = begin ? begin : index.constant(0);
  Value last = end ? end : index.get(extent);
  for (int64_t block = rows; block > 0;
       block = block == 1 ? 0 : int64_t(llvm::bit_floor(uint64_t(block - 1)))) {
    Value left = arith::SubIOp::create(b, loc, last, from);
    Value rest = arith::RemUIOp::create(b, loc, left, index.constant(block));
    Value to = arith::SubIOp::create(b, loc, last, rest);
    emitBlocks(from, to, block);
    from = to;
  }
}
