//===- Pool.cpp - ONNX's pooling and resampling -----------------*- C++ -*-===//
#include "Registry.h"
#include "SpatialWindow.h"

using namespace slim;
using namespace slim::onnximport;

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

static void importMaxPool(NodeBuilder &node) {
  if (node.wantsResult(1)) {
    node.unsupported("result Indices");
    return;
  }
  SpatialWindow window = getSpatialWindow(node, node.operand(0), {});
  node.setResults(node.create<MaxPoolOp>(
      node.operand(0), window.kernel, window.strides, window.pads,
      window.dilations, node.boolAttr("ceil_mode", false)));
}

static void importAveragePool(NodeBuilder &node) {
  SpatialWindow window = getSpatialWindow(node, node.operand(0), {});
  node.setResults(node.create<AvgPoolOp>(
      node.operand(0), window.kernel, window.strides, window.pads,
      window.dilations, node.boolAttr("ceil_mode", false),
      node.boolAttr("count_include_pad", false)));
}

/// (sum of |x|^p)^(1/p); `sum` sums the powers.
static void importLp(NodeBuilder &node, Value input,
                     llvm::function_ref<Value(Value)> sum) {
  int64_t order = node.intAttr("p", 2);
  if (order < 1) {
    node.invalid("has p = " + Twine(order));
    return;
  }
  Type elementType = node.elementType(input);
  Value power = node.create<AbsOp>(input);
  if (order == 2)
    power = node.create<MulOp>(input, input);
  else if (order > 2)
    power = node.create<PowOp>(power, node.scalar(order, elementType));
  Value result = sum(power);
  if (order == 2)
    result = node.create<SqrtOp>(result);
  else if (order > 2)
    result = node.create<PowOp>(result, node.scalar(1.0 / order, elementType));
  node.setResults(result);
}

static void importLpPool(NodeBuilder &node) {
  Value input = node.operand(0);
  SpatialWindow window = getSpatialWindow(node, input, {});
  if (node.boolAttr("ceil_mode", false)) {
    node.unsupported("attribute ceil_mode");
    return;
  }
  double count = 1;
  for (int64_t extent : window.kernel)
    count *= extent;
  importLp(node, input, [&](Value power) {
    // Zeros beyond the edge add nothing: the sum is the mean of all times
    // their number.
    Value mean = node.create<AvgPoolOp>(
        power, window.kernel, window.strides, window.pads, window.dilations,
        /*ceil_mode=*/false, /*count_include_pad=*/true);
    return node.create<MulOp>(mean,
                              node.scalar(count, node.elementType(input)));
  });
}

/// The spatial dimensions.
static SmallVector<int64_t> getSpatialAxes(NodeBuilder &node) {
  int64_t rank = node.rank(node.operand(0));
  if (rank < 2)
    node.invalid("needs an input with channels");
  return llvm::to_vector(llvm::seq<int64_t>(2, std::max<int64_t>(rank, 2)));
}

template <typename OpTy>
static void importGlobalPool(NodeBuilder &node) {
  SmallVector<int64_t> axes = getSpatialAxes(node);
  node.setResults(node.create<OpTy>(node.operand(0), axes, /*keep_dims=*/true));
}

static void importGlobalLpPool(NodeBuilder &node) {
  SmallVector<int64_t> axes = getSpatialAxes(node);
  importLp(node, node.operand(0), [&](Value power) {
    return node.create<ReduceSumOp>(power, axes, /*keep_dims=*/true);
  });
}

//===----------------------------------------------------------------------===//
// Resampling
//===----------------------------------------------------------------------===//

namespace {
/// What the versions of Resize and Upsample come down to.
struct Resampling {
  Value scales, sizes;
  SmallVector<int64_t> axes;
  ResizeMode mode = ResizeMode::Nearest;
  CoordinateMode coordinates = CoordinateMode::HalfPixel;
  NearestMode nearest = NearestMode::RoundPreferFloor;
};
} // namespace

template <typename Enum>
static Enum parseMode(NodeBuilder &node, StringRef attribute,
                      StringRef defaultName,
                      std::optional<Enum> (*parse)(StringRef)) {
  StringRef name = node.stringAttr(attribute, defaultName);
  if (std::optional<Enum> value = parse(name))
    return *value;
  node.unsupported(attribute + " '" + name + "'");
  return Enum();
}

/// Leaves out the axes that are known to keep their extent.
static void dropUnchangedAxes(NodeBuilder &node, Value input,
                              Resampling &resampling) {
  if (!node.isOk())
    return;
  SmallVector<int64_t> kept;
  if (resampling.scales) {
    std::optional<TensorData> scales = node.constant(resampling.scales);
    if (!scales || scales->getNumElements() !=
                       static_cast<int64_t>(resampling.axes.size()))
      return;
    for (unsigned i = 0; i < resampling.axes.size(); ++i)
      if (scales->getFloat(i) != 1.0f)
        kept.push_back(i);
  } else {
    std::optional<SmallVector<int64_t>> sizes =
        slim::detail::getKnownInts(resampling.sizes);
    if (!sizes || sizes->size() != resampling.axes.size())
      return;
    for (unsigned i = 0; i < resampling.axes.size(); ++i)
      if (ShapedType::isDynamic((*sizes)[i]) ||
          (*sizes)[i] != node.shape(input)[resampling.axes[i]])
        kept.push_back(i);
  }
  if (kept.size() == resampling.axes.size())
    return;
  Value &factors = resampling.scales ? resampling.scales : resampling.sizes;
  factors = node.create<GatherOp>(factors, node.ints(kept), /*axis=*/0);
  SmallVector<int64_t> axes;
  for (int64_t index : kept)
    axes.push_back(resampling.axes[index]);
  resampling.axes = axes;
}

