//===- CastProducts.cpp - Products of 16-bit floats -----------------------===//
//
// A product in 16 bits is one whose operands come from casts that widen. The
// rounding casts before them are ordinary ops: lowering forms the product from
// what they give, in whatever loop makes it.
//
//===----------------------------------------------------------------------===//
#include "mlir/Support/DebugStringHelper.h"
#include "slim/Compress/CompressionDriver.h"
#include "slim/Compress/Passes.h"
#include "slim/IR/WeightData.h"
#include "slim/Numerics/Statistics.h"

#define DEBUG_TYPE "cast-products"

namespace slim {
#define GEN_PASS_DEF_CASTPRODUCTSPASS
#include "slim/Compress/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {

/// Rounds activations, each once.
class ActivationRounder {
public:
  explicit ActivationRounder(FloatType type) : type(type) {}

  void round(OpOperand &operand) {
    Value value = operand.get();
    if (!isF32(value))
      return;
    Value &rounded = roundedOf[value];
    if (!rounded) {
      OpBuilder builder(value.getContext());
      builder.setInsertionPointAfterValue(value);
      auto wide = cast<RankedTensorType>(value.getType());
      Value narrow = CastOp::create(builder, value.getLoc(), wide.clone(type),
                                    value, type, /*saturate=*/true);
      rounded = CastOp::create(builder, value.getLoc(), wide, narrow,
                               wide.getElementType(), /*saturate=*/true);
    }
    operand.set(rounded);
  }

  /// Whether `value` has f32 elements that may have more bits than `type`.
  bool isF32(Value value) const {
    auto tensor = dyn_cast<RankedTensorType>(value.getType());
    if (!tensor || !tensor.getElementType().isF32())
      return false;
    auto cast = value.getDefiningOp<CastOp>();
    return !cast || getElementTypeOrSelf(cast.getInput()) != type;
  }

private:
  FloatType type;
  DenseMap<Value, Value> roundedOf;
};

} // namespace

/// Why products with `weight` should stay as they are; empty if they should
/// not.
static std::string checkConsumers(const CompressibleWeight &weight) {
  for (CompressibleOpInterface consumer : weight.consumers) {
    if (isa<ConvTransposeOp>(*consumer))
      return "transposed convolutions stay in f32";
    if (auto conv = dyn_cast<ConvOp>(*consumer))
      if (conv.getGroups() > 1 && weight.getType().getDimSize(1) == 1)
        return "it is a depthwise filter";
  }
  return {};
}

static FailureOr<CompressionOutcome> castWeight(CompressibleWeight &weight,
                                                WeightRewriter &rewriter,
                                                ActivationRounder &rounder,
                                                FloatType type) {
  WeightOp stored = weight.tree.getWeights().front();
  RankedTensorType storedType = stored.getTensorType();
  if (!storedType.getElementType().isF32())
    return CompressionOutcome::skipped(
        "its values are " + debugString(storedType.getElementType()) +
        " already");
  if (std::string reason = checkConsumers(weight); !reason.empty())
    return CompressionOutcome::skipped(reason);

  FailureOr<TensorData> data = readWeightData(stored);
  if (failed(data))
    return failure();
  TensorData narrow = TensorData::fromFloats(
      cast<RankedTensorType>(storedType.clone(type)), data->toFloats());
  if (!allFinite(narrow.toFloats()))
    return CompressionOutcome::skipped("it has values beyond the range of " +
                                       debugString(type));
  // The product reads what is stored only if it is stored as it is read.
  bool isPlain = weight.tree.getPath().empty();
  WeightOp newWeight = rewriter.addWeight(stored.getSymName(), narrow, stored);
  rewriter.replaceRoots(weight, [&](OpBuilder &builder, Value root) -> Value {
    Location loc = root.getLoc();
    Value leaf = rewriter.readWeight(builder, loc, newWeight);
    leaf = CastOp::create(builder, loc, storedType, leaf,
                          storedType.getElementType(), /*saturate=*/true);
    return rebuildTree(builder, root, leaf);
  });
  if (isPlain)
    for (CompressibleOpInterface consumer : weight.consumers)
      if (isa<LinearOp, ConvOp>(*consumer))
        rounder.round(consumer->getOpOperand(0));
  return CompressionOutcome::applied("rounded to " + debugString(type));
}

