//===- FuseIdioms.h - Parts of slim-fuse-idioms -----------------*- C++ -*-===//
//
// Private to this room.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_IR_TRANSFORMS_FUSEIDIOMS_H
#define SLIM_LIB_IR_TRANSFORMS_FUSEIDIOMS_H

#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include "slim/Support/LLVM.h"

namespace slim::detail {

/// The number that a constant of one element holds, if its shape does not add
/// dimensions when it broadcasts with a tensor of `rank`.
std::optional<double> matchScalar(Value value, int64_t rank);

/// Whether two numbers are equal in a model of that element type: the constants
/// of exported models are rounded, not always to nearest.
bool isClose(double actual, double expected, Type elementType);

void populateFuseActivationPatterns(RewritePatternSet &patterns,
                                    Pass::Statistic &count);
void populateFuseNormPatterns(RewritePatternSet &patterns,
                              Pass::Statistic &count);
void populateFuseAttentionPatterns(RewritePatternSet &patterns,
                                   Pass::Statistic &count);

} // namespace slim::detail

#endif // SLIM_LIB_IR_TRANSFORMS_FUSEIDIOMS_H
