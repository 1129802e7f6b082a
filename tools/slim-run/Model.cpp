//===- Model.cpp - A compiled model, opened -------------------------------===//

#include "Model.h"
#include "slim/Data/ElementType.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <dlfcn.h>

using namespace llvm;
using namespace slim;
using namespace slim::run;

/// Whether the dynamic loader can map the file. It does not compare the ELF
/// headers with the file's size itself, and would die of a truncated file.
static Error checkLibraryFile(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return createStringError("cannot read '" + path +
                             "': " + file.getError().message());
  StringRef bytes = (*file)->getBuffer();
  Error notAModel = createStringError(
      "'" + path +
      "' is not a slim model: it is no shared library; make one "
      "with slimc MODEL -o " +
      path);
  if (!bytes.starts_with(ELF::ElfMagic))
    return notAModel;
  using Elf = object::ELFFile<object::ELF64LE>;
  if (bytes.size() < sizeof(Elf::Elf_Ehdr) ||
      static_cast<unsigned char>(bytes[ELF::EI_CLASS]) != ELF::ELFCLASS64 ||
      static_cast<unsigned char>(bytes[ELF::EI_DATA]) != ELF::ELFDATA2LSB)
    return notAModel;
  consumeError(std::move(notAModel));

  Expected<Elf> elf = Elf::create(bytes);
  if (!elf)
    return createStringError("'" + path + "': " + toString(elf.takeError()));
  Triple host(sys::getDefaultTargetTriple());
  StringRef arch = ELF::convertEMachineToArchName(elf->getHeader().e_machine);
  if (elf->getHeader().e_machine !=
      (host.isAArch64() ? ELF::EM_AARCH64 : ELF::EM_X86_64))
    return createStringError("'" + path + "' is compiled for " + arch +
                             " but this machine is " + host.getArchName() +
                             "; compile it with slimc --triple=" + host.str());
  auto truncated = [&] {
    return createStringError("'" + path +
                             "' is truncated; copy or compile it again");
  };
  auto segments = elf->program_headers();
  if (!segments) {
    consumeError(segments.takeError());
    return truncated();
  }
  auto inFile = [&](uint64_t offset, uint64_t size) {
    return offset <= bytes.size() && size <= bytes.size() - offset;
  };
  for (const auto &segment : *segments)
    if (!inFile(segment.p_offset, segment.p_filesz))
      return truncated();
  // Sections do not matter for loading, but they come last.
  const auto &header = elf->getHeader();
  if (!inFile(header.e_shoff, uint64_t(header.e_shnum) * header.e_shentsize))
    return truncated();
  return Error::success();
}

/// A description that the rest of the program can rely on.
static Error checkInfo(const slim_model_info &info, StringRef path) {
  auto invalid = [&](const Twine &what) {
    return createStringError("'" + path + "' has an invalid description: " +
                             what + "; compile it again with slimc");
  };
  if (info.num_entries < 1)
    return invalid("it has no entry point");
  for (int32_t i = 0; i < info.num_entries; ++i) {
    const slim_entry_info &entry = info.entries[i];
    if (!entry.name || entry.num_inputs < 0 || entry.num_outputs < 0)
      return invalid("entry point " + Twine(i));
    auto check = [&](const slim_tensor_info *tensors, int32_t count) {
      for (int32_t j = 0; j < count; ++j)
        if (!tensors[j].name || !lookupElementType(tensors[j].type) ||
            tensors[j].rank < 0 || tensors[j].rank > SLIM_MAX_RANK)
          return false;
      return true;
    };
    if (!check(entry.inputs, entry.num_inputs) ||
        !check(entry.outputs, entry.num_outputs))
      return invalid("type or rank of a tensor of entry point '" +
                     Twine(entry.name) + "'");
  }
  return Error::success();
}

Expected<Model> Model::open(StringRef path) {
  if (Error error = checkLibraryFile(path))
    return std::move(error);
  // Without a slash, dlopen would search the directories of libraries.
  std::string fileName = path.contains('/') ? path.str() : ("./" + path).str();
  void *library = dlopen(fileName.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return createStringError("cannot load '" + path + "': " + dlerror());

  Functions functions;
  const char *missing = nullptr;
  auto resolve = [&](auto &function, const char *name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
        dlsym(library, name));
    if (!function && !missing)
      missing = name;
  };
  resolve(functions.getInfo, "slim_get_model_info");
  resolve(functions.create, "slim_session_create");
  resolve(functions.run, "slim_session_run");
  resolve(functions.error, "slim_session_error");
  resolve(functions.setNumThreads, "slim_session_set_num_threads");
  resolve(functions.destroy, "slim_session_destroy");
  if (missing)
    return createStringError("'" + path + "' is not a slim model: it lacks " +
                             missing + "; make one with slimc");
  functions.ompGetMaxThreads =
      reinterpret_cast<int (*)()>(dlsym(library, "omp_get_max_threads"));

  const slim_model_info *info = functions.getInfo();
  if (info->abi_version != SLIM_ABI_VERSION)
    return createStringError(
        "'" + path + "' has version " + Twine(info->abi_version) +
        " of the model interface but this slim-run needs " +
        Twine(SLIM_ABI_VERSION) +
        "; compile it with the slimc of this version");
  if (Error error = checkInfo(*info, path))
    return std::move(error);
  return Model(functions);
}

Error Model::createSession() {
  if (functions.create(&session) != SLIM_OK)
    return createStringError(Twine(functions.error(nullptr)) +
                             "; compile it with slimc --mcpu for this one");
  return Error::success();
}

/// Compares what a run returned with the declaration: a mismatch is a defect of
/// the compiler, and better said than written to a file.
static Error checkOutput(const slim_tensor_info &info,
                         const slim_tensor &output) {
  bool matches = output.type == info.type && output.rank == info.rank;
  bool empty = false;
  for (int32_t d = 0; matches && d < info.rank; ++d) {
    matches = output.shape[d] >= 0 && (info.shape[d] == SLIM_DYNAMIC ||
                                       info.shape[d] == output.shape[d]);
    empty |= output.shape[d] == 0;
  }
  if (matches && (output.data || empty))
    return Error::success();
  return createStringError("output '" + Twine(info.name) +
                           "' is not what the model declares; this is a defect "
                           "of the compiler that wrote it");
}

Error Model::run(const slim_entry_info &entry, ArrayRef<slim_tensor> inputs,
                 std::vector<slim_tensor> &outputs) {
  outputs.assign(entry.num_outputs, slim_tensor());
  int32_t number = &entry - getEntries().data();
  if (functions.run(session, number, inputs.data(), outputs.data()) != SLIM_OK)
    return createStringError(functions.error(session));
  for (int32_t i = 0; i < entry.num_outputs; ++i)
    if (Error error = checkOutput(entry.outputs[i], outputs[i]))
      return error;
  return Error::success();
}

int32_t Model::getNumThreads() const {
  if (!functions.ompGetMaxThreads)
    return 1;
  return requestedThreads ? requestedThreads : functions.ompGetMaxThreads();
}
