//===- LearnedWeights.cpp - Weights whose codes are learned ---------------===//

#include "LearnedWeights.h"
#include "slim/Data/SafetensorsFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/xxhash.h"
#include <array>
#include <cmath>
#include <cstring>
#include <deque>

using namespace slim;

static constexpr llvm::StringLiteral kFormat = "slim-blocks-partial";

//===----------------------------------------------------------------------===//
// Matrices and tensors
//===----------------------------------------------------------------------===//

/// The strides of rows and columns, if these give all places of a matrix.
static std::optional<std::pair<int64_t, int64_t>>
findStrides(ArrayRef<int64_t> places, int64_t columns) {
  if (places.empty() || places[0] != 0)
    return std::nullopt;
  int64_t count = places.size();
  std::pair<int64_t, int64_t> strides(count > columns ? places[columns] : 0,
                                      columns > 1 ? places[1] : 0);
  for (int64_t i = 0; i < count; ++i)
    if (places[i] != i / columns * strides.first + i % columns * strides.second)
      return std::nullopt;
  return strides;
}

void WeightState::setPlaces(ArrayRef<int64_t> given) {
  places.assign(given.begin(), given.end());
  strides = findStrides(places, matrix.columns);
}

/// Calls `visit` with each element of the matrix of `state` and its place in
/// the tensor. By tiles, so that what is read along columns stays in the cache
/// for the rows beside it.
template <typename Visitor>
static void forEachPlace(const WeightState &state, Visitor visit) {
  constexpr int64_t tile = 16;
  int64_t rows = state.matrix.rows, columns = state.matrix.columns;
  auto visitTiles = [&](auto placeOf) {
    for (int64_t row = 0; row < rows; row += tile)
      for (int64_t column = 0; column < columns; column += tile)
        for (int64_t i = row, e = std::min(row + tile, rows); i < e; ++i)
          for (int64_t j = column, end = std::min(column + tile, columns);
               j < end; ++j)
            visit(i * columns + j, placeOf(i, j));
  };
  if (state.strides)
    visitTiles([rowStride = state.strides->first,
                columnStride = state.strides->second](int64_t i, int64_t j) {
      return i * rowStride + j * columnStride;
    });
  else
    visitTiles(
        [&](int64_t i, int64_t j) { return state.places[i * columns + j]; });
}

void slim::toMatrix(const WeightState &state, ArrayRef<float> tensor,
                    std::vector<float> &matrix) {
  matrix.resize(tensor.size());
  forEachPlace(state,
               [&](int64_t i, int64_t place) { matrix[i] = tensor[place]; });
}

void slim::toTensor(const WeightState &state, ArrayRef<float> matrix,
                    std::vector<float> &tensor) {
  tensor.resize(matrix.size());
  forEachPlace(state,
               [&](int64_t i, int64_t place) { tensor[place] = matrix[i]; });
}

std::vector<float> slim::decodeToTensor(const WeightState &state) {
  std::vector<float> matrix(state.places.size()), values;
  decodeMatrix(state.scheme, state.matrix, matrix);
  toTensor(state, matrix, values);
  return values;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

/// In the order of names.
static std::vector<StringRef> getNames(const WeightStates &states) {
  std::vector<StringRef> names(states.keys().begin(), states.keys().end());
  llvm::sort(names);
  return names;
}

std::string slim::hashCodes(const WeightStates &states) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto add = [&](auto values) {
    os.write(reinterpret_cast<const char *>(values.data()),
             values.size() * sizeof(values[0]));
  };
  for (StringRef name : getNames(states)) {
    const WeightState &state = states.find(name)->second;
    const QuantizedMatrix &matrix = state.matrix;
    os << name << " " << state.scheme.format.getName() << " "
       << getName(state.scheme.scale) << " " << matrix.rows << " "
       << matrix.columns << " ";
    add(ArrayRef(matrix.codes));
    add(ArrayRef(matrix.scales));
    add(ArrayRef(matrix.zeroPoints));
    add(ArrayRef(matrix.codebook));
    add(ArrayRef(matrix.tensorScale));
  }
  llvm::XXH128_hash_t hash =
      llvm::xxh3_128bits(llvm::arrayRefFromStringRef(text));
  return llvm::utohexstr(hash.high64, /*LowerCase=*/true, 16) +
         llvm::utohexstr(hash.low64, /*LowerCase=*/true, 16);
}

