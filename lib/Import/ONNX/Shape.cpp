//===- Shape.cpp - ONNX's constants, shapes and data movement ---*- C++ -*-===//
#include "Registry.h"

#include "llvm/Support/MathExtras.h"

using namespace slim;
using namespace slim::onnximport;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static void importConstant(NodeBuilder &node) {
  if (std::optional<StoredTensor> value = node.tensorAttr("value")) {
    value->name.clear(); // the node's result names it better
    return node.setResults(node.tensor(*value));
  }
  if (std::optional<StoredTensor> value = node.sparseTensorAttr("sparse_value"))
    return node.setResults(node.tensor(*value));
  if (node.hasAttr("value_float"))
    return node.setResults(node.scalar(node.floatAttr("value_float", 0),
                                       node.getBuilder().getF32Type()));
  if (node.hasAttr("value_floats"))
    return node.setResults(node.floats(node.floatsAttr("value_floats")));
  if (node.hasAttr("value_int"))
    return node.setResults(node.intScalar(node.intAttr("value_int", 0)));
  if (std::optional<SmallVector<int64_t>> values = node.intsAttr("value_ints"))
    return node.setResults(node.ints(*values));
  if (node.hasAttr("value_string") || node.hasAttr("value_strings"))
    node.unsupported("element type string");
  else
    node.invalid("has no value");
}

static void importConstantOfShape(NodeBuilder &node) {
  Value shape = node.toShape(node.operand(0)), value;
  if (std::optional<StoredTensor> tensor = node.tensorAttr("value")) {
    if (tensor->getType().getNumElements() != 1) {
      node.invalid("has a value of not one element");
      return;
    }
    value = node.toScalar(node.tensor(*tensor));
  } else {
    value = node.scalar(0, node.getBuilder().getF32Type());
  }
  node.setResults(node.create<FillOp>(shape, value));
}

static void importRange(NodeBuilder &node) {
  Value start = node.toScalar(node.operand(0));
  Value limit = node.toScalar(node.operand(1));
  Value delta = node.toScalar(node.operand(2));
  Type elementType = node.elementType(start);
  // 16-bit floats count in f32 from version 27 on, unless told otherwise.
  bool widens = node.getOpset() >= 27 && node.isFloat(start) &&
                elementType.getIntOrFloatBitWidth() == 16 &&
                node.intAttr("stash_type", 1) == 1;
  if (widens)
    for (Value *value : {&start, &limit, &delta})
      *value = node.convert(*value, node.getBuilder().getF32Type());
  Value range = node.create<RangeOp>(start, limit, delta);
  node.setResults(node.convert(range, elementType));
}

/// Ones where column - row = k.
static void importEyeLike(NodeBuilder &node) {
  Value input = node.operand(0);
  if (node.rank(input) != 2) {
    node.invalid("needs a matrix");
    return;
  }
  Type elementType = node.elementType(input);
  if (node.hasAttr("dtype"))
    elementType = getElementType(node.intAttr("dtype", 0), node.getContext());
  if (!elementType) {
    node.unsupported("element type " +
                     getDataTypeName(node.intAttr("dtype", 0)));
    return;
  }
  Value rows = node.unsqueeze(node.iota(node.dim(input, 0)), {1});
  Value columns = node.unsqueeze(node.iota(node.dim(input, 1)), {0});
  Value diagonal = node.intScalar(node.intAttr("k", 0));
  Value shifted = node.create<AddOp>(rows, diagonal);
  Value isOne = node.create<EqualOp>(shifted, columns);
  node.setResults(node.convert(isOne, elementType));
}

/// a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N), N being the size if periodic
/// and one less otherwise.
static void importWindow(NodeBuilder &node, double a0, double a1, double a2) {
  Value size = node.toScalar(node.toI64(node.operand(0)));
  int64_t dataType = node.intAttr("output_datatype", 1);
  Type elementType = getElementType(dataType, node.getContext());
  if (!elementType || !isa<FloatType>(elementType)) {
    node.unsupported("element type " + getDataTypeName(dataType));
    return;
  }
  Type f32 = node.getBuilder().getF32Type();
  Value zero = node.intScalar(0), one = node.intScalar(1);
  Value positions = node.convert(node.create<RangeOp>(zero, size, one), f32);
  Value period = size;
  if (!node.boolAttr("periodic", true))
    period = node.create<SubOp>(size, one);
  Value quotient = node.create<DivOp>(positions, node.convert(period, f32));
  auto term = [&](double amplitude, double frequency) {
    Value factor = node.scalar(frequency * 2 * llvm::numbers::pi, f32);
    Value angle = node.create<MulOp>(quotient, factor);
    Value cosine = node.create<CosOp>(angle);
    Value scale = node.scalar(amplitude, f32);
    return node.create<MulOp>(cosine, scale);
  };
  Value mean = node.scalar(a0, f32);
  Value window = node.create<SubOp>(mean, term(a1, 1));
  if (a2 != 0)
    window = node.create<AddOp>(window, term(a2, 2));
  node.setResults(node.convert(window, elementType));
}

