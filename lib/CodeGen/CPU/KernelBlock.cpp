//===- KernelBlock.cpp - One register block of a kernel -------------------===//
#include "KernelEmitter.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace slim;
using namespace slim::cpu;

/// An epilogue of more ops than this is not repeated for every register.
static constexpr int64_t kInlineEpilogueOps = 10;

/// Nor is one of more rows.
static constexpr unsigned kInlineEpilogueRows = 16;

/// Rows of a block whose arithmetic leaves room to prefetch.
static constexpr unsigned kMinPrefetchRows = 5;

/// Sums in flight that hide the latency of a multiply-add.
static constexpr int64_t kMinChains = 8;

Value KernelEmitter::getIrregularOffset(KernelOperand &operand, int64_t ahead) {
  Quantity offset = Quantity::of(int64_t(0));
  for (auto &[expr, stride] : operand.irregular) {
    SmallVector<Value> dims(op.getNumLoops());
    for (auto [loop, originals] : llvm::enumerate(nest.originals))
      if (originals.size() == 1)
        dims[originals.front()] = ivs[loop];
    for (Value &dim : dims)
      if (!dim)
        dim = index.constant(0);
    if (ahead) {
      Value &last = dims[nest.originals[reductions.back()].front()];
      last = index.add(last, index.constant(ahead));
    }
    Value at = affine::AffineApplyOp::create(
        b, loc, AffineMap::get(op.getNumLoops(), 0, expr), dims);
    offset = index.add(offset, index.mul(Quantity::of(at), stride));
  }
  return index.get(offset);
}

/// Offset of the first element of the panel in an operand, at the current row
/// or at the first one.
Value KernelEmitter::getBase(KernelOperand &operand, bool atRow) {
  Value base = getOffset(operand, [&](unsigned loop) {
    LoopKind kind = nest.loops[loop].kind;
    return kind == LoopKind::Batch || (atRow && kind == LoopKind::Row);
  });
  base = index.add(base, index.get(operand.offset));
  return index.add(
      base, index.get(index.mul(Quantity::of(panel), getPanelStride(operand))));
}

/// `rows` rows by `blockVectors` vectors from the current row on.
void KernelEmitter::emitBlock(unsigned rows) {
  blockRows = rows;
  SmallVector<Value> bases;
  for (unsigned i = 0; i < numInputs; ++i)
    bases.push_back(getBase(getInput(i), /*atRow=*/true));
  SmallVector<Value> sums;
  for (unsigned row = 0; row < rows; ++row)
    for (unsigned v = 0; v < blockVectors; ++v)
      sums.push_back(columnStart.empty()
                         ? kernel->createStart(b, loc, op.getInit(), widths[v])
                         : columnStart[v]);
  sums = emitSums(bases, sums);
  emitEpilogue(sums);
}

/// The sums after all reductions.
SmallVector<Value> KernelEmitter::emitSums(ArrayRef<Value> bases,
                                           SmallVector<Value> sums) {
  sums = kernel->enterSteps(b, loc, sums, blockRows);
  SmallVector<Value> buffers;
  for (unsigned i = 0; i < numInputs; ++i)
    buffers.push_back(getInput(i).buffer);
  llvm::append_range(sums,
                     kernel->createState(b, loc, buffers, bases.drop_front()));
  sums = emitReductions(reductions, bases, sums);
  for (unsigned loop : reductions)
    ivs[loop] = Value();
  sums.truncate(sums.size() - kernel->getNumState());
  return kernel->leaveSteps(b, loc, sums, blockRows);
}

/// What the sums of a panel start from, where that depends on the columns.
void KernelEmitter::emitColumnStart() {
  columnStart.clear();
  if (!kernel->needsColumnSums())
    return;
  SmallVector<Value> bases;
  for (unsigned i = 0; i < numInputs; ++i)
    bases.push_back(getBase(getInput(i), /*atRow=*/false));
  blockRows = 1;
  sumsColumns = true;
  auto zero = cast<TypedAttr>(b.getZeroAttr(op.getSumType()));
  SmallVector<Value> sums;
  for (int64_t width : widths)
    sums.push_back(kernel->createStart(b, loc, zero, width));
  sums = emitSums(bases, sums);
  sumsColumns = false;
  for (Value sum : sums)
    columnStart.push_back(kernel->addSums(
        b, loc, kernel->finishColumnSums(b, loc, sum),
        kernel->createStart(b, loc, op.getInit(), getNumLanes(sum))));
}

