//===- AssignLayouts.cpp - Images with their channels last ----------------===//
//
// Two walks over a function. From the end to its beginning, convolutions and
// pools say in which order they wish their images, and ops hand wishes on to
// their operands. From the beginning to the end, every op is made anew in the
// order of its operands, or else in that wished of its result; an op that
// cannot be is given its operands in their old order. As a linalg op reads and
// writes any order through its indexing maps, transposes are left only where an
// image comes in or goes out.
//
//===----------------------------------------------------------------------===//
#include "ImageOrder.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/TypeSwitch.h"

namespace slim {
#define GEN_PASS_DEF_ASSIGNLAYOUTSPASS
#include "slim/Conversion/Passes.h.inc"
} // namespace slim

using namespace slim;
using namespace slim::layouts;

static RankedTensorType getTensorType(Value value) {
  return dyn_cast<RankedTensorType>(value.getType());
}

/// Whether the value is made for whom it is written by: it has no contents, or
/// the same everywhere.
static bool isFresh(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return fill.getNumResults() == 1 && isFresh(fill.getOutputs().front());
  return value.getDefiningOp<tensor::EmptyOp>() != nullptr;
}

/// Whether `op` computes nothing: its body yields an operand.
static bool onlyMoves(linalg::LinalgOp op) {
  return llvm::hasSingleElement(op.getBlock()->getOperations());
}

static bool isParallel(linalg::LinalgOp op) {
  return op.getNumParallelLoops() == op.getNumLoops();
}

/// Whether a new op can have its results in any order: that is a matter of
/// loops.
static bool canPermuteResults(linalg::LinalgOp op) {
  return op.hasPureTensorSemantics() && op.getNumDpsInits() > 0 &&
         llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
           return op.getMatchingIndexingMap(&init).isProjectedPermutation();
         });
}

/// The order of a tensor of which a slice, without the dimensions `dropped`,
/// lies in `order`; those follow their predecessors.
static Order addDropped(ArrayRef<int64_t> order,
                        const llvm::SmallBitVector &dropped) {
  SmallVector<int64_t> kept;
  for (int64_t dim = 0, e = dropped.size(); dim < e; ++dim)
    if (!dropped.test(dim))
      kept.push_back(dim);
  Order result = permute(ArrayRef<int64_t>(kept), order);
  for (unsigned dim : dropped.set_bits())
    result.insert(dim == 0 ? result.begin()
                           : std::next(llvm::find(result, dim - 1)),
                  dim);
  return result;
}

/// The reverse.
static Order removeDropped(ArrayRef<int64_t> order,
                           const llvm::SmallBitVector &dropped) {
  SmallVector<int64_t> position(dropped.size());
  int64_t next = 0;
  for (int64_t dim = 0, e = dropped.size(); dim < e; ++dim)
    position[dim] = dropped.test(dim) ? -1 : next++;
  Order result;
  for (int64_t dim : order)
    if (position[dim] >= 0)
      result.push_back(position[dim]);
  return result;
}

/// What a branch yields for `result`.
static Value getYielded(Region &region, OpResult result) {
  return region.front().getTerminator()->getOperand(result.getResultNumber());
}

template <typename ReshapeOp>
static Regrouping getRegrouping(ReshapeOp op,
                                ArrayRef<ReassociationIndices> groups) {
  ArrayRef<int64_t> source = op.getSrcType().getShape();
  ArrayRef<int64_t> result = op.getResultType().getShape();
  if (std::is_same_v<ReshapeOp, tensor::ExpandShapeOp>)
    return {source, result, groups};
  return {result, source, groups};
}

