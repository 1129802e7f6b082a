//===- PlaceDestinations.cpp - Tensors to write into, where they are due --===//
//
// Bufferization writes a result in place if what it is written into is its own,
// and writes a part directly into the whole if the whole is there before the
// part is computed. Neither holds after common subexpressions are merged: equal
// empty and filled tensors are one, made where the first is needed.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_PLACEDESTINATIONSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

/// An empty tensor, or one filled with a scalar.
static bool isFresh(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return fill.getNumResults() == 1 && isFresh(fill.getOutputs().front());
  return value.getDefiningOp<tensor::EmptyOp>() != nullptr;
}

/// A new tensor like the fresh `value`.
static Value cloneFresh(OpBuilder &b, Value value) {
  IRMapping mapping;
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    mapping.map(fill.getOutputs().front(),
                cloneFresh(b, fill.getOutputs().front()));
  return b.clone(*value.getDefiningOp(), mapping)->getResult(0);
}

/// `value` as another value plus a constant.
static std::pair<OpFoldResult, int64_t> splitConstant(OpFoldResult value) {
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return {OpFoldResult(), *constant};
  int64_t sum = 0;
  Value rest = cast<Value>(value);
  APInt constant;
  while (auto add = rest.getDefiningOp<arith::AddIOp>()) {
    if (!matchPattern(add.getRhs(), m_ConstantInt(&constant)))
      break;
    sum += constant.getSExtValue();
    rest = add.getLhs();
  }
  return {rest, sum};
}

static OpFoldResult add(OpBuilder &b, Location loc, OpFoldResult lhs,
                        OpFoldResult rhs) {
  auto [lhsValue, lhsConstant] = splitConstant(lhs);
  auto [rhsValue, rhsConstant] = splitConstant(rhs);
  if (!lhsValue && !rhsValue)
    return b.getIndexAttr(lhsConstant + rhsConstant);
  return b.createOrFold<arith::AddIOp>(
      loc, getValueOrCreateConstantIndexOp(b, loc, lhs),
      getValueOrCreateConstantIndexOp(b, loc, rhs));
}

static OpFoldResult subtract(OpBuilder &b, Location loc, OpFoldResult lhs,
                             OpFoldResult rhs) {
  auto [lhsValue, lhsConstant] = splitConstant(lhs);
  auto [rhsValue, rhsConstant] = splitConstant(rhs);
  if (lhsValue == rhsValue)
    return b.getIndexAttr(lhsConstant - rhsConstant);
  return b.createOrFold<arith::SubIOp>(
      loc, getValueOrCreateConstantIndexOp(b, loc, lhs),
      getValueOrCreateConstantIndexOp(b, loc, rhs));
}

namespace {

class DestinationPlacer {
public:
  void run(Operation *root) {
    SmallVector<DestinationStyleOpInterface> writers;
    SmallVector<tensor::InsertSliceOp> inserts;
    root->walk([&](Operation *op) {
      if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
        inserts.push_back(insert);
      else if (auto writer = dyn_cast<DestinationStyleOpInterface>(op))
        if (!op->getNumResults() || !isFresh(op->getResult(0)))
          writers.push_back(writer);
    });
    for (DestinationStyleOpInterface writer : writers)
      ownDestinations(writer);
    for (tensor::InsertSliceOp insert : inserts)
      if (isFresh(insert.getDest()))
        sortChain(insert);
    inserts.clear();
    root->walk(
        [&](tensor::InsertSliceOp insert) { inserts.push_back(insert); });
    for (tensor::InsertSliceOp insert : inserts)
      place(insert);
    root->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
      if (isa<linalg::FillOp, tensor::EmptyOp>(op) && isOpTriviallyDead(op))
        op->erase();
    });
  }

  unsigned numPlaced = 0, numMargins = 0;