SmallVector<Value> KernelEmitter::emitReductions(ArrayRef<unsigned> loops,
                                                 ArrayRef<Value> bases,
                                                 SmallVector<Value> sums) {
  unsigned loopNumber = loops.front();
  bool isLast = loops.size() == 1;
  Quantity extent = getExtent(loopNumber);
  Value zero = index.constant(0);
  auto emit =
      [&](Value from, Value to, int64_t step, SmallVector<Value> carried,
          llvm::function_ref<SmallVector<Value>(ArrayRef<Value>)> body) {
        auto loop =
            scf::ForOp::create(b, loc, from, to, index.constant(step), carried);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(loop.getBody());
        ivs[loopNumber] = loop.getInductionVar();
        SmallVector<Value> arguments(loop.getRegionIterArgs());
        scf::YieldOp::create(b, loc, body(arguments));
        return SmallVector<Value>(loop.getResults());
      };
  if (!isLast)
    return emit(zero, index.get(extent), 1, sums, [&](ArrayRef<Value> carried) {
      return emitReductions(loops.drop_front(), bases,
                            SmallVector<Value>(carried));
    });

  if (kernel->getGroup())
    return emitGroups(bases, sums);
  int64_t depth = kernel->getDepth();
  // Few sums wait for each other: several sets of them take turns.
  int64_t sets = 1;
  if (loops.size() == reductions.size() && kernel->canSplitSums())
    while (sets * int64_t(sums.size()) < kMinChains &&
           (!extent.isFixed() || extent.fixed >= 4 * sets * depth))
      sets *= 2;
  auto roundDown = [&](int64_t by) -> Value {
    if (extent.isFixed())
      return index.constant(extent.fixed / by * by);
    Value rest =
        arith::RemUIOp::create(b, loc, extent.value, index.constant(by));
    return arith::SubIOp::create(b, loc, extent.value, rest);
  };
  Value begin = zero;
  if (sets > 1) {
    size_t count = sums.size();
    SmallVector<Value> carried(sums);
    auto neutral = cast<TypedAttr>(b.getZeroAttr(op.getSumType()));
    for (int64_t set = 1; set < sets; ++set)
      for (size_t i = 0; i < count; ++i)
        carried.push_back(
            kernel->createStart(b, loc, neutral, getNumLanes(sums[i])));
    Value to = roundDown(sets * depth);
    carried =
        emit(zero, to, sets * depth, carried, [&](ArrayRef<Value> current) {
          SmallVector<Value> next;
          for (int64_t set = 0; set < sets; ++set)
            llvm::append_range(next, emitStep(bases,
                                              current.slice(set * count, count),
                                              set * depth, Value()));
          return next;
        });
    for (size_t i = 0; i < count; ++i) {
      SmallVector<Value> parts;
      for (int64_t set = 0; set < sets; ++set)
        parts.push_back(carried[set * count + i]);
      while (parts.size() > 1) {
        SmallVector<Value> halves;
        for (size_t part = 0; part < parts.size(); part += 2)
          halves.push_back(
              kernel->addSums(b, loc, parts[part], parts[part + 1]));
        parts = halves;
      }
      sums[i] = parts.front();
    }
    begin = to;
  }
  Value full = roundDown(depth);
  if (!extent.isFixed() || extent.fixed % (sets * depth) >= depth || sets == 1)
    sums = emit(begin, full, depth, sums, [&](ArrayRef<Value> current) {
      return emitStep(bases, current, 0, Value());
    });
  if (depth == 1 || (extent.isFixed() && extent.fixed % depth == 0))
    return sums;
  // The last products, fewer than an instruction takes.
  Value left = arith::SubIOp::create(b, loc, index.get(extent), full);
  if (extent.isFixed()) {
    ivs[loopNumber] = full;
    return emitStep(bases, sums, 0, left);
  }
  Value isPartial =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, left, zero);
  SmallVector<Type> types = llvm::to_vector(ValueRange(sums).getTypes());
  auto branch =
      scf::IfOp::create(b, loc, types, isPartial, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, sums);
  b.setInsertionPointToStart(branch.thenBlock());
  ivs[loopNumber] = full;
  scf::YieldOp::create(b, loc, emitStep(bases, sums, 0, left));
  return SmallVector<Value>(branch.getResults());
}

