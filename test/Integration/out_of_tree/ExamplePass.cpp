//===- ExamplePass.cpp - A pass outside the tree --------------------------===//
//
// Clears the weights that are smaller than a threshold: what a first
// compression pass of one's own looks like. Loaded with
//
//   slim-opt --load-pass-plugin=ExamplePass.so
//     --pass-pipeline="builtin.module(example-clear-small)"
//
//===----------------------------------------------------------------------===//
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "slim/IR/SlimDialect.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/TensorData.h"

#include <cmath>

namespace {

struct ClearSmallPass
    : public mlir::PassWrapper<ClearSmallPass,
                               mlir::OperationPass<mlir::ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ClearSmallPass)

  ClearSmallPass() = default;
  ClearSmallPass(const ClearSmallPass &other) : PassWrapper(other) {}

  llvm::StringRef getArgument() const override { return "example-clear-small"; }
  llvm::StringRef getDescription() const override {
    return "Set weights with a magnitude below a threshold to zero";
  }

  void runOnOperation() override {
    for (auto weight : getOperation().getOps<slim::WeightOp>()) {
      auto data = llvm::dyn_cast_or_null<mlir::ElementsAttr>(
          weight.getData().value_or(nullptr));
      if (!data || !weight.getTensorType().getElementType().isF32())
        continue;
      std::optional<slim::TensorData> tensor = slim::TensorData::fromAttr(data);
      if (!tensor)
        continue;
      std::vector<float> values = tensor->toFloats();
      int64_t cleared = 0;
      for (float &value : values) {
        if (value != 0 && std::fabs(value) < threshold) {
          value = 0;
          ++cleared;
        }
      }
      weight.setDataAttr(
          slim::TensorData::fromFloats(weight.getTensorType(), values)
              .toAttr());
      weight.emitRemark() << "cleared " << cleared << " of " << values.size()
                          << " values";
    }
  }

  Option<float> threshold{*this, "threshold", llvm::cl::init(0.1f),
                          llvm::cl::desc("Magnitude that survives")};
};

} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "SlimExamplePass", "0.1",
          [] { mlir::PassRegistration<ClearSmallPass>(); }};
}
