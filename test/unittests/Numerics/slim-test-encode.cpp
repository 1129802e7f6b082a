//===- slim-test-encode.cpp - Codes of numbers of a .npy file -------------===//
//
// Writes the codes of float32 numbers in a narrow float, a byte each, and the
// numbers that all codes stand for, so that tests can compare with ml_dtypes.
//
//===----------------------------------------------------------------------===//

#include "slim/Data/NumpyFile.h"
#include "slim/Numerics/Rounding.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>
#include <optional>
#include <vector>

using namespace slim;
namespace cl = llvm::cl;

static cl::opt<std::string> format(cl::Positional, cl::Required,
                                   cl::desc("<format>"));
static cl::opt<std::string> inputPath(cl::Positional, cl::Required,
                                      cl::desc("<numbers.npy>"));
static cl::opt<std::string> codesPath(cl::Positional, cl::Required,
                                      cl::desc("<file of codes>"));
static cl::opt<std::string>
    numbersPath(cl::Positional, cl::Required,
                cl::desc("<file of the numbers of codes 0 to 255>"));

static llvm::ExitOnError exitOnError("slim-test-encode: ");

template <typename T>
static void write(llvm::StringRef path, const std::vector<T> &values) {
  exitOnError(
      llvm::writeToOutput(path, [&](llvm::raw_ostream &os) -> llvm::Error {
        os.write(reinterpret_cast<const char *>(values.data()),
                 values.size() * sizeof(T));
        return llvm::Error::success();
      }));
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv);
  NumpyArray array = exitOnError(readNumpyFile(inputPath));
  if (array.descr != "<f4")
    exitOnError(llvm::createStringError(inputPath + ": no float32"));
  std::vector<float> inputs(array.data.size() / sizeof(float));
  std::memcpy(inputs.data(), array.data.data(), array.data.size());

  // E8M0 has no sign and rules of its own.
  bool isE8M0 = format == "e8m0";
  auto floats = llvm::StringSwitch<std::optional<FloatFormat>>(format)
                    .Case("e4m3", FloatFormat::float8E4M3FN())
                    .Case("e5m2", FloatFormat::float8E5M2())
                    .Case("e2m1", FloatFormat::float4E2M1FN())
                    .Default(std::nullopt);
  if (!isE8M0 && !floats)
    exitOnError(llvm::createStringError("no format '" + format + "'"));
  std::vector<uint8_t> codes;
  for (float input : inputs)
    codes.push_back(isE8M0 ? encodeE8M0(input)
                           : uint8_t(encodeFloat(input, *floats)));
  std::vector<float> numbers;
  for (int code = 0; code < 256; ++code)
    numbers.push_back(isE8M0 ? decodeE8M0(code) : decodeFloat(code, *floats));
  write(codesPath, codes);
  write(numbersPath, numbers);
  return 0;
}
