//===- SlimOps.td - All ops of the slim dialect ------------*- tablegen -*-===//
#ifndef SLIM_IR_SLIMOPS_TD
#define SLIM_IR_SLIMOPS_TD

include "slim/IR/SlimDecodeOps.td"
include "slim/IR/SlimElementwiseOps.td"
include "slim/IR/SlimLinearOps.td"
include "slim/IR/SlimNormOps.td"
include "slim/IR/SlimObserveOps.td"
include "slim/IR/SlimPoolOps.td"
include "slim/IR/SlimRecurrentOps.td"
include "slim/IR/SlimReductionOps.td"
include "slim/IR/SlimShapeOps.td"
include "slim/IR/SlimWeightOps.td"

#endif // SLIM_IR_SLIMOPS_TD
