//===- FactorScales.cpp - Scales of weights after the sum -----------------===//
//
// A stored weight is often a code times a scale of its column. The sum of
// x[k] * (code[k] * scale) is scale times the sum of x[k] * code[k]: one
// multiplication a column instead of one an element, in products that are bound
// by decoding their weights.
//
//===----------------------------------------------------------------------===//
#include "StoredWeights.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_FACTORSCALESPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

/// Whether the body adds to the output the product of the two inputs as they
/// are.
static bool isFloatProduct(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op->getNumResults() != 1 ||
      !op.hasPureTensorSemantics() || op.getNumReductionLoops() == 0 ||
      !llvm::hasNItems(op.getBody()->without_terminator(), 2))
    return false;
  Block *body = op.getBody();
  auto sum =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  BlockArgument out = body->getArgument(2);
  Value term = sum.getLhs() == out ? sum.getRhs() : sum.getLhs();
  auto product = term.getDefiningOp<arith::MulFOp>();
  return product && llvm::is_contained({sum.getLhs(), sum.getRhs()}, out) &&
         llvm::is_contained(product->getOperands(), body->getArgument(0)) &&
         llvm::is_contained(product->getOperands(), body->getArgument(1));
}

/// Whether the op computes its result element by element from what the library
/// stores.
static bool isDecode(linalg::GenericOp op) {
  return op && op.hasPureTensorSemantics() && op->getNumResults() == 1 &&
         op.getNumParallelLoops() == op.getNumLoops() &&
         !op.hasIndexSemantics() &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isPermutation() &&
         llvm::all_of(op.getDpsInputOperands(), [](OpOperand *operand) {
           return cpu::getStoredWeight(operand->get());
         });
}

namespace {
/// A factor of a decoded element.
struct Scale {
  OpOperand *operand = nullptr; // Of the op that decodes.
  AffineMap map;                // From the loops of the product.
};

struct FactorScalesPass
    : public slim::impl::FactorScalesPassBase<FactorScalesPass> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> products;
    getOperation()->walk([&](linalg::GenericOp op) {
      if (isFloatProduct(op))
        products.push_back(op);
    });
    for (linalg::GenericOp product : products)
      for (unsigned input : {0, 1}) {
        auto decode =
            product.getInputs()[input].getDefiningOp<linalg::GenericOp>();
        if (!isDecode(decode))
          continue;
        if (Scale scale = findScale(product, input, decode); scale.operand)
          factor(product, input, decode, scale);
        break;
      }
  }