static void importHannWindow(NodeBuilder &node) {
  importWindow(node, 0.5, 0.5, 0);
}
static void importHammingWindow(NodeBuilder &node) {
  importWindow(node, 25.0 / 46, 21.0 / 46, 0);
}
static void importBlackmanWindow(NodeBuilder &node) {
  importWindow(node, 0.42, 0.5, 0.08);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

static void importShape(NodeBuilder &node) {
  Value input = node.operand(0);
  int64_t rank = node.rank(input);
  // Positions beyond the ends are cut.
  auto cut = [&](int64_t position) {
    position = std::clamp(position, -rank, rank);
    return position < 0 ? position + rank : position;
  };
  int64_t start = cut(node.intAttr("start", 0));
  int64_t end = std::max(cut(node.intAttr("end", rank)), start);
  node.setResults(node.create<ShapeOp>(input, start, end));
}

static void importSize(NodeBuilder &node) {
  Value input = node.operand(0);
  if (node.rank(input) == 0)
    return node.setResults(node.intScalar(1));
  node.setResults(node.create<ReduceProdOp>(
      node.shapeOf(input), ArrayRef<int64_t>{0}, /*keep_dims=*/false));
}

static void importReshape(NodeBuilder &node) {
  Value shape = node.toShape(node.operand(1));
  bool allowZero = node.boolAttr("allowzero", false);
  node.setResults(node.create<ReshapeOp>(node.operand(0), shape, allowZero));
}

static void importFlatten(NodeBuilder &node) {
  Value input = node.operand(0);
  int64_t axis = node.normalizeAxis(node.intAttr("axis", 1), node.rank(input),
                                    /*allowEnd=*/true);
  // A negative axis counts from the rank, not from one more.
  if (node.intAttr("axis", 1) < 0)
    --axis;
  node.setResults(node.create<FlattenOp>(input, std::max<int64_t>(axis, 0)));
}

/// The axes of Squeeze and Unsqueeze: an attribute before version 13 and an
/// operand from then on.
static std::optional<SmallVector<int64_t>> getAxes(NodeBuilder &node) {
  if (Value operand = node.operand(1))
    return node.knownInts(operand);
  return node.intsAttr("axes");
}

/// Where axes are not known, the shape that the model declares for the result
/// may still be; elements and their order do not change.
static void reshapeAsDeclared(NodeBuilder &node) {
  std::optional<SmallVector<int64_t>> shape = node.declaredShape(0);
  if (!shape || llvm::count(*shape, ShapedType::kDynamic) > 1) {
    node.unsupported("axes that are not known");
    return;
  }
  llvm::replace(*shape, ShapedType::kDynamic, int64_t(-1));
  node.setResults(node.reshape(node.operand(0), *shape));
}

static void importSqueeze(NodeBuilder &node) {
  Value input = node.operand(0);
  ArrayRef<int64_t> shape = node.shape(input);
  std::optional<SmallVector<int64_t>> given = getAxes(node);
  bool takesAll = !given && !node.operand(1);
  if (!given && (!takesAll || llvm::is_contained(shape, ShapedType::kDynamic)))
    return reshapeAsDeclared(node);
  SmallVector<int64_t> axes;
  if (takesAll) {
    for (auto [dimension, extent] : llvm::enumerate(shape))
      if (extent == 1)
        axes.push_back(dimension);
  } else {
    axes = node.normalizeAxes(*given, node.rank(input));
    llvm::sort(axes);
  }
  node.setResults(node.squeeze(input, axes));
}

static void importUnsqueeze(NodeBuilder &node) {
  Value input = node.operand(0);
  std::optional<SmallVector<int64_t>> given = getAxes(node);
  if (!given && node.operand(1))
    return reshapeAsDeclared(node);
  if (!given) {
    node.invalid("has no axes");
    return;
  }
  SmallVector<int64_t> axes =
      node.normalizeAxes(*given, node.rank(input) + given->size());
  llvm::sort(axes);
  node.setResults(node.unsqueeze(input, axes));
}

static void importExpand(NodeBuilder &node) {
  node.setResults(node.expand(node.operand(0), node.toShape(node.operand(1))));
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

static void importTranspose(NodeBuilder &node) {
  Value input = node.operand(0);
  int64_t rank = node.rank(input);
  SmallVector<int64_t> permutation;
  if (std::optional<SmallVector<int64_t>> given = node.intsAttr("perm")) {
    permutation = node.normalizeAxes(*given, rank);
    if (static_cast<int64_t>(permutation.size()) != rank)
      node.invalid("has a permutation of another rank");
  } else {
    permutation = llvm::to_vector(
        llvm::reverse(llvm::to_vector(llvm::seq<int64_t>(0, rank))));
  }
  node.setResults(node.transpose(input, permutation));
}

static void importConcat(NodeBuilder &node) {
  if (!node.hasAttr("axis"))
    node.invalid("has no axis");
  for (unsigned i = 0; i < node.getNumOperands(); ++i)
    node.requiredOperand(i);
  int64_t axis =
      node.normalizeAxis(node.intAttr("axis", 0), node.rank(node.operand(0)));
  if (node.isOk())
    node.setResults(node.concat(node.getOperands(), axis));
}

/// A slice along axes that are computed: along all, whole unless named.
static void sliceComputedAxes(NodeBuilder &node, Value starts, Value ends,
                              Value steps) {
  Value input = node.operand(0), axes = node.toShape(node.operand(3));
  int64_t rank = node.rank(input);
  Value fullStarts = node.scatterByAxis(axes, starts, rank, 0);
  Value fullEnds =
      node.scatterByAxis(axes, ends, rank, std::numeric_limits<int64_t>::max());
  Value fullSteps = steps ? node.scatterByAxis(axes, steps, rank, 1)
                          : node.ints(SmallVector<int64_t>(rank, 1));
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  node.setResults(
      node.create<SliceOp>(input, fullStarts, fullEnds, fullSteps, all));
}

static void importSlice(NodeBuilder &node) {
  Value input = node.operand(0), starts, ends, steps;
  std::optional<SmallVector<int64_t>> axes;
  if (node.getOpset() < 10) {
    axes = node.intsAttr("axes");
    starts =
        node.ints(node.intsAttr("starts").value_or(SmallVector<int64_t>()));
    ends = node.ints(node.intsAttr("ends").value_or(SmallVector<int64_t>()));
  } else {
    starts = node.toShape(node.requiredOperand(1));
    ends = node.toShape(node.requiredOperand(2));
    steps = node.toShape(node.operand(4));
    if (Value operand = node.operand(3)) {
      axes = node.knownInts(operand);
      if (!axes)
        return sliceComputedAxes(node, starts, ends, steps);
    }
  }
  if (!node.isOk())
    return;
  int64_t count = node.shape(starts)[0];
  if (!axes) {
    if (ShapedType::isDynamic(count)) {
      node.unsupported("the number of starts is not known");
      return;
    }
    axes = llvm::to_vector(
        llvm::seq<int64_t>(0, std::min(count, node.rank(input) + 1)));
  }
  if (!steps)
    steps = node.ints(SmallVector<int64_t>(axes->size(), 1));
  SmallVector<int64_t> normalized = node.normalizeAxes(*axes, node.rank(input));
  node.setResults(node.create<SliceOp>(input, starts, ends, steps, normalized));
}

/// Split sizes come from an attribute (before version 13), an operand, or are
/// equal but for the last.
static void importSplit(NodeBuilder &node) {
  Value input = node.operand(0);
  int64_t rank = node.rank(input);
  int64_t axis = node.normalizeAxis(node.intAttr("axis", 0), rank);
  int64_t count = node.getNumResults();
  Value sizes;
  if (std::optional<SmallVector<int64_t>> attribute = node.intsAttr("split"))
    sizes = node.ints(*attribute);
  else
    sizes = node.toShape(node.operand(1));
  if (!node.isOk())
    return;
  Value chunk;
  if (sizes) {
    if (node.shape(sizes)[0] != count) {
      if (ShapedType::isDynamic(node.shape(sizes)[0]))
        node.unsupported("the number of split sizes is not known");
      else
        node.invalid("has not one split size a result");
      return;
    }
  } else {
    Value extent = node.dim(input, axis);
    Value more = node.create<AddOp>(extent, node.ints({count - 1}));
    chunk = node.create<DivOp>(more, node.ints({count}));
  }
  Value steps = node.ints({1}), start = node.ints({0});
  SmallVector<Value> results;
  for (int64_t i = 0; i < count; ++i) {
    Value size = sizes ? node.slice(sizes, 0, i, i + 1) : chunk;
    Value end = node.create<AddOp>(start, size);
    results.push_back(node.create<SliceOp>(input, start, end, steps,
                                           ArrayRef<int64_t>(axis)));
    start = end;
  }
  node.setResults(results);
}

static std::optional<PadMode> getPadMode(NodeBuilder &node) {
  StringRef name = node.stringAttr("mode", "constant");
  std::optional<PadMode> mode = symbolizePadMode(name);
  if (!mode)
    node.invalid("has mode '" + name + "'");
  return mode;
}

static void importPad(NodeBuilder &node) {
  Value input = node.operand(0), pads, value;
  int64_t rank = node.rank(input);
  std::optional<PadMode> mode = getPadMode(node);
  if (node.getOpset() < 11) {
    pads = node.ints(node.intsAttr("pads").value_or(SmallVector<int64_t>()));
    float amount = node.floatAttr("value", 0);
    if (amount != 0)
      value = node.scalar(amount, node.elementType(input));
  } else {
    pads = node.toShape(node.requiredOperand(1));
    value = node.toScalar(node.operand(2));
  }
  if (Value operand = node.operand(3)) {
    // Amounts for some axes only, the begins and then the ends: the others are
    // zero.
    Value axes = node.toShape(operand);
    int64_t count = node.isOk() ? node.shape(axes)[0] : 0;
    if (ShapedType::isDynamic(count)) {
      node.unsupported("a number of axes that is not known");
      return;
    }
    Value begins =
        node.scatterByAxis(axes, node.slice(pads, 0, 0, count), rank, 0);
    Value ends = node.scatterByAxis(axes, node.slice(pads, 0, count, 2 * count),
                                    rank, 0);
    pads = node.concat({begins, ends}, 0);
  }
  if (!node.isOk())
    return;
  if (*mode != PadMode::Constant)
    value = {};
  node.setResults(node.create<PadOp>(input, pads, value, *mode));
}

static void importTile(NodeBuilder &node) {
  node.setResults(
      node.create<TileOp>(node.operand(0), node.toShape(node.operand(1))));
}

/// Cuts or pads the middle of some dimensions to the extents in the operand.
static void importCenterCropPad(NodeBuilder &node) {
  Value input = node.operand(0), target = node.toShape(node.operand(1));
  int64_t rank = node.rank(input);
  SmallVector<int64_t> axes;
  if (std::optional<SmallVector<int64_t>> given = node.intsAttr("axes"))
    axes = node.normalizeAxes(*given, rank);
  else
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (!node.isOk() || axes.empty())
    return node.setResults(input);

  SmallVector<Value> extents;
  for (int64_t axis : axes)
    extents.push_back(node.dim(input, axis));
  Value extent = node.concat(extents, 0);
  Value zero = node.ints({0}), two = node.ints({2});
  auto positivePart = [&](Value lhs, Value rhs) {
    Value difference = node.create<SubOp>(lhs, rhs);
    return node.create<MaxOp>(difference, zero);
  };
  Value surplus = positivePart(extent, target);
  Value starts = node.create<DivOp>(surplus, two);
  Value kept = node.create<MinOp>(extent, target);
  Value ends = node.create<AddOp>(starts, kept);
  Value steps = node.ints(SmallVector<int64_t>(axes.size(), 1));
  Value cropped = node.create<SliceOp>(input, starts, ends, steps, axes);

  Value missing = positivePart(target, extent);
  Value before = node.create<DivOp>(missing, two);
  Value after = node.create<SubOp>(missing, before);
  SmallVector<Value> pads(2 * rank, zero);
  for (auto [index, axis] : llvm::enumerate(axes)) {
    int64_t position = index;
    pads[axis] = node.slice(before, 0, position, position + 1);
    pads[rank + axis] = node.slice(after, 0, position, position + 1);
  }
  node.setResults(node.create<PadOp>(cropped, node.concat(pads, 0), Value(),
                                     PadMode::Constant));
}

//===----------------------------------------------------------------------===//
// Depth and space
//===----------------------------------------------------------------------===//

/// The block size, if the input is an image with a block attribute.
static int64_t getBlockSize(NodeBuilder &node) {
  int64_t block = node.intAttr("blocksize", 0);
  if (node.rank(node.operand(0)) != 4)
    node.invalid("needs an input of rank 4");
  if (block <= 0 || block > 4096)
    node.invalid("has block size " + Twine(block));
  return block;
}

static void importDepthToSpace(NodeBuilder &node) {
  Value input = node.operand(0);
  int64_t block = getBlockSize(node);
  StringRef mode = node.stringAttr("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    node.invalid("has mode '" + mode + "'");
  if (!node.isOk())
    return;
  Value batch = node.dim(input, 0), height = node.dim(input, 2),
        width = node.dim(input, 3), sides = node.ints({block, block});
  Value depth =
      node.create<DivOp>(node.dim(input, 1), node.ints({block * block}));
  // [N, block, block, C, H, W] or [N, C, block, block, H, W]
  bool isDepthFirst = mode == "DCR";
  Value shape = isDepthFirst
                    ? node.concat({batch, sides, depth, height, width}, 0)
                    : node.concat({batch, depth, sides, height, width}, 0);
  Value blocks = node.reshape(input, shape);
  Value interleaved = node.transpose(
      blocks, isDepthFirst ? ArrayRef<int64_t>{0, 3, 4, 1, 5, 2}
                           : ArrayRef<int64_t>{0, 1, 4, 2, 5, 3});
  Value side = node.ints({block});
  Value tall = node.create<MulOp>(height, side);
  Value wide = node.create<MulOp>(width, side);
  node.setResults(
      node.reshape(interleaved, node.concat({batch, depth, tall, wide}, 0)));
}

static void importSpaceToDepth(NodeBuilder &node) {
  Value input = node.operand(0);
  int64_t block = getBlockSize(node);
  StringRef mode = node.stringAttr("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    node.invalid("has mode '" + mode + "'");
  if (!node.isOk())
    return;
  Value side = node.ints({block});
  Value batch = node.dim(input, 0), depth = node.dim(input, 1);
  Value height = node.create<DivOp>(node.dim(input, 2), side);
  Value width = node.create<DivOp>(node.dim(input, 3), side);
  Value blocks = node.reshape(
      input, node.concat({batch, depth, height, side, width, side}, 0));
  // The depth becomes [block, block, C] or [C, block, block].
  Value interleaved = node.transpose(
      blocks, mode == "DCR" ? ArrayRef<int64_t>{0, 3, 5, 1, 2, 4}
                            : ArrayRef<int64_t>{0, 1, 3, 5, 2, 4});
  Value deep = node.create<MulOp>(depth, node.ints({block * block}));
  node.setResults(
      node.reshape(interleaved, node.concat({batch, deep, height, width}, 0)));
}

static void importTrilu(NodeBuilder &node) {
  Value k = node.toScalar(node.toI64(node.operand(1)));
  node.setResults(
      node.create<TriluOp>(node.operand(0), k, node.boolAttr("upper", true)));
}

void slim::onnximport::registerShape(Registry &registry) {
  registry.add("Constant", 0, 0, importConstant);
  registry.add("ConstantOfShape", 1, 1, importConstantOfShape);
  registry.add("Range", 3, 3, importRange);
  registry.add("EyeLike", 1, 1, importEyeLike);
  registry.add("HannWindow", 1, 1, importHannWindow);
  registry.add("HammingWindow", 1, 1, importHammingWindow);
  registry.add("BlackmanWindow", 1, 1, importBlackmanWindow);
  registry.add("Shape", 1, 1, importShape);
  registry.add("Size", 1, 1, importSize);
  registry.add("Reshape", 2, 2, importReshape);
  registry.add("Flatten", 1, 1, importFlatten);
  registry.add("Squeeze", 1, 2, importSqueeze);
  registry.add("Unsqueeze", 1, 2, importUnsqueeze);
  registry.add("Expand", 2, 2, importExpand);
  registry.add("Transpose", 1, 1, importTranspose);
  registry.add("Concat", 1, kAnyNumber, importConcat);
  registry.add("Slice", 1, 5, importSlice);
  registry.add("Split", 1, 2, importSplit);
  registry.add("Pad", 1, 4, importPad);
  registry.add("Tile", 2, 2, importTile);
  registry.add("CenterCropPad", 2, 2, importCenterCropPad);
  registry.add("DepthToSpace", 1, 1, importDepthToSpace);
  registry.add("SpaceToDepth", 1, 1, importSpaceToDepth);
  registry.add("Trilu", 1, 2, importTrilu);
}
