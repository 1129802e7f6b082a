//===- slim-report.cpp - Which layers compression hurt most ---------------===//
//
// Prints the report that `slimc --report` writes as a table, worst weights
// first. Errors of several passes on one weight are listed one by one: each is
// that of its pass.
//
//===----------------------------------------------------------------------===//
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"
#include <limits>
#include <optional>
#include <vector>

namespace cl = llvm::cl;

namespace {
enum class Key { Error, OutputError, WeightError, Bytes, Name };

/// What a pass did to a weight.
struct Entry {
  std::string weight, pass, format, shape, message;
  /// Its place in the report.
  size_t number = 0;
  bool wasApplied = false;
  double bytesBefore = 0, bytesAfter = 0;
  std::optional<double> weightError, outputError;

  /// The error that is nearest to what the model's user sees.
  std::optional<double> getError() const {
    return outputError ? outputError : weightError;
  }
};
} // namespace

static cl::OptionCategory category("slim-report options");
static cl::opt<std::string> inputPath(cl::Positional, cl::init("-"),
                                      cl::desc("<report.json>"),
                                      cl::cat(category));
static cl::opt<Key> sortKey(
    "sort", cl::desc("What comes first:"), cl::init(Key::Error),
    cl::cat(category),
    cl::values(
        clEnumValN(Key::Error, "error",
                   "the largest output error, or weight error where there is "
                   "no calibration (default)"),
        clEnumValN(Key::OutputError, "output", "the largest output error"),
        clEnumValN(Key::WeightError, "weight", "the largest weight error"),
        clEnumValN(Key::Bytes, "bytes", "the most bytes left"),
        clEnumValN(Key::Name, "name", "the first name")));
static cl::opt<unsigned>
    top("top", cl::init(20), cl::value_desc("n"),
        cl::desc("Print n weights, 0 for all (default 20)"), cl::cat(category));
static cl::opt<bool>
    skipped("skipped",
            cl::desc("Print the weights that were left as they are, "
                     "and why"),
            cl::cat(category));

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static std::string getString(const llvm::json::Object &object,
                             llvm::StringRef key) {
  return object.getString(key).value_or("").str();
}

/// Numbers that JSON lacks are null: infinity.
static std::optional<double> getNumber(const llvm::json::Object &object,
                                       llvm::StringRef key) {
  const llvm::json::Value *value = object.get(key);
  if (!value)
    return std::nullopt;
  return value->getAsNumber().value_or(std::numeric_limits<double>::infinity());
}

static llvm::Expected<std::vector<Entry>> readEntries() {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(inputPath);
  if (!buffer)
    return llvm::createStringError(buffer.getError(), "cannot read '%s': %s",
                                   inputPath.c_str(),
                                   buffer.getError().message().c_str());
  llvm::Expected<llvm::json::Value> value =
      llvm::json::parse((*buffer)->getBuffer());
  if (!value)
    return llvm::createStringError(
        "'" + inputPath + "' is no JSON: " + llvm::toString(value.takeError()));
  const llvm::json::Object *root = value->getAsObject();
  const llvm::json::Array *weights =
      root ? root->getArray("weights") : value->getAsArray();
  if (!weights)
    return llvm::createStringError(
        "'" + inputPath +
        "' has no list 'weights': give a file of slimc --report");
  std::vector<Entry> entries;
  for (const llvm::json::Value &element : *weights) {
    const llvm::json::Object *object = element.getAsObject();
    if (!object)
      return llvm::createStringError("'" + inputPath +
                                     "' has a weight that is no object");
    Entry entry;
    entry.weight = getString(*object, "weight");
    entry.pass = getString(*object, "pass");
    entry.format = getString(*object, "format");
    entry.message = getString(*object, "message");
    entry.wasApplied = getString(*object, "status") == "applied";
    entry.bytesBefore = object->getNumber("bytes_before").value_or(0);
    entry.bytesAfter = object->getNumber("bytes_after").value_or(0);
    entry.weightError = getNumber(*object, "relative_error");
    entry.outputError = getNumber(*object, "output_error");
    if (const llvm::json::Array *shape = object->getArray("shape"))
      entry.shape =
          llvm::join(llvm::map_range(*shape,
                                     [](const llvm::json::Value &extent) {
                                       return llvm::itostr(
                                           extent.getAsInteger().value_or(0));
                                     }),
                     "x");
    entry.number = entries.size();
    entries.push_back(std::move(entry));
  }
  return entries;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

static bool comesFirst(const Entry &a, const Entry &b) {
  switch (sortKey) {
  case Key::Error:
    return a.getError().value_or(-1) > b.getError().value_or(-1);
  case Key::OutputError:
    return a.outputError.value_or(-1) > b.outputError.value_or(-1);
  case Key::WeightError:
    return a.weightError.value_or(-1) > b.weightError.value_or(-1);
  case Key::Bytes:
    return a.bytesAfter > b.bytesAfter;
  case Key::Name:
    return a.weight < b.weight;
  }
  return false;
}

static std::string printNumber(double number, const char *format) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format(format, number);
  return text;
}

static std::string printError(std::optional<double> error) {
  return error ? printNumber(*error, "%.5f") : "-";
}

static std::string printBytes(double bytes) {
  return printNumber(bytes, "%.0f");
}

/// Columns as wide as their cells, the last as it comes.
static void printTable(llvm::ArrayRef<std::vector<std::string>> rows) {
  std::vector<size_t> widths(rows.front().size(), 0);
  for (const auto &row : rows)
    for (auto [width, cell] : llvm::zip_equal(widths, row))
      width = std::max(width, cell.size());
  for (const auto &row : rows) {
    std::string line;
    for (auto [width, cell] : llvm::zip_equal(widths, row))
      line += cell + std::string(width - cell.size() + 2, ' ');
    llvm::outs() << llvm::StringRef(line).rtrim() << "\n";
  }
}

static void print(std::vector<Entry> entries) {
  llvm::sort(entries, [](const Entry &a, const Entry &b) {
    if (comesFirst(a, b) || comesFirst(b, a))
      return comesFirst(a, b);
    return a.number < b.number;
  });
  size_t shown = 0, applied = 0;
  double before = 0, after = 0;
  std::vector<std::vector<std::string>> rows = {
      {"weight", "shape", "pass", "format", "bytes", "of", "weight error",
       "output error"}};
  if (skipped)
    rows = {{"weight", "shape", "pass", "why"}};
  for (const Entry &entry : entries) {
    applied += entry.wasApplied;
    if (entry.wasApplied) {
      before += entry.bytesBefore;
      after += entry.bytesAfter;
    }
    if (entry.wasApplied == skipped || (top && shown == top))
      continue;
    ++shown;
    if (skipped)
      rows.push_back({entry.weight, entry.shape, entry.pass, entry.message});
    else
      rows.push_back(
          {entry.weight, entry.shape, entry.pass,
           entry.format.empty() ? "-" : entry.format,
           printBytes(entry.bytesAfter), printBytes(entry.bytesBefore),
           printError(entry.weightError), printError(entry.outputError)});
  }
  printTable(rows);
  llvm::outs() << applied << " of " << entries.size() << " steps applied, from "
               << printBytes(before) << " to " << printBytes(after)
               << " bytes\n";
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(
      argc, argv,
      "Prints which weights a compression hurt most, from the JSON report of "
      "slimc --report\n");
  llvm::Expected<std::vector<Entry>> entries = readEntries();
  if (!entries) {
    llvm::WithColor::error(llvm::errs(), "slim-report")
        << llvm::toString(entries.takeError()) << "\n";
    return 1;
  }
  print(std::move(*entries));
  return 0;
}
