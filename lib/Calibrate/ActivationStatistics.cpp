//===- ActivationStatistics.cpp - The file of statistics ------------------===//
//
// The metadata entry "slim.calibration" is a JSON object: "version", the source
// and for each name either {"same_as": other name} or the scalars of its entry,
// whose arrays are the tensors "name:range", "name:channel_abs_max" and so on.
//
//===----------------------------------------------------------------------===//

#include "slim/Calibrate/ActivationStatistics.h"
#include "slim/Data/SafetensorsFile.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/JSON.h"

#include <cstring>

using namespace llvm;
using namespace slim;

static constexpr StringLiteral kMetadataKey("slim.calibration");
static constexpr int64_t kVersion = 1;

SmallVector<StringRef> CalibrationStatistics::getNames() const {
  SmallVector<StringRef> names;
  for (const auto &[name, entry] : entries)
    names.push_back(name);
  return names;
}

/// Calls `visit(suffix, dtype, vector, shape)` for every array of `entry`.
template <typename Entry, typename Visit>
static void visitArrays(Entry &entry, int64_t columns, Visit visit) {
  int64_t groups = entry.groups, c = groups ? columns / groups : 0;
  visit("channel_abs_max", "F32", entry.channelAbsMax, {columns});
  visit("channel_mean", "F64", entry.channelMean, {columns});
  visit("channel_abs_mean", "F64", entry.channelAbsMean, {columns});
  visit("channel_mean_square", "F64", entry.channelMeanSquare, {columns});
  visit("second_moment", "F32", entry.secondMoment, {groups, c, c});
  visit("histogram", "U64", entry.histogram,
        {static_cast<int64_t>(entry.histogram.size())});
}

Error CalibrationStatistics::save(StringRef path) const {
  SafetensorsWriter writer;
  std::string metadata;
  raw_string_ostream text(metadata);
  json::OStream json(text);
  DenseMap<const ActivationStatistics *, StringRef> firstName;
  std::vector<std::array<float, 4>> ranges(entries.size());
  size_t number = 0;
  json.object([&] {
    json.attribute("version", kVersion);
    json.attribute("model", source.model);
    json.attribute("data", source.data);
    json.attribute("options", source.options);
    json.attributeObject("weights", [&] {
      for (const auto &[name, fingerprint] : source.weights)
        json.attribute(name, fingerprint);
    });
    json.attributeObject("entries", [&] {
      for (const auto &[name, shared] : entries) {
        const ActivationStatistics &entry = *shared;
        auto [known, isNew] = firstName.try_emplace(&entry, name);
        json.attributeObject(
            name, [&, &name = name, known = known, isNew = isNew] {
              if (!isNew) {
                json.attribute("same_as", known->second);
                return;
              }
              json.attribute("samples", entry.samples);
              json.attribute("rows", entry.rows);
              json.attribute("groups", entry.groups);
              ranges[number] = {entry.min, entry.max, entry.histogramMin,
                                entry.histogramMax};
              writer.addTensor(name + ":range", "F32", {4},
                               ArrayRef<float>(ranges[number++]));
              visitArrays(entry, entry.getColumns(),
                          [&](StringRef suffix, StringRef dtype,
                              const auto &array, ArrayRef<int64_t> shape) {
                            if (!array.empty())
                              writer.addTensor((name + ":" + suffix).str(),
                                               dtype, shape, ArrayRef(array));
                          });
            });
      }
    });
  });
  writer.setMetadata("format", "slim-calibration");
  writer.setMetadata(kMetadataKey, metadata);
  return writer.write(path);
}

/// Reads one array, if the file has it, and checks type and number of elements.
template <typename T>
static Error readArray(const SafetensorsFile &file, StringRef name,
                       StringRef dtype, std::optional<size_t> size,
                       std::vector<T> &array) {
  const SafetensorsFile::Tensor *tensor = file.lookup(name);
  if (!tensor)
    return Error::success();
  size_t count = tensor->data.size() / sizeof(T);
  if (tensor->dtype != dtype || (size && count != *size))
    return createStringError("tensor '" + name +
                             "' has an unexpected type or size");
  array.resize(count);
  if (count)
    std::memcpy(array.data(), tensor->data.data(), count * sizeof(T));
  return Error::success();
}

