//===- SplitBatch.cpp - A few images of a batch at a time -----------------===//
//
// What an op writes for a whole batch leaves the caches before the next op
// reads it. The ops that treat the images of a batch alike, each on its own,
// become the body of a loop over groups of images.
//
// An analysis finds where the batch is in each tensor: one dimension, whose
// indices may be image-major pairs of an image and something else (rows of all
// images). It begins with the arguments and follows ops as long as their loop
// over the batch is parallel and reads and writes the same image.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "slim/CodeGen/CPU/Passes.h"
#include "slim/IR/SlimOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace slim {
#define GEN_PASS_DEF_SPLITBATCHPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

/// A weight of more bytes is not read once a group for fewer rows than these:
/// the product would wait for it.
static constexpr int64_t kMaxWeightBytes = 64 << 10;
static constexpr int64_t kMinRows = 32;

namespace {

/// Where the batch is in a tensor: dimension `dim` has `inner` indices of each
/// image, those of an image side by side.
struct BatchDim {
  unsigned dim;
  int64_t inner = 1;
};

class BatchSplitter {
public:
  BatchSplitter(Block &block, int64_t batch) : block(block), batch(batch) {}

  /// Finds what can be split, in groups of `group` images. False if that is
  /// not a chain of products.
  bool analyze(int64_t group);
  /// The bytes of activations that one product handles of one image, the most
  /// of all.
  int64_t getBytesOfImage() const { return bytesOfImage; }
  void rewrite();

private:
  enum class Place { Before, Inside, After };

  std::optional<BatchDim> lookup(Value value) const {
    auto it = batched.find(value);
    return it == batched.end() ? std::nullopt : std::optional(it->second);
  }
  std::optional<BatchDim> infer(Operation *op);
  std::optional<BatchDim> infer(linalg::LinalgOp op);
  std::optional<BatchDim> infer(tensor::ExpandShapeOp op);
  std::optional<BatchDim> infer(tensor::CollapseShapeOp op);
  std::optional<BatchDim> infer(tensor::InsertSliceOp op);
  std::optional<BatchDim> infer(tensor::ExtractSliceOp op);
  std::optional<BatchDim> infer(slim::AttentionOp op);
  bool isWholeBatch(RankedTensorType type, BatchDim at) const {
    return type.getDimSize(at.dim) == batch * at.inner;
  }
  bool waitsForWeight(linalg::LinalgOp op, unsigned batchLoop) const;
  void measure(linalg::LinalgOp op);

  RankedTensorType shrink(Value value, BatchDim at) const;
  Value cloneFresh(OpBuilder &b, Value value, BatchDim at) const;
  void clone(OpBuilder &b, Operation *op, IRMapping &mapping);
  SmallVector<OpFoldResult> getSlice(OpBuilder &b, Location loc, Value image,
                                     Value value, BatchDim at,
                                     SmallVector<OpFoldResult> &offsets) const;

  Block &block;
  int64_t batch, group = 1, bytesOfImage = 0;
  DenseMap<Value, BatchDim> batched;
  DenseMap<Operation *, Place> places;
  SmallVector<Operation *> inside;
};

} // namespace

//===----------------------------------------------------------------------===//
// Analysis
//===----------------------------------------------------------------------===//

/// An empty tensor, or one filled with a scalar.
static bool isFresh(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return fill.getNumResults() == 1 && isFresh(fill.getOutputs().front());
  return value.getDefiningOp<tensor::EmptyOp>() != nullptr;
}

/// The bytes of a tensor; 0 if they are not known, or for a scalar.
static int64_t getBytes(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape())
    return 0;
  int64_t bits =
      type.getElementType().isIntOrFloat() ? type.getElementTypeBitWidth() : 64;
  return type.getNumElements() * bits / 8;
}

