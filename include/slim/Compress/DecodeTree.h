//===- DecodeTree.h - The expression of a weight ----------------*- C++ -*-===//
//
// A weight is an expression: a tree of decode ops (DecodeOpInterface) whose
// leaves are `slim.get_weight` or constants. This is the view that compression
// passes have of it.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_COMPRESS_DECODETREE_H
#define SLIM_COMPRESS_DECODETREE_H

#include "slim/IR/SlimOps.h"
#include "slim/IR/TensorData.h"
#include "slim/IR/WeightTree.h"
#include <string>
#include <vector>

namespace slim {

class DecodeTree {
public:
  /// The tree of `root`; none if a leaf is neither a weight nor a constant, or
  /// if the values do not come from a weight.
  static std::optional<DecodeTree> match(Value root);

  Value getRoot() const { return root; }
  /// The type of the dense weight.
  RankedTensorType getType() const {
    return cast<RankedTensorType>(root.getType());
  }

  /// The leaf that holds the weight's values, in contrast to scales and
  /// positions. Its symbol is the weight's name.
  GetWeightOp getValuesLeaf() const { return valuesLeaf; }
  StringRef getName() const { return GetWeightOp(valuesLeaf).getName(); }

  /// The decode ops between the root (first) and the values leaf, along the
  /// values operands. Empty for a weight that is not compressed.
  ArrayRef<DecodeOpInterface> getPath() const { return path; }

  /// All weights that the tree reads, values first, each once.
  ArrayRef<WeightOp> getWeights() const { return weights; }
  /// The bytes that these take in a model file.
  int64_t getStoredBytes() const;

  /// Equal for trees that compute the same from the same weights.
  StringRef getKey() const { return key; }

private:
  Value root;
  GetWeightOp valuesLeaf;
  SmallVector<DecodeOpInterface, 2> path;
  SmallVector<WeightOp, 3> weights;
  std::string key;
};

/// The value of a decode tree (decodeConstant) as fp32: the dense weight in
/// row-major order.
FailureOr<std::vector<float>> decodeToDense(Value root);

/// Where the elements of a dense weight are stored.
struct ElementTrace {
  /// For each dense element the index of its stored value in the values leaf,
  /// or -1 for an implicit zero.
  std::vector<int64_t> stored;
  /// For each dense element the stored value that decodes to zero; empty if it
  /// is zero throughout.
  std::vector<int64_t> zeroCodes;
};

/// Traces the elements of `tree`. Fails, setting `reason`, for decode ops that
/// neither move elements nor scale them one by one.
FailureOr<ElementTrace> traceElements(const DecodeTree &tree,
                                      std::string &reason);

/// The dimension of the values leaf that corresponds to dimension `dim` of the
/// dense weight; none if the layout does not keep it.
std::optional<int64_t> traceDimension(const DecodeTree &tree, int64_t dim);

/// Copies the decode ops of `tree` to the insertion point of `builder`, with
/// `newLeaf` for the value of the values leaf; returns the new root.
Value rebuildTree(OpBuilder &builder, Value root, Value newLeaf);

} // namespace slim

#endif // SLIM_COMPRESS_DECODETREE_H
