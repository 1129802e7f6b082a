//===- Einsum.cpp - ONNX's Einsum -------------------------------*- C++ -*-===//
//
// Any equation, two operands at a time: labels that nobody needs any more are
// summed, labels that both operands have and the rest needs become batch
// dimensions of a matrix product, or of a broadcast product where nothing is
// summed.
//
//===----------------------------------------------------------------------===//
#include "Registry.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace slim;
using namespace slim::onnximport;

namespace {
/// A letter, or for a dimension of an ellipsis -1 - (distance from its end).
using Label = int;

struct Term {
  Value value;
  SmallVector<Label> labels;
};
} // namespace

/// Reads the labels of one operand or of the result; `ellipsisRank` dimensions
/// are those of the ellipsis.
static bool parseLabels(StringRef text, int64_t ellipsisRank,
                        SmallVectorImpl<Label> &labels) {
  bool hasEllipsis = false;
  while (!text.empty()) {
    if (text.consume_front("...")) {
      if (hasEllipsis)
        return false;
      hasEllipsis = true;
      for (int64_t i = ellipsisRank; i-- > 0;)
        labels.push_back(-1 - i);
      continue;
    }
    if (!llvm::isAlpha(text.front()))
      return false;
    labels.push_back(text.front());
    text = text.drop_front();
  }
  return true;
}

/// The elements where two dimensions have the same index, along the first.
static void takeDiagonal(NodeBuilder &node, Term &term, int64_t first,
                         int64_t second) {
  int64_t rank = node.rank(term.value);
  auto align = [&](int64_t dimension) {
    SmallVector<int64_t> others;
    for (int64_t i = 0; i < rank; ++i)
      if (i != dimension)
        others.push_back(i);
    return node.unsqueeze(node.iota(node.dim(term.value, dimension)), others);
  };
  Value rows = align(first), columns = align(second);
  Value isDiagonal = node.create<EqualOp>(rows, columns);
  Value zero = node.scalar(0, node.elementType(term.value));
  Value kept = node.create<SelectOp>(isDiagonal, term.value, zero);
  term.value = node.create<ReduceSumOp>(kept, ArrayRef<int64_t>(second));
  term.labels.erase(term.labels.begin() + second);
}

/// Sums over the labels that `keep` does not want.
static void sumOut(NodeBuilder &node, Term &term,
                   llvm::function_ref<bool(Label)> keep) {
  SmallVector<int64_t> axes;
  SmallVector<Label> kept;
  for (auto [index, label] : llvm::enumerate(term.labels)) {
    if (keep(label))
      kept.push_back(label);
    else
      axes.push_back(index);
  }
  if (axes.empty())
    return;
  term.value = node.create<ReduceSumOp>(term.value, axes);
  term.labels = kept;
}

/// The dimensions of `term` in the order of `labels`, which it all has.
static Value permute(NodeBuilder &node, const Term &term,
                     ArrayRef<Label> labels) {
  SmallVector<int64_t> permutation;
  for (Label label : labels)
    permutation.push_back(llvm::find(term.labels, label) - term.labels.begin());
  return node.transpose(term.value, permutation);
}

static SmallVector<Label> join(std::initializer_list<ArrayRef<Label>> lists) {
  SmallVector<Label> labels;
  for (ArrayRef<Label> list : lists)
    llvm::append_range(labels, list);
  return labels;
}

/// The extents of dimensions `start` to `end` and their product.
static Value getExtents(NodeBuilder &node, Value value, int64_t start,
                        int64_t end) {
  return node.create<ShapeOp>(value, start, end);
}
static Value getProduct(NodeBuilder &node, Value extents) {
  return node.create<ReduceProdOp>(extents, ArrayRef<int64_t>{0},
                                   /*keep_dims=*/true);
}