/// Whether `op` waits for few rows' sake: each group would read a large weight.
bool BatchSplitter::waitsForWeight(linalg::LinalgOp op,
                                   unsigned batchLoop) const {
  if (op.getNumReductionLoops() == 0)
    return false;
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  for (OpOperand *operand : op.getDpsInputOperands()) {
    if (lookup(operand->get()) || getBytes(operand->get()) <= kMaxWeightBytes)
      continue;
    AffineMap map = op.getMatchingIndexingMap(operand);
    int64_t rows = 1;
    for (auto [loop, extent] : llvm::enumerate(extents))
      if (!map.isFunctionOfDim(loop) && !ShapedType::isDynamic(extent))
        rows *= loop == batchLoop ? extent / batch * group : extent;
    if (rows < kMinRows)
      return true;
  }
  return false;
}

std::optional<BatchDim> BatchSplitter::infer(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op->getNumResults() != 1)
    return std::nullopt;
  std::optional<unsigned> loop;
  int64_t inner = 1;
  for (OpOperand &operand : op->getOpOperands()) {
    std::optional<BatchDim> at = lookup(operand.get());
    if (!at)
      continue;
    auto dim = dyn_cast<AffineDimExpr>(
        op.getMatchingIndexingMap(&operand).getResult(at->dim));
    if (!dim || (loop && (dim.getPosition() != *loop || at->inner != inner)))
      return std::nullopt;
    loop = dim.getPosition();
    inner = at->inner;
  }
  if (!loop ||
      op.getIteratorTypesArray()[*loop] != utils::IteratorType::parallel)
    return std::nullopt;
  bool readsIndex = false;
  op.getBlock()->walk(
      [&](linalg::IndexOp index) { readsIndex |= index.getDim() == *loop; });
  if (readsIndex)
    return std::nullopt;
  std::optional<BatchDim> result;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    std::optional<BatchDim> at = lookup(operand.get());
    bool isInit = op.isDpsInit(&operand);
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      if (!expr.isFunctionOfDim(*loop) || (at && at->dim == i))
        continue;
      // Another dimension of a batched operand, or an operand that is not.
      if (at || !isInit || result || !isFresh(operand.get()) ||
          !isa<AffineDimExpr>(expr))
        return std::nullopt;
      result = BatchDim{unsigned(i), inner};
    }
    if (isInit && at)
      result = at;
  }
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!result || !isWholeBatch(type, *result) || waitsForWeight(op, *loop))
    return std::nullopt;
  return result;
}

std::optional<BatchDim> BatchSplitter::infer(tensor::ExpandShapeOp op) {
  std::optional<BatchDim> at = lookup(op.getSrc());
  if (!at || !op.getResultType().hasStaticShape())
    return std::nullopt;
  // A copy: the list of lists is a temporary.
  ReassociationIndices dims = op.getReassociationIndices()[at->dim];
  for (int64_t dim : dims) {
    int64_t extent = op.getResultType().getDimSize(dim);
    if (extent == 1)
      continue;
    if (extent % batch)
      return std::nullopt;
    return BatchDim{unsigned(dim), extent / batch};
  }
  return std::nullopt;
}

std::optional<BatchDim> BatchSplitter::infer(tensor::CollapseShapeOp op) {
  std::optional<BatchDim> at = lookup(op.getSrc());
  if (!at || !op.getResultType().hasStaticShape())
    return std::nullopt;
  for (auto [i, group] : llvm::enumerate(op.getReassociationIndices())) {
    if (!llvm::is_contained(group, int64_t(at->dim)))
      continue;
    int64_t inner = at->inner;
    for (int64_t dim : group) {
      int64_t extent = op.getSrcType().getDimSize(dim);
      if (dim < int64_t(at->dim) && extent != 1)
        return std::nullopt;
      if (dim > int64_t(at->dim))
        inner *= extent;
    }
    return BatchDim{unsigned(i), inner};
  }
  return std::nullopt;
}

/// Whether a slice has all of the batch, in the same dimension.
template <typename SliceOp>
static bool holdsDim(SliceOp op, unsigned dim, int64_t extent) {
  return op.getSourceType().getRank() == op.getType().getRank() &&
         op.getStaticOffset(dim) == 0 && op.getStaticSize(dim) == extent &&
         op.getStaticStride(dim) == 1;
}

