//===- PrintChannelGroups.cpp - A report of coupled channels --------------===//
#include "mlir/IR/AsmState.h"
#include "slim/Analysis/ChannelGroups.h"
#include "slim/Analysis/Passes.h"

namespace slim {
#define GEN_PASS_DEF_PRINTCHANNELGROUPSPASS
#include "slim/Analysis/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {
struct PrintChannelGroupsPass
    : slim::impl::PrintChannelGroupsPassBase<PrintChannelGroupsPass> {
  using Base::Base;
  void runOnOperation() override;
};
} // namespace

static void printName(const ChannelAxis &axis, AsmState &state,
                      llvm::raw_ostream &os) {
  if (WeightOp weight = axis.weight)
    os << FlatSymbolRefAttr::get(weight.getSymNameAttr());
  else
    axis.value.printAsOperand(os, state);
}

void PrintChannelGroupsPass::runOnOperation() {
  ModuleOp module = getOperation();
  ChannelGraph graph(module);
  AsmState state(module);
  llvm::raw_ostream &os = llvm::errs();
  for (auto [number, group] : llvm::enumerate(graph.getGroups())) {
    os << "group " << number << ": " << group.sets.size() << " sets";
    if (group.fixedBy)
      os << ", kept whole by " << group.fixedBy->getName();
    else if (group.statisticBy)
      os << ", changing statistics of " << group.statisticBy->getName();
    os << '\n';
    for (const AxisChannels &part : group.sets.front()) {
      const ChannelAxis &axis = graph.getAxes()[part.axis];
      if (!axis.isStored() && !values)
        continue;
      os << "  ";
      printName(axis, state, os);
      os << " dim " << axis.dim << ": " << part.channels.size() << " of "
         << axis.extent << '\n';
    }
  }
  markAllAnalysesPreserved();
}
