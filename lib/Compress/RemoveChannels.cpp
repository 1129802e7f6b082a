//===- RemoveChannels.cpp - A graph without some channels -----------------===//
#include "slim/Compress/RemoveChannels.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightStorage.h"
#include <deque>

using namespace slim;

void RemovedChannels::remove(const ChannelSet &set) {
  for (const AxisChannels &part : set) {
    llvm::BitVector &channels = removed[part.axis];
    if (channels.empty())
      channels.resize(graph.getAxes()[part.axis].extent);
    for (int64_t channel : part.channels)
      channels.set(channel);
  }
}

SmallVector<int64_t> RemovedChannels::getRemoved(unsigned axis) const {
  return SmallVector<int64_t>(removed[axis].set_bits());
}

SmallVector<int64_t> RemovedChannels::getKept(unsigned axis) const {
  SmallVector<int64_t> kept;
  for (int64_t channel = 0, e = graph.getAxes()[axis].extent; channel < e;
       ++channel)
    if (!isCut(axis) || !removed[axis].test(channel))
      kept.push_back(channel);
  return kept;
}

/// The elements of `data` at the `kept` places of some dimensions.
static TensorData
cutData(const TensorData &data,
        ArrayRef<std::pair<int64_t, SmallVector<int64_t>>> kept) {
  RankedTensorType type = data.getType();
  int64_t rank = type.getRank();
  SmallVector<SmallVector<int64_t>> places(rank);
  SmallVector<int64_t> shape(type.getShape());
  for (auto &[dim, channels] : kept) {
    places[dim] = channels;
    shape[dim] = channels.size();
  }
  // Dimensions behind the last one that is cut move as one piece.
  int64_t last = -1;
  for (const auto &cut : kept)
    last = std::max(last, cut.first);
  int64_t piece = TensorData::getElementBytes(type.getElementType());
  for (int64_t dim = last + 1; dim < rank; ++dim)
    piece *= shape[dim];

  auto newType = RankedTensorType::get(shape, type.getElementType());
  std::vector<char> bytes;
  bytes.reserve(TensorData::getNumBytes(newType));
  ArrayRef<char> from = data.getBytes();
  std::function<void(int64_t, int64_t)> copy = [&](int64_t dim, int64_t place) {
    if (dim > last) {
      ArrayRef<char> part = from.slice(place * piece, piece);
      bytes.insert(bytes.end(), part.begin(), part.end());
      return;
    }
    for (int64_t i = 0; i < shape[dim]; ++i)
      copy(dim + 1, place * type.getDimSize(dim) +
                        (places[dim].empty() ? i : places[dim][i]));
  };
  copy(0, 0);
  return TensorData(newType, std::move(bytes));
}

namespace {
class ChannelRemover {
public:
  ChannelRemover(ModuleOp module, const ChannelGraph &graph,
                 const RemovedChannels &removed)
      : module(module), graph(graph), removed(removed) {}
  LogicalResult run();

private:
  LogicalResult cutStored();
  LogicalResult adapt(Operation *op);

  ModuleOp module;
  const ChannelGraph &graph;
  const RemovedChannels &removed;
};
} // namespace

LogicalResult ChannelRemover::cutStored() {
  // Axes of one tensor stand beside each other.
  ArrayRef<ChannelAxis> axes = graph.getAxes();
  for (unsigned axis = 0; axis < axes.size();) {
    const ChannelAxis &first = axes[axis];
    SmallVector<std::pair<int64_t, SmallVector<int64_t>>> kept;
    for (; axis < axes.size() && axes[axis].weight == first.weight &&
           axes[axis].value == first.value;
         ++axis)
      if (removed.isCut(axis))
        kept.emplace_back(axes[axis].dim, removed.getKept(axis));
    if (kept.empty() || !first.isStored())
      continue;
    if (WeightOp weight = first.weight) {
      FailureOr<TensorData> data = readWeightData(weight);
      if (failed(data))
        return failure();
      TensorData cut = cutData(*data, kept);
      weight.setTypeAttr(TypeAttr::get(cut.getType()));
      weight.setDataAttr(buildWeightData(weight.getSymName(), cut));
      continue;
    }
    auto constant = first.value.getDefiningOp<ConstantOp>();
    std::optional<TensorData> data = TensorData::fromAttr(constant.getValue());
    if (!data)
      return constant.emitOpError("has lost channels, but its data are not at "
                                  "hand");
    TensorData cut = cutData(*data, kept);
    constant.setValueAttr(cut.toAttr());
    constant.getResult().setType(cut.getType());
  }
  return success();
}

