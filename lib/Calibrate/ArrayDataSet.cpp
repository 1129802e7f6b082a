//===- ArrayDataSet.cpp - Samples from files of arrays --------------------===//

#include "ArrayDataSet.h"

#include "slim/Data/NumpyFile.h"
#include "slim/Data/SafetensorsFile.h"
#include "slim/Data/ZipFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"

#include <cstring>

using namespace llvm;
using namespace slim;

namespace {

/// An array of the file.
struct Array {
  std::string type; ///< as the file spells it
  SmallVector<int64_t> shape;
  StringRef data;
  /// What keeps `data` alive, if not the file.
  std::unique_ptr<MemoryBuffer> buffer;
};

/// A file of named arrays.
class ArrayFile {
public:
  virtual ~ArrayFile() = default;
  /// In the order of the file.
  virtual std::vector<std::string> getNames() const = 0;
  /// Reads an array and checks that its elements are of `type`.
  virtual Expected<Array> read(StringRef name, const ElementType &type) = 0;
};

class NpzArrayFile : public ArrayFile {
public:
  static Expected<std::unique_ptr<ArrayFile>> open(StringRef path) {
    Expected<ZipFile> zip = ZipFile::open(path);
    if (!zip)
      return zip.takeError();
    return std::make_unique<NpzArrayFile>(std::move(*zip));
  }
  explicit NpzArrayFile(ZipFile zip) : zip(std::move(zip)) {
    for (auto [i, entry] : enumerate(this->zip.getEntries()))
      if (StringRef name = entry.name; name.consume_back(".npy"))
        indexOfName[name] = i;
  }

  std::vector<std::string> getNames() const override {
    std::vector<std::string> names;
    for (const ZipFile::Entry &entry : zip.getEntries())
      if (StringRef name = entry.name; name.consume_back(".npy"))
        names.push_back(name.str());
    return names;
  }

  Expected<Array> read(StringRef name, const ElementType &type) override {
    const ZipFile::Entry &entry = zip.getEntries()[indexOfName.lookup(name)];
    Expected<std::unique_ptr<MemoryBuffer>> content = zip.read(entry);
    if (!content)
      return content.takeError();
    Expected<NumpyArray> array = readNumpyBuffer(std::move(*content), name);
    if (!array)
      return array.takeError();
    if (!array->holds(type))
      return createStringError("it has type " + array->descr +
                               " but the model expects " + type.name + " (" +
                               type.descr + "); convert it with astype");
    return Array{array->descr, array->shape, array->data,
                 std::move(array->buffer)};
  }

private:
  ZipFile zip;
  StringMap<size_t> indexOfName;
};

class SafetensorsArrayFile : public ArrayFile {
public:
  static Expected<std::unique_ptr<ArrayFile>> open(StringRef path) {
    Expected<SafetensorsFile> file = SafetensorsFile::open(path);
    if (!file)
      return file.takeError();
    return std::make_unique<SafetensorsArrayFile>(std::move(*file));
  }
  explicit SafetensorsArrayFile(SafetensorsFile file) : file(std::move(file)) {}

  std::vector<std::string> getNames() const override {
    std::vector<std::string> names;
    for (const SafetensorsFile::Tensor &tensor : file.getTensors())
      names.push_back(tensor.name);
    return names;
  }

  Expected<Array> read(StringRef name, const ElementType &type) override {
    const SafetensorsFile::Tensor &tensor = *file.lookup(name);
    if (tensor.dtype != getTypeName(type.type))
      return createStringError("it has type " + tensor.dtype +
                               " but the model expects " + type.name);
    return Array{tensor.dtype, tensor.shape, tensor.data, nullptr};
  }

private:
  static StringRef getTypeName(slim_type type) {
    switch (type) {
    case SLIM_F32:
      return "F32";
    case SLIM_F64:
      return "F64";
    case SLIM_F16:
      return "F16";
    case SLIM_BF16:
      return "BF16";
    case SLIM_I8:
      return "I8";
    case SLIM_I16:
      return "I16";
    case SLIM_I32:
      return "I32";
    case SLIM_I64:
      return "I64";
    case SLIM_U8:
      return "U8";
    case SLIM_U16:
      return "U16";
    case SLIM_U32:
      return "U32";
    case SLIM_U64:
      return "U64";
    case SLIM_BOOL:
      return "BOOL";
    case SLIM_F8E4M3FN:
      return "F8_E4M3";
    case SLIM_F8E5M2:
      return "F8_E5M2";
    }
    return "";
  }

  SafetensorsFile file;
};

/// Where the samples of one input are.
struct InputArrays {
  /// One array with all samples, or one array a sample.
  std::vector<Array> arrays;
  bool ragged = false;
  /// Elements of the first dimension that one sample takes, where `ragged` is
  /// not set and the array has the input's rank; 0 where it has a rank more.
  int64_t batch = 0;
  int64_t samples = 0;
};

class ArrayDataSet : public DataSet {
public:
  ArrayDataSet(ArrayRef<DataInput> inputs, std::unique_ptr<ArrayFile> file)
      : inputs(inputs), file(std::move(file)) {}

  /// Finds the arrays of all inputs.
  Error initialize();

  int64_t size() const override { return samples; }
  Expected<Sample> load(int64_t index) const override;

private:
  Error findArrays(const DataInput &input, const StringMap<bool> &known,
                   InputArrays &found);
  Error checkShape(const DataInput &input, ArrayRef<int64_t> shape) const;

