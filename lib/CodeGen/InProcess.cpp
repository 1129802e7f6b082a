//===- InProcess.cpp - Compiled models in this process --------------------===//

#include "slim/CodeGen/InProcess.h"
#include "slim/CodeGen/EmitLibrary.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"

using namespace slim;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

/// libgcc's access to thread-local variables: code that is linked at run time
/// has no part in the static layout of the process's own.
extern "C" void *__emutls_get_address(void *control);

InProcessModel::InProcessModel() = default;

InProcessModel::~InProcessModel() {
  for (slim_session *session : sessions)
    destroy(session);
}

static Expected<std::unique_ptr<llvm::orc::LLJIT>>
createJIT(const llvm::TargetMachine &machine) {
  llvm::orc::JITTargetMachineBuilder target(machine.getTargetTriple());
  target.setCPU(machine.getTargetCPU().str())
      .setRelocationModel(llvm::Reloc::PIC_);
  return llvm::orc::LLJITBuilder()
      .setJITTargetMachineBuilder(std::move(target))
      .setObjectLinkingLayerCreator(
          [](llvm::orc::ExecutionSession &session)
              -> Expected<std::unique_ptr<llvm::orc::ObjectLayer>> {
            return std::make_unique<llvm::orc::ObjectLinkingLayer>(session);
          })
      // Models have no static initializers.
      .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
      .create();
}

Expected<std::unique_ptr<InProcessModel>>
InProcessModel::load(llvm::Module &module, llvm::TargetMachine &machine,
                     const WeightSection &weights) {
  std::unique_ptr<InProcessModel> model(new InProcessModel);
  Expected<std::unique_ptr<llvm::orc::LLJIT>> jit = createJIT(machine);
  if (!jit)
    return jit.takeError();
  model->jit = std::move(*jit);

  llvm::orc::SymbolMap symbols;
  auto define = [&](StringRef name, const void *address) {
    symbols[model->jit->mangleAndIntern(name)] = {
        llvm::orc::ExecutorAddr::fromPtr(address),
        llvm::JITSymbolFlags::Exported};
  };
  define("__emutls_get_address",
         reinterpret_cast<const void *>(&__emutls_get_address));
  Error failure = Error::success();
  weights.bind(module, [&](StringRef symbol, const TensorData &data) {
    const char *bytes = data.getBytes().data();
    if (llvm::isAddrAligned(llvm::Align(WeightSection::kAlignment), bytes)) {
      model->weights.push_back(data);
    } else {
      std::unique_ptr<llvm::WritableMemoryBuffer> copy =
          llvm::WritableMemoryBuffer::getNewUninitMemBuffer(
              std::max<size_t>(data.getBytes().size(), 1), symbol,
              llvm::Align(WeightSection::kAlignment));
      if (!copy) {
        failure =
            llvm::joinErrors(std::move(failure),
                             llvm::createStringError(
                                 "out of memory for weight '" + symbol + "'"));
        return;
      }
      llvm::copy(data.getBytes(), copy->getBufferStart());
      bytes = copy->getBufferStart();
      model->copies.push_back(std::move(copy));
    }
    define(symbol, bytes);
  });
  if (failure)
    return std::move(failure);
  llvm::orc::JITDylib &library = model->jit->getMainJITDylib();
  if (Error error =
          library.define(llvm::orc::absoluteSymbols(std::move(symbols))))
    return std::move(error);

  machine.Options.EmulatedTLS = true;
  Expected<llvm::SmallVector<char, 0>> object =
      generateMachineCode(module, machine, llvm::CodeGenFileType::ObjectFile);
  if (!object)
    return object.takeError();
  if (Error error = model->jit->addObjectFile(
          std::make_unique<llvm::SmallVectorMemoryBuffer>(
              std::move(*object), module.getName(),
              /*RequiresNullTerminator=*/false)))
    return std::move(error);

  auto resolve = [&](auto &function, StringRef name) -> Error {
    Expected<llvm::orc::ExecutorAddr> address = model->jit->lookup(name);
    if (!address)
      return address.takeError();
    function = address->toPtr<std::remove_reference_t<decltype(function)>>();
    return Error::success();
  };
  if (Error error = resolve(model->getModelInfo, "slim_get_model_info"))
    return std::move(error);
  if (Error error = resolve(model->create, "slim_session_create"))
    return std::move(error);
  if (Error error = resolve(model->runEntry, "slim_session_run"))
    return std::move(error);
  if (Error error = resolve(model->getError, "slim_session_error"))
    return std::move(error);
  if (Error error = resolve(model->destroy, "slim_session_destroy"))
    return std::move(error);
  return model;
}

Error InProcessModel::createSessions(unsigned count) {
  while (sessions.size() < count) {
    slim_session *session = nullptr;
    if (create(&session) != SLIM_OK)
      return llvm::createStringError(getError(nullptr));
    sessions.push_back(session);
  }
  return Error::success();
}

Error InProcessModel::run(unsigned session, int32_t entry,
                          llvm::ArrayRef<slim_tensor> inputs,
                          std::vector<slim_tensor> &outputs) {
  outputs.assign(getInfo().entries[entry].num_outputs, slim_tensor());
  if (runEntry(sessions[session], entry, inputs.data(), outputs.data()) !=
      SLIM_OK)
    return llvm::createStringError(getError(sessions[session]));
  return Error::success();
}