namespace {

//===----------------------------------------------------------------------===//
// Wishes
//===----------------------------------------------------------------------===//

/// The orders that consumers wish, of several the first one's.
class Wishes {
public:
  /// Returns whether an op wishes anything by itself.
  bool collect(Block &block, ImageOrder wanted) {
    bool any = false;
    for (Operation &op : llvm::reverse(block))
      llvm::TypeSwitch<Operation *>(&op)
          .Case([&](linalg::LinalgOp op) { any |= collect(op, wanted); })
          .Case([&](tensor::InsertSliceOp op) {
            if (std::optional<Order> order = get(op.getResult())) {
              wish(op.getDest(), *order);
              wish(op.getSource(), removeDropped(*order, op.getDroppedDims()));
            }
          })
          .Case([&](tensor::ExtractSliceOp op) {
            if (std::optional<Order> order = get(op.getResult()))
              wish(op.getSource(), addDropped(*order, op.getDroppedDims()));
          })
          .Case([&](scf::IfOp op) {
            for (OpResult result : op->getResults())
              if (std::optional<Order> order = get(result))
                for (Region &region : op->getRegions())
                  wish(getYielded(region, result), *order);
          })
          .Case<tensor::CastOp, tensor::PadOp>([&](Operation *op) {
            if (std::optional<Order> order = get(op->getResult(0)))
              wish(op->getOperand(0), *order);
          })
          .Case([&](tensor::ExpandShapeOp op) {
            std::optional<Order> order = get(op.getResult());
            SmallVector<ReassociationIndices> groups =
                op.getReassociationIndices();
            if (order)
              wish(op.getSrc(), op.getSrcType(),
                   getRegrouping(op, groups).getNarrowSequence(*order));
          })
          .Case([&](tensor::CollapseShapeOp op) {
            std::optional<Order> order = get(op.getResult());
            SmallVector<ReassociationIndices> groups =
                op.getReassociationIndices();
            if (order)
              wish(op.getSrc(), op.getSrcType(),
                   getRegrouping(op, groups).getWideSequence(*order));
          });
    return any;
  }

  std::optional<Order> get(Value value) const {
    auto it = wishes.find(value);
    return it == wishes.end() ? std::nullopt : std::optional(it->second);
  }

private:
  void wish(Value value, ArrayRef<int64_t> order) {
    auto type = getTensorType(value);
    if (type && type.getRank() == int64_t(order.size()))
      wishes[value] = Order(order);
  }
  void wish(Value value, RankedTensorType type, FailureOr<Order> sequence) {
    if (succeeded(sequence))
      wish(value, placeUnits(*sequence, type.getShape(), {}));
  }

  bool collect(linalg::LinalgOp op, ImageOrder wanted) {
    if (!canPermuteResults(op))
      return false;
    FailureOr<ImageOrders> orders = getImageOrders(op, wanted);
    if (succeeded(orders)) {
      wish(orders->image->get(), orders->imageOrder);
      return true;
    }
    if (!isParallel(op) || op->getNumResults() != 1)
      return false;
    std::optional<Order> order = get(op->getResult(0));
    if (!order)
      return false;
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    Order loops = getLoopOrder(op, map, *order);
    for (OpOperand *input : op.getDpsInputOperands())
      if (std::optional<Order> read =
              getOrderByLoops(op.getMatchingIndexingMap(input), loops))
        wish(input->get(), *read);
    return false;
  }

  DenseMap<Value, Order> wishes;
};

//===----------------------------------------------------------------------===//
// Assignment
//===----------------------------------------------------------------------===//

class Assigner {
public:
  Assigner(Block &block, ImageOrder wanted, const Wishes &wishes)
      : block(block), wanted(wanted), wishes(wishes),
        rewriter(block.getParentOp()->getContext()) {}

  void run() {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      rewriter.setInsertionPoint(&op);
      llvm::TypeSwitch<Operation *>(&op)
          .Case([&](linalg::LinalgOp op) { assign(op); })
          .Case<tensor::InsertSliceOp, tensor::ExtractSliceOp, tensor::CastOp,
                tensor::PadOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp,
                scf::IfOp>([&](auto op) { assign(op); })
          .Default([&](Operation *op) { settle(op); });
    }
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        rewriter.eraseOp(&op);
  }

