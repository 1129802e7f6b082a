//===- FormKernels.cpp - Sums of products with their epilogues ------------===//
//
// A sum of products becomes a kernel, and takes the elementwise ops that
// consume its result with it, as long as the result has no other consumer and
// vectors along the output's last dimension stay what they are. What decodes
// the right operand, element by element, moves into the kernel's body: weights
// are then read as they are stored.
//
//===----------------------------------------------------------------------===//
#include "StoredWeights.h"
#include "WindowEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/Matchers.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_FORMKERNELSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace slim;
using namespace slim::cpu;

/// The argument of `block` that `value` is, through conversions of one operand;
/// null for anything else.
static BlockArgument lookThroughConversions(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (op->getNumOperands() != 1 || !isPure(op) || op->getNumRegions())
      return {};
    value = op->getOperand(0);
  }
  return cast<BlockArgument>(value);
}

/// Whether `block` yields its last argument plus the product of its first two,
/// each perhaps converted, and the first one perhaps times a third argument.
static bool isMultiplyAdd(Block &block) {
  unsigned numArguments = block.getNumArguments();
  if (numArguments != 3 && numArguments != 4)
    return false;
  BlockArgument out = block.getArguments().back();
  Operation *sum = block.getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::AddFOp, arith::AddIOp>(sum))
    return false;
  for (unsigned i : {0, 1}) {
    if (sum->getOperand(i) != out)
      continue;
    Operation *product = sum->getOperand(1 - i).getDefiningOp();
    if (!isa_and_nonnull<arith::MulFOp, arith::MulIOp>(product))
      return false;
    Value left = product->getOperand(0);
    if (numArguments == 4) {
      auto scaled = left.getDefiningOp<arith::MulFOp>();
      if (!scaled || scaled.getRhs() != block.getArgument(2))
        return false;
      left = scaled.getLhs();
    }
    BlockArgument lhs = lookThroughConversions(left),
                  rhs = lookThroughConversions(product->getOperand(1));
    return lhs && rhs && lhs.getOwner() == &block && rhs.getOwner() == &block &&
           lhs != rhs && lhs.getArgNumber() < 2 && rhs.getArgNumber() < 2;
  }
  return false;
}

/// Whether the region's ops have vector forms of the same meaning.
static bool isVectorizable(Block &block) {
  return llvm::all_of(block.without_terminator(), [](Operation &op) {
    if (op.hasTrait<OpTrait::ConstantLike>())
      return op.getNumResults() == 1 &&
             op.getResult(0).getType().isIntOrFloat();
    auto isScalar = [](Type type) { return type.isIntOrFloat(); };
    return OpTrait::hasElementwiseMappableTraits(&op) && isPure(&op) &&
           llvm::all_of(op.getOperandTypes(), isScalar) &&
           llvm::all_of(op.getResultTypes(), isScalar);
  });
}

/// The constant that fills `tensor`, if one does.
static TypedAttr getFillValue(Value tensor) {
  auto fill = tensor.getDefiningOp<linalg::FillOp>();
  TypedAttr value;
  if (!fill || !matchPattern(fill.getInputs().front(), m_Constant(&value)))
    return {};
  return value;
}

static bool isElementwise(linalg::LinalgOp op) {
  return op.hasPureTensorSemantics() && op->getNumResults() == 1 &&
         op.getNumParallelLoops() == op.getNumLoops() &&
         !op.hasIndexSemantics() && isVectorizable(*op.getBlock()) &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isPermutation();
}

/// Whether vectors along `loop` read an operand of `shape` by `map` as vectors
/// or as scalars: only dimensions of extent 1 may follow that of the loop.
static bool isVectorAccess(AffineMap map, unsigned loop,
                           ArrayRef<int64_t> shape) {
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    if (!expr.isFunctionOfDim(loop))
      continue;
    if (expr != getAffineDimExpr(loop, map.getContext()) ||
        llvm::any_of(shape.drop_front(i + 1),
                     [](int64_t extent) { return extent != 1; }))
      return false;
  }
  return true;
}

