//===- RemoveChannels.h - A graph without some channels ---------*- C++ -*-===//
#ifndef SLIM_COMPRESS_REMOVECHANNELS_H
#define SLIM_COMPRESS_REMOVECHANNELS_H

#include "slim/Analysis/ChannelGroups.h"
#include "llvm/ADT/BitVector.h"

namespace slim {

/// Which channels of each axis of a graph go. Empty for an axis that keeps all.
class RemovedChannels {
public:
  explicit RemovedChannels(const ChannelGraph &graph)
      : graph(graph), removed(graph.getAxes().size()) {}

  void remove(const ChannelSet &set);
  /// Whether an axis loses channels.
  bool isCut(unsigned axis) const { return !removed[axis].empty(); }
  /// Those that an axis loses or keeps, ascending.
  SmallVector<int64_t> getRemoved(unsigned axis) const;
  SmallVector<int64_t> getKept(unsigned axis) const;

private:
  const ChannelGraph &graph;
  std::vector<llvm::BitVector> removed;
};

/// Cuts weights and constants of `module`, of which `graph` is the graph,
/// brings ops into line and infers the types of results again. What is left is
/// smaller and dense, nothing masked. Afterwards the graph is out of date.
/// Reports what fails: weights without data, and ops whose new types would not
/// fit.
LogicalResult removeChannels(ModuleOp module, const ChannelGraph &graph,
                             const RemovedChannels &removed);

} // namespace slim

#endif // SLIM_COMPRESS_REMOVECHANNELS_H