  unsigned numRewritten = 0, numTransposes = 0;

private:
  /// A value in some order.
  struct Form {
    Order order;
    Value value;
  };

  //===--------------------------------------------------------------------===//
  // Forms
  //===--------------------------------------------------------------------===//

  /// The forms that there are of a value; the first is what its op was made
  /// into.
  SmallVector<Form, 1> &getForms(Value value) {
    SmallVector<Form, 1> &all = forms[value];
    if (all.empty())
      all.push_back({getIdentity(getTensorType(value).getRank()), value});
    return all;
  }

  Order getOrder(Value value) { return getForms(value).front().order; }

  /// Whether the value's op was made anew, in whatever order.
  bool isRemade(Value value) {
    return getTensorType(value) && getForms(value).front().value != value;
  }
  bool isReordered(Value value) {
    return getTensorType(value) && !llvm::is_sorted(getOrder(value));
  }

  void setForm(Value value, ArrayRef<int64_t> order, Value form) {
    forms[value] = {Form{Order(order), form}};
    ++numRewritten;
  }

  /// The value in `order` if that takes no transpose.
  Value findForm(Value value, ArrayRef<int64_t> order) {
    RankedTensorType type = getTensorType(value);
    SmallVector<Form, 1> &all = getForms(value);
    for (const Form &form : all)
      if (ArrayRef<int64_t>(form.order) == order)
        return form.value;
    Value made;
    if (isFresh(value)) {
      made = makeFresh(value, order);
    } else if (auto splat = getSplat(value)) {
      made = arith::ConstantOp::create(rewriter, value.getLoc(),
                                       splat.resizeSplat(permute(type, order)));
    } else {
      for (const Form &form : all)
        if (lieAlike(form.order, order, type.getShape())) {
          made = moveUnits(rewriter, value.getLoc(), form.value, form.order,
                           order, type.getShape());
          break;
        }
    }
    if (made)
      getForms(value).push_back({Order(order), made});
    return made;
  }

  /// The value in `order`, whatever it takes.
  Value getForm(Value value, ArrayRef<int64_t> order) {
    if (Value form = findForm(value, order))
      return form;
    Form from = getForms(value).front();
    SmallVector<int64_t> permutation;
    for (int64_t dim : order)
      permutation.push_back(llvm::find(from.order, dim) - from.order.begin());
    Location loc = value.getLoc();
    SmallVector<OpFoldResult> sizes =
        permute(ArrayRef(tensor::getMixedSizes(rewriter, loc, from.value)),
                permutation);
    Value empty = tensor::EmptyOp::create(
        rewriter, loc, sizes, getTensorType(value).getElementType());
    Value form = linalg::TransposeOp::create(rewriter, loc, from.value, empty,
                                             permutation)
                     ->getResult(0);
    getForms(value).push_back({Order(order), form});
    ++numTransposes;
    return form;
  }

  Value getIdentityForm(Value value) {
    return getForm(value, getIdentity(getTensorType(value).getRank()));
  }

  Value makeFresh(Value value, ArrayRef<int64_t> order) {
    Location loc = value.getLoc();
    if (auto fill = value.getDefiningOp<linalg::FillOp>()) {
      Value target = getForm(fill.getOutputs().front(), order);
      return linalg::FillOp::create(rewriter, loc, fill.getInputs().front(),
                                    target)
          .getResult(0);
    }
    auto empty = value.getDefiningOp<tensor::EmptyOp>();
    return tensor::EmptyOp::create(
        rewriter, loc, permute(ArrayRef(empty.getMixedSizes()), order),
        empty.getType().getElementType());
  }

  static SplatElementsAttr getSplat(Value value) {
    auto constant = value.getDefiningOp<arith::ConstantOp>();
    return constant ? dyn_cast<SplatElementsAttr>(constant.getValue())
                    : SplatElementsAttr();
  }

  //===--------------------------------------------------------------------===//
  // Ops that stay
  //===--------------------------------------------------------------------===//

