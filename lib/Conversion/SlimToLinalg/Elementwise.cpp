//===- Elementwise.cpp - Lowering of elementwise ops ----------------------===//
#include "Patterns.h"
#include "ScalarOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

namespace {

/// Every elementwise op is a linalg.generic over its broadcast operands whose
/// body is the op on scalars.
template <typename OpTy>
struct ConvertElementwise : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ValueRange operands = adaptor.getOperands();
    RankedTensorType type = getSignlessType(op.getResult().getType());
    Location loc = op.getLoc();
    bool isSupported = true;
    Value result = createElementwise(
        rewriter, loc, op, operands, type,
        [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          SmallVector<Value> scalars(args);
          // A constant that all elements share is visible to the scalar op.
          for (auto [scalar, operand] : llvm::zip(scalars, operands)) {
            DenseElementsAttr elements;
            if (matchPattern(operand, m_Constant(&elements)) &&
                elements.isSplat())
              scalar = arith::ConstantOp::create(
                  b, loc, elements.getSplatValue<TypedAttr>());
          }
          Value value = createScalarOp(b, loc, op, scalars);
          if (value)
            return value;
          isSupported = false;
          return createZero(b, loc, type.getElementType());
        });
    if (!isSupported)
      return rewriter.notifyMatchFailure(op, "element types not supported");
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// A read of the table at the bits of each element.
struct ConvertTableLookup : OpConversionPattern<TableLookupOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(TableLookupOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RankedTensorType type = getSignlessType(op.getResult().getType());
    rewriter.replaceOp(
        op, createElementwise(
                rewriter, op.getLoc(), op, adaptor.getInput(), type,
                [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                  Value position = arith::IndexCastUIOp::create(
                      b, loc, b.getIndexType(), args[0]);
                  return tensor::ExtractOp::create(b, loc, adaptor.getTable(),
                                                   position);
                }));
    return success();
  }
};

template <typename... OpTys>
void addPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertElementwise<OpTys>...>(converter, patterns.getContext());
}

} // namespace

void conversion::populateElementwisePatterns(const TypeConverter &converter,
                                             RewritePatternSet &patterns) {
  addPatterns<
      // Unary.
      AbsOp, NegOp, SignOp, ExpOp, LogOp, SqrtOp, RsqrtOp, ReciprocalOp,
      FloorOp, CeilOp, RoundOp, SinOp, CosOp, TanOp, AsinOp, AcosOp, AtanOp,
      SinhOp, CoshOp, TanhOp, AsinhOp, AcoshOp, AtanhOp, ErfOp, SigmoidOp,
      ReluOp, SiluOp, SoftplusOp, SoftsignOp, MishOp, HardSwishOp, NotOp,
      IsNaNOp, IsInfOp, GeluOp, LeakyReluOp, EluOp, HardSigmoidOp, CastOp,
      // Binary.
      AddOp, SubOp, MulOp, DivOp, PowOp, MinOp, MaxOp, ModOp, RemOp, PReluOp,
      AndOp, OrOp, XorOp, ShiftLeftOp, ShiftRightOp, EqualOp, LessOp,
      LessEqualOp, GreaterOp, GreaterEqualOp,
      // Ternary.
      SelectOp, ClampOp>(converter, patterns);
  patterns.add<ConvertTableLookup>(converter, patterns.getContext());
}
