//===- DataSet.h - The data that a model is calibrated on -------*- C++ -*-===//
#ifndef SLIM_CALIBRATE_DATASET_H
#define SLIM_CALIBRATE_DATASET_H

#include "slim/Data/ElementType.h"
#include "slim/Runtime/Model.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>
#include <vector>

namespace slim {

/// An input of the model that data are for. Open extents are SLIM_DYNAMIC.
struct DataInput {
  std::string name;
  const ElementType *type;
  llvm::SmallVector<int64_t> shape;
};

/// The inputs of one run and the memory that they lie in.
struct Sample {
  std::vector<slim_tensor> inputs;
  std::vector<std::unique_ptr<llvm::WritableMemoryBuffer>> buffers;

  /// Makes input number `input`, of the given shape, and returns its memory.
  llvm::Expected<llvm::MutableArrayRef<char>>
  allocate(size_t input, const ElementType &type,
           llvm::ArrayRef<int64_t> shape);
};

struct DataSetOptions {
  /// Tokens of a sample: raw tokens are cut into pieces of this length, lines
  /// of text after so many tokens. 0 leaves lines as they are.
  int64_t sequenceLength = 0;
  /// Type of raw tokens: 32 or 64 bits.
  unsigned tokenBits = 32;
};

/// Samples of a model's inputs. A file is one of:
///
/// - .npz (stored or compressed) or .safetensors: one array an input, of its
///   name and type, whose first dimension counts samples. An array of the
///   input's rank gives each sample one element of that dimension (or as many
///   as the input's fixed batch has), one of a rank more gives each sample one
///   whole input. Samples of different shapes are arrays of their own, name_0,
///   name_1, ..., of the input's rank or, for a batch of one, a rank less.
/// - .txt: token ids separated by blanks or commas, a line a sample.
/// - .bin, .tokens: raw little-endian token ids.
///
/// Inputs whose names contain "mask" are ones, those with "token_type" or
/// "segment" zeros, those with "position" 0, 1, 2, ...; tokens go to the one
/// input that is left.
class DataSet {
public:
  virtual ~DataSet();

  /// Fails, with a message that names the file, the input and the remedy, where
  /// the data are not ones for these inputs.
  static llvm::Expected<std::unique_ptr<DataSet>>
  open(llvm::StringRef path, llvm::ArrayRef<DataInput> inputs,
       const DataSetOptions &options = {});

  /// Number of samples, at least 1.
  virtual int64_t size() const = 0;

  /// Reads sample number `index`. May be called by several threads.
  virtual llvm::Expected<Sample> load(int64_t index) const = 0;

  /// A hash of the first `count` samples.
  llvm::Expected<std::string> getFingerprint(int64_t count) const;
};

} // namespace slim

#endif // SLIM_CALIBRATE_DATASET_H