std::optional<BatchDim> BatchSplitter::infer(tensor::InsertSliceOp op) {
  std::optional<BatchDim> at = lookup(op.getSource()),
                          dest = lookup(op.getDest());
  if (!at || !isWholeBatch(op.getType(), *at) ||
      !holdsDim(op, at->dim, batch * at->inner))
    return std::nullopt;
  if (dest ? dest->dim != at->dim || dest->inner != at->inner
           : !isFresh(op.getDest()))
    return std::nullopt;
  return at;
}

std::optional<BatchDim> BatchSplitter::infer(tensor::ExtractSliceOp op) {
  std::optional<BatchDim> at = lookup(op.getSource());
  if (!at || !holdsDim(op, at->dim, batch * at->inner))
    return std::nullopt;
  return at;
}

std::optional<BatchDim> BatchSplitter::infer(slim::AttentionOp op) {
  // A mask may be for all images alike.
  for (Value operand : op->getOperands()) {
    std::optional<BatchDim> at = lookup(operand);
    auto type = cast<RankedTensorType>(operand.getType());
    if (at ? at->dim != 0 || at->inner != 1
           : operand != op.getMask() ||
                 (type.getRank() == op.getQuery().getType().getRank() &&
                  type.getDimSize(0) != 1))
      return std::nullopt;
  }
  return BatchDim{0, 1};
}

std::optional<BatchDim> BatchSplitter::infer(Operation *op) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  if (llvm::any_of(captured, [&](Value value) { return lookup(value); }))
    return std::nullopt;
  return llvm::TypeSwitch<Operation *, std::optional<BatchDim>>(op)
      .Case<linalg::LinalgOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp,
            tensor::InsertSliceOp, tensor::ExtractSliceOp, slim::AttentionOp>(
          [&](auto typed) { return infer(typed); })
      .Default(std::nullopt);
}

void BatchSplitter::measure(linalg::LinalgOp op) {
  int64_t bytes = 0;
  for (Value operand : op.getDpsInputs())
    if (lookup(operand))
      bytes += getBytes(operand) / batch;
  bytes += getBytes(op->getResult(0)) / batch;
  bytesOfImage = std::max(bytesOfImage, bytes);
}

/// Whether `op` may move past others: nothing that it does is seen but by its
/// results.
static bool isFree(Operation &op) {
  return isMemoryEffectFree(&op) || isa<bufferization::ToTensorOp>(op);
}

