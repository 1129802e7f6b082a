//===- Rotate.cpp - Rotate the residual stream and heads ------------------===//
//
// First everything that has to change is collected, as factors of the operands
// that hold weights; if an op is met that does not commute with the rotation,
// nothing is changed. Then each weight is multiplied by its factors, once for
// all operands that want the same.
//
//===----------------------------------------------------------------------===//
#include "mlir/IR/Remarks.h"
#include "slim/Compress/CompressionDriver.h"
#include "slim/Compress/Passes.h"
#include "slim/IR/WeightStorage.h"
#include "slim/Numerics/Hadamard.h"
#include "llvm/ADT/SetVector.h"

namespace slim {
#define GEN_PASS_DEF_ROTATEPASS
#include "slim/Compress/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {

/// What a weight, seen as a matrix of output channels (a vector as a column),
/// is multiplied by: (I x left)^T W diag(scale) (I x right).
struct Factors {
  std::optional<int64_t> left, right; // extents of the rotations
  Value scale;

  bool operator==(const Factors &other) const {
    return left == other.left && right == other.right && scale == other.scale;
  }
};

/// The changes of operands that hold weights, in the order in which they were
/// found.
class Changes {
public:
  /// Fails if the weight's data are not at hand, uncompressed and float.
  bool canChange(Value weight) const {
    auto type = dyn_cast<RankedTensorType>(weight.getType());
    bool isPlain = weight.getDefiningOp<GetWeightOp>() ||
                   weight.getDefiningOp<ConstantOp>();
    return isPlain && type && type.hasStaticShape() &&
           isa<FloatType>(type.getElementType()) && hasConstantData(weight);
  }

  void multiplyLeft(OpOperand &operand, int64_t extent) {
    get(operand).left = extent;
  }
  void multiplyRight(OpOperand &operand, int64_t extent, Value scale = {}) {
    Factors &factors = get(operand);
    factors.right = extent;
    factors.scale = scale;
  }

  /// Multiplies all weights. Returns how many there are afterwards.
  FailureOr<int64_t> apply(WeightRewriter &rewriter, uint64_t seed);

private:
  Factors &get(OpOperand &operand) {
    auto [it, isNew] = numbers.try_emplace(&operand, changes.size());
    if (isNew)
      changes.push_back({&operand, {}});
    return changes[it->second].second;
  }

  FailureOr<TensorData> compute(OpOperand &operand, const Factors &factors,
                                uint64_t seed);

  std::vector<std::pair<OpOperand *, Factors>> changes;
  DenseMap<OpOperand *, size_t> numbers;
};

} // namespace

/// Whether the columns of the matrix lie along the stored tensor's rows.
static bool isTransposed(OpOperand &operand) {
  auto linear = dyn_cast<LinearOp>(operand.getOwner());
  return linear && &operand == &linear.getWeightMutable() &&
         linear.getTransposed();
}

FailureOr<TensorData> Changes::compute(OpOperand &operand,
                                       const Factors &factors, uint64_t seed) {
  auto type = cast<RankedTensorType>(operand.get().getType());
  FailureOr<std::vector<float>> values = decodeToDense(operand.get());
  if (failed(values))
    return failure();
  bool transposed = isTransposed(operand);
  int64_t rows = type.getDimSize(0);
  int64_t columns = type.getRank() > 1 ? type.getDimSize(1) : 1;
  if (factors.scale) {
    FailureOr<std::vector<float>> scale = decodeToDense(factors.scale);
    if (failed(scale))
      return failure();
    for (int64_t i = 0, e = values->size(); i < e; ++i)
      (*values)[i] *= (*scale)[transposed ? i / columns : i % columns];
  }
  // Transposed, both sides change places.
  std::optional<int64_t> left = factors.left, right = factors.right;
  if (transposed)
    std::swap(left, right);
  if (left)
    rotateRows(*values, rows, columns, *buildRandomRotation(*left, seed),
               *left);
  if (right)
    rotateColumns(*values, rows, columns, *buildRandomRotation(*right, seed),
                  *right);
  return TensorData::fromFloats(type, *values);
}

