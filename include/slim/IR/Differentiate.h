//===- Differentiate.h - Reverse-mode differentiation -----------*- C++ -*-===//
//
// Gradients of the ops in one block, as ops behind them: each op's
// vector-Jacobian product (DifferentiableOpInterface) is asked for once, from
// the last op to the first, and gradients of a value with several uses are
// added. Only ops on a path from a wanted value to an output are asked. Shapes
// may be dynamic.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_IR_DIFFERENTIATE_H
#define SLIM_IR_DIFFERENTIATE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "slim/Support/LLVM.h"

namespace slim {

/// A value and the gradient of some loss with respect to it, which has its
/// shape.
struct Cotangent {
  Value value;
  Value gradient;
};

/// Builds at the insertion point of `builder` the gradients of the loss with
/// respect to each of `wanted`, floats, in order; zeros where no output depends
/// on a value. Ops in the block of the insertion point before it are looked at;
/// what lies elsewhere counts as given. Takes time linear in their number.
/// Reports an op on the way that has no derivative.
LogicalResult buildGradients(OpBuilder &builder, ArrayRef<Cotangent> outputs,
                             ValueRange wanted,
                             SmallVectorImpl<Value> &gradients);

/// Gives `function`, of one block, an argument for the gradient of each of its
/// float results and a result for the gradient with respect to each of
/// `wanted`, values of its body, both behind those that it has. Reports what
/// fails; the function is then of no use.
LogicalResult differentiate(func::FuncOp function, ValueRange wanted);

} // namespace slim

#endif // SLIM_IR_DIFFERENTIATE_H