  /// Gives an op that is not made anew its operands in their old order.
  void settle(Operation *op) {
    if (auto dim = dyn_cast<tensor::DimOp>(op))
      return settle(dim);
    if (auto extract = dyn_cast<tensor::ExtractOp>(op))
      return settle(extract);
    for (OpOperand &operand : op->getOpOperands())
      if (isRemade(operand.get()))
        operand.set(getIdentityForm(operand.get()));
    settleRegions(op);
  }

  /// The same for ops in its regions; transposes come before `op`.
  void settleRegions(Operation *op) {
    for (Region &region : op->getRegions())
      region.walk([&](Operation *inner) {
        for (OpOperand &operand : inner->getOpOperands())
          if (isRemade(operand.get())) {
            if (auto dim = dyn_cast<tensor::DimOp>(inner))
              settle(dim);
            else if (auto extract = dyn_cast<tensor::ExtractOp>(inner))
              settle(extract);
            else
              operand.set(getIdentityForm(operand.get()));
          }
      });
  }

  /// An extent: of the form that there is.
  void settle(tensor::DimOp op) {
    if (!getTensorType(op.getSource()) || !isRemade(op.getSource()))
      return;
    std::optional<int64_t> dim = op.getConstantIndex();
    const Form &form = getForms(op.getSource()).front();
    if (!dim || *dim >= int64_t(form.order.size()))
      return op.getSourceMutable().assign(getIdentityForm(op.getSource()));
    int64_t position = llvm::find(form.order, *dim) - form.order.begin();
    OpBuilder b(op);
    op.getIndexMutable().assign(
        arith::ConstantIndexOp::create(b, op.getLoc(), position));
    op.getSourceMutable().assign(form.value);
  }

  /// An element: from the form that there is.
  void settle(tensor::ExtractOp op) {
    if (!isRemade(op.getTensor()))
      return;
    const Form &form = getForms(op.getTensor()).front();
    SmallVector<Value> indices(op.getIndices());
    op.getIndicesMutable().assign(permute(ArrayRef(indices), form.order));
    op.getTensorMutable().assign(form.value);
  }

  //===--------------------------------------------------------------------===//
  // Structured ops
  //===--------------------------------------------------------------------===//

  /// The order of loops by the operand that is reordered and has most of the
  /// result's loops; tensors from which the body reads elements count as
  /// operands.
  std::optional<Order> getLoopOrderByOperands(linalg::LinalgOp op) {
    std::optional<Order> best;
    unsigned bestRank = 0;
    auto consider = [&](Value value, AffineMap map) {
      if (!getTensorType(value) || map.getNumResults() <= bestRank ||
          liesAsIdentity(getOrder(value), getTensorType(value).getShape()))
        return;
      bestRank = map.getNumResults();
      best = getLoopOrder(op, map, getOrder(value));
    };
    for (OpOperand &operand : op->getOpOperands())
      if (op.payloadUsesValueFromOperand(&operand))
        consider(operand.get(), op.getMatchingIndexingMap(&operand));
    AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    op.getBlock()->walk([&](tensor::ExtractOp extract) {
      if (extract.getIndices().size() == result.getNumResults())
        consider(extract.getTensor(), result);
    });
    return best;
  }

  void assign(linalg::LinalgOp op) {
    if (llvm::any_of(op->getResults(), isFresh))
      return;
    if (!canPermuteResults(op))
      return settle(op);
    std::optional<Order> loops;
    FailureOr<ImageOrders> image = getImageOrders(op, wanted);
    if (succeeded(image)) {
      AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
      Order parallel = getLoopOrder(op, result, image->resultOrder);
      Order read = getLoopOrder(op, op.getMatchingIndexingMap(image->image),
                                image->imageOrder);
      // Parallel loops as the result lies, the others as the image does.
      unsigned count = op.getNumParallelLoops();
      loops = Order(ArrayRef(parallel).take_front(count));
      llvm::append_range(*loops, ArrayRef(read).drop_front(count));
    } else {
      loops = getLoopOrderByOperands(op);
      std::optional<Order> wish = op->getNumResults() == 1 && isParallel(op)
                                      ? wishes.get(op->getResult(0))
                                      : std::nullopt;
      if (wish && (!loops || onlyMoves(op)))
        loops = getLoopOrder(
            op, op.getMatchingIndexingMap(op.getDpsInitOperand(0)), *wish);
    }
    if (!loops)
      return settle(op);
    rewrite(op, *loops,
            succeeded(image) ? image->image->getOperandNumber() : -1u,
            succeeded(image) ? image->imageOrder : Order());
  }

