//===- Info.h - The description of a model ----------------------*- C++ -*-===//
#ifndef SLIM_TOOLS_SLIM_RUN_INFO_H
#define SLIM_TOOLS_SLIM_RUN_INFO_H

#include "slim/Runtime/Model.h"

#include "llvm/Support/raw_ostream.h"

namespace slim::run {

/// Prints what the model says of itself as one JSON object. Open dimensions are
/// null in "shape"; "dim_names" has null where a dimension has no name.
void printInfo(llvm::raw_ostream &os, const slim_model_info &info);

} // namespace slim::run

#endif // SLIM_TOOLS_SLIM_RUN_INFO_H