/// Reads the source of a reshape that only drops dimensions of extent 1, as
/// that of the weights of a pointwise convolution does: weights are packed, and
/// decoded, where they are stored.
static void lookThroughCollapse(Value &value, AffineMap &map) {
  while (auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>()) {
    ArrayRef<int64_t> shape = collapse.getSrcType().getShape();
    SmallVector<AffineExpr> exprs(shape.size(),
                                  getAffineConstantExpr(0, map.getContext()));
    for (auto [expr, group] : llvm::zip_equal(
             map.getResults(), collapse.getReassociationIndices())) {
      SmallVector<int64_t> kept = llvm::to_vector(llvm::make_filter_range(
          group, [&](int64_t dim) { return shape[dim] != 1; }));
      if (kept.size() > 1)
        return;
      exprs[kept.empty() ? group.front() : kept.front()] = expr;
    }
    value = collapse.getSrc();
    map = AffineMap::get(map.getNumDims(), 0, exprs, map.getContext());
  }
}

/// The stored weight of narrow floats that `value` is, element by element, in a
/// wider type: scales are stored in 16 bits. Null for anything else.
static OpOperand *getWidenedWeight(Value value) {
  auto widening = value.getDefiningOp<linalg::GenericOp>();
  if (!widening || !isElementwise(widening) ||
      widening.getNumDpsInputs() != 1 ||
      !widening.getMatchingIndexingMap(widening.getDpsInputOperand(0))
           .isPermutation())
    return nullptr;
  auto extend = widening.getBody()
                    ->getTerminator()
                    ->getOperand(0)
                    .getDefiningOp<arith::ExtFOp>();
  OpOperand *operand = widening.getDpsInputOperand(0);
  if (!extend || extend.getIn() != widening.getBody()->getArgument(0) ||
      !getStoredWeight(operand->get()))
    return nullptr;
  return operand;
}

/// Whether `value` is a stored weight, or computed element by element from
/// stored ones.
static bool isDecoded(Value value) {
  if (getStoredWeight(value))
    return true;
  auto decode = value.getDefiningOp<linalg::GenericOp>();
  return decode && isElementwise(decode) && decode.getNumDpsInputs() != 0 &&
         llvm::all_of(decode.getInputs(), isDecoded);
}

namespace {

/// A kernel in the making.
class KernelBuilder {
public:
  KernelBuilder(RewriterBase &rewriter, linalg::LinalgOp op)
      : rewriter(rewriter), op(op) {}

  /// Matches the sum; nothing changes if that fails.
  LogicalResult match();
  bool fuseConsumer();
  bool fuseDecode();
  bool fuseScale(unsigned number);
  void finish();

private:
  LogicalResult matchProduct();
  LogicalResult matchWindows();
  void take(ArrayRef<OpOperand *> operands);
  AffineMap getMap(OpOperand &operand) {
    return op.getMatchingIndexingMap(&operand);
  }
  void dropTrailingUnits(Value &operand, AffineMap &map, Operation *reader);
  unsigned getVectorLoop() const {
    return outputMap.getDimPosition(outputMap.getNumResults() - 1);
  }

  RewriterBase &rewriter;
  /// The op that gives the kernel's result, the sum or what was fused last.
  linalg::LinalgOp op;
  SmallVector<Value> inputs, extras;
  SmallVector<AffineMap> inputMaps, extraMaps;
  AffineMap outputMap;
  SmallVector<utils::IteratorType> iterators;
  TypedAttr init;
  /// The last input is what the left operand is multiplied by.
  bool hasLeftScale = false;
  Region body, epilogue;
};

} // namespace

LogicalResult KernelBuilder::match() {
  if (!op.hasPureTensorSemantics() || op->getNumResults() != 1 ||
      op.getNumReductionLoops() == 0 || op.hasIndexSemantics() ||
      !isVectorizable(*op.getBlock()))
    return failure();
  outputMap = getMap(*op.getDpsInitOperand(0));
  if (!outputMap.isProjectedPermutation() || outputMap.getNumResults() == 0)
    return failure();
  if (succeeded(matchProduct()))
    return success();
  return matchWindows();
}

