//===- KernelLoops.cpp - The loops of a kernel in normal form -------------===//
#include "KernelLoops.h"
#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"

using namespace slim;
using namespace slim::cpu;

Quantity Quantity::of(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return of(constant.getSExtValue());
  return {ShapedType::kDynamic, value};
}

Value IndexBuilder::constant(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value IndexBuilder::get(Quantity quantity) {
  return quantity.isFixed() ? constant(quantity.fixed) : quantity.value;
}

Quantity IndexBuilder::mul(Quantity lhs, Quantity rhs) {
  if (lhs.isFixed() && rhs.isFixed())
    return Quantity::of(lhs.fixed * rhs.fixed);
  if (lhs.is(0) || rhs.is(0))
    return Quantity::of(int64_t(0));
  if (lhs.is(1))
    return rhs;
  if (rhs.is(1))
    return lhs;
  return Quantity::of(b.createOrFold<arith::MulIOp>(loc, get(lhs), get(rhs)));
}

Quantity IndexBuilder::add(Quantity lhs, Quantity rhs) {
  if (lhs.isFixed() && rhs.isFixed())
    return Quantity::of(lhs.fixed + rhs.fixed);
  if (lhs.is(0))
    return rhs;
  if (rhs.is(0))
    return lhs;
  return Quantity::of(b.createOrFold<arith::AddIOp>(loc, get(lhs), get(rhs)));
}

Value IndexBuilder::add(Value lhs, Value rhs) {
  return get(add(Quantity::of(lhs), Quantity::of(rhs)));
}

Value IndexBuilder::mul(Value lhs, Value rhs) {
  return get(mul(Quantity::of(lhs), Quantity::of(rhs)));
}

/// The coefficients of `expr` if it is linear in the loops; the last one is the
/// constant.
static std::optional<SmallVector<int64_t>> getLinear(AffineExpr expr,
                                                     unsigned numLoops) {
  SmallVector<int64_t> flat;
  if (!expr.isPureAffine() ||
      failed(mlir::getFlattenedAffineExpr(expr, numLoops, 0, &flat)) ||
      flat.size() != numLoops + 1)
    return std::nullopt;
  return flat;
}

/// The buffer as one dimension, and the strides of its own.
static Value flatten(OpBuilder &b, Location loc, Value buffer,
                     SmallVectorImpl<Quantity> &strides) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<int64_t> fixed;
  int64_t offset;
  if (failed(type.getStridesAndOffset(fixed, offset)))
    return Value();
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, buffer);
  for (auto [i, stride] : llvm::enumerate(fixed))
    strides.push_back(ShapedType::isDynamic(stride)
                          ? Quantity::of(metadata.getStrides()[i])
                          : Quantity::of(stride));
  // No access is checked against the extent, which need not be exact.
  IndexBuilder index(b, loc);
  Quantity size = Quantity::of(int64_t(1));
  for (unsigned i = 0; i < fixed.size(); ++i) {
    Quantity extent = type.isDynamicDim(i)
                          ? Quantity::of(metadata.getSizes()[i])
                          : Quantity::of(type.getDimSize(i));
    size = index.add(size, index.mul(extent, strides[i]));
  }
  OpFoldResult start = b.getIndexAttr(offset);
  if (ShapedType::isDynamic(offset))
    start = Value(metadata.getOffset());
  auto layout = StridedLayoutAttr::get(b.getContext(), offset, {1});
  auto flatType =
      MemRefType::get({ShapedType::kDynamic}, type.getElementType(),
                      offset == 0 ? MemRefLayoutAttrInterface() : layout,
                      type.getMemorySpace());
  return memref::ReinterpretCastOp::create(
      b, loc, flatType, metadata.getBaseBuffer(), start,
      ArrayRef<OpFoldResult>{index.get(size)},
      ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
}

