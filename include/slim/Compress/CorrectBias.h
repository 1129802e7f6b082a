//===- CorrectBias.h - Take back the mean error of a weight -----*- C++ -*-===//
//
// A layer whose weight W becomes W' errs by (W' - W) x, whose mean over the
// inputs is known from calibration: (W' - W) E[x]. Added to the bias with the
// other sign, it makes the layer's outputs right in the mean (Nagel et al.,
// "Data-Free Quantization Through Weight Equalization and Bias Correction",
// arXiv 1906.04721, section 4.2). Convolutions with few terms gain most: their
// errors do not average out.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_COMPRESS_CORRECTBIAS_H
#define SLIM_COMPRESS_CORRECTBIAS_H

#include "slim/Calibrate/ActivationStatistics.h"
#include "slim/Compress/CompressionDriver.h"

namespace slim {

/// Corrects the biases of the linear ops and convolutions that multiply by
/// `weight`, called `name` before it was replaced, which was `before` and is
/// `after` (both dense, in the weight's shape), with the mean inputs of
/// `calibration`. An op without a bias gets one, called like the weight with
/// ".bias" appended. Ops of whose inputs nothing is known, and those whose bias
/// is no weight or constant, stay as they are. Returns how many were corrected.
int64_t correctBias(CompressibleWeight &weight, StringRef name,
                    ArrayRef<float> before, ArrayRef<float> after,
                    const CalibrationStatistics &calibration,
                    WeightRewriter &rewriter);

/// Adds W d to the bias of `op`, a linear op or a convolution with the dense
/// weight W, row-major in the weight's shape: `shift` is d, one number a column
/// of the matrix that the op multiplies. A new bias is called like the weight
/// with ".bias" appended. False, and nothing is changed, where the op cannot
/// have the bias that it takes or `shift` does not fit.
bool shiftBias(CompressibleOpInterface op, ArrayRef<float> weight,
               ArrayRef<double> shift, WeightRewriter &rewriter);

} // namespace slim

#endif // SLIM_COMPRESS_CORRECTBIAS_H
