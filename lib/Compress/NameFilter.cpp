//===- NameFilter.cpp - Weights by name -----------------------------------===//
#include "slim/Compress/NameFilter.h"

using namespace slim;

FailureOr<NameFilter> NameFilter::get(ModuleOp module, StringRef pass,
                                      StringRef include, StringRef exclude) {
  NameFilter filter;
  for (auto [name, pattern, regex] :
       {std::tuple<StringRef, StringRef, std::optional<llvm::Regex> *>(
            "include", include, &filter.include),
        {"exclude", exclude, &filter.exclude}}) {
    if (pattern.empty())
      continue;
    std::string error;
    if (!regex->emplace(pattern).isValid(error))
      return emitError(module.getLoc())
             << pass << ": option '" << name << "': '" << pattern
             << "' is not a regular expression: " << error;
  }
  return filter;
}

std::string NameFilter::reject(StringRef name) const {
  if (include && !include->match(name))
    return "its name does not match 'include'";
  if (exclude && exclude->match(name))
    return "its name matches 'exclude'";
  return {};
}