  std::vector<DataInput> inputs;
  std::unique_ptr<ArrayFile> file;
  std::vector<InputArrays> arraysOfInput;
  int64_t samples = 0;
};

} // namespace

/// Fails where a sample of `shape` is none of `input`.
Error ArrayDataSet::checkShape(const DataInput &input,
                               ArrayRef<int64_t> shape) const {
  bool matches = shape.size() == input.shape.size();
  for (size_t dim = 0; matches && dim < shape.size(); ++dim)
    matches =
        input.shape[dim] == SLIM_DYNAMIC || input.shape[dim] == shape[dim];
  if (matches)
    return Error::success();
  std::string expected;
  for (int64_t extent : input.shape)
    expected += (expected.empty() ? "" : ", ") +
                (extent == SLIM_DYNAMIC ? std::string("?") : itostr(extent));
  return createStringError("its samples have the shape " + formatShape(shape) +
                           " but the model expects [" + expected + "]");
}

Error ArrayDataSet::findArrays(const DataInput &input,
                               const StringMap<bool> &known,
                               InputArrays &found) {
  size_t rank = input.shape.size();
  if (known.contains(input.name)) {
    Expected<Array> array = file->read(input.name, *input.type);
    if (!array)
      return array.takeError();
    ArrayRef<int64_t> shape = array->shape;
    SmallVector<int64_t> sample(shape);
    if (shape.size() == rank + 1) {
      sample.erase(sample.begin());
      found.samples = shape.front();
    } else if (shape.size() == rank && rank > 0) {
      found.batch =
          input.shape.front() == SLIM_DYNAMIC ? 1 : input.shape.front();
      if (found.batch == 0 || shape.front() % found.batch != 0)
        return createStringError(
            "its " + Twine(shape.front()) +
            " samples do not divide into the model's batches of " +
            Twine(found.batch));
      sample.front() = found.batch;
      found.samples = shape.front() / found.batch;
    } else {
      return createStringError(
          "it has " + Twine(shape.size()) +
          " dimensions, but the model's input has " + Twine(rank) + ": give " +
          Twine(rank) + " (the first counts samples) or " + Twine(rank + 1));
    }
    if (Error error = checkShape(input, sample))
      return error;
    found.arrays.push_back(std::move(*array));
    return Error::success();
  }

  found.ragged = true;
  for (int64_t i = 0;; ++i) {
    std::string name = input.name + "_" + itostr(i);
    if (!known.contains(name))
      break;
    Expected<Array> array = file->read(name, *input.type);
    if (!array)
      return createStringError("'" + name +
                               "': " + toString(array.takeError()));
    if (array->shape.size() + 1 == rank)
      array->shape.insert(array->shape.begin(), 1);
    if (Error error = checkShape(input, array->shape))
      return createStringError("'" + name + "': " + toString(std::move(error)));
    found.arrays.push_back(std::move(*array));
  }
  found.samples = found.arrays.size();
  if (found.samples == 0) {
    std::vector<std::string> names = file->getNames();
    return createStringError(
        "the file has no array of this name, nor '" + input.name +
        "_0'; it has " +
        (names.empty() ? std::string("none") : join(names, ", ")));
  }
  return Error::success();
}

Error ArrayDataSet::initialize() {
  StringMap<bool> known;
  for (const std::string &name : file->getNames())
    known[name] = true;
  for (const DataInput &input : inputs) {
    InputArrays found;
    if (Error error = findArrays(input, known, found))
      return createStringError("input '" + input.name +
                               "': " + toString(std::move(error)));
    if (!arraysOfInput.empty() && found.samples != samples)
      return createStringError("input '" + input.name + "' has " +
                               Twine(found.samples) + " samples but '" +
                               inputs.front().name + "' has " + Twine(samples));
    samples = found.samples;
    arraysOfInput.push_back(std::move(found));
  }
  if (samples == 0)
    return createStringError("it has no samples");
  return Error::success();
}

Expected<Sample> ArrayDataSet::load(int64_t index) const {
  Sample sample;
  for (auto [i, arrays] : enumerate(arraysOfInput)) {
    const Array &array = arrays.arrays[arrays.ragged ? index : 0];
    SmallVector<int64_t> shape(array.shape);
    if (!arrays.ragged) {
      if (arrays.batch)
        shape.front() = arrays.batch;
      else
        shape.erase(shape.begin());
    }
    Expected<MutableArrayRef<char>> memory =
        sample.allocate(i, *inputs[i].type, shape);
    if (!memory)
      return memory.takeError();
    size_t begin = arrays.ragged ? 0 : index * memory->size();
    // An array without elements may have no memory.
    if (!memory->empty())
      std::memcpy(memory->data(), array.data.data() + begin, memory->size());
  }
  return sample;
}

Expected<std::unique_ptr<DataSet>>
slim::openArrayDataSet(StringRef path, ArrayRef<DataInput> inputs) {
  Expected<std::unique_ptr<ArrayFile>> file =
      sys::path::extension(path) == ".npz" ? NpzArrayFile::open(path)
                                           : SafetensorsArrayFile::open(path);
  if (!file)
    return file.takeError();
  auto data = std::make_unique<ArrayDataSet>(inputs, std::move(*file));
  if (Error error = data->initialize())
    return createStringError("'" + path + "': " + toString(std::move(error)));
  return data;
}