/// One term of two; `isNeeded` says which labels the result must keep.
static Term contract(NodeBuilder &node, const Term &lhs, const Term &rhs,
                     llvm::function_ref<bool(Label)> isNeeded) {
  SmallVector<Label> batch, summed, lhsOnly, rhsOnly;
  for (Label label : lhs.labels) {
    if (!llvm::is_contained(rhs.labels, label))
      lhsOnly.push_back(label);
    else
      (isNeeded(label) ? batch : summed).push_back(label);
  }
  for (Label label : rhs.labels)
    if (!llvm::is_contained(lhs.labels, label))
      rhsOnly.push_back(label);

  Term result;
  result.labels = join({batch, lhsOnly, rhsOnly});
  int64_t numBatch = batch.size(), numLhs = lhsOnly.size(),
          numRhs = rhsOnly.size(), numSummed = summed.size();
  Value left = permute(node, lhs, join({batch, lhsOnly, summed}));
  Value right = permute(node, rhs, join({batch, summed, rhsOnly}));
  if (summed.empty()) {
    SmallVector<int64_t> leftAxes = llvm::to_vector(
        llvm::seq<int64_t>(numBatch + numLhs, numBatch + numLhs + numRhs));
    SmallVector<int64_t> rightAxes =
        llvm::to_vector(llvm::seq<int64_t>(numBatch, numBatch + numLhs));
    left = node.unsqueeze(left, leftAxes);
    right = node.unsqueeze(right, rightAxes);
    result.value = node.create<MulOp>(left, right);
    return result;
  }
  // [batch..., lhs, summed] x [batch..., summed, rhs]
  Value lhsExtents = getExtents(node, left, numBatch, numBatch + numLhs);
  Value rhsExtents = getExtents(node, right, numBatch + numSummed,
                                numBatch + numSummed + numRhs);
  Value rows = getProduct(node, lhsExtents);
  Value columns = getProduct(node, rhsExtents);
  Value depth =
      getProduct(node, getExtents(node, right, numBatch, numBatch + numSummed));
  auto collapse = [&](Value value, Value first, Value second) {
    Value leading = getExtents(node, value, 0, numBatch);
    return node.reshape(value, node.concat({leading, first, second}, 0));
  };
  left = collapse(left, rows, depth);
  right = collapse(right, depth, columns);
  Value product = node.create<MatmulOp>(left, right);
  Value leading = getExtents(node, product, 0, numBatch);
  result.value =
      node.reshape(product, node.concat({leading, lhsExtents, rhsExtents}, 0));
  return result;
}

static void importEinsum(NodeBuilder &node) {
  std::string equation = node.stringAttr("equation", "").str();
  llvm::erase(equation, ' ');
  auto [left, right] = StringRef(equation).split("->");
  bool isExplicit = StringRef(equation).contains("->");
  SmallVector<StringRef> texts;
  left.split(texts, ',');
  auto malformed = [&] {
    node.invalid("has equation '" + StringRef(equation) + "'");
  };
  if (texts.size() != node.getNumOperands())
    return malformed();

  SmallVector<Term> terms;
  int64_t ellipsisRank = 0;
  llvm::MapVector<Label, int> counts;
  for (auto [index, text] : llvm::enumerate(texts)) {
    Term term{node.requiredOperand(index), {}};
    int64_t letters = llvm::count_if(text, llvm::isAlpha);
    int64_t rest = node.rank(term.value) - letters;
    if (!node.isOk())
      return;
    if (rest < 0 || (rest > 0 && !text.contains("...")) ||
        !parseLabels(text, rest, term.labels))
      return malformed();
    if (text.contains("..."))
      ellipsisRank = std::max(ellipsisRank, rest);
    for (Label label : term.labels)
      ++counts[label];
    terms.push_back(term);
  }
  SmallVector<Label> output;
  if (isExplicit) {
    if (!parseLabels(right, ellipsisRank, output))
      return malformed();
  } else {
    for (int64_t i = ellipsisRank; i-- > 0;)
      output.push_back(-1 - i);
    for (auto [label, count] : counts)
      if (label > 0 && count == 1)
        output.push_back(label);
    llvm::sort(output.begin() + ellipsisRank, output.end());
  }
  for (auto [index, label] : llvm::enumerate(output))
    if (!counts.contains(label) ||
        llvm::is_contained(ArrayRef(output).take_front(index), label))
      return malformed();

  for (Term &term : terms)
    for (size_t second = 1; second < term.labels.size();) {
      auto first =
          llvm::find(term.labels, term.labels[second]) - term.labels.begin();
      if (first < static_cast<int64_t>(second))
        takeDiagonal(node, term, first, second);
      else
        ++second;
    }
  auto isNeededFrom = [&](Label label, size_t start) {
    if (llvm::is_contained(output, label))
      return true;
    for (const Term &term : ArrayRef(terms).drop_front(start))
      if (llvm::is_contained(term.labels, label))
        return true;
    return false;
  };
  Term result = terms.front();
  for (size_t i = 1; i < terms.size(); ++i) {
    sumOut(node, result, [&](Label label) { return isNeededFrom(label, i); });
    sumOut(node, terms[i], [&](Label label) {
      return isNeededFrom(label, i + 1) ||
             llvm::is_contained(result.labels, label);
    });
    result = contract(node, result, terms[i],
                      [&](Label label) { return isNeededFrom(label, i + 1); });
    if (!node.isOk())
      return;
  }
  sumOut(node, result,
         [&](Label label) { return llvm::is_contained(output, label); });
  node.setResults(permute(node, result, output));
}

void slim::onnximport::registerEinsum(Registry &registry) {
  registry.add("Einsum", 1, kAnyNumber, importEinsum);
}