FailureOr<int64_t> Changes::apply(WeightRewriter &rewriter, uint64_t seed) {
  struct Made {
    Factors factors;
    bool transposed;
    WeightOp weight;
  };
  llvm::StringMap<SmallVector<Made, 1>> made;
  int64_t count = 0;
  // New weights are made of old ones throughout.
  std::vector<std::pair<OpOperand *, Value>> replacements;
  for (auto &[operand, factors] : changes) {
    Value old = operand->get();
    OpBuilder builder(operand->getOwner());
    Location loc = old.getLoc();
    auto leaf = old.getDefiningOp<GetWeightOp>();
    if (!leaf) {
      FailureOr<TensorData> data = compute(*operand, factors, seed);
      if (failed(data))
        return failure();
      replacements.emplace_back(
          operand, ConstantOp::create(builder, loc, data->toAttr()));
      continue;
    }
    SmallVector<Made, 1> &known = made[leaf.getName()];
    bool transposed = isTransposed(*operand);
    auto found = llvm::find_if(known, [&, &factors = factors](const Made &one) {
      return one.factors == factors && one.transposed == transposed;
    });
    if (found == known.end()) {
      FailureOr<TensorData> data = compute(*operand, factors, seed);
      if (failed(data))
        return failure();
      WeightOp weight = DecodeTree::match(old)->getWeights().front();
      known.push_back({factors, transposed,
                       rewriter.addWeight(weight.getSymName(), *data, weight)});
      found = std::prev(known.end());
      ++count;
    }
    replacements.emplace_back(operand,
                              rewriter.readWeight(builder, loc, found->weight));
  }
  for (auto [operand, value] : replacements) {
    Value old = operand->get();
    operand->set(value);
    rewriter.eraseTree(old);
  }
  return count;
}

//===----------------------------------------------------------------------===//
// The residual stream
//===----------------------------------------------------------------------===//

namespace {

/// Follows the stream that RMS norms read.
class Stream {
public:
  explicit Stream(Changes &changes) : changes(changes) {}

  /// Adds `value`, and what it is tied to.
  void add(Value value) { values.insert(value); }

  /// Collects the changes. An error message if the stream cannot be rotated.
  std::string collect() {
    extent = cast<RankedTensorType>(values.front().getType()).getShape().back();
    for (size_t i = 0; i < values.size(); ++i) {
      Value value = values[i];
      auto type = cast<RankedTensorType>(value.getType());
      if (type.getShape().back() != extent)
        return "its values have different widths";
      std::string reason = visitProducer(value);
      for (OpOperand &use : value.getUses())
        if (reason.empty())
          reason = visitConsumer(use);
      if (!reason.empty())
        return reason;
    }
    return {};
  }

  int64_t getExtent() const { return extent; }

  /// The scales of the norms are in the weights.
  void dropScales(WeightRewriter &rewriter) {
    for (RMSNormOp norm : norms) {
      Value scale = norm.getScale();
      if (!scale)
        continue;
      norm.getScaleMutable().clear();
      rewriter.eraseTree(scale);
    }
  }

private:
  std::string visitProducer(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return "it begins with an argument";
    if (auto sum = dyn_cast<AddOp>(op)) {
      if (sum.getLhs().getType() != value.getType() ||
          sum.getRhs().getType() != value.getType())
        return "an addition to it broadcasts";
      values.insert(sum.getLhs());
      values.insert(sum.getRhs());
      return {};
    }
    if (auto embedding = dyn_cast<EmbeddingOp>(op)) {
      if (!changes.canChange(embedding.getWeight()))
        return "a table of embeddings is compressed or without data";
      changes.multiplyRight(embedding.getWeightMutable(), extent);
      return {};
    }
    if (auto linear = dyn_cast<LinearOp>(op)) {
      if (!changes.canChange(linear.getWeight()) ||
          (linear.getBias() && !changes.canChange(linear.getBias())))
        return "a weight that writes to it is compressed or without data";
      changes.multiplyLeft(linear.getWeightMutable(), extent);
      if (linear.getBias())
        changes.multiplyLeft(linear.getBiasMutable()[0], extent);
      return {};
    }
    return describe(op, "makes");
  }

