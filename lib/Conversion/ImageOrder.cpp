//===- ImageOrder.cpp - In which order dimensions lie in memory -----------===//
#include "ImageOrder.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace slim;
using namespace slim::layouts;

//===----------------------------------------------------------------------===//
// Orders
//===----------------------------------------------------------------------===//

Order layouts::getIdentity(int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(0, rank));
}

Order layouts::dropUnits(ArrayRef<int64_t> order, ArrayRef<int64_t> shape) {
  Order result;
  for (int64_t dim : order)
    if (shape[dim] != 1)
      result.push_back(dim);
  return result;
}

bool layouts::lieAlike(ArrayRef<int64_t> lhs, ArrayRef<int64_t> rhs,
                       ArrayRef<int64_t> shape) {
  return dropUnits(lhs, shape) == dropUnits(rhs, shape);
}

bool layouts::liesAsIdentity(ArrayRef<int64_t> order, ArrayRef<int64_t> shape) {
  return llvm::is_sorted(dropUnits(order, shape));
}

Order layouts::placeUnits(ArrayRef<int64_t> sequence, ArrayRef<int64_t> shape,
                          ArrayRef<int64_t> preferred) {
  if (!preferred.empty() && dropUnits(preferred, shape) == Order(sequence))
    return Order(preferred);
  if (llvm::is_sorted(sequence))
    return getIdentity(shape.size());
  Order result(sequence);
  for (int64_t dim = 0, e = shape.size(); dim < e; ++dim)
    if (shape[dim] == 1)
      result.insert(dim == 0 ? result.begin()
                             : std::next(llvm::find(result, dim - 1)),
                    dim);
  return result;
}

RankedTensorType layouts::permute(RankedTensorType type,
                                  ArrayRef<int64_t> order) {
  return type.clone(permute(type.getShape(), order));
}

AffineMap layouts::permute(AffineMap map, ArrayRef<int64_t> order) {
  return AffineMap::get(map.getNumDims(), map.getNumSymbols(),
                        permute(map.getResults(), order), map.getContext());
}

//===----------------------------------------------------------------------===//
// Ops on images
//===----------------------------------------------------------------------===//

/// Adds the loops that `expr` mentions.
static void addLoops(AffineExpr expr, llvm::SmallBitVector &loops) {
  expr.walk([&](AffineExpr part) {
    if (auto dim = dyn_cast<AffineDimExpr>(part))
      loops.set(dim.getPosition());
  });
}

static llvm::SmallBitVector getLoops(AffineMap map) {
  llvm::SmallBitVector loops(map.getNumDims());
  for (AffineExpr expr : map.getResults())
    addLoops(expr, loops);
  return loops;
}

/// The loop that `expr` is, or -1.
static int64_t getLoop(AffineExpr expr) {
  auto dim = dyn_cast<AffineDimExpr>(expr);
  return dim ? int64_t(dim.getPosition()) : -1;
}

/// The dimensions [batch, others..., channels...], in the order wanted.
static Order arrange(int64_t batch, ArrayRef<int64_t> spatial,
                     ArrayRef<int64_t> channels, ImageOrder wanted) {
  Order order{batch};
  bool last = wanted == ImageOrder::ChannelsLast;
  llvm::append_range(order, last ? spatial : channels);
  llvm::append_range(order, last ? channels : spatial);
  return order;
}

