//===- Weights.cpp - Lowering of weights and constants --------------------===//
#include "Patterns.h"
#include "Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/TensorData.h"

using namespace slim;
using namespace slim::conversion;

static MemRefType getGlobalType(RankedTensorType type) {
  RankedTensorType signless = getSignlessType(type);
  return MemRefType::get(signless.getShape(), signless.getElementType());
}

/// Declares `name` as read-only memory whose bytes code generation takes from
/// `data` (null for a weight without data).
static memref::GlobalOp createGlobal(OpBuilder &b, Location loc, StringRef name,
                                     RankedTensorType type, Attribute data) {
  // Public: a private global without initial value would be undefined data.
  auto global = memref::GlobalOp::create(
      b, loc, name, /*sym_visibility=*/StringAttr(), getGlobalType(type),
      /*initial_value=*/Attribute(), /*constant=*/true,
      b.getI64IntegerAttr(64));
  if (data)
    global->setAttr("slim.data", data);
  return global;
}

static Value readGlobal(OpBuilder &b, Location loc, StringRef name,
                        RankedTensorType type) {
  Value memory = memref::GetGlobalOp::create(b, loc, getGlobalType(type), name);
  return bufferization::ToTensorOp::create(b, loc, getSignlessType(type),
                                           memory, /*restrict=*/true);
}

namespace {

struct ConvertWeight : OpConversionPattern<WeightOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(WeightOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    createGlobal(rewriter, op.getLoc(), op.getSymName(), op.getTensorType(),
                 op.getDataAttr());
    rewriter.eraseOp(op);
    return success();
  }
};

struct ConvertGetWeight : OpConversionPattern<GetWeightOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(GetWeightOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, readGlobal(rewriter, op.getLoc(), op.getName(),
                                      op.getResult().getType()));
    return success();
  }
};

/// Calibration has taken out the observers that it wants.
struct DropObserve : OpConversionPattern<ObserveOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ObserveOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.eraseOp(op);
    return success();
  }
};

struct ConvertConstant : OpConversionPattern<ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ConstantOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getResult().getType());
    auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
    if (!dense) {
      std::optional<TensorData> data = TensorData::fromAttr(op.getValue());
      if (!data)
        return rewriter.notifyMatchFailure(op, "value without data");
      dense = data->toAttr();
    }
    RankedTensorType signless = getSignlessType(type);
    if (signless != type)
      dense = dense.bitcast(signless.getElementType());
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, signless, dense);
    return success();
  }
};

} // namespace

void conversion::populateWeightPatterns(const TypeConverter &converter,
                                        RewritePatternSet &patterns) {
  patterns.add<ConvertConstant, ConvertGetWeight, ConvertWeight, DropObserve>(
      converter, patterns.getContext());
}
