//===- Patterns.h - The patterns of convert-slim-to-linalg ------*- C++ -*-===//
//
// One function a file of patterns. The type converter lives as long as the
// patterns.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CONVERSION_SLIMTOLINALG_PATTERNS_H
#define SLIM_LIB_CONVERSION_SLIMTOLINALG_PATTERNS_H

#include "mlir/Transforms/DialectConversion.h"
#include "slim/Support/LLVM.h"

namespace slim::conversion {

/// The pass's options about attention.
struct AttentionOptions {
  bool keep;
  bool multipliesBF16;
};
void populateAttentionPatterns(const TypeConverter &, RewritePatternSet &,
                               const AttentionOptions &);
void populateConvPatterns(const TypeConverter &, RewritePatternSet &);
void populateConvTransposePatterns(const TypeConverter &, RewritePatternSet &);
void populateDecodePatterns(const TypeConverter &, RewritePatternSet &);
void populateElementwisePatterns(const TypeConverter &, RewritePatternSet &);
void populateEmptyPatterns(const TypeConverter &, RewritePatternSet &);
void populateIndexingPatterns(const TypeConverter &, RewritePatternSet &);
void populateLinearPatterns(const TypeConverter &, RewritePatternSet &);
void populateNormalizationPatterns(const TypeConverter &, RewritePatternSet &);
void populatePoolPatterns(const TypeConverter &, RewritePatternSet &);
void populateRecurrentPatterns(const TypeConverter &, RewritePatternSet &);
void populateReductionPatterns(const TypeConverter &, RewritePatternSet &);
void populateResizePatterns(const TypeConverter &, RewritePatternSet &);
void populateScanPatterns(const TypeConverter &, RewritePatternSet &);
void populateShapeArithmeticPatterns(const TypeConverter &,
                                     RewritePatternSet &);
void populateShapePatterns(const TypeConverter &, RewritePatternSet &);
void populateSlicePatterns(const TypeConverter &, RewritePatternSet &);
void populateSoftmaxPatterns(const TypeConverter &, RewritePatternSet &);
void populateWeightPatterns(const TypeConverter &, RewritePatternSet &);

} // namespace slim::conversion

#endif // SLIM_LIB_CONVERSION_SLIMTOLINALG_PATTERNS_H
