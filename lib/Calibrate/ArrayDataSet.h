//===- ArrayDataSet.h - Samples from files of arrays ------------*- C++ -*-===//
#ifndef SLIM_LIB_CALIBRATE_ARRAYDATASET_H
#define SLIM_LIB_CALIBRATE_ARRAYDATASET_H

#include "slim/Calibrate/DataSet.h"

namespace slim {

/// Opens a .npz or .safetensors file.
llvm::Expected<std::unique_ptr<DataSet>>
openArrayDataSet(llvm::StringRef path, llvm::ArrayRef<DataInput> inputs);

} // namespace slim

#endif // SLIM_LIB_CALIBRATE_ARRAYDATASET_H
