//===- TokenDataSet.cpp - Samples from files of token ids -----------------===//

#include "TokenDataSet.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Path.h"

#include <cstring>

using namespace llvm;
using namespace slim;

namespace {

/// What an input is for.
enum class Role { Tokens, Mask, Segments, Positions };

class TokenDataSet : public DataSet {
public:
  explicit TokenDataSet(ArrayRef<DataInput> inputs) : inputs(inputs) {}

  Error assignRoles();
  Error readText(StringRef text, int64_t length);
  Error readRaw(StringRef bytes, const DataSetOptions &options);

  int64_t size() const override { return sequences.size(); }
  Expected<Sample> load(int64_t index) const override;

private:
  Error checkLength(int64_t length) const;

  std::vector<DataInput> inputs;
  std::vector<Role> roles;
  std::vector<int64_t> tokens;
  std::vector<ArrayRef<int64_t>> sequences;
};

} // namespace

Error TokenDataSet::assignRoles() {
  size_t numTokenInputs = 0;
  for (const DataInput &input : inputs) {
    StringRef name = input.name;
    Role role = Role::Tokens;
    if (name.contains("mask"))
      role = Role::Mask;
    else if (name.contains("token_type") || name.contains("segment"))
      role = Role::Segments;
    else if (name.contains("position"))
      role = Role::Positions;
    else
      ++numTokenInputs;
    roles.push_back(role);
    // The mask alone may be of floats.
    bool isInteger = input.type->kind != ElementType::Float;
    if ((!isInteger && role != Role::Mask) || input.shape.size() != 2)
      return createStringError(
          "input '" + name +
          "' cannot be made from tokens: it is no integer tensor of shape "
          "[batch, sequence]; give all inputs as arrays in a .npz file");
  }
  if (numTokenInputs != 1)
    return createStringError(
        "it cannot be told which of the model's inputs the tokens are for (" +
        Twine(numTokenInputs) +
        " are neither mask, token types nor positions); give all inputs as "
        "arrays in a .npz file");
  return Error::success();
}

/// Fails where a sequence of `length` tokens is none for the model.
Error TokenDataSet::checkLength(int64_t length) const {
  for (const DataInput &input : inputs) {
    int64_t batch = input.shape[0], expected = input.shape[1];
    if (batch != SLIM_DYNAMIC && batch != 1)
      return createStringError("input '" + input.name + "' has a batch of " +
                               Twine(batch) +
                               ", and a sequence of tokens is a batch of 1");
    if (expected != SLIM_DYNAMIC && expected != length)
      return createStringError("a sequence has " + Twine(length) +
                               " tokens but input '" + input.name +
                               "' has a length of " + Twine(expected) +
                               "; set it with --sequence-length");
  }
  return Error::success();
}

Error TokenDataSet::readText(StringRef text, int64_t length) {
  SmallVector<std::pair<size_t, size_t>> ranges;
  size_t lineNumber = 0;
  while (!text.empty()) {
    StringRef line;
    std::tie(line, text) = text.split('\n');
    ++lineNumber;
    size_t begin = tokens.size();
    while (true) {
      line = line.ltrim(" \t\r,");
      if (line.empty())
        break;
      if (length > 0 && tokens.size() - begin == static_cast<size_t>(length))
        break;
      int64_t token;
      if (line.consumeInteger(10, token) ||
          (!line.empty() && !StringRef(" \t\r,").contains(line.front())))
        return createStringError("line " + Twine(lineNumber) +
                                 " is no list of token ids");
      tokens.push_back(token);
    }
    if (tokens.size() > begin)
      ranges.emplace_back(begin, tokens.size() - begin);
  }
  for (auto [begin, size] : ranges) {
    if (Error error = checkLength(size))
      return error;
    sequences.push_back(ArrayRef(tokens).slice(begin, size));
  }
  return Error::success();
}

Error TokenDataSet::readRaw(StringRef bytes, const DataSetOptions &options) {
  int64_t length = options.sequenceLength;
  if (length < 1)
    return createStringError(
        "raw tokens have no ends of lines; set --sequence-length");
  if (Error error = checkLength(length))
    return error;
  size_t size = options.tokenBits / 8;
  if (bytes.size() % size)
    return createStringError("its " + Twine(bytes.size()) +
                             " bytes are no whole number of tokens of " +
                             Twine(options.tokenBits) +
                             " bits; it is truncated, or --token-bits is "
                             "another");
  for (size_t i = 0; i < bytes.size(); i += size)
    tokens.push_back(
        size == 4
            ? static_cast<int32_t>(support::endian::read32le(bytes.data() + i))
            : static_cast<int64_t>(
                  support::endian::read64le(bytes.data() + i)));
  for (size_t begin = 0; begin + length <= tokens.size(); begin += length)
    sequences.push_back(ArrayRef(tokens).slice(begin, length));
  return Error::success();
}

Expected<Sample> TokenDataSet::load(int64_t index) const {
  ArrayRef<int64_t> sequence = sequences[index];
  Sample sample;
  for (auto [i, input] : enumerate(inputs)) {
    const ElementType &type = *input.type;
    Expected<MutableArrayRef<char>> memory =
        sample.allocate(i, type, {1, static_cast<int64_t>(sequence.size())});
    if (!memory)
      return memory.takeError();
    for (size_t position = 0; position < sequence.size(); ++position) {
      char *element = memory->data() + position * type.size;
      int64_t value = roles[i] == Role::Tokens      ? sequence[position]
                      : roles[i] == Role::Mask      ? 1
                      : roles[i] == Role::Positions ? position
                                                    : 0;
      if (type.kind == ElementType::Float)
        fromDouble(type, value, element);
      else // little-endian: the low bytes come first
        std::memcpy(element, &value, type.size);
    }
  }
  return sample;
}

Expected<std::unique_ptr<DataSet>>
slim::openTokenDataSet(StringRef path, ArrayRef<DataInput> inputs,
                       const DataSetOptions &options) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  auto data = std::make_unique<TokenDataSet>(inputs);
  StringRef bytes = (*buffer)->getBuffer();
  Error error = data->assignRoles();
  if (!error)
    error = sys::path::extension(path) == ".txt"
                ? data->readText(bytes, options.sequenceLength)
                : data->readRaw(bytes, options);
  if (!error && data->size() == 0)
    error = createStringError("it has no samples");
  if (error)
    return createStringError("'" + path + "': " + toString(std::move(error)));
  return data;
}
