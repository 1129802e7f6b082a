//===- ChannelGroups.cpp - Which channels go together ---------------------===//
#include "slim/Analysis/ChannelGroups.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/IntEqClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace slim;

SmallVector<unsigned> ChannelGroup::getAxes() const {
  return llvm::map_to_vector(
      sets.front(), [](const AxisChannels &part) { return part.axis; });
}

//===----------------------------------------------------------------------===//
// Axes
//===----------------------------------------------------------------------===//

void ChannelGraph::addAxesOf(WeightOp weight, Value value,
                             RankedTensorType type) {
  SmallVector<std::optional<unsigned>> numbers(type.getRank());
  for (auto [dim, extent] : llvm::enumerate(type.getShape())) {
    if (ShapedType::isDynamic(extent) || extent <= 1)
      continue;
    numbers[dim] = axes.size();
    axes.push_back({weight, value, static_cast<int64_t>(dim), extent});
    firstNodes.push_back(numNodes);
    numNodes += extent;
  }
  if (weight)
    axesOfWeight[weight] = std::move(numbers);
  else
    axesOfValue[value] = std::move(numbers);
}

void ChannelGraph::addAxes(ModuleOp module) {
  for (auto weight : module.getOps<WeightOp>())
    addAxesOf(weight, Value(), weight.getTensorType());
  auto addValue = [&](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type)
      return;
    if (auto get = value.getDefiningOp<GetWeightOp>())
      if (auto weight = symbols.lookup<WeightOp>(get.getName())) {
        axesOfValue[value] = axesOfWeight.lookup(weight);
        return;
      }
    addAxesOf(WeightOp(), value, type);
  };
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    llvm::for_each(op->getResults(), addValue);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        llvm::for_each(block.getArguments(), addValue);
  });
}

std::optional<unsigned> ChannelGraph::lookup(Value value, int64_t dim) const {
  auto it = axesOfValue.find(value);
  if (it == axesOfValue.end())
    return std::nullopt;
  return it->second[dim];
}

//===----------------------------------------------------------------------===//
// Ties
//===----------------------------------------------------------------------===//

namespace {
/// Why channels stay, or change when others go, by axis.
struct Reasons {
  DenseMap<unsigned, Operation *> ofAxis;

  void add(std::optional<unsigned> axis, Operation *op) {
    if (axis)
      ofAxis.try_emplace(*axis, op);
  }
};
} // namespace

/// Calls `visit` with each dimension of each operand and result of `op`.
static void forEachEnd(Operation *op,
                       function_ref<void(const ChannelEnd &)> visit) {
  auto visitAll = [&](ValueRange values, bool isResult) {
    for (auto [index, value] : llvm::enumerate(values))
      if (auto type = dyn_cast<RankedTensorType>(value.getType()))
        for (int64_t dim = 0; dim < type.getRank(); ++dim)
          visit({isResult, static_cast<unsigned>(index), dim});
  };
  visitAll(op->getOperands(), false);
  visitAll(op->getResults(), true);
}

ChannelGraph::ChannelGraph(ModuleOp module) : symbols(module) {
  addAxes(module);

  llvm::IntEqClasses classes(numNodes);
  Reasons fixed, statistics;
  auto getAxis = [&](Operation *op, const ChannelEnd &end) {
    return lookup(end.getValue(op), end.dim);
  };
  module.walk([&](Operation *op) {
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (BlockArgument argument : block.getArguments())
          if (auto type = dyn_cast<RankedTensorType>(argument.getType()))
            for (int64_t dim = 0; dim < type.getRank(); ++dim)
              fixed.add(lookup(argument, dim), op);
    if (isa<GetWeightOp, ConstantOp>(op))
      return;
    auto channelOp = dyn_cast<ChannelOpInterface>(op);
    if (!channelOp) {
      forEachEnd(
          op, [&](const ChannelEnd &end) { fixed.add(getAxis(op, end), op); });
      return;
    }

    SmallVector<ChannelTie> ties;
    channelOp.getChannelTies(ties);
    for (const ChannelTie &tie : ties) {
      std::optional<unsigned> from = getAxis(op, tie.from),
                              to = getAxis(op, tie.to);
      if (!from || !to) {
        // An open extent may hold what the other end has.
        fixed.add(from, op);
        fixed.add(to, op);
        continue;
      }
      for (int64_t channel = 0; channel < axes[*from].extent; ++channel)
        for (int64_t part = 0; part < tie.repeat; ++part) {
          int64_t other = tie.offset + channel * tie.repeat + part;
          if (other >= 0 && other < axes[*to].extent)
            classes.join(firstNodes[*from] + channel, firstNodes[*to] + other);
        }
    }
    forEachEnd(op, [&](const ChannelEnd &end) {
      if (llvm::none_of(ties, [&](const ChannelTie &tie) {
            return tie.from == end || tie.to == end;
          }))
        fixed.add(getAxis(op, end), op);
    });
    SmallVector<ChannelEnd> ends;
    channelOp.getStatisticDims(ends);
    for (const ChannelEnd &end : ends)
      statistics.add(getAxis(op, end), op);
  });
  classes.compress();

  // The sets, each with its parts in the order of the axes.
  std::vector<ChannelSet> sets(classes.getNumClasses());
  for (unsigned axis = 0; axis < axes.size(); ++axis)
    for (int64_t channel = 0; channel < axes[axis].extent; ++channel) {
      ChannelSet &set = sets[classes[firstNodes[axis] + channel]];
      if (set.empty() || set.back().axis != axis)
        set.push_back({axis, {}});
      set.back().channels.push_back(channel);
    }

  // Sets alike are a group.
  llvm::MapVector<SmallVector<std::pair<unsigned, size_t>>,
                  std::vector<ChannelSet>,
                  std::map<SmallVector<std::pair<unsigned, size_t>>, unsigned>>
      alike;
  for (ChannelSet &set : sets) {
    if (llvm::none_of(set, [&](const AxisChannels &part) {
          return axes[part.axis].isStored();
        }))
      continue;
    SmallVector<std::pair<unsigned, size_t>> key;
    for (const AxisChannels &part : set)
      key.emplace_back(part.axis, part.channels.size());
    alike[key].push_back(std::move(set));
  }
  for (auto &[key, members] : alike) {
    ChannelGroup group;
    group.sets = std::move(members);
    for (auto [axis, count] : key) {
      if (!group.fixedBy)
        group.fixedBy = fixed.ofAxis.lookup(axis);
      if (!group.statisticBy)
        group.statisticBy = statistics.ofAxis.lookup(axis);
    }
    groups.push_back(std::move(group));
  }
}
