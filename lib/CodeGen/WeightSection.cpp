//===- WeightSection.cpp - Weights of a compiled library ------------------===//
#include "slim/CodeGen/WeightSection.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightData.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace slim;

FailureOr<WeightSection> WeightSection::collect(ModuleOp module) {
  llvm::StringSet<> used;
  module.walk([&](memref::GetGlobalOp op) { used.insert(op.getName()); });

  WeightSection section;
  uint64_t blobSize = 0;
  for (auto global : module.getOps<memref::GlobalOp>()) {
    // A constant of the program holds its value itself.
    if (!used.contains(global.getSymName()) || global.getInitialValue())
      continue;
    Attribute attr = global->getAttr(kDataAttr);
    MemRefType type = global.getType();
    FailureOr<TensorData> data = readWeightData(
        global, RankedTensorType::get(type.getShape(), type.getElementType()),
        attr);
    if (failed(data))
      return failure();
    Weight entry;
    entry.symbol = global.getSymName().str();
    entry.numBytes = data->getBytes().size();
    if (auto external = dyn_cast_or_null<ExternalAttr>(attr)) {
      SmallString<256> path(resolveWeightPath(global, external));
      llvm::sys::fs::make_absolute(path);
      entry.file = path.str().str();
      entry.offset = external.getOffset();
    } else {
      entry.offset = blobSize;
      blobSize = llvm::alignTo(blobSize + entry.numBytes, kAlignment);
    }
    entry.data = std::move(*data);
    section.weights.push_back(std::move(entry));
  }
  return section;
}

int64_t WeightSection::getNumBytes() const {
  int64_t bytes = 0;
  for (const Weight &weight : weights)
    bytes += weight.numBytes;
  return bytes;
}

bool WeightSection::needsBlob() const {
  return llvm::any_of(weights,
                      [](const Weight &weight) { return weight.file.empty(); });
}

llvm::Error WeightSection::writeBlob(StringRef path) const {
  return llvm::writeToOutput(path, [&](raw_ostream &os) -> llvm::Error {
    uint64_t position = 0;
    for (const Weight &weight : weights) {
      if (!weight.file.empty())
        continue;
      os.write_zeros(weight.offset - position);
      os.write(weight.data.getBytes().data(), weight.numBytes);
      position = weight.offset + weight.numBytes;
    }
    return llvm::Error::success();
  });
}

/// A string literal of GNU assembly.
static std::string quote(StringRef text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      quoted.push_back('\\');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

/// Gives weight number `number` a symbol. Names of weights are the model
/// author's; symbols of assembly are plainer.
static std::string renameGlobal(llvm::GlobalVariable *global, size_t number) {
  std::string symbol = ("slim_weight_" + Twine(number)).str();
  global->setName(symbol);
  global->setLinkage(llvm::GlobalValue::ExternalLinkage);
  return symbol;
}

void WeightSection::bind(
    llvm::Module &module,
    llvm::function_ref<void(StringRef, const TensorData &)> define) const {
  for (auto [number, weight] : llvm::enumerate(weights)) {
    llvm::GlobalVariable *global = module.getNamedGlobal(weight.symbol);
    if (!global)
      continue;
    std::string symbol = renameGlobal(global, number);
    // Far from the code: to be reached through a table.
    global->setVisibility(llvm::GlobalValue::DefaultVisibility);
    global->setDSOLocal(false);
    define(symbol, weight.data);
  }
}

void WeightSection::define(llvm::Module &module, StringRef blobPath) const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << ".section .rodata.slim.weights,\"a\",%progbits\n";
  for (auto [number, weight] : llvm::enumerate(weights)) {
    llvm::GlobalVariable *global = module.getNamedGlobal(weight.symbol);
    if (!global)
      continue;
    std::string symbol = renameGlobal(global, number);
    global->setVisibility(llvm::GlobalValue::HiddenVisibility);
    global->setDSOLocal(true);
    os << ".balign " << kAlignment << "\n"
       << ".hidden " << symbol << "\n.globl " << symbol << "\n"
       << symbol << ":\n";
    if (weight.numBytes > 0)
      os << ".incbin " << quote(weight.file.empty() ? blobPath : weight.file)
         << ", " << weight.offset << ", " << weight.numBytes << "\n";
    os << ".balign " << kAlignment << "\n";
  }
  os << ".text\n";
  module.appendModuleInlineAsm(text);
}
