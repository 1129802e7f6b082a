//===- ToolSupport.cpp - What the command-line tools share ----------------===//
#include "slim/Pipelines/ToolSupport.h"
#include "mlir/Parser/Parser.h"
#include "slim/CodeGen/ModelDescription.h"
#include "slim/Import/ONNX.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <chrono>
#include <sys/resource.h>

using namespace mlir;
using namespace slim;

llvm::Expected<NamedExtents> slim::parseDims(ArrayRef<std::string> texts) {
  NamedExtents dims;
  for (StringRef text : texts) {
    auto [name, value] = text.rsplit('=');
    int64_t extent;
    if (name.empty() || value.getAsInteger(10, extent) || extent < 0)
      return llvm::createStringError("--dim '" + text +
                                     "' is not of the form name=value");
    dims.emplace_back(name.str(), extent);
  }
  return dims;
}

llvm::Error slim::checkOutputPath(StringRef path) {
  auto fail = [&](const Twine &why) {
    return llvm::createStringError("cannot write '" + path + "': " + why);
  };
  StringRef directory = llvm::sys::path::parent_path(path);
  if (!llvm::sys::fs::is_directory(directory.empty() ? "." : directory))
    return fail("there is no directory '" + directory + "'");
  if (llvm::sys::fs::is_directory(path))
    return fail("it is a directory");
  return llvm::Error::success();
}

OwningOpRef<ModuleOp> slim::readModel(StringRef path, const NamedExtents &dims,
                                      MLIRContext *context) {
  auto error = [&] { return mlir::emitError(UnknownLoc::get(context)); };
  StringRef extension = llvm::sys::path::extension(path);
  if (extension == ".onnx") {
    ONNXImportOptions import;
    import.dims = dims;
    return importONNX(path, import, context);
  }
  if (extension != ".mlir" && extension != ".mlirbc") {
    error() << "'" << path
            << "' is no model that slim reads; it reads .onnx, .mlir and "
               ".mlirbc files";
    return {};
  }
  if (!dims.empty()) {
    error() << "--dim applies to .onnx models; shapes of a module are in its "
               "function types";
    return {};
  }
  if (!llvm::sys::fs::exists(path)) {
    error() << "cannot open '" << path << "': no such file";
    return {};
  }
  return parseSourceFile<ModuleOp>(path, ParserConfig(context));
}

void slim::printDiagnostic(StringRef tool, const Diagnostic &diagnostic) {
  auto printOne = [&](const Diagnostic &d, StringRef kind) {
    llvm::errs() << tool << ": " << kind << ": ";
    d.getLocation()->walk([](Location location) {
      if (auto name = llvm::dyn_cast<NameLoc>(location)) {
        llvm::errs() << "at '" << name.getName().getValue() << "': ";
        return WalkResult::interrupt();
      }
      if (auto file = llvm::dyn_cast<FileLineColLoc>(location)) {
        llvm::errs() << file.getFilename().getValue() << ":" << file.getLine()
                     << ":" << file.getColumn() << ": ";
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    llvm::errs() << d << "\n";
  };
  switch (diagnostic.getSeverity()) {
  case DiagnosticSeverity::Error:
    printOne(diagnostic, "error");
    break;
  case DiagnosticSeverity::Warning:
    printOne(diagnostic, "warning");
    break;
  case DiagnosticSeverity::Remark:
    printOne(diagnostic, "remark");
    break;
  case DiagnosticSeverity::Note:
    printOne(diagnostic, "note");
    break;
  }
  for (const Diagnostic &note : diagnostic.getNotes())
    printOne(note, "note");
}

FailureOr<std::unique_ptr<DataSet>>
slim::openDataSet(ModuleOp module, StringRef entryName, StringRef path,
                  const DataSetOptions &options) {
  FailureOr<func::FuncOp> function = findEntry(module, entryName);
  if (failed(function))
    return failure();
  FailureOr<ModelDescription> description = describeModel(module);
  if (failed(description))
    return failure();
  std::vector<DataInput> inputs;
  for (const EntryDescription &entry : description->entries)
    if (entry.symbol == function->getSymName())
      for (const TensorDescription &input : entry.inputs)
        inputs.push_back({input.name, lookupElementType(input.type),
                          SmallVector<int64_t>(ArrayRef(input.shape))});
  llvm::Expected<std::unique_ptr<DataSet>> data =
      DataSet::open(path, inputs, options);
  if (!data)
    return mlir::emitError(UnknownLoc::get(module.getContext()))
           << llvm::toString(data.takeError());
  return std::move(*data);
}

std::function<void(StringRef, int64_t, int64_t)>
slim::makeProgress(StringRef tool) {
  using Clock = std::chrono::steady_clock;
  struct State {
    std::string phase;
    int64_t printedTenths = 0;
    Clock::time_point begin, printed;
  };
  return [tool = tool.str(), state = State()](StringRef phase, int64_t done,
                                              int64_t total) mutable {
    auto now = Clock::now();
    if (state.phase != phase) {
      state.phase = phase.str();
      state.printedTenths = 0;
      state.begin = now;
      state.printed = {};
    }
    auto seconds = [](Clock::duration time) {
      return std::chrono::duration<double>(time).count();
    };
    llvm::raw_fd_ostream &os = llvm::errs();
    bool isTerminal = os.is_displayed();
    int64_t tenths = 10 * done / total;
    if (isTerminal ? done < total && seconds(now - state.printed) < 0.1
                   : tenths == state.printedTenths)
      return;
    state.printed = now;
    state.printedTenths = tenths;
    if (isTerminal)
      os << '\r';
    os << tool << ": " << phase << ": " << done << "/" << total << " samples, "
       << llvm::format("%.1f s", seconds(now - state.begin));
    if (isTerminal)
      os << "\x1b[K"; // to the end of the line
    if (!isTerminal || done == total)
      os << '\n';
    os.flush();
  };
}

double slim::getPeakMegabytes() {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024; // Linux counts in KiB
}