bool BatchSplitter::analyze(int64_t groupSize) {
  group = groupSize;
  batched.clear();
  places.clear();
  inside.clear();
  bytesOfImage = 0;
  for (BlockArgument argument : block.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (type && type.getRank() > 0 && type.getDimSize(0) == batch)
      batched[argument] = BatchDim{0, 1};
  }
  // Checks stay before what they protect.
  Operation *lastEffect = nullptr;
  for (Operation &op : block.without_terminator())
    if (!isFree(op))
      lastEffect = &op;
  int64_t numProducts = 0;
  for (Operation &op : block.without_terminator()) {
    SetVector<Value> used(op.operand_begin(), op.operand_end());
    getUsedValuesDefinedAbove(op.getRegions(), used);
    bool afterAll = false, afterSplit = false;
    for (Value value : used) {
      Operation *def = value.getDefiningOp();
      Place place = def ? places.lookup(def) : Place::Before;
      afterAll |= place == Place::After;
      afterSplit |= place == Place::Inside;
    }
    std::optional<BatchDim> result;
    if (!afterAll)
      result = infer(&op);
    Place place =
        afterAll || (afterSplit && !result) ? Place::After : Place::Before;
    if (result) {
      batched[op.getResult(0)] = *result;
      bool moves = isa<linalg::LinalgOp, slim::AttentionOp>(op);
      // Views of what is there before are, too.
      if ((afterSplit || moves) &&
          (!lastEffect || lastEffect->isBeforeInBlock(&op))) {
        place = Place::Inside;
        inside.push_back(&op);
        auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
        if (linalgOp && linalgOp.getNumReductionLoops() > 0) {
          measure(linalgOp);
          ++numProducts;
        }
      }
    }
    places[&op] = place;
    // Rows that are looked up one by one, as embeddings are. What is computed
    // before the loop may be sliced in any way; this one makes sense.
    if (place == Place::Before && isa<scf::ForOp>(op) &&
        llvm::any_of(used, [&](Value value) { return lookup(value); }))
      for (Value value : op.getResults())
        if (auto type = dyn_cast<RankedTensorType>(value.getType()))
          if (type.getRank() > 1 && !type.isDynamicDim(0) &&
              type.getDimSize(0) > 0 && type.getDimSize(0) % batch == 0)
            batched[value] = BatchDim{0, type.getDimSize(0) / batch};
  }
  places[block.getTerminator()] = Place::After;
  // What leaves the loop needs a place that is known before.
  for (Operation *op : inside)
    if (!cast<RankedTensorType>(op->getResult(0).getType()).hasStaticShape() &&
        llvm::any_of(op->getUsers(), [&](Operation *user) {
          return places.lookup(block.findAncestorOpInBlock(*user)) !=
                 Place::Inside;
        }))
      return false;
  return numProducts > 1;
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

/// The type of the group's part of `value`.
RankedTensorType BatchSplitter::shrink(Value value, BatchDim at) const {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[at.dim] = group * at.inner;
  return type.clone(shape);
}

/// A new tensor like the group's part of the fresh `value`.
Value BatchSplitter::cloneFresh(OpBuilder &b, Value value, BatchDim at) const {
  if (auto fill = value.getDefiningOp<linalg::FillOp>()) {
    Value dest = cloneFresh(b, fill.getOutputs().front(), at);
    return linalg::FillOp::create(b, fill.getLoc(), fill.getInputs(), dest)
        .getResult(0);
  }
  auto empty = value.getDefiningOp<tensor::EmptyOp>();
  return tensor::EmptyOp::create(b, empty.getLoc(), shrink(value, at),
                                 empty.getDynamicSizes());
}

void BatchSplitter::clone(OpBuilder &b, Operation *op, IRMapping &mapping) {
  Value result = op->getResult(0);
  BatchDim at = batched.lookup(result);
  RankedTensorType type = shrink(result, at);
  Location loc = op->getLoc();
  Value part;
  auto getDest = [&](Value dest) {
    return lookup(dest) ? mapping.lookup(dest) : cloneFresh(b, dest, at);
  };
  auto shrinkSizes = [&](SmallVector<OpFoldResult> sizes) {
    sizes[at.dim] = b.getIndexAttr(group * at.inner);
    return sizes;
  };
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    SmallVector<Value> operands;
    for (OpOperand &operand : op->getOpOperands())
      operands.push_back(linalgOp.isDpsInit(&operand)
                             ? getDest(operand.get())
                             : mapping.lookupOrDefault(operand.get()));
    part = mlir::clone(b, op, TypeRange{type}, operands)->getResult(0);
  } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    part = tensor::ExpandShapeOp::create(b, loc, type,
                                         mapping.lookup(expand.getSrc()),
                                         expand.getReassociationIndices());
  } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    part = tensor::CollapseShapeOp::create(b, loc, type,
                                           mapping.lookup(collapse.getSrc()),
                                           collapse.getReassociationIndices());
  } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
    part = tensor::InsertSliceOp::create(
        b, loc, mapping.lookup(insert.getSource()), getDest(insert.getDest()),
        insert.getMixedOffsets(), shrinkSizes(insert.getMixedSizes()),
        insert.getMixedStrides());
  } else if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op)) {
    part = tensor::ExtractSliceOp::create(
        b, loc, mapping.lookup(extract.getSource()), extract.getMixedOffsets(),
        shrinkSizes(extract.getMixedSizes()), extract.getMixedStrides());
  } else {
    Operation *copy = b.clone(*op, mapping);
    copy->getResult(0).setType(type);
    part = copy->getResult(0);
  }
  mapping.map(result, part);
}

/// The sizes, and the offsets, of the part of the images from `image` on.
SmallVector<OpFoldResult>
BatchSplitter::getSlice(OpBuilder &b, Location loc, Value image, Value value,
                        BatchDim at, SmallVector<OpFoldResult> &offsets) const {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, value);
  offsets.assign(sizes.size(), b.getIndexAttr(0));
  Value inner = arith::ConstantIndexOp::create(b, loc, at.inner);
  offsets[at.dim] =
      at.inner == 1 ? image
                    : arith::MulIOp::create(b, loc, image, inner).getResult();
  sizes[at.dim] = b.getIndexAttr(group * at.inner);
  return sizes;
}

