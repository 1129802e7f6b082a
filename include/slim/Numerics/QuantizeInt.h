//===- QuantizeInt.h - Symmetric integer quantization -----------*- C++ -*-===//
//
// Symmetric quantization with one scale per channel: value ~ scale * code with
// integer codes in [-(2^(b-1)-1), 2^(b-1)-1] and no zero point. See Nagel et
// al., "A White Paper on Neural Network Quantization" (arXiv 2106.08295),
// section 2.
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_QUANTIZEINT_H
#define SLIM_NUMERICS_QUANTIZEINT_H

#include "slim/Numerics/AxisView.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>

namespace slim {

/// Writes to `scales` [view.extent] the scale of each channel, the channels
/// being the axis of `view`: absmax / (2^(bits-1)-1), so that no value
/// saturates. A channel of zeros gets the scale 1. A quotient below the
/// smallest normal float is raised to it, because a subnormal scale would
/// lose the codes' precision on hardware that flushes subnormals.
///
/// `values` has view.size() elements; `bits` is between 2 and 8. Fails, naming
/// the channel, if a value is infinite or NaN.
llvm::Error computeSymmetricScales(llvm::ArrayRef<float> values,
                                   const AxisView &view, unsigned bits,
                                   llvm::MutableArrayRef<float> scales);

/// codes = saturate(round(value / scale of the channel)), rounded to nearest
/// even. One code of `bits` (2 to 8) significant bits in each int8 element.
void quantizeSymmetric(llvm::ArrayRef<float> values, const AxisView &view,
                       llvm::ArrayRef<float> scales, unsigned bits,
                       llvm::MutableArrayRef<int8_t> codes);

/// values = scale of the channel * code, in fp32.
void dequantizeSymmetric(llvm::ArrayRef<int8_t> codes, const AxisView &view,
                         llvm::ArrayRef<float> scales,
                         llvm::MutableArrayRef<float> values);

} // namespace slim

#endif // SLIM_NUMERICS_QUANTIZEINT_H
