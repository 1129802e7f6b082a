//===- CompressSequentially.cpp - Compression layer after layer -----------===//
//
// The passes are made anew for each stage, so that none carries options or
// statistics over from the stage before.
//
//===----------------------------------------------------------------------===//
#include "RunModel.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "slim/Compress/DecodeTree.h"
#include "slim/Compress/Report.h"
#include "slim/Pipelines/InProcess.h"
#include "slim/Pipelines/Passes.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Regex.h"

namespace slim {
#define GEN_PASS_DEF_COMPRESSSEQUENTIALLYPASS
#include "slim/Pipelines/Passes.h.inc"
} // namespace slim

using namespace slim;

/// The names of the weights that the ops of a stage multiply by.
static llvm::StringSet<> getWeightNames(const CalibrationStage &stage) {
  llvm::StringSet<> names;
  for (auto [op, observer] : stage.ops)
    if (auto tree = DecodeTree::match(op.getWeightOperand().get()))
      names.insert(tree->getName());
  return names;
}

/// A regular expression for these names. What the syntax of options would end
/// or nest by becomes any character.
static std::string matchNames(const llvm::StringSet<> &names) {
  std::string pattern;
  for (StringRef name : names.keys()) {
    pattern += pattern.empty() ? "^(" : "|";
    for (char c : name)
      pattern += StringRef("{}\"' \t\n").contains(c)
                     ? std::string(".")
                     : llvm::Regex::escape(StringRef(&c, 1));
  }
  return pattern + ")$";
}

namespace {
struct CompressSequentiallyPass
    : slim::impl::CompressSequentiallyPassBase<CompressSequentiallyPass> {
  using Base::Base;
  friend struct slim::RunRequest;

  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    addDialectsOf(passes, registry);
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    RunRequest request = RunRequest::of(*this);
    FailureOr<std::unique_ptr<DataSet>> samples = request.open(module);
    if (failed(samples) || failed(makePasses("", "")))
      return signalPassFailure();
    CalibrationOptions options = request.getOptions();
    options.partialPath = checkpoint;
    options.compression = passes;
    LogicalResult result = runSequential(
        module, **samples, options, compileInProcess,
        [&](const CalibrationStage &stage) { return compress(stage); });
    if (failed(result))
      return signalPassFailure();
    removePartialFiles(options);
  }

private:
  LogicalResult fail(const Twine &message) {
    return emitError(getOperation().getLoc())
           << getArgument() << ": " << message;
  }

  /// The passes of one stage; with their own options where the arguments are
  /// empty.
  FailureOr<OpPassManager> makePasses(StringRef include,
                                      StringRef calibration) {
    OpPassManager manager(ModuleOp::getOperationName());
    std::string message;
    llvm::raw_string_ostream errors(message);
    if (passes.empty())
      return fail("option 'passes' must be a pipeline of compression passes");
    if (failed(parsePassPipeline(passes, manager, errors)))
      return fail("option 'passes': " + StringRef(message).rtrim());
    for (Pass &pass : manager.getPasses()) {
      // A name that no weight has: the option counts, not its value.
      std::string only = "include=" + (include.empty() ? "^$" : include).str();
      auto keep = [&](const Twine &text) {
        message = text.str();
        return failure();
      };
      if (failed(pass.initializeOptions(only, keep)))
        return fail("option 'passes': '" + pass.getArgument() +
                    "' is no compression pass: it has no option 'include'");
      // Not every pass needs statistics.
      if (!calibration.empty())
        (void)pass.initializeOptions(("calibration=" + calibration).str(),
                                     keep);
    }
    return manager;
  }

  LogicalResult compress(const CalibrationStage &stage) {
    ModuleOp module = getOperation();
    llvm::StringSet<> names = getWeightNames(stage);
    if (names.empty())
      return success();
    SmallString<128> path;
    if (std::error_code error =
            llvm::sys::fs::createTemporaryFile("slim", "safetensors", path))
      return fail("cannot make a temporary file: " + error.message());
    llvm::FileRemover remover(path);
    if (llvm::Error error = stage.statistics.save(path))
      return fail(llvm::toString(std::move(error)));

    FailureOr<OpPassManager> manager = makePasses(matchNames(names), path);
    if (failed(manager))
      return failure();
    auto before = module->getAttrOfType<ArrayAttr>(SlimDialect::kReportAttr);
    if (failed(runPipeline(*manager, module)))
      return failure();
    keepEntries(before, names);
    ++numStages;
    return success();
  }

  /// Takes the entries of weights of other stages out of what the report has
  /// gained.
  void keepEntries(ArrayAttr before, const llvm::StringSet<> &names) {
    ModuleOp module = getOperation();
    auto after = module->getAttrOfType<ArrayAttr>(SlimDialect::kReportAttr);
    if (!after)
      return;
    size_t known = before ? before.size() : 0;
    SmallVector<Attribute> kept(after.begin(), after.begin() + known);
    for (Attribute entry : after.getValue().drop_front(known)) {
      auto name = cast<DictionaryAttr>(entry).getAs<StringAttr>("weight");
      if (name && names.contains(name))
        kept.push_back(entry);
    }
    module->setAttr(SlimDialect::kReportAttr,
                    ArrayAttr::get(&getContext(), kept));
  }
};
} // namespace
