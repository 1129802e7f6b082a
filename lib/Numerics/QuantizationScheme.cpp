//===- QuantizationScheme.cpp - A format and what shares a scale ----------===//

#include "slim/Numerics/QuantizationScheme.h"

#include "slim/Support/Registry.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cassert>

using namespace slim;

llvm::StringRef slim::getName(ScaleFormat format) {
  switch (format) {
  case ScaleFormat::F32:
    return "f32";
  case ScaleFormat::F16:
    return "f16";
  case ScaleFormat::BF16:
    return "bf16";
  case ScaleFormat::E8M0:
    return "e8m0";
  case ScaleFormat::E4M3:
    return "e4m3";
  }
  return {};
}

std::optional<ScaleFormat> slim::getScaleFormat(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<ScaleFormat>>(name)
      .Case("f32", ScaleFormat::F32)
      .Case("f16", ScaleFormat::F16)
      .Case("bf16", ScaleFormat::BF16)
      .Case("e8m0", ScaleFormat::E8M0)
      .Case("e4m3", ScaleFormat::E4M3)
      .Default(std::nullopt);
}

static unsigned getBits(ScaleFormat format) {
  switch (format) {
  case ScaleFormat::F32:
    return 32;
  case ScaleFormat::F16:
  case ScaleFormat::BF16:
    return 16;
  case ScaleFormat::E8M0:
  case ScaleFormat::E4M3:
    return 8;
  }
  return 32;
}

BlockGrid::BlockGrid(BlockShape shape, int64_t rows, int64_t columns)
    : rows(rows), columns(columns),
      blockRows(shape.rows ? shape.rows : std::max<int64_t>(1, rows)),
      blockColumns(shape.columns ? shape.columns
                                 : std::max<int64_t>(1, columns)),
      gridRows(shape.rows ? llvm::divideCeil(rows, shape.rows) : 1),
      gridColumns(shape.columns ? llvm::divideCeil(columns, shape.columns)
                                : 1) {}

/// Calls `visit` with row, first column and columns of each row of a block.
template <typename Visitor>
static void forEachRow(const BlockGrid &grid, int64_t index, Visitor visit) {
  int64_t firstRow = index / grid.gridColumns * grid.blockRows;
  int64_t firstColumn = index % grid.gridColumns * grid.blockColumns;
  int64_t endRow = std::min(grid.rows, firstRow + grid.blockRows);
  int64_t endColumn = std::min(grid.columns, firstColumn + grid.blockColumns);
  for (int64_t row = firstRow; row < endRow; ++row)
    visit(row, firstColumn, endColumn - firstColumn);
}

void BlockGrid::gather(int64_t index, llvm::ArrayRef<float> matrix,
                       std::vector<float> &block) const {
  block.clear();
  forEachRow(*this, index, [&](int64_t row, int64_t column, int64_t width) {
    llvm::append_range(block, matrix.slice(row * columns + column, width));
  });
}

void BlockGrid::gatherColumns(int64_t index, llvm::ArrayRef<float> perColumn,
                              std::vector<float> &block) const {
  block.clear();
  if (perColumn.empty())
    return;
  forEachRow(*this, index, [&](int64_t row, int64_t column, int64_t width) {
    llvm::append_range(block, perColumn.slice(column, width));
  });
}

double QuantizationScheme::getBitsPerElement(int64_t rows,
                                             int64_t columns) const {
  int64_t blocks = BlockGrid(block, rows, columns).size();
  int64_t perBlock =
      ::getBits(scale) + (asymmetric ? int64_t(format.getBits()) : 0);
  int64_t shared = scale == ScaleFormat::E4M3 ? 32 : 0;
  if (format.getKind() == NumberFormat::Kind::Codebook)
    shared += int64_t(32) << format.getBits();
  return double(format.getBits()) +
         double(blocks * perBlock + shared) / double(rows * columns);
}