  /// Makes `op` anew with its loops in the order `loops`. Operand `image` is
  /// read in `imageOrder`, others as they are.
  void rewrite(linalg::LinalgOp op, ArrayRef<int64_t> loops, unsigned image,
               ArrayRef<int64_t> imageOrder) {
    SmallVector<Value> operands;
    SmallVector<AffineMap> maps;
    for (OpOperand *input : op.getDpsInputOperands()) {
      Value value = input->get();
      AffineMap map = op.getMatchingIndexingMap(input);
      if (!getTensorType(value)) {
        operands.push_back(value);
        maps.push_back(map);
        continue;
      }
      Order order = getOrder(value);
      if (input->getOperandNumber() == image)
        order = Order(imageOrder);
      else if (std::optional<Order> best = getOrderByLoops(map, loops))
        if (findForm(value, *best))
          order = *best;
      operands.push_back(getForm(value, order));
      maps.push_back(permute(map, order));
    }
    SmallVector<Order> resultOrders;
    SmallVector<Value> inits;
    for (OpOperand &init : op.getDpsInitsMutable()) {
      AffineMap map = op.getMatchingIndexingMap(&init);
      Order order = *getOrderByLoops(map, loops);
      inits.push_back(getInit(op, init, order));
      maps.push_back(permute(map, order));
      resultOrders.push_back(order);
    }

    // A transpose to the order that the operand lies in.
    if (operands.size() == 1 && inits.size() == 1 && isParallel(op) &&
        yieldsOperand(op) && maps[0] == maps[1] &&
        operands[0].getType() == inits[0].getType()) {
      setForm(op->getResult(0), resultOrders[0], operands[0]);
      return;
    }

    auto generic = linalg::GenericOp::create(
        rewriter, op->getLoc(), ValueRange(inits).getTypes(), operands, inits,
        maps, op.getIteratorTypesArray());
    rewriter.cloneRegionBefore(op->getRegion(0), generic.getRegion(),
                               generic.getRegion().begin());
    if (!llvm::is_sorted(loops)) {
      OpBuilder::InsertionGuard guard(rewriter);
      SmallVector<unsigned> interchange(loops.begin(), loops.end());
      generic = *linalg::interchangeGenericOp(rewriter, generic, interchange);
    }
    rewriter.setInsertionPoint(generic);
    settleRegions(generic);
    for (auto [old, result, order] :
         llvm::zip_equal(op->getResults(), generic.getResults(), resultOrders))
      setForm(old, order, result);
  }

  static bool yieldsOperand(linalg::LinalgOp op) {
    return onlyMoves(op) && op.getBlock()->getTerminator()->getOperand(0) ==
                                op.getBlock()->getArgument(0);
  }

  /// What a result is written into: contents only where they are read.
  Value getInit(linalg::LinalgOp op, OpOperand &init, ArrayRef<int64_t> order) {
    if (op.payloadUsesValueFromOperand(&init) || isFresh(init.get()))
      return getForm(init.get(), order);
    const Form &form = getForms(init.get()).front();
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(rewriter, op->getLoc(), form.value);
    SmallVector<OpFoldResult> logical(sizes);
    for (auto [position, dim] : llvm::enumerate(form.order))
      logical[dim] = sizes[position];
    return tensor::EmptyOp::create(rewriter, op->getLoc(),
                                   permute(ArrayRef(logical), order),
                                   getTensorType(init.get()).getElementType());
  }