private:
  /// Gives an op tensors to write into that are no other's.
  void ownDestinations(DestinationStyleOpInterface writer) {
    OpBuilder b(writer);
    for (OpOperand &init : writer.getDpsInitsMutable())
      if (isFresh(init.get()))
        init.set(cloneFresh(b, init.get()));
  }

  /// The op that writes what is inserted into a tensor of its own.
  static Operation *getProducer(tensor::InsertSliceOp insert) {
    Operation *producer = insert.getSource().getDefiningOp();
    if (!producer || producer->getBlock() != insert->getBlock())
      return nullptr;
    auto writer = dyn_cast<DestinationStyleOpInterface>(producer);
    if (!writer ||
        !isFresh(writer.getDpsInits()[cast<OpResult>(insert.getSource())
                                          .getResultNumber()]))
      return nullptr;
    return producer;
  }

  /// Whether two parts certainly have no element in common.
  static bool areDisjoint(tensor::InsertSliceOp lhs,
                          tensor::InsertSliceOp rhs) {
    if (!lhs.hasUnitStride() || !rhs.hasUnitStride())
      return false;
    for (auto [lhsOffset, lhsSize, rhsOffset, rhsSize] :
         llvm::zip_equal(lhs.getStaticOffsets(), lhs.getStaticSizes(),
                         rhs.getStaticOffsets(), rhs.getStaticSizes())) {
      if (llvm::any_of(
              ArrayRef<int64_t>{lhsOffset, lhsSize, rhsOffset, rhsSize},
              ShapedType::isDynamic))
        continue;
      if (lhsOffset + lhsSize <= rhsOffset || rhsOffset + rhsSize <= lhsOffset)
        return true;
    }
    return false;
  }

  /// Parts of a whole that begins with `first` go in as they are computed.
  void sortChain(tensor::InsertSliceOp first) {
    SmallVector<tensor::InsertSliceOp> chain{first};
    while (chain.back()->hasOneUse()) {
      auto next = dyn_cast<tensor::InsertSliceOp>(*chain.back()->user_begin());
      if (!next || next.getDest() != chain.back().getResult() ||
          next->getBlock() != first->getBlock())
        break;
      chain.push_back(next);
    }
    for (unsigned i = 0; i < chain.size(); ++i)
      for (unsigned j = 0; j < i; ++j)
        if (!areDisjoint(chain[i], chain[j]))
          return;
    SmallVector<tensor::InsertSliceOp> sorted(chain);
    llvm::stable_sort(
        sorted, [](tensor::InsertSliceOp lhs, tensor::InsertSliceOp rhs) {
          Operation *before = lhs.getSource().getDefiningOp(),
                    *after = rhs.getSource().getDefiningOp();
          if (!before || !after || before->getBlock() != after->getBlock() ||
              before->getBlock() != lhs->getBlock())
            return !before && after;
          return before->isBeforeInBlock(after);
        });
    if (sorted == chain)
      return;
    Operation *end = chain.back()->getNextNode();
    SmallVector<OpOperand *> uses = llvm::map_to_vector(
        chain.back()->getUses(), [](OpOperand &use) { return &use; });
    Value whole = first.getDest();
    for (tensor::InsertSliceOp insert : sorted) {
      insert->moveBefore(end);
      insert.getDestMutable().assign(whole);
      whole = insert.getResult();
    }
    for (OpOperand *use : uses)
      use->set(whole);
  }

  /// Moves the arithmetic that computes `value` before `op` where it comes
  /// later; whether that is possible.
  bool makeAvailable(Value value, Operation *op) {
    Operation *def = value.getDefiningOp();
    if (!def || def->getBlock() != op->getBlock())
      return dominance.properlyDominates(value, op);
    if (def->isBeforeInBlock(op))
      return true;
    if (def == op || !isPure(def) || def->getNumRegions() ||
        !llvm::all_of(def->getResultTypes(),
                      [](Type type) { return type.isIntOrIndexOrFloat(); }))
      return false;
    for (Value operand : def->getOperands())
      if (!makeAvailable(operand, op))
        return false;
    def->moveBefore(op);
    return true;
  }

  /// The whole before what computes the part, and the part right after it.
  void place(tensor::InsertSliceOp insert) {
    Operation *producer = getProducer(insert);
    Operation *at = producer ? producer : insert.getOperation();
    auto isAvailable = [&](Operation *op) {
      return llvm::all_of(op->getOperands(), [&](Value operand) {
        return operand == insert.getSource() || isFresh(operand) ||
               makeAvailable(operand, at);
      });
    };
    bool fresh = isFresh(insert.getDest());
    if (producer) {
      bool available = isAvailable(insert);
      for (Value dest = insert.getDest(); available && isFresh(dest);) {
        available = isAvailable(dest.getDefiningOp());
        auto fill = dest.getDefiningOp<linalg::FillOp>();
        if (!fill)
          break;
        dest = fill.getOutputs().front();
      }
      if (available) {
        insert->moveAfter(producer);
        ++numPlaced;
      } else {
        at = insert;
      }
    }
    if (!fresh)
      return;
    OpBuilder b(at);
    if (Value dest = fillMargins(b, insert)) {
      insert.getDestMutable().assign(dest);
      ++numMargins;
      return;
    }
    insert.getDestMutable().assign(cloneFresh(b, insert.getDest()));
  }

  /// An empty tensor filled where `insert` does not write, if it is into a
  /// filled one; null otherwise.
  Value fillMargins(OpBuilder &b, tensor::InsertSliceOp insert) {
    auto fill = insert.getDest().getDefiningOp<linalg::FillOp>();
    if (!fill || !insert.hasUnitStride() ||
        insert.getSourceType().getRank() != insert.getDestType().getRank())
      return Value();
    auto empty = fill.getOutputs().front().getDefiningOp<tensor::EmptyOp>();
    if (!empty)
      return Value();
    Location loc = insert.getLoc();
    Value whole = cloneFresh(b, empty);
    SmallVector<OpFoldResult> extents = empty.getMixedSizes();
    SmallVector<OpFoldResult> offsets = insert.getMixedOffsets(),
                              sizes = insert.getMixedSizes(),
                              steps = insert.getMixedStrides();
    // Slabs before and after the part: as long as the part in the dimensions
    // before this, whole in those after it.
    OpFoldResult zero = b.getIndexAttr(0);
    SmallVector<OpFoldResult> slabOffsets(extents.size(), zero),
        slabSizes(extents);
    for (size_t dim = 0; dim < extents.size(); ++dim) {
      OpFoldResult end = add(b, loc, offsets[dim], sizes[dim]);
      for (auto [begin, size] :
           {std::pair(zero, offsets[dim]),
            std::pair(end, subtract(b, loc, extents[dim], end))}) {
        if (isConstantIntValue(size, 0))
          continue;
        slabOffsets[dim] = begin;
        slabSizes[dim] = size;
        Value slab = tensor::ExtractSliceOp::create(b, loc, whole, slabOffsets,
                                                    slabSizes, steps);
        slab = linalg::FillOp::create(b, loc, fill.getInputs().front(), slab)
                   .getResult(0);
        whole = tensor::InsertSliceOp::create(b, loc, slab, whole, slabOffsets,
                                              slabSizes, steps);
      }
      slabOffsets[dim] = offsets[dim];
      slabSizes[dim] = sizes[dim];
    }
    return whole;
  }

  DominanceInfo dominance;
};

struct PlaceDestinationsPass
    : public slim::impl::PlaceDestinationsPassBase<PlaceDestinationsPass> {
  void runOnOperation() override {
    DestinationPlacer placer;
    placer.run(getOperation());
    numPlaced += placer.numPlaced;
    numMargins += placer.numMargins;
  }
};

} // namespace