/// Asks for what the next panel holds where this one has `at`: weights come
/// from memory while the rows of this panel are computed.
void KernelEmitter::prefetchNextPanel(KernelOperand &operand, Value at) {
  Value next = index.add(at, index.get(operand.panelStride));
  for (unsigned v = 0; v < blockVectors; ++v)
    memref::PrefetchOp::create(
        b, loc, operand.buffer,
        index.add(next,
                  index.constant(v * lanes * kernel->getColumnElements(1))),
        /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
}

/// Where a step of the microkernel finds its operands, `ahead` elements further
/// along the last reduction than its loop says.
StepOperands KernelEmitter::getStepOperands(ArrayRef<Value> bases,
                                            int64_t ahead) {
  auto isReduction = [&](unsigned loop) {
    return nest.loops[loop].kind == LoopKind::Reduction;
  };
  StepOperands operands;
  auto getRowStride = [&](KernelOperand &operand) {
    return rowLoops.empty() ? Quantity::of(int64_t(0))
                            : operand.strides[rowLoops.back()];
  };
  for (unsigned i = 0; i < numInputs; ++i) {
    KernelOperand &operand = getInput(i);
    operands.buffers.push_back(operand.buffer);
    Value at = index.add(bases[i], getOffset(operand, isReduction));
    if (ahead)
      at = index.add(at,
                     index.get(index.mul(Quantity::of(ahead),
                                         operand.strides[reductions.back()])));
    if (!operand.irregular.empty())
      at = index.add(at, getIrregularOffset(operand, ahead));
    if (i > 0) {
      operands.columns.push_back(at);
      Quantity rowStride = getRowStride(operand);
      operands.rowSteps.push_back(rowStride.is(0) ? Value()
                                                  : index.get(rowStride));
      const Quantity &step = operand.strides[column];
      operands.isVector.push_back(!step.is(0));
      operands.vectorStep.push_back(step.isFixed() ? step.fixed * lanes : 0);
      continue;
    }
    for (unsigned row = 0; row < blockRows; ++row)
      operands.rows.push_back(
          index.add(at, index.get(index.mul(Quantity::of(int64_t(row)),
                                            getRowStride(operand)))));
  }
  // Panels are padded; what is read in place ends where it ends.
  if (!masks.empty() && !getInput(1).panelColumns)
    operands.masks = masks;
  return operands;
}

/// One step of the microkernel.
SmallVector<Value> KernelEmitter::emitStep(ArrayRef<Value> bases,
                                           ArrayRef<Value> sums, int64_t ahead,
                                           Value valid) {
  StepOperands operands = getStepOperands(bases, ahead);
  if (getInput(1).panelColumns && blockRows >= kMinPrefetchRows)
    prefetchNextPanel(getInput(1), operands.columns.front());
  KernelStep step = operands.get(valid, {});
  return sumsColumns ? kernel->createColumnStep(b, loc, step, sums)
                     : kernel->createStep(b, loc, step, sums);
}

Value KernelEmitter::loadExtra(unsigned i, Value at, unsigned v) {
  KernelOperand &operand = nest.operands[numInputs + i];
  if (operand.strides[column].is(0))
    return memref::LoadOp::create(b, loc, operand.buffer, at);
  at = index.add(at, index.constant(v * lanes));
  auto type = VectorType::get({widths[v]}, getElementType(operand));
  if (masks.empty())
    return vector::LoadOp::create(b, loc, type, operand.buffer, at);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, loc, type, operand.buffer, at,
                                      masks[v], zero);
}

