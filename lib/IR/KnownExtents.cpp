//===- KnownExtents.cpp - Which dynamic extents are equal -----------------===//

#include "KnownExtents.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimDialect.h"
#include "slim/IR/SlimOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace slim;
using namespace slim::detail;

/// Extents that one question may look at.
static constexpr unsigned kMaxExtents = 512;

static RankedTensorType getTensorType(Value value) {
  return dyn_cast<RankedTensorType>(value.getType());
}

namespace {

/// What is known of an extent: itself or, where `limit` is not 0, that it is
/// the minimum of that and `limit`, which is above 1. A table of positions is
/// cut like this to the length of a sequence; where it broadcasts with the
/// sequence, the length is that of the sequence.
struct Extent : KnownInt {
  Extent(const KnownInt &known, int64_t limit = 0)
      : KnownInt(known), limit(limit) {}

  bool isKnown() const { return number || tensor; }
  bool operator==(const Extent &other) const {
    if (number || other.number)
      return number == other.number;
    return tensor && tensor == other.tensor && dim == other.dim &&
           limit == other.limit;
  }
  /// Whether this is `whole`, cut.
  bool isCutOf(const Extent &whole) const {
    return limit && !whole.limit && *this == Extent(whole, limit);
  }

  int64_t limit;
};

} // namespace

namespace {

class KnownExtents {
public:
  Extent get(Value value, int64_t dim);

private:
  Extent compute(Value value, int64_t dim);
  /// Unknown where nothing is found.
  Extent visit(Operation *op, int64_t dim);
  Extent visitBroadcast(ValueRange operands, int64_t rank, int64_t dim);
  Extent visitReshape(ReshapeOp op, int64_t dim);
  Extent visitElement(Value shape, int64_t index);
  Extent visitSlice(SliceOp op, int64_t dim);
  Extent resolve(const KnownInt &element) {
    return element.tensor ? get(element.tensor, element.dim) : element;
  }

  llvm::DenseMap<std::pair<Value, int64_t>, Extent> known;
};

} // namespace

/// The first argument of a function that has a dimension of that name.
static KnownInt getNamedExtent(BlockArgument argument, int64_t dim) {
  auto function =
      dyn_cast<FunctionOpInterface>(argument.getOwner()->getParentOp());
  if (!function || !argument.getOwner()->isEntryBlock())
    return KnownInt::ofExtent(argument, dim);
  auto getName = [&](BlockArgument of, int64_t dim) -> StringRef {
    auto names = function.getArgAttrOfType<ArrayAttr>(
        of.getArgNumber(), SlimDialect::kDimNamesAttr);
    if (!names || dim >= static_cast<int64_t>(names.size()))
      return {};
    auto name = dyn_cast<StringAttr>(names[dim]);
    return name ? name.getValue() : StringRef();
  };
  StringRef name = getName(argument, dim);
  if (!name.empty())
    for (BlockArgument other : argument.getOwner()->getArguments()) {
      RankedTensorType type = getTensorType(other);
      for (int64_t d = 0, rank = type ? type.getRank() : 0; d < rank; ++d)
        if (getName(other, d) == name)
          return KnownInt::ofExtent(other, d);
    }
  return KnownInt::ofExtent(argument, dim);
}

Extent KnownExtents::get(Value value, int64_t dim) {
  value = skipCasts(value);
  // A cycle (in a graph region) finds nothing.
  Extent unknown = KnownInt::ofExtent(value, dim);
  auto [it, isNew] = known.try_emplace({value, dim}, unknown);
  if (!isNew)
    return it->second;
  Extent extent = compute(value, dim);
  known.find({value, dim})->second = extent;
  return extent;
}