/// Rounds the operands of products of two activations; returns their number.
static int64_t castMatmuls(ModuleOp module, ActivationRounder &rounder) {
  int64_t count = 0;
  module.walk([&](MatmulOp op) {
    for (Value operand : op.getOperands())
      if (!isa<RankedTensorType>(operand.getType()) ||
          !getElementTypeOrSelf(operand).isF32() ||
          cast<RankedTensorType>(operand.getType()).getRank() < 2 ||
          isWeightOrConstant(operand))
        return;
    for (OpOperand &operand : op->getOpOperands())
      rounder.round(operand);
    ++count;
  });
  return count;
}

/// What moves elements of its first operand and nothing else.
static bool isMovement(Operation *op) {
  return isa<TransposeOp, ReshapeOp, SqueezeOp, UnsqueezeOp>(op);
}

/// Gives `value` elements of `type`.
static void setElementType(Value value, Type type) {
  value.setType(cast<RankedTensorType>(value.getType()).clone(type));
}

/// Computes attention of f32 in `type`: operands are rounded where they are
/// made, before heads are split off them, and the result is widened behind what
/// merges its heads, so that everything between is narrow. Returns their
/// number.
static int64_t castAttention(ModuleOp module, FloatType type) {
  DenseMap<Value, Value> narrowOf;
  auto narrow = [&](OpOperand &operand) {
    // What moves the elements for this operand alone moves narrow ones.
    OpOperand *first = &operand;
    for (Operation *op = first->get().getDefiningOp();
         op && isMovement(op) && op->hasOneUse();
         op = first->get().getDefiningOp()) {
      setElementType(op->getResult(0), type);
      first = &op->getOpOperand(0);
    }
    Value origin = first->get();
    Value &rounded = narrowOf[origin];
    if (!rounded) {
      OpBuilder builder(origin.getContext());
      builder.setInsertionPointAfterValue(origin);
      rounded = CastOp::create(
          builder, origin.getLoc(),
          cast<RankedTensorType>(origin.getType()).clone(type), origin, type,
          /*saturate=*/true);
    }
    first->set(rounded);
  };

  SmallVector<AttentionOp> ops;
  module.walk([&](AttentionOp op) {
    if (getElementTypeOrSelf(op.getType()).isF32())
      ops.push_back(op);
  });
  for (AttentionOp op : ops) {
    for (unsigned i = 0; i < 3; ++i)
      narrow(op->getOpOperand(i));
    Value last = op.getResult();
    setElementType(last, type);
    while (last.hasOneUse() && isMovement(*last.user_begin()) &&
           (*last.user_begin())->getOperand(0) == last) {
      last = (*last.user_begin())->getResult(0);
      setElementType(last, type);
    }
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfterValue(last);
    auto wide =
        cast<RankedTensorType>(last.getType()).clone(builder.getF32Type());
    auto widened = CastOp::create(builder, last.getLoc(), wide, last,
                                  builder.getF32Type(), /*saturate=*/true);
    last.replaceAllUsesExcept(widened, widened);
  }
  return ops.size();
}

namespace {
struct CastProductsPass : slim::impl::CastProductsPassBase<CastProductsPass> {
  using Base::Base;

  void runOnOperation() override {
    FloatType narrow;
    if (type == "bf16")
      narrow = BFloat16Type::get(&getContext());
    else if (type == "f16")
      narrow = Float16Type::get(&getContext());
    if (!narrow) {
      emitError(getOperation().getLoc(),
                "cast-products: option 'type' must be bf16 or f16, not '")
          << std::string(type) << "'";
      return signalPassFailure();
    }
    ActivationRounder rounder(narrow);
    // First, as a linear layer that reads its result reads what it has rounded.
    if (matmuls)
      numMatmuls += castAttention(getOperation(), narrow);
    FailureOr<CompressionCounts> counts = compressWeights(
        getOperation(), getArgument(), {include, exclude, minElements},
        [&](CompressibleWeight &weight, WeightRewriter &rewriter) {
          return castWeight(weight, rewriter, rounder, narrow);
        });
    if (failed(counts))
      return signalPassFailure();
    if (matmuls)
      numMatmuls += castMatmuls(getOperation(), rounder);
    numCompressed += counts->applied;
    numSkipped += counts->skipped;
    bytesBefore += counts->bytesBefore;
    bytesAfter += counts->bytesAfter;
  }
};
} // namespace
