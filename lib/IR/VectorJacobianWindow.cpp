//===- VectorJacobianWindow.cpp - Gradients of convolutions and pools -----===//
//
// The gradient with respect to the image is a transposed convolution, that with
// respect to the filters a product of the result's gradient with the patches.
//
//===----------------------------------------------------------------------===//

#include "Arithmetic.h"
#include "Inference.h"

using namespace slim;
using namespace slim::detail;

namespace {
/// The attributes of a convolution.
struct Sliding {
  template <typename OpT>
  static Sliding of(OpT op) {
    return {op.getStrides(), op.getPads(), op.getDilations(),
            static_cast<int64_t>(op.getGroups())};
  }
  ArrayRef<int64_t> strides, pads, dilations;
  int64_t groups = 1;
};
} // namespace

/// Carries the gradient of a convolution of `image` back to it.
static Value buildImageGradient(OpBuilder &builder, Location loc,
                                Value gradient, Value weight, Value image,
                                const Sliding &sliding) {
  // A stride leaves open by how much the image is larger than the windows
  // reach: as much as may be, and cut.
  SmallVector<int64_t> padding, axes, zeros, ones;
  SmallVector<Extent> ends;
  bool isCut = false;
  for (auto [i, stride] : llvm::enumerate(sliding.strides)) {
    padding.push_back(stride - 1);
    isCut |= stride != 1;
    axes.push_back(i + 2);
    ends.push_back(Extent::of(image, i + 2));
    zeros.push_back(0);
    ones.push_back(1);
  }
  if (!isCut)
    return ConvTransposeOp::create(builder, loc, image.getType(), gradient,
                                   weight, /*bias=*/Value(), sliding.strides,
                                   sliding.pads, sliding.dilations, padding,
                                   sliding.groups);
  Value whole = ConvTransposeOp::create(
      builder, loc, gradient, weight, /*bias=*/Value(), sliding.strides,
      sliding.pads, sliding.dilations, padding, sliding.groups);
  return SliceOp::create(builder, loc, image.getType(), whole,
                         buildShapeConstant(builder, loc, zeros),
                         buildShape(builder, loc, ends),
                         buildShapeConstant(builder, loc, ones), axes);
}

/// The gradient of the filters `weight` that slide over `image`, from that of
/// each position, `gradient` [N, F, positions...]. Null if the extents of the
/// filters are open.
static Value buildFilterGradient(OpBuilder &builder, Location loc, Value image,
                                 Value gradient, Value weight,
                                 const Sliding &sliding) {
  RankedTensorType type = getTensorType(weight);
  if (!type.hasStaticShape())
    return {};
  ImplicitLocOpBuilder b(loc, builder);
  int64_t rank = type.getRank(), groups = sliding.groups;
  int64_t filters = type.getDimSize(0);
  int64_t elements = multiplyExtents(type.getShape().drop_front());
  if (filters == 0 || elements == 0)
    return buildZerosLike(b, loc, weight);
  // [N * positions, groups, ...] each.
  Value patches =
      Im2ColOp::create(b, image, type.getShape().drop_front(2), sliding.strides,
                       sliding.pads, sliding.dilations);
  SmallVector<int64_t> channelsLast = {0};
  llvm::append_range(channelsLast, llvm::seq<int64_t>(2, rank));
  channelsLast.push_back(1);
  Value rows =
      collapseToRows(b, loc, TransposeOp::create(b, gradient, channelsLast));
  Value product;
  if (groups == 1) {
    product = MatmulOp::create(b, transposeMatrix(b, loc, rows), patches);
  } else {
    auto split = [&](Value matrix, int64_t columns,
                     ArrayRef<int64_t> permutation) -> Value {
      Type elementType = type.getElementType();
      Value shape = buildShapeConstant(b, loc, {-1, groups, columns});
      Value parts = ReshapeOp::create(
          b,
          RankedTensorType::get({ShapedType::kDynamic, groups, columns},
                                elementType),
          matrix, shape, /*allow_zero=*/true);
      return TransposeOp::create(b, parts, permutation);
    };
    product = MatmulOp::create(b, split(rows, filters / groups, {1, 2, 0}),
                               split(patches, elements, {1, 0, 2}));
  }
  return reshapeLike(b, loc, product, weight);
}

/// The gradient of a bias along dimension 1.
static Value buildBiasGradient(OpBuilder &builder, Location loc, Value gradient,
                               Value bias) {
  SmallVector<int64_t> axes = {0};
  llvm::append_range(axes,
                     llvm::seq<int64_t>(2, getTensorType(gradient).getRank()));
  return ReduceSumOp::create(builder, loc, bias.getType(), gradient, axes,
                             /*keep_dims=*/false);
}

