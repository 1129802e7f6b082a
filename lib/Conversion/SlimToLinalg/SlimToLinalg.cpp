//===- SlimToLinalg.cpp - The pass convert-slim-to-linalg -----------------===//
//
// The frame: which types change, what is legal afterwards, and the structural
// conversions (functions, calls, returns, scf) around the patterns of the
// other files.
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "slim/Conversion/Passes.h"
#include "slim/IR/SlimOps.h"

namespace slim {
#define GEN_PASS_DEF_CONVERTSLIMTOLINALGPASS
#include "slim/Conversion/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {

/// Unsigned integers become signless ones, alone and in tensors.
class SignlessTypeConverter : public TypeConverter {
public:
  SignlessTypeConverter() {
    addConversion([](Type type) { return type; });
    addConversion([](IntegerType type) -> Type {
      return IntegerType::get(type.getContext(), type.getWidth());
    });
    addConversion([this](RankedTensorType type) -> Type {
      return type.clone(convertType(type.getElementType()));
    });
    auto cast = [](OpBuilder &builder, Type type, ValueRange inputs,
                   Location loc) -> Value {
      return UnrealizedConversionCastOp::create(builder, loc, type, inputs)
          .getResult(0);
    };
    addSourceMaterialization(cast);
    addTargetMaterialization(cast);
  }
};

struct ConvertSlimToLinalgPass
    : public slim::impl::ConvertSlimToLinalgPassBase<ConvertSlimToLinalgPass> {
  using ConvertSlimToLinalgPassBase::ConvertSlimToLinalgPassBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    SignlessTypeConverter converter;
    RewritePatternSet patterns(context);
    ConversionTarget target(*context);

    target.addIllegalDialect<SlimDialect>();
    if (keepAttention)
      target.addDynamicallyLegalOp<AttentionOp>(
          [](AttentionOp op) { return op->hasAttr(kCheckedAttr); });
    target.markUnknownOpDynamicallyLegal(
        [&](Operation *op) { return converter.isLegal(op); });
    target.addLegalOp<UnrealizedConversionCastOp>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
      return converter.isSignatureLegal(op.getFunctionType()) &&
             converter.isLegal(&op.getBody());
    });

    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                   converter);
    populateCallOpTypeConversionPattern(patterns, converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    scf::populateSCFStructuralTypeConversions(converter, patterns);

    conversion::populateAttentionPatterns(converter, patterns,
                                          {keepAttention, multipliesBF16});
    conversion::populateConvPatterns(converter, patterns);
    conversion::populateConvTransposePatterns(converter, patterns);
    conversion::populateDecodePatterns(converter, patterns);
    conversion::populateElementwisePatterns(converter, patterns);
    conversion::populateEmptyPatterns(converter, patterns);
    conversion::populateIndexingPatterns(converter, patterns);
    conversion::populateLinearPatterns(converter, patterns);
    conversion::populateNormalizationPatterns(converter, patterns);
    conversion::populatePoolPatterns(converter, patterns);
    conversion::populateRecurrentPatterns(converter, patterns);
    conversion::populateReductionPatterns(converter, patterns);
    conversion::populateResizePatterns(converter, patterns);
    conversion::populateScanPatterns(converter, patterns);
    conversion::populateShapePatterns(converter, patterns);
    conversion::populateShapeArithmeticPatterns(converter, patterns);
    conversion::populateSlicePatterns(converter, patterns);
    conversion::populateSoftmaxPatterns(converter, patterns);
    conversion::populateWeightPatterns(converter, patterns);

    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
