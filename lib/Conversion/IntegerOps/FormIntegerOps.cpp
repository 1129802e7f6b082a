//===- FormIntegerOps.cpp - The pass slim-form-integer-ops ----------------===//
#include "../BlockProduct.h"
#include "IntegerOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "slim/Conversion/Passes.h"

namespace slim {
#define GEN_PASS_DEF_FORMINTEGEROPSPASS
#include "slim/Conversion/Passes.h.inc"
} // namespace slim

using namespace slim;
using namespace slim::integerops;

namespace {
struct FormIntegerOpsPass
    : public slim::impl::FormIntegerOpsPassBase<FormIntegerOpsPass> {
  void runOnOperation() override {
    auto run = [&](auto populate) {
      RewritePatternSet patterns(&getContext());
      populate(patterns);
      return applyPatternsGreedily(getOperation(), std::move(patterns));
    };
    // Codes come to the products first; what is left is arithmetic that takes
    // scales over.
    if (failed(run(populateMoveQuantizationPatterns)) ||
        failed(run([&](RewritePatternSet &patterns) {
          populateFormProductPatterns(patterns, numProducts);
        })) ||
        failed(run(populateDecodeConstantPatterns)))
      return signalPassFailure();
    // Of numbers as the model computes them, before scales move.
    for (auto function : getOperation().getOps<FunctionOpInterface>())
      formTables(function, numTables);
    if (failed(run(populateFoldOutputScalePatterns)))
      return signalPassFailure();
    getOperation().walk([&](Operation *op) {
      if (!isa<LinearOp, ConvOp, MatmulOp>(op) ||
          !llvm::any_of(op->getOperands(), [](Value operand) {
            return bool(getDequantizedActivation(operand));
          }))
        return;
      // Summed in integers block by block, when it is lowered.
      if (auto linear = dyn_cast<LinearOp>(op);
          linear && getBlockedInput(linear)) {
        ++numProducts;
        return;
      }
      ++numFloatProducts;
    });
  }
};
} // namespace