static void buildResize(NodeBuilder &node, Resampling resampling) {
  Value input = node.operand(0);
  Value &factors = resampling.scales ? resampling.scales : resampling.sizes;
  if (node.isOk() && node.shape(factors) !=
                         ArrayRef<int64_t>(int64_t(resampling.axes.size()))) {
    node.invalid("has not one scale or size an axis");
    return;
  }
  dropUnchangedAxes(node, input, resampling);
  if (!node.isOk() || resampling.axes.empty())
    return node.setResults(input);
  node.setResults(node.create<ResizeOp>(
      input, resampling.sizes, resampling.scales, resampling.axes,
      resampling.mode, resampling.coordinates, resampling.nearest,
      APFloat(node.floatAttr("cubic_coeff_a", -0.75f)),
      node.boolAttr("exclude_outside", false),
      node.boolAttr("antialias", false)));
}

static void importUpsample(NodeBuilder &node) {
  Value input = node.operand(0);
  Resampling resampling;
  if (node.getOpset() < 9)
    resampling.scales = node.floats(node.floatsAttr("scales"));
  else
    resampling.scales = node.requiredOperand(1);
  resampling.axes = llvm::to_vector(llvm::seq<int64_t>(0, node.rank(input)));
  resampling.mode =
      parseMode<ResizeMode>(node, "mode", "nearest", symbolizeResizeMode);
  resampling.coordinates = CoordinateMode::Asymmetric;
  resampling.nearest = NearestMode::Floor;
  buildResize(node, resampling);
}

/// With a policy the extents follow from one scale for all axes. slim knows a
/// scale or extents; where the two agree (known, exact) it can have either.
static void applyAspectPolicy(NodeBuilder &node, Value input, StringRef policy,
                              Resampling &resampling) {
  if (policy != "not_larger" && policy != "not_smaller") {
    node.invalid("has keep_aspect_ratio_policy '" + policy + "'");
    return;
  }
  SmallVector<int64_t> sizes =
      node.constantInts(resampling.sizes, "the list of sizes");
  if (!node.isOk())
    return;
  if (sizes.size() != resampling.axes.size()) {
    node.invalid("has not one size an axis");
    return;
  }
  std::optional<double> scale;
  for (auto [axis, size] : llvm::zip(resampling.axes, sizes)) {
    int64_t extent = node.shape(input)[axis];
    if (extent <= 0 || size <= 0) {
      node.unsupported("keep_aspect_ratio_policy for unknown extents");
      return;
    }
    double candidate = double(size) / double(extent);
    bool isBetter = !scale || (policy == "not_larger" ? candidate < *scale
                                                      : candidate > *scale);
    if (isBetter)
      scale = candidate;
  }
  for (auto [axis, size] : llvm::zip(resampling.axes, sizes)) {
    double exact = *scale * double(node.shape(input)[axis]);
    if (exact != std::round(exact) || exact > 1e9) {
      node.unsupported("keep_aspect_ratio_policy with extents that are no "
                       "multiple of the scale");
      return;
    }
    size = static_cast<int64_t>(exact);
  }
  resampling.sizes = node.ints(sizes);
}

static void importResize(NodeBuilder &node) {
  Value input = node.operand(0);
  int64_t rank = node.rank(input);
  Resampling resampling;
  resampling.mode =
      parseMode<ResizeMode>(node, "mode", "nearest", symbolizeResizeMode);
  if (std::optional<SmallVector<int64_t>> axes = node.intsAttr("axes"))
    resampling.axes = node.normalizeAxes(*axes, rank);
  else
    resampling.axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (node.getOpset() < 11) {
    resampling.scales = node.requiredOperand(1);
    resampling.coordinates = CoordinateMode::Asymmetric;
    resampling.nearest = NearestMode::Floor;
    return buildResize(node, resampling);
  }
  resampling.coordinates =
      parseMode<CoordinateMode>(node, "coordinate_transformation_mode",
                                "half_pixel", symbolizeCoordinateMode);
  resampling.nearest = parseMode<NearestMode>(
      node, "nearest_mode", "round_prefer_floor", symbolizeNearestMode);
  // An operand that is present but empty counts as absent.
  auto isGiven = [&](Value value) {
    return value && node.shape(value) != ArrayRef<int64_t>{0};
  };
  if (isGiven(node.operand(3)))
    resampling.sizes = node.toShape(node.operand(3));
  else if (isGiven(node.operand(2)))
    resampling.scales = node.operand(2);
  else
    node.invalid("has neither scales nor sizes");
  StringRef policy = node.stringAttr("keep_aspect_ratio_policy", "stretch");
  if (resampling.sizes && policy != "stretch")
    applyAspectPolicy(node, input, policy, resampling);
  buildResize(node, resampling);
}

void slim::onnximport::registerPool(Registry &registry) {
  registry.add("MaxPool", 1, 1, importMaxPool);
  registry.add("AveragePool", 1, 1, importAveragePool);
  registry.add("LpPool", 1, 1, importLpPool);
  registry.add("GlobalMaxPool", 1, 1, importGlobalPool<ReduceMaxOp>);
  registry.add("GlobalAveragePool", 1, 1, importGlobalPool<ReduceMeanOp>);
  registry.add("GlobalLpPool", 1, 1, importGlobalLpPool);
  registry.add("Upsample", 1, 2, importUpsample);
  registry.add("Resize", 1, 4, importResize);
}