static Error readEntry(const SafetensorsFile &file, StringRef name,
                       const json::Object &object,
                       ActivationStatistics &entry) {
  std::optional<int64_t> samples = object.getInteger("samples");
  std::optional<int64_t> rows = object.getInteger("rows");
  std::optional<int64_t> groups = object.getInteger("groups");
  std::vector<float> range;
  if (Error error = readArray(file, (name + ":range").str(), "F32", 4, range))
    return error;
  if (!samples || !rows || !groups || *samples < 0 || *rows < 0 ||
      *groups < 1 || range.empty())
    return createStringError("the entry '" + name + "' is incomplete");
  entry.samples = *samples;
  entry.rows = *rows;
  entry.groups = *groups;
  entry.min = range[0];
  entry.max = range[1];
  entry.histogramMin = range[2];
  entry.histogramMax = range[3];

  const SafetensorsFile::Tensor *first =
      file.lookup((name + ":channel_abs_max").str());
  int64_t columns = first ? first->data.size() / sizeof(float) : 0;
  if (columns % entry.groups)
    return createStringError("the entry '" + name + "' has " + Twine(columns) +
                             " columns in " + Twine(entry.groups) + " groups");
  Error result = Error::success();
  visitArrays(entry, columns,
              [&](StringRef suffix, StringRef dtype, auto &array,
                  ArrayRef<int64_t> shape) {
                if (result)
                  return;
                std::optional<size_t> size;
                if (suffix != "histogram") {
                  size = 1;
                  for (int64_t extent : shape)
                    *size *= extent;
                }
                result = readArray(file, (name + ":" + suffix).str(), dtype,
                                   size, array);
              });
  return result;
}

Expected<CalibrationStatistics> CalibrationStatistics::load(StringRef path) {
  Expected<SafetensorsFile> file = SafetensorsFile::open(path);
  if (!file)
    return file.takeError();
  auto error = [&](const Twine &message) {
    return createStringError("'" + path + "': " + message);
  };
  StringRef text = file->getMetadata(kMetadataKey);
  if (text.empty())
    return error("it holds no calibration statistics; make some with "
                 "slim-calibrate");
  Expected<json::Value> parsed = json::parse(text);
  const json::Object *metadata = parsed ? parsed->getAsObject() : nullptr;
  if (!parsed)
    consumeError(parsed.takeError());
  const json::Object *list =
      metadata ? metadata->getObject("entries") : nullptr;
  if (!list)
    return error("its description of the statistics is damaged; make the file "
                 "again with slim-calibrate");
  if (metadata->getInteger("version") != kVersion)
    return error("it is of another version of slim; make it again with "
                 "slim-calibrate");

  CalibrationStatistics statistics;
  auto read = [&](StringRef key) {
    return metadata->getString(key).value_or("").str();
  };
  statistics.source.model = read("model");
  statistics.source.data = read("data");
  statistics.source.options = read("options");
  if (const json::Object *weights = metadata->getObject("weights"))
    for (const auto &[name, fingerprint] : *weights)
      statistics.source.weights[name.str()] =
          fingerprint.getAsString().value_or("").str();
  for (const auto &[key, value] : *list) {
    StringRef name = key;
    const json::Object *object = value.getAsObject();
    if (!object)
      return error("the entry '" + name + "' is incomplete");
    if (object->getString("same_as"))
      continue;
    auto entry = std::make_shared<ActivationStatistics>();
    if (Error failure = readEntry(*file, name, *object, *entry))
      return error(toString(std::move(failure)));
    statistics.insert(name, std::move(entry));
  }
  for (const auto &[key, value] : *list) {
    std::optional<StringRef> other = value.getAsObject()->getString("same_as");
    if (!other)
      continue;
    auto found = statistics.entries.find(*other);
    if (found == statistics.entries.end())
      return error("the entry '" + Twine(StringRef(key)) + "' is that of '" +
                   *other + "', which is missing");
    statistics.insert(key, found->second);
  }
  return statistics;
}
