//===- QuantizeWeight.cpp - A weight as codes and scales ------------------===//
//
// Numerics sees a matrix of output channels; the weight is stored in another
// layout. Blocks of the matrix are blocks of the stored tensor wherever only
// one of the dimensions that are summed over is divided: a scale per channel in
// any layout, groups of a linear layer in either layout or of a 1x1
// convolution. Then codes stay in the layout of the values. Groups that run
// through several dimensions (the reduction of a 3x3 convolution) need the
// matrix, which slim.reshape_decode brings into the layer's layout.
//
//===----------------------------------------------------------------------===//
#include "slim/Compress/QuantizeWeight.h"

#include "MatrixForm.h"
#include "mlir/Support/DebugStringHelper.h"
#include "slim/Compress/CorrectBias.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightStorage.h"
#include <cmath>

using namespace slim;

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// Sums of at most so many products of a difference of 8-bit numbers and an
/// 8-bit number fit 32 bits.
static constexpr int64_t kMaxTerms = INT32_MAX / (255 * 128);

/// `input` as codes with scales from its data, and back in floats.
static Value quantizeInput(OpBuilder &builder, Location loc, Value input,
                           const WeightQuantization &quantization) {
  auto type = cast<RankedTensorType>(input.getType());
  bool isInteger =
      quantization.scheme.format.getKind() == NumberFormat::Kind::Integer;
  int64_t run = quantization.activationBlock;
  SmallVector<int64_t> block(type.getRank(), 1);
  if (isInteger && run == 0) {
    auto codes =
        DynamicQuantizeOp::create(builder, loc, input, /*per_row=*/true);
    block.back() = 0;
    return DequantizeOp::create(builder, loc, type, codes.getResult(),
                                codes.getScale(), codes.getZeroPoint(), block);
  }
  // A run that covers the row is the row.
  int64_t depth = type.getShape().back();
  if (!ShapedType::isDynamic(depth) && run >= depth)
    run = 0;
  block.back() = run;
  Type to = isInteger ? Type(builder.getI8Type())
                      : Type(Float8E4M3FNType::get(builder.getContext()));
  Value scale = DynamicScaleOp::create(builder, loc, input, run, to);
  Value codes = QuantizeOp::create(builder, loc, type.clone(to), input, scale,
                                   /*zero_point=*/Value(), to, block);
  return DequantizeOp::create(builder, loc, type, codes, scale,
                              /*zero_point=*/Value(), block);
}

/// Quantizes the inputs of the linear ops that multiply by `weight`. Returns
/// how many these are.
static int64_t quantizeActivations(const CompressibleWeight &weight,
                                   const WeightQuantization &quantization) {
  int64_t count = 0;
  for (CompressibleOpInterface consumer : weight.consumers) {
    auto linear = dyn_cast<LinearOp>(consumer.getOperation());
    // The weight of such a product is codes and scales, nothing else.
    if (!linear || !linear.getWeight().getDefiningOp<DequantizeOp>())
      continue;
    auto type = cast<RankedTensorType>(linear.getInput().getType());
    auto weightType = cast<RankedTensorType>(linear.getWeight().getType());
    int64_t terms = weightType.getDimSize(linear.getTransposed() ? 0 : 1);
    if (quantization.activationBlock != 0)
      terms = std::min(terms, quantization.activationBlock);
    if (!type.getElementType().isF32() || terms > kMaxTerms)
      continue;
    OpBuilder builder(linear);
    linear.getInputMutable().assign(quantizeInput(
        builder, linear.getLoc(), linear.getInput(), quantization));
    ++count;
  }
  return count;
}

