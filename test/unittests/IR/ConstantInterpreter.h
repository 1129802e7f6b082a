//===- ConstantInterpreter.h - Runs slim functions on constants -*- C++ -*-===//
//
// For tests: executes a function of slim ops by folding each op on constants,
// with reference kernels for the products that have no folder.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_TEST_UNITTESTS_IR_CONSTANTINTERPRETER_H
#define SLIM_TEST_UNITTESTS_IR_CONSTANTINTERPRETER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "slim/Support/LLVM.h"
#include <vector>

namespace slim::test {

/// The elements of a float attribute.
std::vector<double> getDoubles(DenseElementsAttr attr);

/// The function's results for `inputs` (static types that agree with the
/// arguments'), or nothing if an op can be neither folded nor computed. The
/// function itself stays as it is.
std::optional<std::vector<DenseElementsAttr>>
interpret(func::FuncOp function, ArrayRef<DenseElementsAttr> inputs);

} // namespace slim::test

#endif // SLIM_TEST_UNITTESTS_IR_CONSTANTINTERPRETER_H
