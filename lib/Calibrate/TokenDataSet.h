//===- TokenDataSet.h - Samples from files of token ids ---------*- C++ -*-===//
#ifndef SLIM_LIB_CALIBRATE_TOKENDATASET_H
#define SLIM_LIB_CALIBRATE_TOKENDATASET_H

#include "slim/Calibrate/DataSet.h"

namespace slim {

/// Opens a file of text or of raw ids.
llvm::Expected<std::unique_ptr<DataSet>>
openTokenDataSet(llvm::StringRef path, llvm::ArrayRef<DataInput> inputs,
                 const DataSetOptions &options);

} // namespace slim

#endif // SLIM_LIB_CALIBRATE_TOKENDATASET_H
