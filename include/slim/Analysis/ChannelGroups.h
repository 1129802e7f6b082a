//===- ChannelGroups.h - Which channels go together -------------*- C++ -*-===//
//
// The dependency graph of structured pruning (DepGraph, arXiv 2301.12900) on
// any module. Its nodes are the channels: an index along a dimension of known
// extent of a value or a weight. The ties of ChannelOpInterface join them into
// sets that are kept or removed together: a neuron of a feed-forward layer with
// its row, bias and column; an attention head with 32 rows of three weights and
// 32 columns of a fourth; a channel of a residual stream with all layers that
// read or write it.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_ANALYSIS_CHANNELGROUPS_H
#define SLIM_ANALYSIS_CHANNELGROUPS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "slim/IR/SlimOps.h"

namespace slim {

/// A dimension of known extent above 1, whose channels are nodes.
struct ChannelAxis {
  /// The stored tensor, which all functions share, or
  WeightOp weight;
  /// the value, of which `weight` is null.
  Value value;
  int64_t dim = 0;
  int64_t extent = 0;
  /// Whether the axis belongs to data that can be cut: a weight or a constant.
  bool isStored() const {
    return weight || (value && value.getDefiningOp<ConstantOp>());
  }
};

/// Some channels of an axis, ascending.
struct AxisChannels {
  unsigned axis;
  SmallVector<int64_t, 2> channels;
};

/// Channels that are removed together, by axis in order.
using ChannelSet = SmallVector<AxisChannels>;

/// Sets with the same number of channels along the same axes: what pruning
/// chooses among.
struct ChannelGroup {
  std::vector<ChannelSet> sets;
  /// An op that does not let channels go, and so keeps the group whole; null if
  /// it may be pruned.
  Operation *fixedBy = nullptr;
  /// An op that takes statistics over the channels (a norm): those that stay
  /// change when others go.
  Operation *statisticBy = nullptr;

  /// The axes, ascending, the same for each set.
  SmallVector<unsigned> getAxes() const;
  /// Channels that a set has along the group's `index`th axis.
  int64_t getChannelsOfSet(size_t index) const {
    return sets.front()[index].channels.size();
  }
};

class ChannelGraph {
public:
  /// Analyses all functions of `module`, which it does not change.
  explicit ChannelGraph(ModuleOp module);

  ArrayRef<ChannelAxis> getAxes() const { return axes; }
  /// The axis of a dimension of a value; none for one that has no channels.
  std::optional<unsigned> lookup(Value value, int64_t dim) const;
  /// All groups that stored data belong to, in the order of their first axes.
  ArrayRef<ChannelGroup> getGroups() const { return groups; }

private:
  void addAxes(ModuleOp module);
  void addAxesOf(WeightOp weight, Value value, RankedTensorType type);

  std::vector<ChannelAxis> axes;
  /// The number of an axis' first node.
  std::vector<unsigned> firstNodes;
  unsigned numNodes = 0;
  /// The axis of dimension 0, should it have one; then those of the others.
  DenseMap<Value, SmallVector<std::optional<unsigned>>> axesOfValue;
  DenseMap<Operation *, SmallVector<std::optional<unsigned>>> axesOfWeight;
  SymbolTable symbols;
  std::vector<ChannelGroup> groups;
};

} // namespace slim

#endif // SLIM_ANALYSIS_CHANNELGROUPS_H