LogicalResult KernelBuilder::matchProduct() {
  if (!isMultiplyAdd(*op.getBlock()))
    return failure();
  OpOperand *out = op.getDpsInitOperand(0);
  OpOperand *lhs = op.getDpsInputOperand(0), *rhs = op.getDpsInputOperand(1);
  unsigned vectorLoop = getVectorLoop();
  SmallVector<OpOperand *> more;
  if (op.getNumDpsInputs() == 3) {
    more.push_back(op.getDpsInputOperand(2));
    if (getMap(*more.front()).isFunctionOfDim(vectorLoop))
      return failure();
  } else if (getMap(*lhs).isFunctionOfDim(vectorLoop))
    std::swap(lhs, rhs);
  // A depthwise product has the loop in both operands.
  if (getMap(*lhs).isFunctionOfDim(vectorLoop) ||
      !getMap(*rhs).isFunctionOfDim(vectorLoop))
    return failure();
  iterators = op.getIteratorTypesArray();
  for (auto [loop, type] : llvm::enumerate(iterators))
    if (type == utils::IteratorType::reduction
            ? !getMap(*lhs).isFunctionOfDim(loop) ||
                  !getMap(*rhs).isFunctionOfDim(loop)
            : !outputMap.isFunctionOfDim(loop))
      return failure();

  init = getFillValue(out->get());
  Type sumType = getElementTypeOrSelf(out->get());
  if (!init) {
    init = cast<TypedAttr>(rewriter.getZeroAttr(sumType));
    extras.push_back(out->get());
    extraMaps.push_back(outputMap);
  }
  SmallVector<OpOperand *> operands = {lhs, rhs};
  llvm::append_range(operands, more);
  hasLeftScale = !more.empty();
  take(operands);
  return success();
}

/// Windows that slide over images whose last dimension is the output's.
LogicalResult KernelBuilder::matchWindows() {
  SmallVector<OpOperand *> operands = op.getDpsInputOperands();
  SmallVector<AffineMap> maps = llvm::map_to_vector(
      operands, [&](OpOperand *operand) { return getMap(*operand); });
  if (!isWindowKernel(outputMap, maps))
    return failure();
  iterators = op.getIteratorTypesArray();
  for (auto [loop, type] : llvm::enumerate(iterators))
    if (type == utils::IteratorType::parallel &&
        !outputMap.isFunctionOfDim(loop))
      return failure();
  init = getFillValue(op.getDpsInits().front());
  if (!init)
    return failure();
  take(operands);
  return success();
}

/// Makes `operands`, in this order, the inputs, and the op's body that of the
/// kernel; what the output held is added by the epilogue if it is an extra.
void KernelBuilder::take(ArrayRef<OpOperand *> operands) {
  Location loc = op.getLoc();
  Type sumType = init.getType();
  SmallVector<Type> types;
  for (OpOperand *operand : operands) {
    Value value = operand->get();
    AffineMap map = getMap(*operand);
    lookThroughCollapse(value, map);
    inputs.push_back(value);
    inputMaps.push_back(map);
    types.push_back(getElementTypeOrSelf(value));
  }
  types.push_back(sumType);
  auto addBlock = [&](Region &region, ArrayRef<Type> types) {
    Block *block = new Block();
    region.push_back(block);
    for (Type type : types)
      block->addArgument(type, loc);
    return block;
  };
  OpBuilder::InsertionGuard guard(rewriter);
  Block *bodyBlock = addBlock(body, types);
  IRMapping mapping;
  Block *source = op.getBlock();
  for (auto [i, operand] : llvm::enumerate(operands))
    mapping.map(source->getArgument(operand->getOperandNumber()),
                bodyBlock->getArgument(i));
  mapping.map(source->getArguments().back(), bodyBlock->getArguments().back());
  rewriter.setInsertionPointToEnd(bodyBlock);
  for (Operation &inner : source->without_terminator())
    rewriter.clone(inner, mapping);
  YieldOp::create(
      rewriter, loc,
      mapping.lookupOrDefault(source->getTerminator()->getOperand(0)));

  Block *epilogueBlock = addBlock(epilogue, {sumType});
  rewriter.setInsertionPointToEnd(epilogueBlock);
  Value result = epilogueBlock->getArgument(0);
  if (!extras.empty()) {
    Value old = epilogueBlock->addArgument(sumType, loc);
    if (isa<FloatType>(sumType))
      result = arith::AddFOp::create(rewriter, loc, result, old);
    else
      result = arith::AddIOp::create(rewriter, loc, result, old);
  }
  YieldOp::create(rewriter, loc, result);
}