Extent KnownExtents::compute(Value value, int64_t dim) {
  RankedTensorType type = getTensorType(value);
  if (!type.isDynamicDim(dim))
    return KnownInt::of(type.getDimSize(dim));
  if (auto argument = dyn_cast<BlockArgument>(value))
    return getNamedExtent(argument, dim);
  Operation *op = value.getDefiningOp();
  if (known.size() < kMaxExtents &&
      llvm::all_of(op->getOperandTypes(), llvm::IsaPred<RankedTensorType>)) {
    Extent found = op->getNumResults() == 1 || isa<LayerNormOp>(op)
                       ? visit(op, dim)
                       : Extent(KnownInt::unknown());
    if (found.isKnown())
      return found;
  }
  return KnownInt::ofExtent(value, dim);
}

Extent KnownExtents::visit(Operation *op, int64_t dim) {
  int64_t rank = getTensorType(op->getResult(0)).getRank();
  // The bounds of a clamp are scalars.
  if (isElementwise(op))
    return visitBroadcast(op->getOperands(), rank, dim);
  return llvm::TypeSwitch<Operation *, Extent>(op)
      .Case<SoftmaxOp, LayerNormOp, RMSNormOp, DequantizeOp>(
          [&](auto op) { return get(op->getOperand(0), dim); })
      .Case([&](LinearOp op) {
        return dim + 1 < rank ? get(op.getInput(), dim)
                              : Extent(KnownInt::unknown());
      })
      .Case([&](MatmulOp op) -> Extent {
        int64_t lhsRank = getTensorType(op.getLhs()).getRank();
        int64_t rhsRank = getTensorType(op.getRhs()).getRank();
        if (lhsRank < 2 || rhsRank < 2)
          return KnownInt::unknown();
        if (dim == rank - 2)
          return get(op.getLhs(), lhsRank - 2);
        return dim == rank - 1 ? get(op.getRhs(), rhsRank - 1)
                               : visitBroadcast(op->getOperands(), rank, dim);
      })
      .Case([&](AttentionOp op) {
        return dim + 1 < rank ? get(op.getQuery(), dim)
                              : get(op.getValue(), dim);
      })
      .Case([&](EmbeddingOp op) {
        return dim + 1 < rank ? get(op.getIndices(), dim)
                              : Extent(KnownInt::unknown());
      })
      .Case([&](GatherNDOp op) {
        int64_t outer = getTensorType(op.getIndices()).getRank() - 1;
        return dim < outer ? get(op.getIndices(), dim)
                           : Extent(KnownInt::unknown());
      })
      .Case([&](TransposeOp op) {
        return get(op.getInput(), op.getPermutation()[dim]);
      })
      .Case([&](UnsqueezeOp op) {
        auto isInserted = [&](int64_t axis) { return axis < dim; };
        return get(op.getInput(),
                   dim - llvm::count_if(op.getAxes(), isInserted));
      })
      .Case([&](SqueezeOp op) {
        int64_t inputDim = -1;
        for (int64_t kept = -1; kept < dim;)
          kept += !llvm::is_contained(op.getAxes(), ++inputDim);
        return get(op.getInput(), inputDim);
      })
      .Case([&](SliceOp op) { return visitSlice(op, dim); })
      .Case([&](ConcatOp op) {
        return static_cast<int64_t>(op.getAxis()) == dim
                   ? Extent(KnownInt::unknown())
                   : get(op.getInputs().front(), dim);
      })
      .Case([&](RangeOp op) -> Extent {
        if (getKnownElement(op.getStart()).number != 0 ||
            getKnownElement(op.getDelta()).number != 1)
          return KnownInt::unknown();
        return resolve(getKnownElement(op.getLimit()));
      })
      .Case([&](ExpandOp op) -> Extent {
        // The shape's extent is stretched by the input's, if that is greater.
        Extent wanted = visitElement(op.getShape(), dim);
        int64_t shift = rank - getTensorType(op.getInput()).getRank();
        if (dim < shift)
          return wanted;
        Extent own = get(op.getInput(), dim - shift);
        if (own.number == 1 || own == wanted || own.isCutOf(wanted))
          return wanted;
        return wanted.number == 1 ? own : Extent(KnownInt::unknown());
      })
      .Case([&](ReshapeOp op) { return visitReshape(op, dim); })
      .Default([](Operation *) { return Extent(KnownInt::unknown()); });
}

