//===- Reduction.cpp - ONNX's reductions and scans --------------*- C++ -*-===//
#include "Registry.h"

using namespace slim;
using namespace slim::onnximport;

/// What the Reduce family has in common.
namespace {
struct Reduction {
  Value input;
  SmallVector<int64_t> axes;
  bool keepDims;
};
} // namespace

/// The axes of a reduction that computes them, from the shapes of its input and
/// of the result as the model declares it; none if these leave a choice. To
/// reduce a dimension of extent 1 or not makes no difference.
static std::optional<SmallVector<int64_t>>
deduceAxes(ArrayRef<int64_t> input, ArrayRef<int64_t> result, bool keepDims) {
  if (llvm::is_contained(input, ShapedType::kDynamic) ||
      llvm::is_contained(result, ShapedType::kDynamic))
    return std::nullopt;
  SmallVector<int64_t> axes;
  if (keepDims) {
    if (input.size() != result.size())
      return std::nullopt;
    for (size_t i = 0; i < input.size(); ++i)
      if (input[i] != result[i])
        axes.push_back(i);
    return axes;
  }
  // In how many ways (none, one, more) the first i dimensions of the input
  // leave the first j of the result.
  SmallVector<int> ways(result.size() + 1, 0);
  ways[0] = 1;
  for (int64_t extent : input)
    for (size_t j = result.size(); j > 0; --j)
      if (extent == result[j - 1])
        ways[j] = std::min(ways[j] + ways[j - 1], 2);
  if (ways.back() != 1)
    return std::nullopt;
  size_t next = 0;
  for (size_t i = 0; i < input.size(); ++i) {
    if (next < result.size() && input[i] == result[next])
      ++next;
    else
      axes.push_back(i);
  }
  return axes;
}

/// Axes are an attribute before version 13 (ReduceSum) or 18, then an operand.
/// None mean all, or with `noop_with_empty_axes` none.
static Reduction getReduction(NodeBuilder &node) {
  Reduction reduction;
  reduction.input = node.operand(0);
  reduction.keepDims = node.boolAttr("keepdims", true);
  int64_t rank = node.rank(reduction.input);
  std::optional<SmallVector<int64_t>> axes = node.intsAttr("axes");
  if (Value operand = node.operand(1)) {
    // An operand of no elements counts as absent.
    axes = SmallVector<int64_t>();
    if (node.shape(operand) != ArrayRef<int64_t>{0}) {
      axes = node.knownInts(operand);
      std::optional<SmallVector<int64_t>> declared = node.declaredShape(0);
      if (!axes && declared)
        axes = deduceAxes(node.shape(reduction.input), *declared,
                          reduction.keepDims);
      if (!axes)
        node.unsupported("axes that are not known");
      else if (axes->empty())
        return reduction; // all that go have extent 1
    }
  }
  if (axes && !axes->empty()) {
    reduction.axes = node.normalizeAxes(*axes, rank);
    llvm::sort(reduction.axes);
  } else if (!node.boolAttr("noop_with_empty_axes", false)) {
    reduction.axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  }
  return reduction;
}

template <typename OpTy>
static Value reduce(NodeBuilder &node, const Reduction &reduction,
                    Value value) {
  return node.create<OpTy>(value, reduction.axes, reduction.keepDims);
}

template <typename OpTy>
static void importReduce(NodeBuilder &node) {
  Reduction reduction = getReduction(node);
  node.setResults(reduce<OpTy>(node, reduction, reduction.input));
}

static void importReduceL1(NodeBuilder &node) {
  Reduction reduction = getReduction(node);
  Value absolute = node.create<AbsOp>(reduction.input);
  node.setResults(reduce<ReduceSumOp>(node, reduction, absolute));
}

static Value reduceSumSquare(NodeBuilder &node, const Reduction &reduction) {
  Value square = node.create<MulOp>(reduction.input, reduction.input);
  return reduce<ReduceSumOp>(node, reduction, square);
}

static void importReduceSumSquare(NodeBuilder &node) {
  Reduction reduction = getReduction(node);
  node.setResults(reduceSumSquare(node, reduction));
}

static void importReduceL2(NodeBuilder &node) {
  Reduction reduction = getReduction(node);
  Value sum = reduceSumSquare(node, reduction);
  node.setResults(node.create<SqrtOp>(sum));
}