LogicalResult KernelLoops::addOperand(OpBuilder &b, KernelOp op,
                                      OpOperand &operand) {
  Location loc = op.getLoc();
  IndexBuilder index(b, loc);
  AffineMap map = op.getMap(operand);
  unsigned numLoops = op.getNumLoops(), column = getColumnLoop();
  KernelOperand result;
  SmallVector<Quantity> own;
  result.buffer = flatten(b, loc, operand.get(), own);
  if (!result.buffer)
    return failure();
  result.offset = Quantity::of(int64_t(0));
  result.strides.assign(numLoops, Quantity::of(int64_t(0)));
  AffineExpr columnExpr = b.getAffineDimExpr(column);
  for (auto [expr, stride] : llvm::zip_equal(map.getResults(), own)) {
    if (auto linear = getLinear(expr, numLoops)) {
      for (unsigned loop = 0; loop < numLoops; ++loop)
        result.strides[loop] =
            index.add(result.strides[loop],
                      index.mul(Quantity::of((*linear)[loop]), stride));
      result.offset = index.add(
          result.offset, index.mul(Quantity::of(linear->back()), stride));
      continue;
    }
    auto binary = cast<AffineBinaryOpExpr>(expr);
    auto by = dyn_cast<AffineConstantExpr>(binary.getRHS());
    bool isDivision = expr.getKind() == AffineExprKind::FloorDiv;
    if (!by || (!isDivision && expr.getKind() != AffineExprKind::Mod))
      return failure();
    // i floordiv d and i mod d together walk all of i.
    auto loop = dyn_cast<AffineDimExpr>(binary.getLHS());
    bool isPair = loop && llvm::any_of(map.getResults(), [&](AffineExpr e) {
                    return e == (isDivision ? loop % by.getValue()
                                            : loop.floorDiv(by.getValue()));
                  });
    if (binary.getLHS() == columnExpr) {
      // Of a sparse operand there is one mask a step, one start a panel.
      if ((!isPair && !op.getBitmask()) ||
          (result.panelColumns && result.panelColumns != by.getValue()))
        return failure();
      result.panelColumns = by.getValue();
      (isDivision ? result.panelStride : result.strides[column]) = stride;
      continue;
    }
    // Steps of a reduction are whole multiples of the divisor: k floordiv d
    // advances by one where k advances by d.
    if (isPair && isDivision && stride.isFixed() &&
        stride.fixed % by.getValue() == 0) {
      result.strides[loop.getPosition()] =
          Quantity::of(stride.fixed / by.getValue());
      continue;
    }
    if (isPair && !isDivision)
      continue;
    result.irregular.push_back({expr, stride});
  }
  operands.push_back(result);
  return success();
}

FailureOr<KernelLoops> KernelLoops::create(OpBuilder &b, KernelOp op) {
  Location loc = op.getLoc();
  IndexBuilder index(b, loc);
  KernelLoops result;
  unsigned numLoops = op.getNumLoops();
  AffineMap outputMap = op.getOutputMap(), left = op.getInputMap(0);
  if (outputMap.getNumResults() == 0)
    return failure();
  unsigned column = outputMap.getDimPosition(outputMap.getNumResults() - 1);
  if (op.isReduction(column) || left.isFunctionOfDim(column))
    return failure();
  for (unsigned loop = 0; loop < numLoops; ++loop) {
    // Inputs after the right one that no column changes are scales of rows.
    bool isRight = false;
    for (unsigned i = 1; i < op.getInputs().size(); ++i)
      isRight |= (i == 1 || op.getInputMap(i).isFunctionOfDim(column)) &&
                 op.getInputMap(i).isFunctionOfDim(loop);
    LoopKind kind = op.isReduction(loop) ? LoopKind::Reduction
                    : loop == column     ? LoopKind::Column
                    : isRight            ? LoopKind::Batch
                                         : LoopKind::Row;
    KernelLoop entry{kind, {}};
    for (OpOperand &operand : op->getOpOperands()) {
      AffineMap map = op.getMap(operand);
      for (unsigned i = 0; i < map.getNumResults(); ++i)
        if (!entry.extent.isFixed() &&
            map.getResult(i) == b.getAffineDimExpr(loop)) {
          auto type = cast<MemRefType>(operand.get().getType());
          if (!type.isDynamicDim(i))
            entry.extent = Quantity::of(type.getDimSize(i));
          else if (!entry.extent.value)
            entry.extent = Quantity::of(
                b.createOrFold<memref::DimOp>(loc, operand.get(), i));
        }
    }
    result.loops.push_back(entry);
    result.originals.push_back({loop});
  }
  for (OpOperand &operand : op->getOpOperands())
    if (failed(result.addOperand(b, op, operand)))
      return failure();
  result.dropUnitLoops();
  result.mergeLoops(b, loc, op);
  result.sortLoops(op);
  return result;
}