  //===--------------------------------------------------------------------===//
  // Parts
  //===--------------------------------------------------------------------===//

  void assign(tensor::InsertSliceOp op) {
    llvm::SmallBitVector dropped = op.getDroppedDims();
    Value source = op.getSource(), dest = op.getDest();
    std::optional<Order> order = wishes.get(op.getResult());
    if (isReordered(dest))
      order = getOrder(dest);
    else if (isReordered(source) && isFresh(dest))
      order = addDropped(getOrder(source), dropped);
    if (!order || llvm::is_sorted(*order))
      return settle(op);
    Value part = getForm(source, removeDropped(*order, dropped));
    Value whole = getForm(dest, *order);
    auto made = tensor::InsertSliceOp::create(
        rewriter, op.getLoc(), part, whole,
        permute(ArrayRef(op.getMixedOffsets()), *order),
        permute(ArrayRef(op.getMixedSizes()), *order),
        permute(ArrayRef(op.getMixedStrides()), *order));
    setForm(op.getResult(), *order, made);
  }

  void assign(tensor::ExtractSliceOp op) {
    Order order = getOrder(op.getSource());
    if (llvm::is_sorted(order))
      return settle(op);
    Order resultOrder = removeDropped(order, op.getDroppedDims());
    auto made = tensor::ExtractSliceOp::create(
        rewriter, op.getLoc(), permute(op.getType(), resultOrder),
        getForm(op.getSource(), order),
        permute(ArrayRef(op.getMixedOffsets()), order),
        permute(ArrayRef(op.getMixedSizes()), order),
        permute(ArrayRef(op.getMixedStrides()), order));
    setForm(op.getResult(), resultOrder, made);
  }

  void assign(tensor::CastOp op) {
    auto type = getTensorType(op.getResult());
    if (!type || !isReordered(op.getSource()))
      return settle(op);
    Order order = getOrder(op.getSource());
    setForm(op.getResult(), order,
            tensor::CastOp::create(rewriter, op.getLoc(), permute(type, order),
                                   getForm(op.getSource(), order)));
  }

  void assign(tensor::PadOp op) {
    std::optional<Order> order = wishes.get(op.getResult());
    if (isReordered(op.getSource()))
      order = getOrder(op.getSource());
    Value scalar = op.getConstantPaddingValue();
    if (!order || llvm::is_sorted(*order) || !scalar)
      return settle(op);
    auto made = tensor::PadOp::create(
        rewriter, op.getLoc(), permute(op.getResultType(), *order),
        getForm(op.getSource(), *order),
        permute(ArrayRef(op.getMixedLowPad()), *order),
        permute(ArrayRef(op.getMixedHighPad()), *order), scalar);
    setForm(op.getResult(), *order, made);
  }

  //===--------------------------------------------------------------------===//
  // Branches
  //===--------------------------------------------------------------------===//