/// getImageOrders for one candidate.
static FailureOr<ImageOrders> getOrdersOf(linalg::LinalgOp op, OpOperand *image,
                                          ImageOrder wanted) {
  AffineMap map = op.getMatchingIndexingMap(image);
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  llvm::SmallBitVector others(op.getNumLoops());
  for (OpOperand *input : op.getDpsInputOperands())
    if (input != image)
      others |= getLoops(op.getMatchingIndexingMap(input));

  int64_t batch = getLoop(result.getResult(0));
  if (others.test(batch) || getLoop(map.getResult(0)) != batch)
    return failure();
  // Loops of the image's channels: the kernel has them, too. Pools have no
  // kernel; their channels are what no window slides over.
  llvm::SmallBitVector channels(op.getNumLoops());
  bool hasWindows = false;
  for (AffineExpr expr : map.getResults()) {
    int64_t loop = getLoop(expr);
    if (loop < 0)
      hasWindows = true;
    else if (others.test(loop))
      channels.set(loop);
  }
  bool isPool = channels.none();
  if (isPool) {
    if (!hasWindows)
      return failure();
    for (AffineExpr expr : map.getResults().drop_front())
      if (getLoop(expr) >= 0)
        channels.set(getLoop(expr));
  }

  ImageOrders orders;
  orders.image = image;
  SmallVector<int64_t> spatial, deep;
  for (int64_t dim = 1, e = map.getNumResults(); dim < e; ++dim) {
    int64_t loop = getLoop(map.getResult(dim));
    (loop >= 0 && channels.test(loop) ? deep : spatial).push_back(dim);
  }
  orders.imageOrder = arrange(0, spatial, deep, wanted);

  llvm::SmallBitVector inImage = getLoops(map);
  SmallVector<int64_t> groups, filters;
  spatial.clear();
  for (int64_t dim = 1, e = result.getNumResults(); dim < e; ++dim) {
    int64_t loop = getLoop(result.getResult(dim));
    if (channels.test(loop))
      groups.push_back(dim);
    else if (!inImage.test(loop))
      filters.push_back(dim);
    else
      spatial.push_back(dim);
  }
  // A plain product of matrices has no image.
  if (!hasWindows && (spatial.empty() || filters.empty()))
    return failure();
  llvm::append_range(groups, filters);
  orders.resultOrder = arrange(0, spatial, groups, wanted);
  if (llvm::is_sorted(orders.imageOrder) && llvm::is_sorted(orders.resultOrder))
    return failure();
  return orders;
}

FailureOr<ImageOrders> layouts::getImageOrders(linalg::LinalgOp op,
                                               ImageOrder wanted) {
  if (op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0 ||
      op.getNumDpsInputs() > 2)
    return failure();
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!result.isProjectedPermutation() || result.getNumResults() < 3)
    return failure();
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    if (map.getNumResults() < 3)
      continue;
    FailureOr<ImageOrders> orders = getOrdersOf(op, input, wanted);
    if (succeeded(orders))
      return orders;
  }
  return failure();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Order layouts::getLoopOrder(linalg::LinalgOp op, AffineMap map,
                            ArrayRef<int64_t> order) {
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  auto isParallel = [&](int64_t loop) {
    return iterators[loop] == utils::IteratorType::parallel;
  };
  llvm::SetVector<int64_t> parallel, reduction;
  for (int64_t dim : order) {
    llvm::SmallBitVector loops(map.getNumDims());
    addLoops(map.getResult(dim), loops);
    for (unsigned loop : loops.set_bits())
      (isParallel(loop) ? parallel : reduction).insert(loop);
  }
  Order result(parallel.begin(), parallel.end());
  // What is missing, after its predecessor.
  SmallVector<int64_t> all;
  for (AffineExpr expr :
       op.getMatchingIndexingMap(op.getDpsInitOperand(0)).getResults())
    if (getLoop(expr) >= 0)
      all.push_back(getLoop(expr));
  for (int64_t loop = 0, e = op.getNumLoops(); loop < e; ++loop)
    if (isParallel(loop) && !llvm::is_contained(all, loop))
      all.push_back(loop);
  for (auto [i, loop] : llvm::enumerate(all))
    if (isParallel(loop) && !llvm::is_contained(result, loop))
      result.insert(i == 0 ? result.begin()
                           : std::next(llvm::find(result, all[i - 1])),
                    loop);
  for (int64_t loop = 0, e = op.getNumLoops(); loop < e; ++loop)
    if (!isParallel(loop))
      reduction.insert(loop);
  llvm::append_range(result, reduction);
  return result;
}

std::optional<Order> layouts::getOrderByLoops(AffineMap map,
                                              ArrayRef<int64_t> loopOrder) {
  if (!map.isProjectedPermutation())
    return std::nullopt;
  Order order = getIdentity(map.getNumResults());
  llvm::sort(order, [&](int64_t lhs, int64_t rhs) {
    auto getPosition = [&](int64_t dim) {
      return llvm::find(loopOrder, getLoop(map.getResult(dim)));
    };
    return getPosition(lhs) < getPosition(rhs);
  });
  return order;
}

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

/// Groups of neighbours, one for each dimension of `shape` that is not 1.
static SmallVector<ReassociationIndices>
getUnitGroups(ArrayRef<int64_t> shape) {
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices leading;
  for (auto [dim, extent] : llvm::enumerate(shape)) {
    if (extent != 1) {
      groups.push_back(std::exchange(leading, {}));
      groups.back().push_back(dim);
    } else {
      (groups.empty() ? leading : groups.back()).push_back(dim);
    }
  }
  return groups;
}

/// `tensor` without its unit dimensions.
static Value collapseUnits(OpBuilder &b, Location loc, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<ReassociationIndices> groups = getUnitGroups(type.getShape());
  if (int64_t(groups.size()) == type.getRank())
    return tensor;
  return tensor::CollapseShapeOp::create(b, loc, tensor, groups);
}

