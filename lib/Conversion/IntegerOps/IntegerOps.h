//===- IntegerOps.h - Arithmetic on quantized tensors -----------*- C++ -*-===//
//
// The parts of slim-form-integer-ops: a tensor that is quantized is a tensor of
// codes with a scale and a zero point, number = (code - zero) * scale. Each
// part is a set of patterns on the slim dialect.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CONVERSION_INTEGEROPS_INTEGEROPS_H
#define SLIM_LIB_CONVERSION_INTEGEROPS_INTEGEROPS_H

#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/TensorData.h"

namespace slim::integerops {

/// A scale and a zero point for a whole tensor, known at compile time.
struct TensorScale {
  float scale = 1;
  int64_t zero = 0;
  bool operator==(const TensorScale &other) const {
    return scale == other.scale && zero == other.zero;
  }
};

/// The scale of a dequantize or quantize op that has one for the whole tensor,
/// in f32, positive and finite, and known.
std::optional<TensorScale> getTensorScale(Value scale, Value zeroPoint,
                                          ArrayRef<int64_t> block);
std::optional<TensorScale> getTensorScale(DequantizeOp op);
std::optional<TensorScale> getTensorScale(QuantizeOp op);

/// The op whose operand 0 are the codes of an activation, which depend on the
/// model's input; null for anything else.
DequantizeOp getDequantizedActivation(Value value);

/// The only element of a constant of integers, or of floats.
std::optional<int64_t> getKnownInt(Value value);
std::optional<float> getKnownFloat(Value value);

/// Constants of `shape`.
Value createFloats(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape,
                   ArrayRef<float> values);
Value createInts(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape,
                 Type elementType, ArrayRef<int64_t> values);

/// A quantize or dequantize op with one scale for the whole tensor; `type` is
/// that of the result.
Value createQuantize(OpBuilder &builder, Location loc, RankedTensorType type,
                     Value input, TensorScale scale);
Value createDequantize(OpBuilder &builder, Location loc, RankedTensorType type,
                       Value input, TensorScale scale);

/// Quantization past ops that only move elements (or take the greatest), so
/// that these move bytes, and away where both scales agree.
void populateMoveQuantizationPatterns(RewritePatternSet &patterns);

/// Products of quantized tensors as integer products with what corrects and
/// rescales them behind. `numFormed` counts them.
void populateFormProductPatterns(RewritePatternSet &patterns,
                                 Pass::Statistic &numFormed);

/// Decodes constants that no product reads, so that they fold with what they
/// meet.
void populateDecodeConstantPatterns(RewritePatternSet &patterns);

/// The division by the scale of a quantize op into the constants that its
/// input is multiplied by.
void populateFoldOutputScalePatterns(RewritePatternSet &patterns);

/// Replaces elementwise functions of one tensor of bytes to another one, in a
/// function, by lookups in tables. `numFormed` counts them.
void formTables(Operation *function, Pass::Statistic &numFormed);

} // namespace slim::integerops

#endif // SLIM_LIB_CONVERSION_INTEGEROPS_INTEGEROPS_H