  /// Results take the order of what comes from outside, or that wished; what a
  /// branch makes itself is transposed there.
  void assign(scf::IfOp op) {
    SmallVector<Order> orders;
    bool any = false;
    for (OpResult result : op->getResults()) {
      auto type = getTensorType(result);
      Order &order = orders.emplace_back();
      if (!type)
        continue;
      order = wishes.get(result).value_or(getIdentity(type.getRank()));
      for (Region &region : op->getRegions())
        if (isReordered(getYielded(region, result)))
          order = getOrder(getYielded(region, result));
      any |= !llvm::is_sorted(order);
    }
    if (!any)
      return settle(op);

    SmallVector<Type> types;
    for (auto [result, order] : llvm::zip_equal(op->getResults(), orders))
      types.push_back(getTensorType(result)
                          ? permute(getTensorType(result), order)
                          : result.getType());
    for (Region &region : op->getRegions()) {
      Operation *yield = region.front().getTerminator();
      for (auto [operand, order] :
           llvm::zip_equal(yield->getOpOperands(), orders)) {
        if (!getTensorType(operand.get()))
          continue;
        OpBuilder::InsertionGuard guard(rewriter);
        if (region.isAncestor(operand.get().getParentRegion()))
          rewriter.setInsertionPoint(yield);
        operand.set(getForm(operand.get(), order));
      }
    }
    auto made = scf::IfOp::create(rewriter, op.getLoc(), types,
                                  op.getCondition(), /*addThenBlock=*/false,
                                  /*addElseBlock=*/false);
    made.getThenRegion().takeBody(op.getThenRegion());
    made.getElseRegion().takeBody(op.getElseRegion());
    rewriter.setInsertionPoint(made);
    settleRegions(made);
    for (auto [old, result, order] :
         llvm::zip_equal(op->getResults(), made->getResults(), orders)) {
      if (getTensorType(old))
        setForm(old, order, result);
      else
        rewriter.replaceAllUsesWith(old, result);
    }
  }

  //===--------------------------------------------------------------------===//
  // Reshapes
  //===--------------------------------------------------------------------===//

  /// The order of a reshape's result, if its source need not be transposed.
  template <typename ReshapeOp>
  std::optional<Order> getResultOrder(ReshapeOp op, FailureOr<Order> sequence) {
    ArrayRef<int64_t> shape = op.getResultType().getShape();
    std::optional<Order> wish = wishes.get(op.getResult());
    if (failed(sequence))
      return std::nullopt;
    Order order = placeUnits(*sequence, shape, wish.value_or(Order()));
    if (!isReordered(op.getSrc()) && llvm::is_sorted(order))
      return std::nullopt;
    return order;
  }

  void assign(tensor::ExpandShapeOp op) {
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
    Regrouping regrouping = getRegrouping(op, groups);
    Order from = getOrder(op.getSrc());
    std::optional<Order> order =
        getResultOrder(op, regrouping.getWideSequence(from));
    if (!order)
      return settle(op);
    setForm(op.getResult(), *order,
            expandInOrder(rewriter, op.getLoc(), getForm(op.getSrc(), from),
                          regrouping, from, *order, op.getMixedOutputShape()));
  }

  void assign(tensor::CollapseShapeOp op) {
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
    Regrouping regrouping = getRegrouping(op, groups);
    Order from = getOrder(op.getSrc());
    FailureOr<Order> sequence = regrouping.getNarrowSequence(from);
    // What is to become one dimension does not lie together: if that has to be
    // moved anyway, then to where the result is wished.
    std::optional<Order> wish = wishes.get(op.getResult());
    if (failed(sequence) && wish) {
      FailureOr<Order> wide = regrouping.getWideSequence(*wish);
      if (succeeded(wide)) {
        from = placeUnits(*wide, op.getSrcType().getShape(), {});
        sequence = regrouping.getNarrowSequence(from);
      }
    }
    std::optional<Order> order = getResultOrder(op, sequence);
    if (!order)
      return settle(op);
    setForm(op.getResult(), *order,
            collapseInOrder(rewriter, op.getLoc(), getForm(op.getSrc(), from),
                            regrouping, *order));
  }

  Block &block;
  ImageOrder wanted;
  const Wishes &wishes;
  IRRewriter rewriter;
  DenseMap<Value, SmallVector<Form, 1>> forms;
};

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

struct AssignLayoutsPass
    : public slim::impl::AssignLayoutsPassBase<AssignLayoutsPass> {
  using AssignLayoutsPassBase::AssignLayoutsPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function.getBody().hasOneBlock())
      return;
    Block &block = function.getBody().front();
    Wishes wishes;
    if (!wishes.collect(block, order))
      return markAllAnalysesPreserved();
    Assigner assigner(block, order, wishes);
    assigner.run();
    numRewritten += assigner.numRewritten;
    numTransposes += assigner.numTransposes;
  }
};

} // namespace