  std::string visitConsumer(OpOperand &use) {
    Operation *op = use.getOwner();
    if (auto sum = dyn_cast<AddOp>(op)) {
      values.insert(sum.getResult());
      return {};
    }
    if (auto norm = dyn_cast<RMSNormOp>(op)) {
      int64_t rank = cast<RankedTensorType>(use.get().getType()).getRank();
      if (int64_t(norm.getAxis()) != rank - 1)
        return "an RMS norm is over several dimensions";
      Value scale = norm.getScale();
      if (scale && (!changes.canChange(scale) ||
                    cast<RankedTensorType>(scale.getType()).getShape() !=
                        ArrayRef<int64_t>(extent)))
        return "the scale of an RMS norm is no vector that is known";
      norms.insert(norm);
      for (OpOperand &next : norm.getResult().getUses()) {
        std::string reason = visitReader(next, scale);
        if (!reason.empty())
          return reason;
      }
      return {};
    }
    return visitReader(use, {});
  }

  /// An op that reads the stream, or what a norm with `scale` makes of it.
  std::string visitReader(OpOperand &use, Value scale) {
    auto linear = dyn_cast<LinearOp>(use.getOwner());
    if (!linear || &use != &linear.getInputMutable())
      return describe(use.getOwner(), "reads");
    if (!changes.canChange(linear.getWeight()))
      return "a weight that reads it is compressed or without data";
    changes.multiplyRight(linear.getWeightMutable(), extent, scale);
    return {};
  }

  static std::string describe(Operation *op, StringRef verb) {
    if (isa<LayerNormOp>(op))
      return "layer normalization subtracts the mean, which does not commute "
             "with rotations";
    return (op->getName().getStringRef() + " " + verb +
            " it, which does not commute with rotations")
        .str();
  }

  Changes &changes;
  llvm::SetVector<Value> values;
  llvm::SetVector<RMSNormOp> norms;
  int64_t extent = 0;
};

} // namespace

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

/// The permutation that swaps sequence and heads.
static bool swapsHeads(TransposeOp op) {
  return op && ArrayRef<int64_t>(op.getPermutation()) ==
                   ArrayRef<int64_t>({0, 2, 1, 3});
}

static int64_t getLastExtent(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getRank() ? type.getShape().back() : ShapedType::kDynamic;
}

/// The linear op that makes the values of `attention`; null if they are made in
/// another way or read by others.
static LinearOp findValues(AttentionOp attention) {
  auto transpose = attention.getValue().getDefiningOp<TransposeOp>();
  if (!swapsHeads(transpose) || !transpose->hasOneUse())
    return {};
  auto reshape = transpose.getInput().getDefiningOp<ReshapeOp>();
  if (!reshape || !reshape->hasOneUse())
    return {};
  auto linear = reshape.getInput().getDefiningOp<LinearOp>();
  return linear && linear->hasOneUse() ? linear : LinearOp();
}

/// The linear op that reads what `attention` gives; null likewise.
static LinearOp findOutput(AttentionOp attention) {
  Operation *op = attention;
  auto next = [&] {
    return op->hasOneUse() ? *op->getUsers().begin() : nullptr;
  };
  auto transpose = dyn_cast_or_null<TransposeOp>(next());
  if (!swapsHeads(transpose))
    return {};
  op = transpose;
  auto reshape = dyn_cast_or_null<ReshapeOp>(next());
  if (!reshape)
    return {};
  op = reshape;
  auto linear = dyn_cast_or_null<LinearOp>(next());
  return linear && linear.getInput() == reshape.getResult() ? linear
                                                            : LinearOp();
}

