//===- Inputs.cpp - Inputs of a run from files or at random ---------------===//

#include "Inputs.h"
#include "slim/Data/ElementType.h"
#include "slim/Data/NumpyFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace llvm;
using namespace slim;
using namespace slim::run;

Expected<std::pair<int32_t, StringRef>>
slim::run::matchTensor(StringRef argument, StringRef option, StringRef noun,
                       ArrayRef<slim_tensor_info> tensors) {
  std::pair<int32_t, StringRef> best(-1, "");
  size_t bestLength = 0;
  for (auto [i, tensor] : enumerate(tensors)) {
    StringRef rest = argument;
    StringRef name = tensor.name;
    if (rest.consume_front(name) && rest.consume_front("=") &&
        (best.first < 0 || name.size() > bestLength)) {
      best = {static_cast<int32_t>(i), rest};
      bestLength = name.size();
    }
  }
  if (best.first >= 0)
    return best;
  if (!argument.contains('='))
    return createStringError(option + " '" + argument +
                             "': write it as NAME=FILE.npy");
  return createStringError(
      option + ": the entry point has no " + noun + " '" +
      argument.split('=').first + "'; it has " +
      (tensors.empty()
           ? std::string("none")
           : join(map_range(tensors,
                            [](const slim_tensor_info &tensor) {
                              return ("'" + Twine(tensor.name) + "'").str();
                            }),
                  ", ")));
}

//===----------------------------------------------------------------------===//
// Random values
//===----------------------------------------------------------------------===//

namespace {

/// SplitMix64 (Steele, Lea and Flood: Fast Splittable Pseudorandom Number
/// Generators, OOPSLA 2014).
class SplitMix64 {
public:
  explicit SplitMix64(uint64_t state) : state(state) {}