llvm::Error slim::saveLearned(StringRef path, const LearningSource &source,
                              const WeightStates &states) {
  SafetensorsWriter writer;
  writer.setMetadata("format", kFormat);
  writer.setMetadata("model", source.model);
  writer.setMetadata("data", source.data);
  writer.setMetadata("options", source.options);
  std::deque<std::array<double, 3>> results;
  for (StringRef name : getNames(states)) {
    const WeightState &state = states.find(name)->second;
    if (!state.isLearned)
      continue;
    const QuantizedMatrix &matrix = state.matrix;
    writer.addTensor(("codes " + name).str(), "I8",
                     {matrix.rows, matrix.columns}, ArrayRef(matrix.codes));
    writer.addTensor(("scales " + name).str(), "F32",
                     {int64_t(matrix.scales.size())}, ArrayRef(matrix.scales));
    const auto &result = results.emplace_back(std::array<double, 3>{
        double(state.block), state.errorBefore, state.errorAfter});
    writer.addTensor(("block " + name).str(), "F64", {3},
                     ArrayRef<double>(result));
  }
  return writer.write(path);
}

/// Copies a tensor of the file. Fails if it has another size.
template <typename T>
static bool load(const SafetensorsFile &file, const Twine &name,
                 llvm::MutableArrayRef<T> values) {
  const SafetensorsFile::Tensor *tensor = file.lookup(name.str());
  if (!tensor || tensor->data.size() != values.size() * sizeof(T))
    return false;
  if (!values.empty())
    std::memcpy(values.data(), tensor->data.data(), tensor->data.size());
  return true;
}

/// Whether codes and scales are those of the scheme.
static bool isSound(const WeightState &state) {
  const NumberFormat &format = state.scheme.format;
  bool isInteger = format.getKind() == NumberFormat::Kind::Integer;
  IntegerRange range = state.scheme.getRange();
  int32_t numbers = 1 << format.getBits();
  if (!state.matrix.codebook.empty())
    numbers = int32_t(state.matrix.codebook.size());
  else if (!format.getCodebook().empty())
    numbers = int32_t(format.getCodebook().size());
  auto isCode = [&](int8_t byte) {
    int32_t code = format.fromByte(byte);
    return isInteger ? code >= range.min && code <= range.max : code < numbers;
  };
  return llvm::all_of(state.matrix.codes, isCode) &&
         llvm::all_of(state.matrix.scales,
                      [](float scale) { return std::isfinite(scale); });
}

llvm::Error slim::restoreLearned(StringRef path, const LearningSource &source,
                                 WeightStates &states) {
  if (!llvm::sys::fs::exists(path))
    return llvm::Error::success();
  llvm::Expected<SafetensorsFile> file = SafetensorsFile::open(path);
  if (!file)
    return file.takeError();
  if (file->getMetadata("format") != kFormat)
    return llvm::createStringError("the file is none of an interrupted run");
  if (file->getMetadata("model") != source.model)
    return llvm::createStringError("they are of another model");
  if (file->getMetadata("data") != source.data)
    return llvm::createStringError("they are of other data");
  if (file->getMetadata("options") != source.options)
    return llvm::createStringError("they are of a run with other options");
  std::vector<std::pair<StringRef, WeightState>> restored;
  for (StringRef name : getNames(states)) {
    if (!file->lookup(("codes " + name).str()))
      continue;
    WeightState state = states.find(name)->second;
    std::array<double, 3> result;
    if (!load<int8_t>(*file, "codes " + name, state.matrix.codes) ||
        !load<float>(*file, "scales " + name, state.matrix.scales) ||
        !load<double>(*file, "block " + name, result) || !isSound(state))
      return llvm::createStringError("the file is damaged");
    state.isLearned = true;
    state.block = int64_t(result[0]);
    state.errorBefore = result[1];
    state.errorAfter = result[2];
    restored.emplace_back(name, std::move(state));
  }
  for (auto &[name, state] : restored)
    states[name] = std::move(state);
  return llvm::Error::success();
}
