//===- Outputs.cpp - Writing outputs to files -----------------------------===//

#include "Outputs.h"
#include "slim/Data/NumpyFile.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace slim;
using namespace slim::run;

static std::string fileNameOf(StringRef outputName) {
  std::string name = outputName.str();
  for (char &c : name)
    if (c == '/' || c == ':')
      c = '_';
  return name + ".npy";
}

Error slim::run::prepareOutputDirectory(StringRef directory,
                                        const slim_entry_info &entry) {
  StringMap<StringRef> owners;
  for (int32_t i = 0; i < entry.num_outputs; ++i) {
    StringRef name = entry.outputs[i].name;
    auto [owner, inserted] = owners.try_emplace(fileNameOf(name), name);
    if (!inserted)
      return createStringError("outputs '" + owner->second + "' and '" + name +
                               "' would both be written to " + owner->first() +
                               "; run without --output-dir");
  }
  if (std::error_code code = sys::fs::create_directories(directory))
    return createStringError("cannot create the output directory '" +
                             directory + "': " + code.message());
  if (!sys::fs::can_write(directory))
    return createStringError("cannot write to the output directory '" +
                             directory +
                             "'; choose another or change its mode");
  return Error::success();
}

/// Writes a complete file with a temporary name into `directory`.
static Expected<sys::fs::TempFile> writeTemporary(StringRef directory,
                                                  StringRef fileName,
                                                  const slim_tensor &tensor) {
  SmallString<128> model(directory);
  sys::path::append(model, fileName + ".tmp-%%%%%%%%");
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(model);
  if (!file)
    return file.takeError();
  raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  writeNumpyFile(os, tensor);
  os.flush();
  if (os.has_error()) {
    std::error_code code = os.error();
    os.clear_error();
    consumeError(file->discard());
    return errorCodeToError(code);
  }
  return file;
}

Error slim::run::writeOutputs(StringRef directory, const slim_entry_info &entry,
                              ArrayRef<slim_tensor> outputs) {
  std::vector<sys::fs::TempFile> files;
  scope_exit discard([&] {
    for (sys::fs::TempFile &file : files)
      if (!file.TmpName.empty())
        consumeError(file.discard());
  });
  for (int32_t i = 0; i < entry.num_outputs; ++i) {
    Expected<sys::fs::TempFile> file = writeTemporary(
        directory, fileNameOf(entry.outputs[i].name), outputs[i]);
    if (!file)
      return createStringError("cannot write output '" +
                               Twine(entry.outputs[i].name) + "' to '" +
                               directory + "': " + toString(file.takeError()));
    files.push_back(std::move(*file));
  }
  for (int32_t i = 0; i < entry.num_outputs; ++i) {
    SmallString<128> path(directory);
    sys::path::append(path, fileNameOf(entry.outputs[i].name));
    if (Error error = files[i].keep(path))
      return createStringError("cannot write '" + Twine(path) +
                               "': " + toString(std::move(error)));
  }
  return Error::success();
}