/// Makes the vector loop's dimension of an operand the last one, where only
/// dimensions of extent 1 follow it.
void KernelBuilder::dropTrailingUnits(Value &operand, AffineMap &map,
                                      Operation *reader) {
  auto *last =
      llvm::find(map.getResults(), rewriter.getAffineDimExpr(getVectorLoop()));
  if (last == map.getResults().end() || last + 1 == map.getResults().end())
    return;
  unsigned rank = last - map.getResults().begin() + 1;
  auto type = cast<RankedTensorType>(operand.getType());
  SmallVector<ReassociationIndices> groups(rank);
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    groups[std::min<int64_t>(dim, rank - 1)].push_back(dim);
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(reader);
  operand = tensor::CollapseShapeOp::create(rewriter, reader->getLoc(), operand,
                                            groups);
  map = AffineMap::get(map.getNumDims(), 0, map.getResults().take_front(rank),
                       rewriter.getContext());
}

/// Fuses the only consumer of the result, if it is elementwise.
bool KernelBuilder::fuseConsumer() {
  Value result = op->getResult(0);
  if (result.use_empty())
    return false;
  auto consumer = dyn_cast<linalg::LinalgOp>(*result.user_begin());
  if (!consumer || !isElementwise(consumer))
    return false;
  AffineMap resultMap;
  for (OpOperand &use : result.getUses()) {
    if (use.getOwner() != consumer || consumer.isDpsInit(&use))
      return false;
    AffineMap map = consumer.getMatchingIndexingMap(&use);
    if (!map.isPermutation() || (resultMap && map != resultMap))
      return false;
    resultMap = map;
  }
  // Consumer loops as kernel loops.
  SmallVector<AffineExpr> loops(consumer.getNumLoops());
  for (unsigned i = 0; i < resultMap.getNumResults(); ++i)
    loops[resultMap.getDimPosition(i)] = outputMap.getResult(i);
  AffineMap toKernel =
      AffineMap::get(outputMap.getNumDims(), 0, loops, rewriter.getContext());
  OpOperand *out = consumer.getDpsInitOperand(0);
  AffineMap newOutputMap =
      consumer.getMatchingIndexingMap(out).compose(toKernel);
  if (newOutputMap.getDimPosition(newOutputMap.getNumResults() - 1) !=
      getVectorLoop())
    return false;
  SmallVector<Value> newExtras;
  SmallVector<AffineMap> newMaps;
  SmallVector<unsigned> newArguments;
  for (OpOperand *operand : consumer.getDpsInputOperands()) {
    if (operand->get() == result)
      continue;
    AffineMap map = consumer.getMatchingIndexingMap(operand).compose(toKernel);
    auto type = dyn_cast<RankedTensorType>(operand->get().getType());
    if (!type || !isVectorAccess(map, getVectorLoop(), type.getShape()))
      return false;
    newExtras.push_back(operand->get());
    newMaps.push_back(map);
    newArguments.push_back(operand->getOperandNumber());
  }

  Block &block = epilogue.front();
  Operation *yield = block.getTerminator();
  IRMapping mapping;
  for (auto [extra, map, number] :
       llvm::zip_equal(newExtras, newMaps, newArguments)) {
    dropTrailingUnits(extra, map, consumer);
    extras.push_back(extra);
    extraMaps.push_back(map);
    mapping.map(consumer.getBlock()->getArgument(number),
                block.addArgument(getElementTypeOrSelf(extra), op.getLoc()));
  }
  for (OpOperand *operand : consumer.getDpsInputOperands())
    if (operand->get() == result)
      mapping.map(consumer.getBlock()->getArgument(operand->getOperandNumber()),
                  yield->getOperand(0));
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(yield);
  for (Operation &inner : consumer.getBlock()->without_terminator())
    rewriter.clone(inner, mapping);
  Value yielded = mapping.lookupOrDefault(
      consumer.getBlock()->getTerminator()->getOperand(0));
  rewriter.modifyOpInPlace(yield, [&] { yield->setOperand(0, yielded); });
  outputMap = newOutputMap;
  op = consumer;
  return true;
}

