//===- Empty.cpp - Ops without elements -----------------------------------===//
//
// An op whose results certainly have no element has nothing to compute.
// Upstream's slices and reshapes do not like such shapes, so that none reaches
// them.
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "Utils.h"
#include "slim/IR/SlimDialect.h"

using namespace slim;
using namespace slim::conversion;

namespace {

struct ConvertWithoutElements : ConversionPattern {
  ConvertWithoutElements(const TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), /*benefit=*/100,
                          context) {}

  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    if (!isa<SlimDialect>(op->getDialect()) || op->getNumResults() == 0 ||
        op->getNumRegions() != 0 || !isMemoryEffectFree(op))
      return failure();
    auto hasNoElement = [](Type type) {
      auto tensorType = dyn_cast<RankedTensorType>(type);
      return tensorType && tensorType.hasStaticShape() &&
             tensorType.getNumElements() == 0;
    };
    if (!llvm::all_of(op->getResultTypes(), hasNoElement))
      return failure();
    SmallVector<Value> results;
    for (Type type : op->getResultTypes()) {
      RankedTensorType signless = getSignlessType(type);
      results.push_back(tensor::EmptyOp::create(rewriter, op->getLoc(),
                                                signless.getShape(),
                                                signless.getElementType()));
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};

} // namespace

void conversion::populateEmptyPatterns(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<ConvertWithoutElements>(converter, patterns.getContext());
}
