//===- Info.cpp - The description of a model ------------------------------===//

#include "Info.h"
#include "slim/Data/ElementType.h"

#include "llvm/Support/JSON.h"

using namespace llvm;
using namespace slim;
using namespace slim::run;

/// A string of the model as JSON: null if it is null, valid UTF-8 in any case.
static json::Value toValue(const char *string) {
  if (!string)
    return nullptr;
  return json::isUTF8(string) ? string : json::fixUTF8(string);
}

static void printTensors(json::OStream &json, StringRef key,
                         const slim_tensor_info *tensors, int32_t count) {
  json.attributeArray(key, [&] {
    for (const slim_tensor_info &tensor :
         ArrayRef<slim_tensor_info>(tensors, count)) {
      json::Array shape, names;
      for (int32_t d = 0; d < tensor.rank; ++d) {
        shape.push_back(tensor.shape[d] == SLIM_DYNAMIC
                            ? json::Value(nullptr)
                            : json::Value(tensor.shape[d]));
        names.push_back(
            toValue(tensor.dim_names ? tensor.dim_names[d] : nullptr));
      }
      json.object([&] {
        json.attribute("name", toValue(tensor.name));
        json.attribute("type", lookupElementType(tensor.type)->name);
        json.attribute("shape", std::move(shape));
        json.attribute("dim_names", std::move(names));
      });
    }
  });
}

void slim::run::printInfo(raw_ostream &os, const slim_model_info &info) {
  json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("producer", toValue(info.producer));
    json.attribute("abi_version", info.abi_version);
    json.attribute("target_triple", toValue(info.target_triple));
    json.attribute("target_cpu", toValue(info.target_cpu));
    json.attribute("weight_bytes", info.weight_bytes);
    json.attributeArray("entries", [&] {
      for (int32_t i = 0; i < info.num_entries; ++i) {
        const slim_entry_info &entry = info.entries[i];
        json.object([&] {
          json.attribute("name", toValue(entry.name));
          printTensors(json, "inputs", entry.inputs, entry.num_inputs);
          printTensors(json, "outputs", entry.outputs, entry.num_outputs);
        });
      }
    });
    // The compiler writes valid JSON; a report that is not stays a string.
    Expected<json::Value> report =
        json::parse(info.report ? info.report : "{}");
    if (report) {
      json.attribute("report", *report);
    } else {
      consumeError(report.takeError());
      json.attribute("report", toValue(info.report));
    }
  });
  os << '\n';
}