/// Moves what computes the right operand element by element into the body,
/// where only stored weights go in.
bool KernelBuilder::fuseDecode() {
  if (inputs.size() != 2 && !hasLeftScale)
    return false;
  auto producer = inputs[1].getDefiningOp<linalg::LinalgOp>();
  if (!producer || !isElementwise(producer) || producer.getNumDpsInputs() == 0)
    return false;
  // Read as a whole once a row block otherwise.
  for (OpOperand *operand : producer.getDpsInputOperands())
    if (!isDecoded(operand->get()))
      return false;
  AffineMap toElement = inputMaps[1];
  AffineMap producerOut =
      producer.getMatchingIndexingMap(producer.getDpsInitOperand(0));
  AffineMap toKernel = inversePermutation(producerOut).compose(toElement);
  SmallVector<Value> newInputs;
  SmallVector<AffineMap> newMaps;
  for (OpOperand *operand : producer.getDpsInputOperands()) {
    AffineMap map = producer.getMatchingIndexingMap(operand).compose(toKernel);
    Value input = operand->get();
    if (OpOperand *narrow = getWidenedWeight(input)) {
      auto widening = cast<linalg::LinalgOp>(narrow->getOwner());
      AffineMap out =
          widening.getMatchingIndexingMap(widening.getDpsInitOperand(0));
      map = widening.getMatchingIndexingMap(narrow)
                .compose(inversePermutation(out))
                .compose(map);
      input = narrow->get();
    }
    newInputs.push_back(input);
    newMaps.push_back(map);
  }
  // The stored elements stand for the right operand: as many as it has.
  auto isFull = [&](AffineMap map) {
    return map.isProjectedPermutation(/*allowZeroInResults=*/true) &&
           llvm::all_of(toElement.getResults(), [&](AffineExpr expr) {
             return llvm::is_contained(map.getResults(), expr);
           });
  };
  auto *full = llvm::find_if(newMaps, isFull);
  if (full == newMaps.end())
    return false;
  unsigned first = full - newMaps.begin();

  Block &block = body.front();
  IRMapping mapping;
  Block *source = producer.getBlock();
  OpBuilder::InsertionGuard guard(rewriter);
  // The stored elements take the operand's place, and the others follow.
  BlockArgument old = block.getArgument(1);
  SmallVector<unsigned> order{first};
  for (unsigned i = 0; i < newInputs.size(); ++i)
    if (i != first)
      order.push_back(i);
  inputs.erase(inputs.begin() + 1);
  inputMaps.erase(inputMaps.begin() + 1);
  rewriter.setInsertionPointToStart(&block);
  for (auto [position, i] : llvm::enumerate(order)) {
    inputs.insert(inputs.begin() + 1 + position, newInputs[i]);
    inputMaps.insert(inputMaps.begin() + 1 + position, newMaps[i]);
    Value element = block.insertArgument(
        2 + position, getElementTypeOrSelf(newInputs[i]), op.getLoc());
    Type wide = source->getArgument(i).getType();
    if (element.getType() != wide)
      element = arith::ExtFOp::create(rewriter, op.getLoc(), wide, element);
    mapping.map(source->getArgument(i), element);
  }
  for (Operation &inner : source->without_terminator())
    rewriter.clone(inner, mapping);
  Value decoded =
      mapping.lookupOrDefault(source->getTerminator()->getOperand(0));
  rewriter.replaceAllUsesWith(old, decoded);
  block.eraseArgument(1);
  for (unsigned i = 2; i < inputs.size();)
    if (getStoredWeight(inputs[i]) || !fuseScale(i))
      ++i;
  return true;
}

