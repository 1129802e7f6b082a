//===- PruneNM.cpp - N:M sparse weights -----------------------------------===//
//
// The weight is taken as the matrix [output channels, reduction elements], the
// form in which sparse matrix units read it. Magnitudes are compared on the
// decoded matrix. Then there are three forms of storage:
//
//  1. floats: the survivors are stored as they are;
//  2. codes with a scale (and zero point) per output channel, as quantize-int8
//     makes them: codes, scales and zero points become those of the matrix and
//     are dequantized inside the sparse form. An implicit zero is then exactly
//     zero whatever the zero point, and the form is the same as when pruning
//     came first;
//  3. codes with any other blocks of scales: the codes alone become sparse and
//     what scales them stays outside, which needs codes whose zero is 0.
//
// For 1 and 2 `slim.reshape_decode` turns the matrix into the layer's layout,
// where that is another. In case 3 it does the same for the matrix of codes.
//
//===----------------------------------------------------------------------===//
#include "MatrixForm.h"
#include "slim/Compress/CompressionDriver.h"
#include "slim/Compress/Passes.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightStorage.h"
#include "slim/Numerics/NMFormat.h"
#include "slim/Numerics/Prune.h"

#define DEBUG_TYPE "prune-nm"

namespace slim {
#define GEN_PASS_DEF_PRUNENMPASS
#include "slim/Compress/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {

/// A matrix with its N:M survivors as new weights.
struct SparseMatrix {
  NMFormat format;
  std::vector<uint8_t> positions;
  std::vector<int64_t> columns;
};

} // namespace

/// The matrix [output channels, reduction elements] of `weight`; none if its
/// consumers do not sum over all other dimensions.
static std::optional<MatrixForm>
getMatrixForm(const CompressibleWeight &weight) {
  ArrayRef<int64_t> shape = weight.getType().getShape();
  SmallVector<int64_t> dims = {weight.outputChannelDim};
  llvm::append_range(dims, weight.reductionDims);
  llvm::sort(dims);
  if (weight.reductionDims.empty() ||
      !llvm::equal(dims, llvm::seq<int64_t>(0, shape.size())))
    return std::nullopt;
  return MatrixForm::of(shape, weight.outputChannelDim, weight.reductionDims);
}

/// `data` with the matrix' elements in the matrix' order and only the
/// survivors.
static TensorData packValues(const TensorData &data, const MatrixForm &form,
                             const SparseMatrix &sparse) {
  int64_t elementBytes = TensorData::getElementBytes(data.getElementType());
  int64_t perRow = sparse.format.valuesPerRow();
  auto type = RankedTensorType::get({form.rows, perRow}, data.getElementType());
  std::vector<char> bytes(form.rows * perRow * elementBytes);
  const char *source = data.getBytes().data();
  for (int64_t i = 0, e = form.rows * perRow; i < e; ++i) {
    int64_t element = i / perRow * form.cols + sparse.columns[i];
    std::copy_n(source + form.source[element] * elementBytes, elementBytes,
                bytes.data() + i * elementBytes);
  }
  return TensorData(type, std::move(bytes));
}

/// Whether `op` has one scale per index of `dim`.
static bool scalesOnly(DequantizeOp op, int64_t dim) {
  for (auto [index, extent] : llvm::enumerate(op.getBlock()))
    if (extent != (int64_t(index) == dim ? 1 : 0))
      return false;
  return true;
}

/// `value`, one element for each row of the matrix, as a weight [rows, 1].
static FailureOr<WeightOp> addColumn(Value value, int64_t rows,
                                     WeightRewriter &rewriter) {
  auto leaf = value.getDefiningOp<GetWeightOp>();
  FailureOr<TensorData> data = decodeConstant(value);
  if (failed(data))
    return failure();
  auto type = RankedTensorType::get({rows, 1}, data->getElementType());
  auto old =
      SymbolTable::lookupNearestSymbolFrom<WeightOp>(leaf, leaf.getNameAttr());
  return rewriter.addWeight(
      old.getSymName(), TensorData(type, data->getBytes(), data->getOwner()),
      old);
}