static void importReduceLogSum(NodeBuilder &node) {
  Reduction reduction = getReduction(node);
  Value sum = reduce<ReduceSumOp>(node, reduction, reduction.input);
  node.setResults(node.create<LogOp>(sum));
}

/// log(sum(exp(x - m))) + m with m the maximum, so that exp does not overflow.
static void importReduceLogSumExp(NodeBuilder &node) {
  Reduction reduction = getReduction(node);
  Value maximum = node.create<ReduceMaxOp>(reduction.input, reduction.axes,
                                           /*keep_dims=*/true);
  Value shifted = node.create<SubOp>(reduction.input, maximum);
  Value exponential = node.create<ExpOp>(shifted);
  Value sum = node.create<ReduceSumOp>(exponential, reduction.axes,
                                       /*keep_dims=*/true);
  Value logarithm = node.create<LogOp>(sum);
  Value result = node.create<AddOp>(logarithm, maximum);
  if (!reduction.keepDims)
    result = node.squeeze(result, reduction.axes);
  node.setResults(result);
}

template <typename OpTy>
static void importArg(NodeBuilder &node) {
  Value input = node.operand(0);
  int64_t axis = node.normalizeAxis(node.intAttr("axis", 0), node.rank(input));
  bool keepDims = node.boolAttr("keepdims", true);
  bool last = node.boolAttr("select_last_index", false);
  node.setResults(node.create<OpTy>(input, axis, keepDims, last));
}

static void importCumSum(NodeBuilder &node) {
  Value input = node.operand(0), axisOperand = node.operand(1);
  int64_t rank = node.rank(input);
  bool exclusive = node.boolAttr("exclusive", false);
  bool reverse = node.boolAttr("reverse", false);
  auto sumAlong = [&](int64_t axis) {
    return node.create<CumSumOp>(input, axis, exclusive, reverse);
  };
  if (std::optional<SmallVector<int64_t>> axis = node.knownInts(axisOperand)) {
    if (axis->size() != 1) {
      node.invalid("has an axis that is no scalar");
      return;
    }
    return node.setResults(sumAlong(node.normalizeAxis(axis->front(), rank)));
  }
  if (rank == 0) {
    node.invalid("needs a dimension to sum along");
    return;
  }
  // An axis that is computed chooses among the sums along all.
  Value axis = node.toScalar(node.toI64(axisOperand));
  Value position =
      node.create<ModOp>(axis, node.intScalar(rank)); // -1 is the last
  Value result = sumAlong(0);
  for (int64_t i = 1; i < rank; ++i) {
    Value isChosen = node.create<EqualOp>(position, node.intScalar(i));
    result = node.create<SelectOp>(isChosen, sumAlong(i), result);
  }
  node.setResults(result);
}

static void importTopK(NodeBuilder &node) {
  Value input = node.operand(0);
  Value count = node.getOpset() < 10 ? node.ints({node.intAttr("k", 0)})
                                     : node.toShape(node.requiredOperand(1));
  int64_t axis = node.normalizeAxis(node.intAttr("axis", -1), node.rank(input));
  // `sorted = 0` allows any order, so also the sorted one.
  bool largest = node.boolAttr("largest", true);
  node.setResults(node.createResults<TopKOp, 2>(input, count, axis, largest));
}

void slim::onnximport::registerReduction(Registry &registry) {
  registry.add("ReduceSum", 1, 2, importReduce<ReduceSumOp>);
  registry.add("ReduceMean", 1, 2, importReduce<ReduceMeanOp>);
  registry.add("ReduceProd", 1, 2, importReduce<ReduceProdOp>);
  registry.add("ReduceMax", 1, 2, importReduce<ReduceMaxOp>);
  registry.add("ReduceMin", 1, 2, importReduce<ReduceMinOp>);
  registry.add("ReduceL1", 1, 2, importReduceL1);
  registry.add("ReduceL2", 1, 2, importReduceL2);
  registry.add("ReduceSumSquare", 1, 2, importReduceSumSquare);
  registry.add("ReduceLogSum", 1, 2, importReduceLogSum);
  registry.add("ReduceLogSumExp", 1, 2, importReduceLogSumExp);
  registry.add("ArgMax", 1, 1, importArg<ArgMaxOp>);
  registry.add("ArgMin", 1, 1, importArg<ArgMinOp>);
  registry.add("CumSum", 2, 2, importCumSum);
  registry.add("TopK", 1, 2, importTopK);
}