LogicalResult ChannelRemover::adapt(Operation *op) {
  auto channelOp = dyn_cast<ChannelOpInterface>(op);
  if (!channelOp)
    return success();
  bool isConcerned = false;
  auto getCutAxis = [&](const ChannelEnd &end) -> std::optional<unsigned> {
    std::optional<unsigned> axis = graph.lookup(end.getValue(op), end.dim);
    return axis && removed.isCut(*axis) ? axis : std::nullopt;
  };
  for (bool isResult : {false, true})
    for (auto [index, value] :
         llvm::enumerate(isResult ? ValueRange(op->getResults())
                                  : ValueRange(op->getOperands())))
      for (int64_t dim = 0,
                   rank = cast<RankedTensorType>(value.getType()).getRank();
           dim < rank; ++dim)
        isConcerned |= getCutAxis({isResult, static_cast<unsigned>(index), dim})
                           .has_value();
  if (!isConcerned)
    return success();

  // Lists that have been handed out stay where they are.
  std::deque<SmallVector<int64_t>> lists;
  OpBuilder builder(op);
  if (failed(channelOp.adaptChannels(
          builder,
          [&](const ChannelEnd &end) -> std::optional<ArrayRef<int64_t>> {
            std::optional<unsigned> axis = getCutAxis(end);
            if (!axis)
              return std::nullopt;
            return lists.emplace_back(removed.getKept(*axis));
          })))
    return failure();

  auto inferable = cast<InferTypeOpInterface>(op);
  SmallVector<Type> types;
  if (failed(inferable.inferReturnTypes(
          op->getContext(), op->getLoc(), op->getOperands(),
          op->getRawDictionaryAttrs(), op->getPropertiesStorage(),
          op->getRegions(), types)))
    return failure();
  for (auto [index, result] : llvm::enumerate(op->getResults())) {
    // What was known of the type stays known.
    auto old = cast<RankedTensorType>(result.getType());
    auto inferred = cast<RankedTensorType>(types[index]);
    SmallVector<int64_t> shape(old.getShape());
    for (int64_t dim = 0; dim < old.getRank(); ++dim)
      if (auto axis =
              getCutAxis(ChannelEnd::result(static_cast<unsigned>(index), dim)))
        shape[dim] = removed.getKept(*axis).size();
    auto type = RankedTensorType::get(shape, old.getElementType());
    for (int64_t dim = 0; dim < old.getRank(); ++dim)
      if (!inferred.isDynamicDim(dim) && !type.isDynamicDim(dim) &&
          inferred.getDimSize(dim) != type.getDimSize(dim))
        return op->emitOpError("would give ")
               << inferred << " where " << type
               << " is left when channels are removed";
    result.setType(type);
  }
  return success();
}

LogicalResult ChannelRemover::run() {
  if (failed(cutStored()))
    return failure();
  SymbolTable symbols(module);
  module.walk([&](GetWeightOp op) {
    if (auto weight = symbols.lookup<WeightOp>(op.getName()))
      op.getResult().setType(weight.getTensorType());
  });
  // Producers come before their users.
  WalkResult result = module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    return failed(adapt(op)) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult slim::removeChannels(ModuleOp module, const ChannelGraph &graph,
                                   const RemovedChannels &removed) {
  return ChannelRemover(module, graph, removed).run();
}