static FailureOr<CompressionOutcome> prune(CompressibleWeight &weight,
                                           WeightRewriter &rewriter, int64_t n,
                                           int64_t m) {
  // What can be done with this weight.
  if (llvm::any_of(weight.tree.getPath(), [](DecodeOpInterface decode) {
        return isa<SparseDecodeOp>(*decode);
      }))
    return CompressionOutcome::skipped("it is N:M sparse already");
  bool scaledByRow = false, hasZeroPoint = false;
  for (DecodeOpInterface decode : weight.tree.getPath()) {
    auto dequantize = dyn_cast<DequantizeOp>(*decode);
    if (!dequantize)
      return CompressionOutcome::skipped(
          isa<SparseDecodeOp>(*decode) ? Twine("it is N:M sparse already")
                                       : "its values are stored through " +
                                             decode->getName().getStringRef());
    hasZeroPoint |= dequantize.getZeroPoint() != nullptr;
    scaledByRow = weight.tree.getPath().size() == 1 &&
                  scalesOnly(dequantize, weight.outputChannelDim) &&
                  dequantize.getScale().getDefiningOp<GetWeightOp>() &&
                  (!hasZeroPoint ||
                   dequantize.getZeroPoint().getDefiningOp<GetWeightOp>());
  }
  if (hasZeroPoint && !scaledByRow)
    return CompressionOutcome::skipped(
        "its codes have zero points for other blocks than output channels");
  std::optional<MatrixForm> form = getMatrixForm(weight);
  if (!form)
    return CompressionOutcome::skipped(
        "its consumer sums over no dimension of it");
  if (form->cols % m != 0)
    return CompressionOutcome::skipped("its reduction extent " +
                                       Twine(form->cols) +
                                       " is not a multiple of " + Twine(m));

  // Select and pack.
  SparseMatrix sparse;
  sparse.format = {form->rows, form->cols, n, m};
  if (llvm::Error error = sparse.format.verify())
    return CompressionOutcome::skipped(llvm::toString(std::move(error)));
  std::vector<float> matrix = form->gather<float>(weight.dense);
  std::vector<uint8_t> keep(matrix.size());
  selectNM(matrix, AxisView::of({form->rows, form->cols}, 1), n, m, keep);
  sparse.positions.resize(form->rows * sparse.format.positionBytesPerRow());
  sparse.columns.resize(form->rows * sparse.format.valuesPerRow());
  if (llvm::Error error =
          encodeNMPositions(sparse.format, keep, sparse.positions))
    return CompressionOutcome::skipped(llvm::toString(std::move(error)));
  decodeNMPositions(sparse.format, sparse.positions, sparse.columns);

  WeightOp stored = weight.tree.getWeights().front();
  FailureOr<TensorData> data = readWeightData(stored);
  if (failed(data))
    return failure();
  TensorData values = packValues(*data, *form, sparse);
  MLIRContext *context = stored.getContext();
  auto positionsType = RankedTensorType::get(
      {form->rows, sparse.format.positionBytesPerRow()},
      IntegerType::get(context, 8, IntegerType::Unsigned));
  if (getStoredBytes(values.getType()) + getStoredBytes(positionsType) >=
      getStoredBytes(stored.getTensorType()))
    return CompressionOutcome::skipped(
        "its positions outweigh what the survivors save");

  // Rewrite.
  WeightOp newValues = rewriter.addWeight(stored.getSymName(), values, stored);
  WeightOp newPositions = rewriter.addWeight(
      (stored.getSymName() + ".positions").str(),
      TensorData(positionsType, std::vector<char>(sparse.positions.begin(),
                                                  sparse.positions.end())),
      newValues);
  WeightOp scale, zeroPoint;
  if (scaledByRow) {
    auto dequantize = cast<DequantizeOp>(*weight.tree.getPath().front());
    FailureOr<WeightOp> column =
        addColumn(dequantize.getScale(), form->rows, rewriter);
    if (failed(column))
      return failure();
    scale = *column;
    if (hasZeroPoint) {
      column = addColumn(dequantize.getZeroPoint(), form->rows, rewriter);
      if (failed(column))
        return failure();
      zeroPoint = *column;
    }
  }
  rewriter.replaceRoots(weight, [&](OpBuilder &builder, Value root) -> Value {
    Location loc = root.getLoc();
    Value survivors = rewriter.readWeight(builder, loc, newValues);
    if (scaledByRow) {
      Value scales = rewriter.readWeight(builder, loc, scale);
      Value zeroPoints =
          zeroPoint ? rewriter.readWeight(builder, loc, zeroPoint) : Value();
      auto type = RankedTensorType::get(values.getType().getShape(),
                                        scale.getTensorType().getElementType());
      survivors = DequantizeOp::create(builder, loc, type, survivors, scales,
                                       zeroPoints, ArrayRef<int64_t>{1, 0});
    }
    Value positions = rewriter.readWeight(builder, loc, newPositions);
    auto type = cast<RankedTensorType>(survivors.getType())
                    .clone({form->rows, form->cols});
    Value decoded =
        SparseDecodeOp::create(builder, loc, type, survivors, positions, n, m);
    decoded = form->buildTensor(builder, loc, decoded);
    return scaledByRow ? decoded : rebuildTree(builder, root, decoded);
  });
  auto outcome = CompressionOutcome::applied(
      Twine(n) + ":" + Twine(m) + " in the rows of a " + Twine(form->rows) +
      "x" + Twine(form->cols) + " matrix");
  outcome.with("sparsity",
               Builder(context).getF64FloatAttr(double(m - n) / double(m)));
  return outcome;
}

namespace {
struct PruneNMPass : slim::impl::PruneNMPassBase<PruneNMPass> {
  using Base::Base;

  void runOnOperation() override {
    if (n < 1 || n >= m || m > 256) {
      emitError(getOperation().getLoc(), "prune-nm: options must satisfy "
                                         "1 <= n < m <= 256, not n=")
          << int64_t(n) << " m=" << int64_t(m);
      return signalPassFailure();
    }
    FailureOr<CompressionCounts> counts = compressWeights(
        getOperation(), getArgument(), {include, exclude, minElements},
        [&](CompressibleWeight &weight, WeightRewriter &rewriter) {
          return prune(weight, rewriter, n, m);
        });
    if (failed(counts))
      return signalPassFailure();
    numCompressed += counts->applied;
    numSkipped += counts->skipped;
    bytesBefore += counts->bytesBefore;
    bytesAfter += counts->bytesAfter;
  }
};
} // namespace
