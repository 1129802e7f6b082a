//===- Registry.h - Things known by name ------------------------*- C++ -*-===//

#ifndef SLIM_SUPPORT_REGISTRY_H
#define SLIM_SUPPORT_REGISTRY_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace slim {

/// Values by name, for several threads.
template <typename T>
class Registry {
public:
  void add(llvm::StringRef name, T value) {
    std::lock_guard<std::mutex> lock(mutex);
    values.insert_or_assign(name.str(), std::move(value));
  }

  std::optional<T> get(llvm::StringRef name) const {
    std::lock_guard<std::mutex> lock(mutex);
    auto it = values.find(name.str());
    if (it == values.end())
      return std::nullopt;
    return it->second;
  }

  /// Sorted.
  llvm::SmallVector<std::string> getNames() const {
    std::lock_guard<std::mutex> lock(mutex);
    llvm::SmallVector<std::string> names;
    for (const auto &entry : values)
      names.push_back(entry.first);
    return names;
  }

private:
  mutable std::mutex mutex;
  std::map<std::string, T> values;
};

} // namespace slim

#endif // SLIM_SUPPORT_REGISTRY_H