  uint64_t next() {
    uint64_t z = (state += golden);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// Uniform in [-1, 1), a multiple of 2^-23.
  double nextReal() {
    return static_cast<double>(next() >> 40) * 0x1p-23 - 1.0;
  }

  static constexpr uint64_t golden = 0x9e3779b97f4a7c15;

private:
  uint64_t state;
};

} // namespace

/// One more than the largest integer below `integerMax` that the type holds.
static uint64_t integerBound(const ElementType &type, int64_t integerMax) {
  unsigned bits = type.kind == ElementType::Bool     ? 1
                  : type.kind == ElementType::Signed ? 8 * type.size - 1
                                                     : 8 * type.size;
  uint64_t bound = static_cast<uint64_t>(integerMax);
  return bits < 63 ? std::min(bound, uint64_t(1) << bits) : bound;
}

static void fillRandom(const ElementType &type, MutableArrayRef<char> data,
                       uint64_t seed, int64_t integerMax) {
  SplitMix64 random(seed);
  uint64_t bound = integerBound(type, integerMax);
  for (size_t i = 0; i < data.size(); i += type.size) {
    char *element = data.data() + i;
    if (type.kind == ElementType::Float) {
      fromDouble(type, random.nextReal(), element);
    } else {
      uint64_t value = random.next() % bound;
      std::memcpy(element, &value, type.size);
    }
  }
}

//===----------------------------------------------------------------------===//
// Extents of named dimensions
//===----------------------------------------------------------------------===//

static const char *dimName(const slim_tensor_info &info, int32_t dim) {
  return info.dim_names ? info.dim_names[dim] : nullptr;
}

static Expected<StringMap<int64_t>> parseDims(const slim_entry_info &entry,
                                              ArrayRef<std::string> arguments) {
  StringMap<int64_t> known, extents;
  for (int32_t i = 0; i < entry.num_inputs; ++i)
    for (int32_t d = 0; d < entry.inputs[i].rank; ++d)
      if (dimName(entry.inputs[i], d) &&
          entry.inputs[i].shape[d] == SLIM_DYNAMIC)
        known[dimName(entry.inputs[i], d)] = 0;
  for (StringRef argument : arguments) {
    auto [name, value] = argument.rsplit('=');
    int64_t extent;
    if (value.getAsInteger(10, extent) || extent < 0)
      return createStringError("--dim '" + argument +
                               "': write it as NAME=EXTENT with an extent that "
                               "is no less than 0");
    if (!known.contains(name)) {
      SmallVector<StringRef> names(known.keys());
      llvm::sort(names);
      return createStringError("--dim: the inputs have no open dimension '" +
                               name + "'; they have " +
                               (names.empty() ? "none" : join(names, ", ")));
    }
    extents[name] = extent;
  }
  return extents;
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

static Error loadInput(const slim_tensor_info &info, StringRef path,
                       slim_tensor &tensor,
                       std::unique_ptr<MemoryBuffer> &buffer) {
  const ElementType &type = *lookupElementType(info.type);
  Expected<NumpyArray> array = readNumpyFile(path);
  if (!array)
    return createStringError("input '" + Twine(info.name) +
                             "': " + toString(array.takeError()));
  if (!array->holds(type))
    return createStringError("input '" + Twine(info.name) + "': '" + path +
                             "' has type " + array->descr +
                             " but the model expects " + type.name + " (" +
                             type.descr + "); convert it with astype");
  // The data are mapped read-only; a model only reads its inputs.
  tensor.data = const_cast<char *>(array->data.data());
  tensor.type = info.type;
  tensor.rank = array->shape.size();
  llvm::copy(array->shape, tensor.shape);
  buffer = std::move(array->buffer);
  return Error::success();
}

static Error makeRandomInput(const slim_tensor_info &info,
                             const StringMap<int64_t> &extents, uint64_t seed,
                             int64_t integerMax, slim_tensor &tensor,
                             std::unique_ptr<MemoryBuffer> &buffer) {
  const ElementType &type = *lookupElementType(info.type);
  tensor.type = info.type;
  tensor.rank = info.rank;
  uint64_t bytes = type.size;
  for (int32_t d = 0; d < info.rank; ++d) {
    int64_t extent = info.shape[d];
    if (extent == SLIM_DYNAMIC) {
      auto found =
          dimName(info, d) ? extents.find(dimName(info, d)) : extents.end();
      extent = found == extents.end() ? 1 : found->second;
    }
    tensor.shape[d] = extent;
    bytes = SaturatingMultiply<uint64_t>(bytes, extent);
  }
  std::unique_ptr<WritableMemoryBuffer> memory;
  if (bytes < uint64_t(1) << 62)
    memory = WritableMemoryBuffer::getNewUninitMemBuffer(bytes, info.name,
                                                         Align(64));
  if (!memory)
    return createStringError(
        "input '" + Twine(info.name) + "': out of memory for the shape " +
        formatShape(shapeOf(tensor)) + "; choose smaller extents with --dim");
  fillRandom(type, memory->getBuffer(), seed, integerMax);
  tensor.data = memory->getBufferStart();
  buffer = std::move(memory);
  return Error::success();
}

Expected<Inputs> slim::run::prepareInputs(const slim_entry_info &entry,
                                          const InputOptions &options) {
  ArrayRef<slim_tensor_info> infos(entry.inputs, entry.num_inputs);
  Expected<StringMap<int64_t>> extents = parseDims(entry, options.dims);
  if (!extents)
    return extents.takeError();
  if (options.integerMax < 1)
    return createStringError("--int-max " + Twine(options.integerMax) +
                             ": random integers lie in [0, N), so N must be "
                             "at least 1");

  Inputs inputs;
  inputs.tensors.resize(infos.size());
  inputs.buffers.resize(infos.size());
  for (StringRef argument : options.files) {
    auto match = matchTensor(argument, "--input", "input", infos);
    if (!match)
      return match.takeError();
    auto [i, path] = *match;
    if (inputs.buffers[i])
      return createStringError("--input gives input '" + Twine(infos[i].name) +
                               "' twice");
    if (Error error =
            loadInput(infos[i], path, inputs.tensors[i], inputs.buffers[i]))
      return std::move(error);
    for (int32_t d = 0; d < std::min(infos[i].rank, inputs.tensors[i].rank);
         ++d)
      if (const char *name = dimName(infos[i], d))
        extents->try_emplace(name, inputs.tensors[i].shape[d]);
  }
  for (auto [i, info] : enumerate(infos)) {
    if (inputs.buffers[i])
      continue;
    if (!options.random)
      return createStringError("input '" + Twine(info.name) +
                               "' is missing; give it with --input " +
                               info.name + "=FILE.npy or use --random-inputs");
    if (Error error = makeRandomInput(
            info, *extents, options.seed + i * SplitMix64::golden,
            options.integerMax, inputs.tensors[i], inputs.buffers[i]))
      return std::move(error);
  }
  return inputs;
}