llvm::Error QuantizationScheme::verify() const {
  if (block.rows < 0 || block.columns < 0)
    return llvm::createStringError("a block has a negative extent");
  if (!asymmetric)
    return llvm::Error::success();
  if (format.getKind() != NumberFormat::Kind::Integer)
    return llvm::createStringError("format '" + format.getName() +
                                   "' has no zero points: its codes are no "
                                   "integers");
  if (format.getScaleRule() != NumberFormat::ScaleRule::AbsMax)
    return llvm::createStringError(
        "format '" + format.getName() + "' is symmetric: use int" +
        llvm::Twine(format.getBits()) + " for codes with zero points");
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

QuantizedMatrix slim::chooseScales(const QuantizationScheme &scheme,
                                   llvm::ArrayRef<float> values, int64_t rows,
                                   int64_t columns,
                                   llvm::ArrayRef<float> columnImportance,
                                   ScaleSearch search) {
  assert(int64_t(values.size()) == rows * columns && "values fill the matrix");
  assert((columnImportance.empty() ||
          int64_t(columnImportance.size()) == columns) &&
         "one weight a column");
  BlockGrid grid(scheme.block, rows, columns);
  QuantizedMatrix matrix;
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.tensorScale = chooseTensorScale(scheme, values);
  matrix.scales.resize(grid.size());
  if (scheme.asymmetric)
    matrix.zeroPoints.resize(grid.size());

  std::vector<float> block, importance;
  for (int64_t index = 0; index < grid.size(); ++index) {
    grid.gather(index, values, block);
    grid.gatherColumns(index, columnImportance, importance);
    BlockScale scale =
        chooseScale(scheme, block, importance, search, matrix.tensorScale);
    matrix.scales[index] = scale.stored;
    if (scheme.asymmetric)
      matrix.zeroPoints[index] = int8_t(scale.zeroPoint);
  }
  return matrix;
}

BlockScale slim::getBlockScale(const QuantizedMatrix &matrix, int64_t index) {
  BlockScale scale;
  scale.stored = matrix.scales[index];
  scale.scale = scale.stored * matrix.tensorScale;
  if (!matrix.zeroPoints.empty())
    scale.zeroPoint = matrix.zeroPoints[index];
  return scale;
}

/// Calls `visit` with the scale of each part of a row that lies in one block
/// and the range of its elements.
template <typename Visitor>
static void forEachSegment(const QuantizationScheme &scheme,
                           const QuantizedMatrix &matrix, Visitor visit) {
  BlockGrid grid(scheme.block, matrix.rows, matrix.columns);
  for (int64_t row = 0; row < matrix.rows; ++row)
    for (int64_t column = 0; column < matrix.columns;
         column += grid.blockColumns)
      visit(getBlockScale(matrix, grid.indexOf(row, column)),
            row * matrix.columns + column,
            row * matrix.columns +
                std::min(matrix.columns, column + grid.blockColumns));
}

/// `scheme` with the codebook of `matrix`, where that has one.
static QuantizationScheme withCodebookOf(const QuantizationScheme &scheme,
                                         const QuantizedMatrix &matrix) {
  QuantizationScheme result = scheme;
  if (!matrix.codebook.empty())
    result.format = scheme.format.withCodebook(matrix.codebook);
  return result;
}

void slim::encodeMatrix(const QuantizationScheme &scheme,
                        llvm::ArrayRef<float> values, QuantizedMatrix &matrix) {
  assert(int64_t(values.size()) == matrix.rows * matrix.columns &&
         "values fill the matrix");
  QuantizationScheme known = withCodebookOf(scheme, matrix);
  matrix.codes.resize(values.size());
  forEachSegment(
      known, matrix, [&](const BlockScale &scale, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          matrix.codes[i] = int8_t(encodeValue(known, scale, values[i]));
      });
}

void slim::decodeMatrix(const QuantizationScheme &scheme,
                        const QuantizedMatrix &matrix,
                        llvm::MutableArrayRef<float> values) {
  assert(values.size() == matrix.codes.size() && "one value a code");
  QuantizationScheme known = withCodebookOf(scheme, matrix);
  forEachSegment(
      known, matrix, [&](const BlockScale &scale, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          values[i] =
              decodeValue(known, scale, known.format.fromByte(matrix.codes[i]));
      });
}

//===----------------------------------------------------------------------===//
// Registry
//===----------------------------------------------------------------------===//

static Registry<NamedScheme> &getRegistry() {
  static Registry<NamedScheme> *registry = [] {
    auto *schemes = new Registry<NamedScheme>;
    auto add = [&](llvm::StringRef name, llvm::StringRef format,
                   BlockShape block, ScaleFormat scale, bool isComposite) {
      QuantizationScheme scheme;
      scheme.format = *getNumberFormat(format);
      scheme.block = block;
      scheme.scale = scale;
      schemes->add(name, NamedScheme{name.str(), scheme, isComposite});
    };
    // QLoRA's blocks.
    add("nf4", "nf4", {1, 64}, ScaleFormat::F32, /*isComposite=*/false);
    add("mxfp8", "fp8e4m3", {1, 32}, ScaleFormat::E8M0, /*isComposite=*/true);
    add("mxfp4", "fp4e2m1", {1, 32}, ScaleFormat::E8M0, /*isComposite=*/true);
    add("nvfp4", "fp4e2m1", {1, 16}, ScaleFormat::E4M3, /*isComposite=*/true);
    return schemes;
  }();
  return *registry;
}

void slim::registerQuantizationScheme(const NamedScheme &scheme) {
  getRegistry().add(scheme.name, scheme);
}

std::optional<NamedScheme> slim::getQuantizationScheme(llvm::StringRef name) {
  if (std::optional<NamedScheme> scheme = getRegistry().get(name))
    return scheme;
  std::optional<NumberFormat> format = getNumberFormat(name);
  if (!format)
    return std::nullopt;
  NamedScheme scheme;
  scheme.name = name.str();
  scheme.scheme.format = *format;
  return scheme;
}

llvm::SmallVector<std::string> slim::getQuantizationSchemeNames() {
  llvm::SmallVector<std::string> names = getRegistry().getNames();
  llvm::append_range(names, getNumberFormatNames());
  llvm::sort(names);
  names.erase(llvm::unique(names), names.end());
  return names;
}