SmallVector<unsigned> KernelLoops::getLoops(LoopKind kind) const {
  SmallVector<unsigned> result;
  for (auto [i, loop] : llvm::enumerate(loops))
    if (loop.kind == kind)
      result.push_back(i);
  return result;
}

void KernelLoops::erase(unsigned loop) {
  loops.erase(loops.begin() + loop);
  originals.erase(originals.begin() + loop);
  for (KernelOperand &operand : operands)
    operand.strides.erase(operand.strides.begin() + loop);
}

void KernelLoops::dropUnitLoops() {
  for (unsigned loop = loops.size(); loop-- > 0;)
    if (loops[loop].kind != LoopKind::Column && loops[loop].extent.is(1))
      erase(loop);
}

/// Whether, in the operand of `map`, one step of `outer` is as long as all
/// steps of `inner`, by the form of the map alone.
static bool isNested(AffineMap map, MemRefType type, unsigned outer,
                     unsigned inner) {
  AffineExpr outerExpr = getAffineDimExpr(outer, map.getContext()),
             innerExpr = getAffineDimExpr(inner, map.getContext());
  if (!type.getLayout().isIdentity())
    return false;
  for (unsigned i = 0; i < map.getNumResults(); ++i) {
    AffineExpr expr = map.getResult(i);
    if (expr == outerExpr)
      return i + 1 < map.getNumResults() && map.getResult(i + 1) == innerExpr;
    if (expr.isFunctionOfDim(outer) || expr.isFunctionOfDim(inner))
      return false;
  }
  return false;
}

bool KernelLoops::canMerge(unsigned outer, unsigned inner, KernelOp op) const {
  for (auto [operand, use] : llvm::zip_equal(operands, op->getOpOperands())) {
    for (auto &[expr, stride] : operand.irregular)
      for (unsigned loop : {outer, inner})
        for (unsigned original : originals[loop])
          if (expr.isFunctionOfDim(original))
            return false;
    const Quantity &far = operand.strides[outer],
                   &near = operand.strides[inner];
    if (far.is(0) && near.is(0))
      continue;
    if (far.isFixed() && near.isFixed() && loops[inner].extent.isFixed()) {
      if (far.fixed != near.fixed * loops[inner].extent.fixed)
        return false;
      continue;
    }
    // The extent of `inner` is the loop's own only if nothing was merged yet
    // on its outer side, which is so as loops merge from the inside out.
    if (!isNested(op.getMap(use), cast<MemRefType>(use.get().getType()),
                  originals[outer].back(), originals[inner].front()))
      return false;
  }
  return true;
}

void KernelLoops::mergeLoops(OpBuilder &b, Location loc, KernelOp op) {
  IndexBuilder index(b, loc);
  for (LoopKind kind : {LoopKind::Batch, LoopKind::Row, LoopKind::Reduction}) {
    bool changed = true;
    while (changed) {
      changed = false;
      SmallVector<unsigned> same = getLoops(kind);
      for (unsigned outer : llvm::reverse(same))
        for (unsigned inner : same) {
          if (changed || outer == inner || !canMerge(outer, inner, op))
            continue;
          loops[inner].extent =
              index.mul(loops[outer].extent, loops[inner].extent);
          originals[inner].insert(originals[inner].begin(),
                                  originals[outer].begin(),
                                  originals[outer].end());
          erase(outer);
          changed = true;
        }
    }
  }
}

void KernelLoops::sortLoops(KernelOp op) {
  // As the output, and for reductions the left operand, lie in memory.
  auto getKey = [&](unsigned loop) -> std::pair<int, int> {
    AffineMap map = loops[loop].kind == LoopKind::Reduction ? op.getInputMap(0)
                                                            : op.getOutputMap();
    for (auto [i, expr] : llvm::enumerate(map.getResults()))
      if (expr.isFunctionOfDim(originals[loop].back()))
        return {int(loops[loop].kind), int(i)};
    return {int(loops[loop].kind), -1};
  };
  SmallVector<unsigned> order =
      llvm::to_vector(llvm::seq<unsigned>(loops.size()));
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::pair(getKey(a), a) < std::pair(getKey(b), b);
  });
  auto permute = [&](auto &list) {
    auto old = list;
    for (auto [to, from] : llvm::enumerate(order))
      list[to] = old[from];
  };
  permute(loops);
  permute(originals);
  for (KernelOperand &operand : operands)
    permute(operand.strides);
}