/// Collects the changes for one attention; false if it has another form.
static bool collectHead(AttentionOp attention, Changes &changes) {
  int64_t extent = getLastExtent(attention.getValue());
  LinearOp values = findValues(attention), output = findOutput(attention);
  if (ShapedType::isDynamic(extent) || !buildHadamard(extent) || !values ||
      !output || getLastExtent(values.getResult()) % extent != 0 ||
      getLastExtent(output.getInput()) % extent != 0 ||
      !changes.canChange(values.getWeight()) ||
      (values.getBias() && !changes.canChange(values.getBias())) ||
      !changes.canChange(output.getWeight()))
    return false;
  changes.multiplyLeft(values.getWeightMutable(), extent);
  if (values.getBias())
    changes.multiplyLeft(values.getBiasMutable()[0], extent);
  changes.multiplyRight(output.getWeightMutable(), extent);
  return true;
}

namespace {
struct RotatePass : slim::impl::RotatePassBase<RotatePass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    WeightRewriter rewriter(module);
    if (stream && failed(rotateStream(module, rewriter)))
      return signalPassFailure();
    if (heads && failed(rotateHeads(module, rewriter)))
      return signalPassFailure();
  }

private:
  void emitMissed(Location loc, const std::string &reason) {
    auto opts = remark::RemarkOpts::name("NotRotated").category(getArgument());
    remark::missed(loc, opts) << remark::reason("{0}", reason);
  }

  void emitRotated(Location loc, const std::string &what) {
    auto opts = remark::RemarkOpts::name("Rotated").category(getArgument());
    remark::passed(loc, opts) << remark::add("{0}", what);
  }

  LogicalResult rotateStream(ModuleOp module, WeightRewriter &rewriter) {
    Changes changes;
    Stream residual(changes);
    bool isEmpty = true, hasLayerNorm = false;
    module.walk([&](Operation *op) {
      hasLayerNorm |= isa<LayerNormOp>(op);
      if (auto norm = dyn_cast<RMSNormOp>(op)) {
        // A norm of heads' queries and keys is no norm of the stream.
        if (!norm.getInput().getDefiningOp<ReshapeOp>() &&
            !norm.getInput().getDefiningOp<TransposeOp>()) {
          residual.add(norm.getInput());
          isEmpty = false;
        }
      }
    });
    if (isEmpty) {
      emitMissed(module.getLoc(),
                 hasLayerNorm
                     ? "the residual stream: layer normalization subtracts the "
                       "mean, which does not commute with rotations"
                     : "the residual stream: no RMS norm reads one");
      return success();
    }
    std::string reason = residual.collect();
    if (reason.empty() && !buildHadamard(residual.getExtent()))
      reason = "there is no Hadamard matrix of its width, " +
               std::to_string(residual.getExtent());
    if (!reason.empty()) {
      emitMissed(module.getLoc(), "the residual stream: " + reason);
      return success();
    }
    FailureOr<int64_t> count = changes.apply(rewriter, seed);
    if (failed(count))
      return failure();
    residual.dropScales(rewriter);
    rewriter.finalize();
    emitRotated(module.getLoc(), "the residual stream of width " +
                                     std::to_string(residual.getExtent()) +
                                     ": " + std::to_string(*count) +
                                     " weights");
    numWeights += *count;
    return success();
  }

  LogicalResult rotateHeads(ModuleOp module, WeightRewriter &rewriter) {
    Changes changes;
    module.walk([&](AttentionOp attention) {
      if (collectHead(attention, changes)) {
        ++numHeads;
        emitRotated(attention.getLoc(), "the values of an attention's heads");
      } else {
        emitMissed(attention.getLoc(),
                   "the heads of an attention: its values do not come from a "
                   "linear op and go to one alone, or there is no Hadamard "
                   "matrix of a head's size");
      }
    });
    FailureOr<int64_t> count = changes.apply(rewriter, seed + 1);
    if (failed(count))
      return failure();
    rewriter.finalize();
    numWeights += *count;
    return success();
  }
};
} // namespace
