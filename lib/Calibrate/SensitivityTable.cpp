//===- SensitivityTable.cpp - Sensitivities and their file ----------------===//

#include "slim/Calibrate/Sensitivity.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace slim;
namespace json = llvm::json;

static constexpr llvm::StringLiteral kFormat = "slim-sensitivity";

double
WeightSensitivity::predict(double otherRelativeError,
                           std::optional<double> otherOutputError) const {
  double ratio = outputError && *outputError > 0 && otherOutputError
                     ? *otherOutputError / *outputError
                     : otherRelativeError / relativeError;
  return loss * ratio * ratio;
}

llvm::Error SensitivityTable::save(StringRef path) const {
  json::Object entries;
  for (const auto &[name, weight] : weights) {
    json::Object entry{{"loss", weight.loss},
                       {"relative_error", weight.relativeError}};
    if (weight.outputError)
      entry["output_error"] = *weight.outputError;
    entries[name] = std::move(entry);
  }
  json::Object root{{"format", kFormat.str()},
                    {"method", method},
                    {"weights", std::move(entries)}};
  return llvm::writeToOutput(path, [&](llvm::raw_ostream &os) -> llvm::Error {
    os << llvm::formatv("{0:2}", json::Value(std::move(root))) << "\n";
    return llvm::Error::success();
  });
}

llvm::Expected<SensitivityTable> SensitivityTable::load(StringRef path) {
  auto fail = [&](const Twine &message) {
    return llvm::createStringError("'" + path + "': " + message);
  };
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!file)
    return fail(file.getError().message());
  llvm::Expected<json::Value> root = json::parse((*file)->getBuffer());
  if (!root)
    return fail(llvm::toString(root.takeError()));
  const json::Object *object = root->getAsObject();
  const json::Object *entries = object ? object->getObject("weights") : nullptr;
  if (!entries || object->getString("format") != kFormat)
    return fail("no file of sensitivities; measure-sensitivity writes one");
  SensitivityTable table;
  table.method = object->getString("method").value_or("").str();
  for (const auto &[name, value] : *entries) {
    const json::Object *entry = value.getAsObject();
    std::optional<double> loss, relativeError;
    if (entry) {
      loss = entry->getNumber("loss");
      relativeError = entry->getNumber("relative_error");
    }
    if (!loss || !relativeError || !(*loss >= 0) || !(*relativeError > 0))
      return fail("weight '" + StringRef(name) +
                  "' has no loss or no relative error");
    table.weights[name.str()] = {*relativeError,
                                 entry->getNumber("output_error"), *loss};
  }
  return table;
}
