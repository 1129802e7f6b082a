//===- Compare.cpp - Comparing outputs with expected arrays ---------------===//

#include "Compare.h"
#include "Inputs.h"
#include "slim/Data/NumpyFile.h"

#include "llvm/Support/Format.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace llvm;
using namespace slim;
using namespace slim::run;

namespace {

struct Difference {
  double maxAbsolute = 0, maxRelative = 0;
  int64_t count = 0, numExceeded = 0;
  int64_t firstExceeded = -1; // position in row-major order
};

} // namespace

/// |a - b|, exact for 64-bit integers too up to the final rounding.
static double absoluteError(const ElementType &type, const char *a,
                            const char *b) {
  if (type.kind != ElementType::Float && type.size == 8) {
    uint64_t x, y;
    std::memcpy(&x, a, sizeof(x));
    std::memcpy(&y, b, sizeof(y));
    bool less = type.kind == ElementType::Signed
                    ? static_cast<int64_t>(x) < static_cast<int64_t>(y)
                    : x < y;
    return static_cast<double>(less ? y - x : x - y);
  }
  double x = toDouble(type, a), y = toDouble(type, b);
  if (x == y || (std::isnan(x) && std::isnan(y)))
    return 0;
  double error = std::abs(x - y);
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

static Difference compare(const ElementType &type, StringRef a, StringRef b,
                          double rtol, double atol) {
  Difference result;
  result.count = b.size() / type.size;
  for (int64_t i = 0; i < result.count; ++i) {
    double error =
        absoluteError(type, a.data() + i * type.size, b.data() + i * type.size);
    if (error == 0)
      continue;
    double magnitude = std::abs(toDouble(type, b.data() + i * type.size));
    result.maxAbsolute = std::max(result.maxAbsolute, error);
    if (magnitude > 0)
      result.maxRelative = std::max(result.maxRelative, error / magnitude);
    // An error of infinity fails whatever the tolerance: so does NaN here.
    if (std::isinf(error) || !(error <= atol + rtol * magnitude)) {
      if (result.numExceeded++ == 0)
        result.firstExceeded = i;
    }
  }
  return result;
}

/// The index of a position in row-major order, "[0, 3]".
static std::string formatIndex(int64_t position, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> index(shape.size());
  for (size_t d = shape.size(); d-- > 0;) {
    index[d] = position % shape[d];
    position /= shape[d];
  }
  return formatShape(index);
}

/// Prints the line of one array; returns what is wrong or an empty string.
static Expected<std::string> compareOne(const slim_tensor_info &info,
                                        const slim_tensor &output,
                                        StringRef path,
                                        const CompareOptions &options) {
  const ElementType &type = *lookupElementType(info.type);
  Expected<NumpyArray> array = readNumpyFile(path);
  if (!array)
    return createStringError("--expect " + Twine(info.name) + ": " +
                             toString(array.takeError()));
  if (!array->holds(type))
    return createStringError("--expect " + Twine(info.name) + ": '" + path +
                             "' has type " + array->descr +
                             " but the output is " + type.name + " (" +
                             type.descr + "); convert it with astype");
  if (ArrayRef<int64_t>(array->shape) != shapeOf(output))
    return ("output '" + Twine(info.name) + "' has the shape " +
            formatShape(shapeOf(output)) + " but '" + path + "' has " +
            formatShape(array->shape))
        .str();

  StringRef actual(static_cast<const char *>(output.data), array->data.size());
  Difference difference =
      compare(type, actual, array->data, options.rtol, options.atol);
  outs() << info.name << format(": max abs error %.3e", difference.maxAbsolute)
         << format(", max rel error %.3e, ", difference.maxRelative)
         << difference.numExceeded << " of " << difference.count
         << format(" elements beyond rtol %g, atol %g\n", options.rtol,
                   options.atol);
  if (!difference.numExceeded)
    return std::string();
  int64_t at = difference.firstExceeded;
  std::string message;
  raw_string_ostream(message)
      << "output '" << info.name << "' differs from '" << path << "' in "
      << difference.numExceeded << " of " << difference.count
      << " elements, first at " << formatIndex(at, array->shape) << ": "
      << format("%.9g", toDouble(type, actual.data() + at * type.size))
      << " instead of "
      << format("%.9g", toDouble(type, array->data.data() + at * type.size));
  return message;
}

Error slim::run::compareOutputs(const slim_entry_info &entry,
                                ArrayRef<slim_tensor> outputs,
                                const CompareOptions &options) {
  ArrayRef<slim_tensor_info> infos(entry.outputs, entry.num_outputs);
  std::string failures;
  for (StringRef argument : options.files) {
    auto match = matchTensor(argument, "--expect", "output", infos);
    if (!match)
      return match.takeError();
    auto [i, path] = *match;
    Expected<std::string> failure =
        compareOne(infos[i], outputs[i], path, options);
    if (!failure)
      return failure.takeError();
    if (!failure->empty())
      failures += (failures.empty() ? "" : "; ") + *failure;
  }
  if (!failures.empty())
    return createStringError(failures);
  return Error::success();
}