void BatchSplitter::rewrite() {
  SetVector<Value> inputs;
  SmallVector<Value> outputs;
  for (Operation *op : inside) {
    for (Value operand : op->getOperands())
      if (lookup(operand) &&
          (!operand.getDefiningOp() ||
           places.lookup(operand.getDefiningOp()) != Place::Inside))
        inputs.insert(operand);
    if (llvm::any_of(op->getUsers(), [&](Operation *user) {
          return places.lookup(block.findAncestorOpInBlock(*user)) !=
                 Place::Inside;
        }))
      outputs.push_back(op->getResult(0));
  }

  Location loc = inside.front()->getLoc();
  OpBuilder b(block.getTerminator());
  SmallVector<Value> wholes;
  for (Value output : outputs) {
    auto type = cast<RankedTensorType>(output.getType());
    wholes.push_back(tensor::EmptyOp::create(b, loc, type, ValueRange()));
  }
  auto loop =
      scf::ForOp::create(b, loc, arith::ConstantIndexOp::create(b, loc, 0),
                         arith::ConstantIndexOp::create(b, loc, batch),
                         arith::ConstantIndexOp::create(b, loc, group), wholes);
  SmallVector<Operation *> after;
  for (Operation &op : block.without_terminator())
    if (places.lookup(&op) == Place::After)
      after.push_back(&op);
  for (Operation *op : after)
    op->moveBefore(block.getTerminator());

  if (outputs.empty()) // The body has a terminator then.
    b.setInsertionPoint(loop.getBody()->getTerminator());
  else
    b.setInsertionPointToStart(loop.getBody());
  Value image = loop.getInductionVar();
  SmallVector<OpFoldResult> offsets;
  IRMapping mapping;
  for (Value input : inputs) {
    auto rank = cast<RankedTensorType>(input.getType()).getRank();
    SmallVector<OpFoldResult> steps(rank, b.getIndexAttr(1));
    SmallVector<OpFoldResult> sizes =
        getSlice(b, loc, image, input, batched.lookup(input), offsets);
    mapping.map(input, tensor::ExtractSliceOp::create(b, loc, input, offsets,
                                                      sizes, steps));
  }
  for (Operation *op : inside)
    clone(b, op, mapping);
  SmallVector<Value> results;
  for (auto [output, whole] :
       llvm::zip_equal(outputs, loop.getRegionIterArgs())) {
    SmallVector<OpFoldResult> sizes =
        getSlice(b, loc, image, output, batched.lookup(output), offsets);
    SmallVector<OpFoldResult> steps(sizes.size(), b.getIndexAttr(1));
    results.push_back(tensor::InsertSliceOp::create(
        b, loc, mapping.lookup(output), whole, offsets, sizes, steps));
  }
  if (!outputs.empty())
    scf::YieldOp::create(b, loc, results);
  for (auto [output, whole] : llvm::zip_equal(outputs, loop.getResults()))
    output.replaceAllUsesWith(whole);
  for (Operation *op : llvm::reverse(inside))
    op->erase();
}

namespace {
struct SplitBatchPass : public slim::impl::SplitBatchPassBase<SplitBatchPass> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal() || !function.getBody().hasOneBlock())
      return;
    Block &block = function.getBody().front();
    int64_t batch = 1;
    for (Type type : function.getArgumentTypes())
      if (auto tensor = dyn_cast<RankedTensorType>(type))
        if (tensor.getRank() > 0 && tensor.getDimSize(0) > 1) {
          batch = tensor.getDimSize(0);
          break;
        }
    if (batch == 1)
      return;
    BatchSplitter splitter(block, batch);
    if (!splitter.analyze(1))
      return;
    int64_t group = batch;
    while (group > 1 && (batch % group != 0 ||
                         splitter.getBytesOfImage() * group > int64_t(l2Bytes)))
      --group;
    if (group == batch || !splitter.analyze(group))
      return;
    splitter.rewrite();
    numLoops += 1;
  }
};
} // namespace
