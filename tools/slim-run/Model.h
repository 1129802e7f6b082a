//===- Model.h - A compiled model, opened -----------------------*- C++ -*-===//
#ifndef SLIM_TOOLS_SLIM_RUN_MODEL_H
#define SLIM_TOOLS_SLIM_RUN_MODEL_H

#include "slim/Runtime/Model.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace slim::run {

/// A shared library that slimc wrote and one session of it. The library stays
/// loaded until the process ends, since its threads may outlive a session.
class Model {
public:
  /// Fails with the reason and the remedy if the file cannot be loaded here or
  /// is no model of this version.
  static llvm::Expected<Model> open(llvm::StringRef path);

  Model(Model &&other)
      : functions(other.functions), session(std::exchange(other.session, {})) {}
  ~Model() { functions.destroy(session); }

  const slim_model_info &getInfo() const { return *functions.getInfo(); }
  llvm::ArrayRef<slim_entry_info> getEntries() const {
    return {getInfo().entries, static_cast<size_t>(getInfo().num_entries)};
  }

  /// Creates the session; fails where this processor cannot run the model.
  llvm::Error createSession();

  /// Runs one of getEntries(). `outputs` is sized by this function, and its
  /// types and shapes are what the entry point declares.
  llvm::Error run(const slim_entry_info &entry,
                  llvm::ArrayRef<slim_tensor> inputs,
                  std::vector<slim_tensor> &outputs);

  /// 0 leaves the number of threads to OpenMP.
  void setNumThreads(int32_t numThreads) {
    functions.setNumThreads(session, numThreads);
    requestedThreads = numThreads;
  }
  /// The number of threads of a run, 1 for a model without OpenMP.
  int32_t getNumThreads() const;

private:
  struct Functions {
    decltype(&slim_get_model_info) getInfo = nullptr;
    decltype(&slim_session_create) create = nullptr;
    decltype(&slim_session_run) run = nullptr;
    decltype(&slim_session_error) error = nullptr;
    decltype(&slim_session_set_num_threads) setNumThreads = nullptr;
    decltype(&slim_session_destroy) destroy = nullptr;
    int (*ompGetMaxThreads)() = nullptr; // null without OpenMP
  };

  explicit Model(const Functions &functions) : functions(functions) {}

  Functions functions;
  slim_session *session = nullptr;
  int32_t requestedThreads = 0;
};

} // namespace slim::run

#endif // SLIM_TOOLS_SLIM_RUN_MODEL_H
