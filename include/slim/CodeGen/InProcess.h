//===- InProcess.h - Compiled models in this process ------------*- C++ -*-===//
#ifndef SLIM_CODEGEN_INPROCESS_H
#define SLIM_CODEGEN_INPROCESS_H

#include "slim/CodeGen/WeightSection.h"
#include "slim/Runtime/Model.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>
#include <vector>

namespace llvm::orc {
class LLJIT;
}

namespace slim {

/// The code of a model, linked into this process instead of into a library. It
/// offers what Runtime/Model.h declares.
class InProcessModel {
public:
  /// Generates code for `module`, which is optimized and has the runtime linked
  /// into it, and loads it. Weights are used where they are if they lie at
  /// multiples of WeightSection::kAlignment, and copied otherwise.
  static llvm::Expected<std::unique_ptr<InProcessModel>>
  load(llvm::Module &module, llvm::TargetMachine &machine,
       const WeightSection &weights);
  ~InProcessModel();

  const slim_model_info &getInfo() const { return *getModelInfo(); }

  /// Independent states of the model; each may run in a thread of its own.
  llvm::Error createSessions(unsigned count);

  /// Runs entry point number `entry` in session number `session`. `outputs` get
  /// the entry's number of elements; their data live until the session's next
  /// run.
  llvm::Error run(unsigned session, int32_t entry,
                  llvm::ArrayRef<slim_tensor> inputs,
                  std::vector<slim_tensor> &outputs);

private:
  InProcessModel();

  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::vector<TensorData> weights;
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> copies;
  std::vector<slim_session *> sessions;
  decltype(&slim_get_model_info) getModelInfo = nullptr;
  decltype(&slim_session_create) create = nullptr;
  decltype(&slim_session_run) runEntry = nullptr;
  decltype(&slim_session_error) getError = nullptr;
  decltype(&slim_session_destroy) destroy = nullptr;
};

} // namespace slim

#endif // SLIM_CODEGEN_INPROCESS_H