/// Moves what computes input `number`, a scale or a zero point that is stored
/// in a form of its own, into the body.
bool KernelBuilder::fuseScale(unsigned number) {
  auto producer = inputs[number].getDefiningOp<linalg::GenericOp>();
  if (!producer || !isDecoded(inputs[number]))
    return false;
  AffineMap toKernel = inversePermutation(producer.getMatchingIndexingMap(
                                              producer.getDpsInitOperand(0)))
                           .compose(inputMaps[number]);
  Block &block = body.front();
  Block *source = producer.getBlock();
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(&block);
  IRMapping mapping;
  BlockArgument old = block.getArgument(number);
  SmallVector<Value> newInputs;
  SmallVector<AffineMap> newMaps;
  for (auto [i, operand] : llvm::enumerate(producer.getDpsInputOperands())) {
    newInputs.push_back(operand->get());
    newMaps.push_back(
        producer.getMatchingIndexingMap(operand).compose(toKernel));
    mapping.map(source->getArgument(i),
                block.insertArgument(number + 1 + i,
                                     source->getArgument(i).getType(),
                                     op.getLoc()));
  }
  for (Operation &inner : source->without_terminator())
    rewriter.clone(inner, mapping);
  rewriter.replaceAllUsesWith(
      old, mapping.lookupOrDefault(source->getTerminator()->getOperand(0)));
  block.eraseArgument(number);
  inputs.erase(inputs.begin() + number);
  inputMaps.erase(inputMaps.begin() + number);
  inputs.insert(inputs.begin() + number, newInputs.begin(), newInputs.end());
  inputMaps.insert(inputMaps.begin() + number, newMaps.begin(), newMaps.end());
  return true;
}

void KernelBuilder::finish() {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  SmallVector<AffineMap> maps(inputMaps);
  llvm::append_range(maps, extraMaps);
  maps.push_back(outputMap);
  SmallVector<StringRef> names;
  for (utils::IteratorType type : iterators)
    names.push_back(utils::stringifyIteratorType(type));
  Value out = op.getDpsInits().front();
  // What the output held is an extra: the kernel itself only writes.
  if (llvm::is_contained(extras, out)) {
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(rewriter, op.getLoc(), out);
    out = tensor::EmptyOp::create(rewriter, op.getLoc(), sizes,
                                  getElementTypeOrSelf(out));
  } else if (auto fill = out.getDefiningOp<linalg::FillOp>()) {
    out = fill.getOutputs().front();
  }
  auto kernel = KernelOp::create(
      rewriter, op.getLoc(), TypeRange{op->getResult(0).getType()}, inputs,
      extras, out, rewriter.getAffineMapArrayAttr(maps),
      rewriter.getStrArrayAttr(names), init,
      /*bitmask=*/UnitAttr());
  kernel.getBody().takeBody(body);
  kernel.getEpilogue().takeBody(epilogue);
  rewriter.replaceOp(op, kernel.getResult());
}

namespace {
struct FormKernelsPass
    : public slim::impl::FormKernelsPassBase<FormKernelsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.getNumReductionLoops() > 0)
        ops.push_back(op);
    });
    for (linalg::LinalgOp op : ops) {
      KernelBuilder builder(rewriter, op);
      if (failed(builder.match()))
        continue;
      numDecodes += builder.fuseDecode();
      while (builder.fuseConsumer())
        ++numFused;
      builder.finish();
      ++numKernels;
    }
    eraseUnused();
  }

private:
  /// Ops whose results went into kernels.
  void eraseUnused() {
    IRRewriter rewriter(&getContext());
    getOperation()->walk<WalkOrder::PostOrder, ReverseIterator>(
        [&](Operation *op) {
          if (isa<linalg::LinalgOp, tensor::EmptyOp>(op) &&
              isOpTriviallyDead(op))
            rewriter.eraseOp(op);
        });
  }
};
} // namespace