private:
  /// A factor of the decoded element that the reduction's loops do not change.
  static Scale findScale(linalg::GenericOp product, unsigned input,
                         linalg::GenericOp decode) {
    auto scaled = decode.getBody()
                      ->getTerminator()
                      ->getOperand(0)
                      .getDefiningOp<arith::MulFOp>();
    if (!scaled || !scaled->hasOneUse())
      return {};
    AffineMap toDecode = inversePermutation(decode.getMatchingIndexingMap(
                                                decode.getDpsInitOperand(0)))
                             .compose(product.getMatchingIndexingMap(
                                 product.getDpsInputOperand(input)));
    SmallVector<unsigned> reductions;
    product.getReductionDims(reductions);
    for (Value factor : scaled->getOperands()) {
      auto argument = dyn_cast<BlockArgument>(factor);
      if (!argument || !argument.hasOneUse())
        continue;
      OpOperand *operand = decode.getDpsInputOperand(argument.getArgNumber());
      AffineMap map = decode.getMatchingIndexingMap(operand).compose(toDecode);
      if (llvm::none_of(reductions, [&](unsigned loop) {
            return map.isFunctionOfDim(loop);
          }))
        return {operand, map};
    }
    return {};
  }

  /// The op that decodes, without the factor.
  static Value createUnscaled(IRRewriter &b, linalg::GenericOp decode,
                              Scale scale) {
    unsigned dropped = scale.operand->getOperandNumber();
    SmallVector<Value> inputs;
    SmallVector<AffineMap> maps;
    for (OpOperand *operand : decode.getDpsInputOperands())
      if (operand != scale.operand) {
        inputs.push_back(operand->get());
        maps.push_back(decode.getMatchingIndexingMap(operand));
      }
    maps.push_back(decode.getIndexingMapsArray().back());
    return linalg::GenericOp::create(
               b, decode.getLoc(), decode->getResultTypes(), inputs,
               decode.getOutputs(), maps, decode.getIteratorTypesArray(),
               [&](OpBuilder &b, Location loc, ValueRange arguments) {
                 Block *body = decode.getBody();
                 IRMapping mapping;
                 for (auto [i, argument] : llvm::enumerate(arguments))
                   mapping.map(body->getArgument(i < dropped ? i : i + 1),
                               argument);
                 Operation *scaled =
                     body->getTerminator()->getOperand(0).getDefiningOp();
                 for (Operation &op : body->without_terminator())
                   if (&op != scaled)
                     b.clone(op, mapping);
                 bool first =
                     scaled->getOperand(0) == body->getArgument(dropped);
                 linalg::YieldOp::create(
                     b, loc,
                     mapping.lookupOrDefault(scaled->getOperand(first)));
               })
        .getResult(0);
  }

  void factor(linalg::GenericOp product, unsigned input,
              linalg::GenericOp decode, Scale scale) {
    IRRewriter b(product);
    Location loc = product.getLoc();
    Value unscaled = createUnscaled(b, decode, scale);
    Value old = product.getOutputs()[0];
    auto type = cast<RankedTensorType>(old.getType());
    Type element = type.getElementType();
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, old);
    auto createEmpty = [&] {
      return tensor::EmptyOp::create(b, loc, sizes, element);
    };
    // The sum starts at zero; what the output held is added after scaling.
    auto fill = old.getDefiningOp<linalg::FillOp>();
    bool fromZero = fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
    Value start = old;
    if (!fromZero) {
      Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
      start = linalg::FillOp::create(b, loc, zero, createEmpty().getResult())
                  .getResult(0);
    }
    auto sum = cast<linalg::GenericOp>(b.clone(*product));
    sum.getInputsMutable()[input].assign(unscaled);
    sum.getOutputsMutable()[0].assign(start);

    // The scale by the dimensions of the output.
    AffineMap outputMap = product.getIndexingMapsArray().back();
    SmallVector<AffineExpr> dims(product.getNumLoops(),
                                 b.getAffineConstantExpr(0));
    for (auto [i, expr] : llvm::enumerate(outputMap.getResults()))
      dims[cast<AffineDimExpr>(expr).getPosition()] = b.getAffineDimExpr(i);
    AffineMap scaleMap =
        scale.map.replaceDimsAndSymbols(dims, {}, outputMap.getNumResults(), 0);
    AffineMap identity = b.getMultiDimIdentityMap(outputMap.getNumResults());
    SmallVector<Value> inputs = {sum.getResult(0), scale.operand->get()};
    SmallVector<AffineMap> maps = {identity, scaleMap};
    if (!fromZero) {
      inputs.push_back(old);
      maps.push_back(identity);
    }
    maps.push_back(identity);
    auto scaled = linalg::GenericOp::create(
        b, loc, type, inputs, createEmpty().getResult(), maps,
        SmallVector<utils::IteratorType>(outputMap.getNumResults(),
                                         utils::IteratorType::parallel),
        [&](OpBuilder &b, Location loc, ValueRange arguments) {
          Value result =
              arith::MulFOp::create(b, loc, arguments[0], arguments[1]);
          if (!fromZero)
            result = arith::AddFOp::create(b, loc, result, arguments[2]);
          linalg::YieldOp::create(b, loc, result);
        });
    b.replaceOp(product, scaled);
    if (decode.use_empty())
      b.eraseOp(decode);
    ++numFactored;
  }
};
} // namespace
