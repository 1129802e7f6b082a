//===- FastMath.h - Fast transcendental functions ----------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_CODEGEN_CPU_FASTMATH_H
#define SLIM_LIB_CODEGEN_CPU_FASTMATH_H

#include "mlir/IR/PatternMatch.h"
#include "slim/Support/LLVM.h"

namespace slim::cpu {

/// Expands math.exp, math.erf and math.log of f32 numbers and vectors, without
/// branches and tables. Largest errors in units in the last place of the f32
/// result, over all f32 arguments (test/CodeGen/CPU/math-run.test):
///
///   exp  2; results below 2^-126, which would be subnormal, are 0
///   erf  6
///   log  2
///
/// Infinities and NaN are exact.
void populateFastMathPatterns(RewritePatternSet &patterns);

/// Turns arith.minimumf and arith.maximumf into a comparison and a choice where
/// an operand is a constant number or NaNs are excluded (fastmath<nnan>): one
/// instruction on vectors. Zeros of different signs count as equal.
void populateFastExtremePatterns(RewritePatternSet &patterns);

/// Rounds floats to bytes by the conversion to the nearest i32, keeps the i32
/// where the byte would become a float again, and adds zero points to the
/// positions of tables instead of to the codes. The results are the same.
void populateFastRoundingPatterns(RewritePatternSet &patterns);

} // namespace slim::cpu

#endif // SLIM_LIB_CODEGEN_CPU_FASTMATH_H
