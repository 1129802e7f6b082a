//===- Fingerprint.cpp - Which model statistics are of --------------------===//

#include "slim/Calibrate/Calibrate.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightStorage.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace slim;

static FailureOr<std::string> hashWeight(WeightOp weight) {
  if (!hasWeightData(weight))
    return std::string();
  FailureOr<TensorData> data = readWeightData(weight);
  if (failed(data))
    return failure();
  ArrayRef<char> bytes = data->getBytes();
  return llvm::utohexstr(
      llvm::xxh3_64bits(StringRef(bytes.data(), bytes.size())),
      /*LowerCase=*/true, 16);
}

FailureOr<ModelFingerprint> slim::getModelFingerprint(ModuleOp module) {
  ModelFingerprint fingerprint;
  std::string text;
  llvm::raw_string_ostream os(text);
  for (Operation &op : *module.getBody()) {
    auto weight = dyn_cast<WeightOp>(op);
    if (!weight) {
      op.print(os);
      continue;
    }
    FailureOr<std::string> hash = hashWeight(weight);
    if (failed(hash))
      return failure();
    os << weight.getSymName() << weight.getType() << *hash << "\n";
    fingerprint.weights[weight.getSymName().str()] = *hash;
  }
  llvm::XXH128_hash_t hash = llvm::xxh3_128bits(
      ArrayRef(reinterpret_cast<const uint8_t *>(text.data()), text.size()));
  fingerprint.model = llvm::utohexstr(hash.high64, /*LowerCase=*/true, 16) +
                      llvm::utohexstr(hash.low64, /*LowerCase=*/true, 16);
  return fingerprint;
}

LogicalResult slim::checkStatistics(const CalibrationStatistics &statistics,
                                    ModuleOp module, StringRef path) {
  if (statistics.source.weights.empty())
    return success();
  // A module that carries a report has been compressed since, maybe every
  // weight and bias of it: then their names must do.
  bool isCompressed = module->hasAttr(SlimDialect::kReportAttr);
  for (auto weight : module.getOps<WeightOp>()) {
    auto known = statistics.source.weights.find(weight.getSymName().str());
    if (known == statistics.source.weights.end() || known->second.empty())
      continue;
    if (isCompressed)
      return success();
    FailureOr<std::string> hash = hashWeight(weight);
    if (failed(hash))
      return failure();
    if (*hash == known->second)
      return success();
  }
  return module.emitError()
         << "'" << path
         << "' holds statistics of another model: no weight of this one is the "
            "same; make it again with slim-calibrate";
}