/// "by row", "by 128 elements of a row".
static std::string describeActivations(const WeightQuantization &quantization) {
  int64_t run = quantization.activationBlock;
  return run == 0 ? "by row"
                  : ("by " + Twine(run) + " elements of a row").str();
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// The element type of codes; null if there is none.
static Type getCodeType(MLIRContext *context, const NumberFormat &format) {
  unsigned bits = format.getBits();
  switch (format.getKind()) {
  case NumberFormat::Kind::Integer:
    return IntegerType::get(context, bits);
  case NumberFormat::Kind::Codebook:
    return IntegerType::get(context, bits, IntegerType::Unsigned);
  case NumberFormat::Kind::Float:
    break;
  }
  auto is = [&](const FloatFormat &other) {
    const FloatFormat &floats = format.getFloat();
    return floats.exponentBits == other.exponentBits &&
           floats.mantissaBits == other.mantissaBits &&
           floats.bias == other.bias && floats.specials == other.specials;
  };
  if (is(FloatFormat::float8E4M3FN()))
    return Float8E4M3FNType::get(context);
  if (is(FloatFormat::float8E5M2()))
    return Float8E5M2Type::get(context);
  if (is(FloatFormat::float4E2M1FN()))
    return Float4E2M1FNType::get(context);
  return {};
}

static FloatType getScaleType(MLIRContext *context, ScaleFormat format) {
  switch (format) {
  case ScaleFormat::F32:
    return Float32Type::get(context);
  case ScaleFormat::F16:
    return Float16Type::get(context);
  case ScaleFormat::BF16:
    return BFloat16Type::get(context);
  case ScaleFormat::E8M0:
    return Float8E8M0FNUType::get(context);
  case ScaleFormat::E4M3:
    return Float8E4M3FNType::get(context);
  }
  return {};
}

/// The scale format that is the float type `type`.
static ScaleFormat getScaleFormatOf(Type type) {
  return type.isF16()    ? ScaleFormat::F16
         : type.isBF16() ? ScaleFormat::BF16
                         : ScaleFormat::F32;
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

namespace {
/// How the blocks of a weight's matrix lie in what is stored.
struct StoredLayout {
  StoredLayout(const MatrixForm &form, std::optional<int64_t> rowDim,
               BlockShape block);

  /// Codes are stored as the matrix.
  bool asMatrix = false;
  SmallVector<int64_t> codeShape;
  /// Of slim.dequantize on the codes.
  SmallVector<int64_t> block;
  SmallVector<int64_t> scaleShape;
  /// For each block of the matrix its place among the stored scales.
  std::vector<int64_t> scalePlaces;
};
} // namespace

StoredLayout::StoredLayout(const MatrixForm &form,
                           std::optional<int64_t> rowDim, BlockShape shape) {
  BlockGrid grid(shape, form.rows, form.cols);
  bool isDivided = shape.columns != 0 && shape.columns < form.cols;
  // The dimension along which columns are divided.
  std::optional<int64_t> columnDim;
  if (isDivided)
    for (int64_t dim = 0, rank = form.shape.size(); dim < rank; ++dim) {
      if (dim == rowDim || form.shape[dim] == 1)
        continue;
      asMatrix |= columnDim.has_value();
      columnDim = dim;
    }
  if (asMatrix) {
    codeShape = {form.rows, form.cols};
    rowDim = 0;
    columnDim = 1;
  } else {
    codeShape = form.shape;
  }
  block.assign(codeShape.size(), 0);
  scaleShape.assign(codeShape.size(), 1);
  if (rowDim && shape.rows != 0 && grid.gridRows > 1) {
    block[*rowDim] = shape.rows;
    scaleShape[*rowDim] = grid.gridRows;
  } else if (rowDim && shape.rows == 1) {
    // A single row, which is a block.
    block[*rowDim] = 1;
  }
  if (columnDim) {
    block[*columnDim] = shape.columns;
    scaleShape[*columnDim] = grid.gridColumns;
  }
  bool isTransposed = rowDim && columnDim && *columnDim < *rowDim;
  scalePlaces.resize(grid.size());
  for (int64_t i = 0; i < grid.size(); ++i)
    scalePlaces[i] = isTransposed ? i % grid.gridColumns * grid.gridRows +
                                        i / grid.gridColumns
                                  : i;
}

//===----------------------------------------------------------------------===//
// Statistics
//===----------------------------------------------------------------------===//

namespace {
/// The inputs of a layer, as they concern the matrix of its weight.
struct LayerInputs {
  /// Null if nothing is known.
  const ActivationStatistics *statistics = nullptr;
  int64_t groups = 1;
  /// Mean squares of the columns, over all groups.
  std::vector<float> meanSquare;

  /// What is known of one group: the second moment or its diagonal.
  std::vector<float> getMoment(int64_t group, int64_t columns) const {
    ArrayRef<float> moment = statistics->getSecondMoment(group);
    if (!moment.empty())
      return moment.vec();
    auto begin = statistics->channelMeanSquare.begin() + group * columns;
    return std::vector<float>(begin, begin + columns);
  }
};
} // namespace

static LayerInputs getInputs(const CompressibleWeight &weight,
                             const MatrixForm &form,
                             const CalibrationStatistics *calibration) {
  LayerInputs inputs;
  // Columns of stored values are columns of the weight only where nothing else
  // is decoded.
  if (!calibration || !weight.tree.getPath().empty() ||
      weight.reductionDims.empty())
    return inputs;
  const ActivationStatistics *found = calibration->lookup(weight.getName());
  if (!found || found->groups < 1 ||
      int64_t(found->channelMeanSquare.size()) != found->groups * form.cols ||
      form.rows % found->groups != 0)
    return inputs;
  inputs.statistics = found;
  inputs.groups = found->groups;
  inputs.meanSquare.resize(form.cols);
  for (auto [i, square] : llvm::enumerate(found->channelMeanSquare))
    inputs.meanSquare[i % form.cols] += float(square / double(found->groups));
  return inputs;
}

/// Rounds `values`, the matrix of a weight. The groups of a convolution see
/// inputs of their own, and are problems of their own where their rows share
/// nothing.
static llvm::Expected<QuantizedMatrix>
round(ArrayRef<float> values, const MatrixForm &form,
      const QuantizationScheme &scheme, const LayerInputs &inputs,
      const WeightQuantization &quantization) {
  const RoundingAlgorithm &algorithm = *quantization.algorithm;
  auto solve =
      [&](ArrayRef<float> part, int64_t rows, ArrayRef<float> moment,
          ArrayRef<float> meanSquare) -> llvm::Expected<QuantizedMatrix> {
    RoundingProblem problem;
    problem.weight = part;
    problem.rows = rows;
    problem.columns = form.cols;
    problem.scheme = scheme;
    problem.secondMoment = moment;
    problem.meanSquare = meanSquare;
    if (llvm::Error error = algorithm.checkProblem(problem))
      return std::move(error);
    return algorithm.quantize(problem, quantization.rounding);
  };
  if (!inputs.statistics)
    return solve(values, form.rows, {}, {});
  if (inputs.groups == 1)
    return solve(values, form.rows, inputs.statistics->getSecondMoment(),
                 inputs.meanSquare);

  int64_t rows = form.rows / inputs.groups;
  bool areIndependent =
      scheme.block.rows != 0 && rows % scheme.block.rows == 0 &&
      scheme.scale != ScaleFormat::E4M3 && !scheme.format.isUnlearned();
  if (!areIndependent)
    return solve(values, form.rows, {}, inputs.meanSquare);
  QuantizedMatrix whole;
  whole.rows = form.rows;
  whole.columns = form.cols;
  for (int64_t group = 0; group < inputs.groups; ++group) {
    auto first =
        inputs.statistics->channelMeanSquare.begin() + group * form.cols;
    std::vector<float> meanSquare(first, first + form.cols);
    llvm::Expected<QuantizedMatrix> part =
        solve(values.slice(group * rows * form.cols, rows * form.cols), rows,
              inputs.statistics->getSecondMoment(group), meanSquare);
    if (!part)
      return part.takeError();
    llvm::append_range(whole.codes, part->codes);
    llvm::append_range(whole.scales, part->scales);
    llvm::append_range(whole.zeroPoints, part->zeroPoints);
  }
  return whole;
}

/// ||X (W - W')^T|| / ||X W^T|| over the calibration data, for outputs of all
/// groups.
static double getOutputError(ArrayRef<float> values,
                             ArrayRef<float> approximation,
                             const MatrixForm &form,
                             const LayerInputs &inputs) {
  std::vector<float> difference(values.size());
  for (size_t i = 0, e = values.size(); i < e; ++i)
    difference[i] = values[i] - approximation[i];
  int64_t rows = form.rows / inputs.groups, size = rows * form.cols;
  double error = 0, whole = 0;
  for (int64_t group = 0; group < inputs.groups; ++group) {
    std::vector<float> moment = inputs.getMoment(group, form.cols);
    error +=
        measureOutput(ArrayRef<float>(difference).slice(group * size, size),
                      rows, form.cols, moment);
    whole += measureOutput(values.slice(group * size, size), rows, form.cols,
                           moment);
  }
  if (error <= 0)
    return 0;
  return whole > 0 ? std::sqrt(error / whole)
                   : std::numeric_limits<double>::infinity();
}

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

/// Why the scales of `scheme` cannot take a factor for each output channel;
/// empty if they can.
static std::string checkNormCorrection(const QuantizationScheme &scheme,
                                       bool isScaled) {
  if (!isScaled)
    return "it has no scales";
  if (scheme.scale == ScaleFormat::E8M0 || scheme.scale == ScaleFormat::E4M3)
    return ("scales in " + getName(scheme.scale) + " do not hold factors")
        .str();
  if (scheme.block.rows != 1)
    return "its output channels share scales";
  return {};
}

/// Multiplies the scales of each output channel w', which was w, by
///
///   sqrt(w H w^T / (w' H w'^T)),
///
/// H the second moment of the layer's inputs (its diagonal where that is all
/// that is known, the unit matrix without statistics): the channel's outputs
/// then have the mean square, or the channel the norm, that they had.
static void correctNorms(QuantizedMatrix &matrix, ArrayRef<float> values,
                         const MatrixForm &form,
                         const QuantizationScheme &scheme,
                         const LayerInputs &inputs) {
  std::vector<float> approximation(values.size());
  decodeMatrix(scheme, matrix, approximation);
  BlockGrid grid(scheme.block, form.rows, form.cols);
  int64_t groupRows = form.rows / inputs.groups;
  std::vector<float> moment(form.cols, 1.0f);
  for (int64_t row = 0; row < form.rows; ++row) {
    if (inputs.statistics && row % groupRows == 0)
      moment = inputs.getMoment(row / groupRows, form.cols);
    auto measure = [&](ArrayRef<float> all) {
      return measureOutput(all.slice(row * form.cols, form.cols), 1, form.cols,
                           moment);
    };
    double before = measure(values), after = measure(approximation);
    // Nothing that was seen reaches the channel, or nothing is left of it.
    if (!(before > 0 && after > 0))
      continue;
    auto factor = float(std::sqrt(before / after));
    for (int64_t block = 0; block < grid.gridColumns; ++block) {
      float &scale = matrix.scales[row * grid.gridColumns + block];
      if (scale != 0)
        scale = roundScale(scheme.scale, scale * factor);
    }
  }
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

namespace {
/// The weights that a quantized weight consists of.
struct StoredParts {
  WeightOp codes, table, scale, tensorScale, zeroPoint;
  /// What slim.dequantize computes in.
  FloatType computeType;

  Value build(OpBuilder &builder, Location loc, WeightRewriter &rewriter,
              ArrayRef<int64_t> block) const;
};
} // namespace

Value StoredParts::build(OpBuilder &builder, Location loc,
                         WeightRewriter &rewriter,
                         ArrayRef<int64_t> block) const {
  Value values = rewriter.readWeight(builder, loc, codes);
  RankedTensorType type = WeightOp(codes).getTensorType().clone(computeType);
  if (table)
    values = CodebookDecodeOp::create(builder, loc, type, values,
                                      rewriter.readWeight(builder, loc, table));
  if (!scale)
    return values;
  Value scales = rewriter.readWeight(builder, loc, scale);
  RankedTensorType scaleType =
      WeightOp(scale).getTensorType().clone(computeType);
  if (tensorScale) {
    Value whole = rewriter.readWeight(builder, loc, tensorScale);
    scales = DequantizeOp::create(builder, loc, scaleType, scales, whole,
                                  /*zero_point=*/Value(),
                                  SmallVector<int64_t>(scaleType.getRank(), 0));
  } else if (scales.getType() != scaleType) {
    scales = CastOp::create(builder, loc, scaleType, scales, computeType,
                            /*saturate=*/true);
  }
  Value zeroPoints =
      zeroPoint ? rewriter.readWeight(builder, loc, zeroPoint) : Value();
  return DequantizeOp::create(builder, loc, type, values, scales, zeroPoints,
                              block);
}

/// `values` in the order of `places`, as data of `type`.
static TensorData placeFloats(RankedTensorType type, ArrayRef<float> values,
                              ArrayRef<int64_t> places) {
  std::vector<float> placed(values.size());
  for (auto [place, value] : llvm::zip_equal(places, values))
    placed[place] = value;
  return TensorData::fromFloats(type, placed);
}

static TensorData placeBytes(RankedTensorType type, ArrayRef<int8_t> bytes,
                             ArrayRef<int64_t> places) {
  // Codes of less than 8 bits take the low bits of a byte.
  char mask = char((1u << type.getElementTypeBitWidth()) - 1);
  std::vector<char> placed(bytes.size());
  for (auto [place, byte] : llvm::zip_equal(places, bytes))
    placed[place] = char(byte & mask);
  return TensorData(type, std::move(placed));
}

/// "per tensor", "per channel", "per 128", "per 128x128".
static std::string describe(BlockShape block) {
  if (block.rows == 0 && block.columns == 0)
    return "tensor";
  if (block.rows == 1 && block.columns == 0)
    return "channel";
  if (block.rows == 1)
    return ("group of " + Twine(block.columns)).str();
  return ("block of " + Twine(block.rows) + "x" + Twine(block.columns)).str();
}

FailureOr<CompressionOutcome>
slim::quantizeWeight(CompressibleWeight &weight, WeightRewriter &rewriter,
                     const WeightQuantization &quantization) {
  WeightOp stored = weight.tree.getWeights().front();
  RankedTensorType storedType = stored.getTensorType();
  auto elementType = dyn_cast<FloatType>(storedType.getElementType());
  if (!elementType ||
      !(elementType.isF32() || elementType.isF16() || elementType.isBF16()))
    return CompressionOutcome::skipped(
        "its values are " + debugString(storedType.getElementType()) +
        " already");
  MLIRContext *context = stored.getContext();
  QuantizationScheme scheme = quantization.scheme;
  if (quantization.scalesAsWeight)
    scheme.scale = getScaleFormatOf(elementType);
  const NumberFormat &format = scheme.format;
  Type codeElement = getCodeType(context, format);
  if (!codeElement)
    return CompressionOutcome::skipped("format '" + format.getName() +
                                       "' has no element type");

  // The matrix that is stored. Without rows there is one scale at most.
  std::optional<int64_t> rowDim =
      traceDimension(weight.tree, weight.outputChannelDim);
  if (!rowDim && (scheme.block.rows != 0 || scheme.block.columns != 0))
    return CompressionOutcome::skipped(
        "its stored layout has no dimension of output channels");
  SmallVector<int64_t> columnDims;
  if (weight.tree.getPath().empty())
    columnDims = weight.reductionDims;
  for (int64_t dim = 0, rank = storedType.getRank(); dim < rank; ++dim)
    if (dim != rowDim && !llvm::is_contained(columnDims, dim))
      columnDims.push_back(dim);
  MatrixForm form = MatrixForm::of(storedType.getShape(), rowDim, columnDims);
  StoredLayout layout(form, rowDim, scheme.block);

  // What it will take.
  auto codeType = RankedTensorType::get(layout.codeShape, codeElement);
  FloatType scaleElement = getScaleType(context, scheme.scale);
  auto scaleType = RankedTensorType::get(layout.scaleShape, scaleElement);
  FloatType computeType = scaleElement == elementType
                              ? elementType
                              : FloatType(Float32Type::get(context));
  bool hasTable = format.getKind() == NumberFormat::Kind::Codebook;
  bool isScaled = !(format.isUnlearned() && layout.scalePlaces.size() == 1 &&
                    scheme.scale != ScaleFormat::E4M3);
  auto tableType =
      RankedTensorType::get({int64_t(1) << format.getBits()}, computeType);
  auto zeroType = RankedTensorType::get(layout.scaleShape, codeElement);
  auto tensorScaleType = RankedTensorType::get(
      SmallVector<int64_t>(layout.scaleShape.size(), 1), computeType);
  int64_t bytes = getStoredBytes(codeType);
  if (isScaled)
    bytes += getStoredBytes(scaleType);
  if (hasTable)
    bytes += getStoredBytes(tableType);
  if (scheme.asymmetric)
    bytes += getStoredBytes(zeroType);
  if (scheme.scale == ScaleFormat::E4M3)
    bytes += getStoredBytes(tensorScaleType);
  if (bytes >= getStoredBytes(storedType))
    return CompressionOutcome::skipped("its scales outweigh what codes save");

  // Round.
  FailureOr<TensorData> data = readWeightData(stored);
  if (failed(data))
    return failure();
  std::vector<float> values = form.gather<float>(data->toFloats());
  LayerInputs inputs = getInputs(weight, form, quantization.calibration);
  auto byAlgorithm = [&] {
    return round(values, form, scheme, inputs, quantization);
  };
  bool isPlain = weight.tree.getPath().empty() && !weight.reductionDims.empty();
  llvm::Expected<QuantizedMatrix> matrix =
      quantization.rounder
          ? quantization.rounder({weight.getName(), values, form.rows,
                                  form.cols, form.source, scheme, isPlain},
                                 byAlgorithm)
          : byAlgorithm();
  if (!matrix)
    return CompressionOutcome::skipped(llvm::toString(matrix.takeError()));
  std::string normProblem;
  if (quantization.correctNorm) {
    normProblem = checkNormCorrection(scheme, isScaled);
    if (normProblem.empty())
      correctNorms(*matrix, values, form, scheme, inputs);
  }
  std::optional<double> outputError;
  if (inputs.statistics) {
    std::vector<float> approximation(values.size());
    decodeMatrix(scheme, *matrix, approximation);
    outputError = getOutputError(values, approximation, form, inputs);
  }

  // Store.
  StoredParts parts;
  parts.computeType = computeType;
  StringRef name = stored.getSymName();
  auto add = [&](StringRef suffix, const TensorData &part, WeightOp after) {
    return rewriter.addWeight((name + suffix).str(), part, after);
  };
  SmallVector<int64_t> inOrder;
  if (layout.asMatrix)
    inOrder = llvm::to_vector(llvm::seq<int64_t>(0, form.source.size()));
  parts.codes = add("",
                    placeBytes(codeType, matrix->codes,
                               layout.asMatrix ? ArrayRef<int64_t>(inOrder)
                                               : ArrayRef(form.source)),
                    stored);
  WeightOp last = parts.codes;
  if (hasTable) {
    std::vector<float> table = matrix->codebook.empty()
                                   ? format.getCodebook().vec()
                                   : matrix->codebook;
    table.resize(tableType.getNumElements(), table.back());
    last = parts.table =
        add(".table", TensorData::fromFloats(tableType, table), last);
  }
  if (isScaled)
    last = parts.scale =
        add(".scale",
            placeFloats(scaleType, matrix->scales, layout.scalePlaces), last);
  if (scheme.scale == ScaleFormat::E4M3)
    last = parts.tensorScale = add(
        ".tensor_scale",
        TensorData::fromFloats(tensorScaleType, {matrix->tensorScale}), last);
  if (scheme.asymmetric)
    parts.zeroPoint =
        add(".zero_point",
            placeBytes(zeroType, matrix->zeroPoints, layout.scalePlaces), last);
  rewriter.replaceRoots(weight, [&](OpBuilder &builder, Value root) -> Value {
    Location loc = root.getLoc();
    Value leaf = parts.build(builder, loc, rewriter, layout.block);
    if (layout.asMatrix)
      leaf = form.buildTensor(builder, loc, leaf);
    if (computeType != elementType)
      leaf = CastOp::create(builder, loc, storedType, leaf, elementType,
                            /*saturate=*/true);
    return rebuildTree(builder, root, leaf);
  });

  int64_t corrected = 0;
  if (quantization.correctBias && quantization.calibration) {
    FailureOr<std::vector<float>> now = decodeToDense(weight.tree.getRoot());
    if (failed(now))
      return failure();
    corrected = correctBias(weight, name, weight.dense, *now,
                            *quantization.calibration, rewriter);
  }

  // Report.
  int64_t products = quantization.dynamicActivations
                         ? quantizeActivations(weight, quantization)
                         : 0;
  size_t scaleCount = isScaled ? matrix->scales.size() : 0;
  std::string message =
      (Twine(format.getBits()) + "-bit codes with " + Twine(scaleCount) +
       (scaleCount == 1 ? " scale" : " scales") +
       (products
            ? ", activations quantized " + describeActivations(quantization)
            : ""))
          .str();
  if (!normProblem.empty())
    message += "; norms are not corrected: " + normProblem;
  auto outcome = CompressionOutcome::applied(message);
  Builder builder(context);
  if (products)
    outcome.with(format.getKind() == NumberFormat::Kind::Integer
                     ? "integer_products"
                     : "rounded_inputs",
                 builder.getI64IntegerAttr(products));
  outcome.with("format", builder.getStringAttr(quantization.name));
  outcome.with("granularity", builder.getStringAttr(describe(scheme.block)));
  outcome.with("algorithm",
               builder.getStringAttr(quantization.algorithm->getName()));
  if (quantization.correctNorm)
    outcome.with("norms_corrected", builder.getBoolAttr(normProblem.empty()));
  if (corrected)
    outcome.with("biases_corrected", builder.getI64IntegerAttr(corrected));
  if (outputError)
    outcome.with("output_error", builder.getF64FloatAttr(*outputError));
  return outcome;
}