Extent KnownExtents::visitSlice(SliceOp op, int64_t dim) {
  const auto *axis = llvm::find(op.getAxes(), dim);
  if (axis == op.getAxes().end())
    return get(op.getInput(), dim);
  int64_t index = axis - op.getAxes().begin();
  Extent whole = get(op.getInput(), dim);
  Extent end = visitElement(op.getEnds(), index);
  if (visitElement(op.getStarts(), index).number != 0 ||
      visitElement(op.getSteps(), index).number != 1 || !end.tensor ||
      end.limit || !whole.number || *whole.number <= 1)
    return KnownInt::unknown();
  return Extent(end, *whole.number);
}

Extent KnownExtents::visitElement(Value shape, int64_t index) {
  auto elements = getKnownElements(shape);
  if (!elements || index >= static_cast<int64_t>(elements->size()))
    return KnownInt::unknown();
  return resolve((*elements)[index]);
}

Extent KnownExtents::visitBroadcast(ValueRange operands, int64_t rank,
                                    int64_t dim) {
  Extent result = KnownInt::unknown();
  for (Value operand : operands) {
    int64_t own = dim - (rank - getTensorType(operand).getRank());
    Extent extent = own < 0 ? KnownInt::of(1) : get(operand, own);
    if (extent.number == 1)
      continue;
    // A number above 1 is the extent, whatever the others are.
    if (extent.number)
      return extent;
    if (!result.isKnown() || result.isCutOf(extent))
      result = extent;
    else if (!extent.isCutOf(result) && !(result == extent))
      return KnownInt::unknown();
  }
  return result;
}

Extent KnownExtents::visitReshape(ReshapeOp op, int64_t dim) {
  auto shape = getKnownElements(op.getShape());
  int64_t rank = getTensorType(op.getResult()).getRank();
  int64_t inputRank = getTensorType(op.getInput()).getRank();
  if (!shape || static_cast<int64_t>(shape->size()) != rank)
    return KnownInt::unknown();
  auto getExtent = [&](int64_t dim) -> Extent {
    KnownInt element = (*shape)[dim];
    if (element.number == 0 && !op.getAllowZero())
      return dim < inputRank ? get(op.getInput(), dim)
                             : Extent(KnownInt::unknown());
    return element.number == -1 ? KnownInt::unknown() : resolve(element);
  };
  if ((*shape)[dim].number != -1)
    return getExtent(dim);

  // The open extent is what is left of the input's when all others are taken.
  int64_t constant = 1;
  SmallVector<Extent> left;
  for (int64_t inputDim = 0; inputDim < inputRank; ++inputDim) {
    Extent extent = get(op.getInput(), inputDim);
    if (!extent.number)
      left.push_back(extent);
    else if (llvm::MulOverflow(constant, *extent.number, constant))
      return KnownInt::unknown();
  }
  int64_t divisor = 1;
  for (int64_t other = 0; other < rank; ++other) {
    if (other == dim)
      continue;
    Extent extent = getExtent(other);
    if (extent.number) {
      if (llvm::MulOverflow(divisor, *extent.number, divisor))
        return KnownInt::unknown();
      continue;
    }
    auto *it = llvm::find_if(
        left, [&](const Extent &candidate) { return candidate == extent; });
    if (it == left.end())
      return KnownInt::unknown();
    left.erase(it);
  }
  if (left.size() == 1 && constant == divisor && constant > 0)
    return left.front();
  if (left.empty() && divisor > 0 && constant % divisor == 0)
    return KnownInt::of(constant / divisor);
  return KnownInt::unknown();
}

KnownInt slim::detail::getKnownExtent(Value value, int64_t dim) {
  Extent extent = KnownExtents().get(value, dim);
  return extent.limit ? KnownInt::ofExtent(skipCasts(value), dim) : extent;
}

bool slim::detail::haveEqualExtents(Value lhs, int64_t lhsDim, Value rhs,
                                    int64_t rhsDim) {
  return KnownExtents().get(lhs, lhsDim) == KnownExtents().get(rhs, rhsDim);
}