/// The epilogue of one row: `row` from the block's first, or the fixed one.
void KernelEmitter::emitEpilogueRow(BodyEvaluator *evaluators,
                                    ArrayRef<Value> sums, Value row,
                                    int64_t fixedRow, ArrayRef<Value> bases) {
  unsigned numExtras = op.getExtras().size();
  KernelOperand &out = getOutput();
  auto getRowOffset = [&](KernelOperand &operand, Value base) {
    if (rowLoops.empty())
      return base;
    Quantity at = row ? Quantity::of(row) : Quantity::of(fixedRow);
    return index.add(
        base, index.get(index.mul(at, operand.strides[rowLoops.back()])));
  };
  for (unsigned v = 0; v < blockVectors; ++v) {
    BodyEvaluator &body = evaluators[v];
    body.set(0, sums[v]);
    for (unsigned i = 0; i < numExtras; ++i) {
      KernelOperand &operand = nest.operands[numInputs + i];
      bool changes =
          !rowLoops.empty() && !operand.strides[rowLoops.back()].is(0);
      // What is the same for all rows was loaded before the first.
      if (changes)
        body.set(1 + i, loadExtra(i, getRowOffset(operand, bases[i]), v));
    }
    Value result = body.getResult(b, loc);
    Value at =
        index.add(getRowOffset(out, bases.back()), index.constant(v * lanes));
    if (masks.empty())
      vector::StoreOp::create(b, loc, result, out.buffer, at);
    else
      createMaskedStore(b, loc, result, out.buffer, at, masks[v]);
  }
}

/// Whether an epilogue reads tables, one element after the other.
static bool looksUpBytes(Block &block) {
  return llvm::any_of(block, [](Operation &op) { return isa<LookupOp>(op); });
}

void KernelEmitter::emitEpilogue(ArrayRef<Value> sums) {
  Block &block = op.getEpilogue().front();
  unsigned numExtras = op.getExtras().size();
  SmallVector<Value> bases;
  for (unsigned i = numInputs; i < nest.operands.size(); ++i)
    bases.push_back(getBase(nest.operands[i], /*atRow=*/true));
  auto makeEvaluators = [&] {
    SmallVector<BodyEvaluator> evaluators;
    for (int64_t width : widths)
      evaluators.push_back(BodyEvaluator(block, width));
    for (unsigned i = 0; i < numExtras; ++i) {
      KernelOperand &operand = nest.operands[numInputs + i];
      if (!rowLoops.empty() && !operand.strides[rowLoops.back()].is(0))
        continue;
      for (unsigned v = 0; v < blockVectors; ++v)
        evaluators[v].set(1 + i, loadExtra(i, bases[i], v));
    }
    return evaluators;
  };

  if (!tile || blockRows == 1) {
    SmallVector<BodyEvaluator> evaluators = makeEvaluators();
    for (unsigned row = 0; row < blockRows; ++row)
      emitEpilogueRow(evaluators.data(),
                      sums.slice(row * blockVectors, blockVectors), Value(),
                      row, bases);
    return;
  }
  // One row's code serves all of them.
  auto getIndex = [&](Value row, unsigned v) {
    return index.add(index.mul(row, index.constant(columns)),
                     index.constant(v * lanes));
  };
  for (unsigned row = 0; row < blockRows; ++row)
    for (unsigned v = 0; v < blockVectors; ++v)
      vector::StoreOp::create(b, loc, sums[row * blockVectors + v], tile,
                              getIndex(index.constant(row), v));
  SmallVector<int64_t> blockWidths = widths;
  if (looksUpBytes(block) && masks.empty() && llvm::all_equal(widths)) {
    // Of bytes there are more in a register than of sums.
    widths = {widths.front() * blockVectors};
    blockVectors = 1;
  }
  SmallVector<BodyEvaluator> evaluators = makeEvaluators();
  emitLoop(index.constant(0), index.constant(blockRows), 1, [&](Value row) {
    SmallVector<Value> stored;
    for (unsigned v = 0; v < blockVectors; ++v)
      stored.push_back(vector::LoadOp::create(
          b, loc, VectorType::get({widths[v]}, op.getSumType()), tile,
          getIndex(row, v)));
    emitEpilogueRow(evaluators.data(), stored, row, 0, bases);
  });
  widths = blockWidths;
  blockVectors = widths.size();
}

void KernelEmitter::createTile() {
  Block &block = op.getEpilogue().front();
  if (rowLoops.empty() ||
      (llvm::range_size(block.without_terminator()) <= kInlineEpilogueOps &&
       kernel->getRows() <= kInlineEpilogueRows))
    return;
  auto type =
      MemRefType::get({int64_t(kernel->getRows()) * columns}, op.getSumType());
  tile = memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(64));
}