LogicalResult ConvOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                               SmallVectorImpl<Value> &operandGradients) {
  Sliding sliding = Sliding::of(*this);
  Value gradient = resultGradients[0];
  operandGradients.push_back(buildImageGradient(
      builder, getLoc(), gradient, getWeight(), getInput(), sliding));
  operandGradients.push_back(buildFilterGradient(
      builder, getLoc(), getInput(), gradient, getWeight(), sliding));
  if (Value bias = getBias())
    operandGradients.push_back(
        buildBiasGradient(builder, getLoc(), gradient, bias));
  return success();
}

LogicalResult
ConvTransposeOp::buildVJP(OpBuilder &builder, ValueRange resultGradients,
                          SmallVectorImpl<Value> &operandGradients) {
  // The other way round: the result is the image, the input the positions.
  // Padding of the output that windows reach is none of the input.
  for (auto [padding, stride] :
       llvm::zip_equal(getOutputPadding(), getStrides()))
    if (padding >= stride)
      return failure();
  Sliding sliding = Sliding::of(*this);
  Value gradient = resultGradients[0];
  operandGradients.push_back(ConvOp::create(
      builder, getLoc(), getInput().getType(), gradient, getWeight(),
      /*bias=*/Value(), sliding.strides, sliding.pads, sliding.dilations,
      sliding.groups));
  operandGradients.push_back(buildFilterGradient(
      builder, getLoc(), gradient, getInput(), getWeight(), sliding));
  if (Value bias = getBias())
    operandGradients.push_back(
        buildBiasGradient(builder, getLoc(), gradient, bias));
  return success();
}

LogicalResult AvgPoolOp::buildVJP(OpBuilder &builder,
                                  ValueRange resultGradients,
                                  SmallVectorImpl<Value> &operandGradients) {
  // With ceil_mode windows may reach beyond the padding, and what they divide
  // by is the runtime's choice.
  if (getCeilMode() && getCountIncludePad())
    return failure();
  Arithmetic a(builder, *this, getInput());
  Location loc = getLoc();
  RankedTensorType type = getTensorType(getInput());
  Type elementType = type.getElementType();
  int64_t rank = type.getRank();
  ArrayRef<int64_t> kernel = getKernel();
  int64_t count = multiplyExtents(kernel);
  Value gradient = resultGradients[0];
  if (getCountIncludePad()) {
    gradient = a.mul(gradient, 1.0 / double(count));
  } else {
    // How many elements each window holds: sums over ones.
    SmallVector<int64_t> shape = {1, 1};
    SmallVector<Extent> extents = {Extent::of(1), Extent::of(1)};
    for (int64_t dim = 2; dim < rank; ++dim) {
      shape.push_back(type.getDimSize(dim));
      extents.push_back(Extent::of(getInput(), dim));
    }
    Value ones =
        FillOp::create(a.builder, RankedTensorType::get(shape, elementType),
                       buildShape(a.builder, loc, extents), a.number(1));
    SmallVector<int64_t> margins(getPads());
    if (getCeilMode())
      for (int64_t dim = 0; dim < rank - 2; ++dim)
        margins[rank - 2 + dim] += getStrides()[dim] - 1;
    Value share = AvgPoolOp::create(
        a.builder, ones, kernel, getStrides(), margins, getDilations(),
        /*ceil_mode=*/false, /*count_include_pad=*/true);
    if (getCeilMode()) {
      SmallVector<int64_t> axes, zeros, steps;
      SmallVector<Extent> ends;
      for (int64_t dim = 2; dim < rank; ++dim) {
        axes.push_back(dim);
        zeros.push_back(0);
        steps.push_back(1);
        ends.push_back(Extent::of(getResult(), dim));
      }
      share = SliceOp::create(a.builder, share,
                              buildShapeConstant(a.builder, loc, zeros),
                              buildShape(a.builder, loc, ends),
                              buildShapeConstant(a.builder, loc, steps), axes);
    }
    gradient = a.div(gradient, a.mul(share, double(count)));
  }
  // Each channel is an image of its own.
  auto separate = [&](Value images) -> Value {
    SmallVector<int64_t> shape = {ShapedType::kDynamic, 1};
    SmallVector<Extent> extents = {Extent::of(-1), Extent::of(1)};
    for (int64_t dim = 2; dim < rank; ++dim) {
      shape.push_back(getTensorType(images).getDimSize(dim));
      extents.push_back(Extent::of(images, dim));
    }
    return ReshapeOp::create(a.builder,
                             RankedTensorType::get(shape, elementType), images,
                             buildShape(a.builder, loc, extents),
                             /*allow_zero=*/true);
  };
  SmallVector<int64_t> filter = {1, 1};
  llvm::append_range(filter, kernel);
  auto filterType = RankedTensorType::get(filter, elementType);
  Value ones = ConstantOp::create(
      a.builder,
      DenseElementsAttr::get(filterType, FloatAttr::get(elementType, 1.0)));
  Value images = buildImageGradient(
      a.builder, loc, separate(gradient), ones, separate(getInput()),
      {getStrides(), getPads(), getDilations(), /*groups=*/1});
  operandGradients.push_back(reshapeLike(a.builder, loc, images, getInput()));
  return success();
}