/// `tensor`, which has no unit dimensions, with those of `shape`.
static Value expandUnits(OpBuilder &b, Location loc, Value tensor,
                         ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<ReassociationIndices> groups = getUnitGroups(shape);
  if (groups.size() == shape.size())
    return tensor;
  SmallVector<OpFoldResult> extents(shape.size(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> given = tensor::getMixedSizes(b, loc, tensor);
  unsigned next = 0;
  for (auto [dim, extent] : llvm::enumerate(shape))
    if (extent != 1)
      extents[dim] = given[next++];
  return tensor::ExpandShapeOp::create(b, loc, type.clone(shape), tensor,
                                       groups, extents);
}

Value layouts::moveUnits(OpBuilder &b, Location loc, Value tensor,
                         ArrayRef<int64_t> from, ArrayRef<int64_t> to,
                         ArrayRef<int64_t> shape) {
  if (from == to)
    return tensor;
  return expandUnits(b, loc, collapseUnits(b, loc, tensor), permute(shape, to));
}

FailureOr<Order> Regrouping::getNarrowSequence(ArrayRef<int64_t> order) const {
  Order left = dropUnits(order, wide);
  Order result;
  ArrayRef<int64_t> rest(left);
  while (!rest.empty()) {
    int64_t first = rest.front();
    const auto *group = llvm::find_if(groups, [&](const auto &members) {
      return llvm::is_contained(members, first);
    });
    Order members = dropUnits(*group, wide);
    if (rest.take_front(members.size()) != ArrayRef(members))
      return failure();
    rest = rest.drop_front(members.size());
    result.push_back(group - groups.begin());
  }
  // A dimension of unknown extent that the other type says to be 1.
  if (dropUnits(result, narrow) != result ||
      dropUnits(getIdentity(narrow.size()), narrow).size() != result.size())
    return failure();
  return result;
}

FailureOr<Order> Regrouping::getWideSequence(ArrayRef<int64_t> order) const {
  Order result;
  for (int64_t dim : dropUnits(order, narrow)) {
    Order members = dropUnits(groups[dim], wide);
    if (members.empty())
      return failure();
    llvm::append_range(result, members);
  }
  if (dropUnits(getIdentity(wide.size()), wide).size() != result.size())
    return failure();
  return result;
}

/// For dimensions that are not unit, the lengths of the groups of `wide` in the
/// order `sequence` of `narrow`, as groups of neighbours.
static SmallVector<ReassociationIndices>
getNeighbours(const Regrouping &regrouping, ArrayRef<int64_t> sequence) {
  SmallVector<ReassociationIndices> result;
  int64_t next = 0;
  for (int64_t dim : sequence) {
    ReassociationIndices &group = result.emplace_back();
    for (size_t i = 0,
                e = dropUnits(regrouping.groups[dim], regrouping.wide).size();
         i < e; ++i)
      group.push_back(next++);
  }
  return result;
}

Value layouts::collapseInOrder(OpBuilder &b, Location loc, Value tensor,
                               const Regrouping &regrouping,
                               ArrayRef<int64_t> to) {
  tensor = collapseUnits(b, loc, tensor);
  Order sequence = dropUnits(to, regrouping.narrow);
  auto type = cast<RankedTensorType>(tensor.getType());
  if (int64_t(sequence.size()) != type.getRank())
    tensor = tensor::CollapseShapeOp::create(
        b, loc, type.clone(permute(regrouping.narrow, sequence)), tensor,
        getNeighbours(regrouping, sequence));
  return expandUnits(b, loc, tensor, permute(regrouping.narrow, to));
}

Value layouts::expandInOrder(OpBuilder &b, Location loc, Value tensor,
                             const Regrouping &regrouping,
                             ArrayRef<int64_t> from, ArrayRef<int64_t> to,
                             ArrayRef<OpFoldResult> extents) {
  tensor = collapseUnits(b, loc, tensor);
  Order sequence = dropUnits(to, regrouping.wide);
  auto type = cast<RankedTensorType>(tensor.getType());
  if (int64_t(sequence.size()) != type.getRank())
    tensor = tensor::ExpandShapeOp::create(
        b, loc, type.clone(permute(regrouping.wide, sequence)), tensor,
        getNeighbours(regrouping, dropUnits(from, regrouping.narrow)),
        permute(extents, sequence));
  return expandUnits(b, loc, tensor, permute(regrouping.wide, to));
}
