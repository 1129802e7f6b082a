//===- DifferentiatePass.cpp - Functions that return gradients ------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "slim/IR/Differentiate.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/Transforms/Passes.h"
#include "slim/IR/WeightTree.h"
#include "llvm/Support/Regex.h"

namespace slim {
#define GEN_PASS_DEF_DIFFERENTIATEPASS
#include "slim/IR/Transforms/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {
struct DifferentiatePass
    : public slim::impl::DifferentiatePassBase<DifferentiatePass> {
  using Base::Base;

  void runOnOperation() override;

private:
  InFlightDiagnostic error() {
    return emitError(getOperation().getLoc()) << getArgument() << ": ";
  }
  FailureOr<func::FuncOp> findFunction();
  LogicalResult collectWanted(func::FuncOp function,
                              SmallVectorImpl<Value> &wanted);
};
} // namespace

FailureOr<func::FuncOp> DifferentiatePass::findFunction() {
  SmallVector<func::FuncOp> found;
  for (auto candidate : getOperation().getOps<func::FuncOp>())
    if (!candidate.isDeclaration() &&
        (function.empty() ? candidate.isPublic()
                          : candidate.getSymName() == function.getValue()))
      found.push_back(candidate);
  if (found.size() == 1)
    return found.front();
  if (!function.empty())
    return error() << "there is no function '" << function << "'";
  return error() << "option 'function' must name one of " << found.size()
                 << " functions";
}

static bool isFloatTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType>(tensor.getElementType());
}

LogicalResult DifferentiatePass::collectWanted(func::FuncOp function,
                                               SmallVectorImpl<Value> &wanted) {
  if (arguments.empty() && weights.empty())
    for (Value argument : function.getArguments())
      if (isFloatTensor(argument.getType()))
        wanted.push_back(argument);
  for (unsigned number : arguments) {
    if (number >= function.getNumArguments() ||
        !isFloatTensor(function.getArgument(number).getType()))
      return error() << "option 'arguments': there is no argument #" << number
                     << " of floats";
    wanted.push_back(function.getArgument(number));
  }
  if (weights.empty())
    return success();
  std::string message;
  llvm::Regex regex(weights);
  if (!regex.isValid(message))
    return error() << "option 'weights': '" << weights
                   << "' is not a regular expression: " << message;
  for (Operation &op : function.front()) {
    // The dense weight, behind what decodes it.
    if (!isa<GetWeightOp, DecodeOpInterface>(op) ||
        !isWeight(op.getResult(0)) ||
        !isFloatTensor(op.getResult(0).getType()) ||
        llvm::all_of(op.getUsers(), [](Operation *user) {
          return isa<DecodeOpInterface>(user);
        }))
      continue;
    GetWeightOp read = getDecodedWeight(op.getResult(0));
    if (read && regex.match(read.getName()))
      wanted.push_back(op.getResult(0));
  }
  return success();
}

void DifferentiatePass::runOnOperation() {
  FailureOr<func::FuncOp> source = findFunction();
  if (failed(source))
    return signalPassFailure();
  func::FuncOp copy = source->clone();
  copy.setSymName((source->getSymName() + ".gradient").str());
  SymbolTable(getOperation())
      .insert(copy, std::next(source->getOperation()->getIterator()));
  SmallVector<Value> wanted;
  if (failed(collectWanted(copy, wanted)))
    return signalPassFailure();
  if (wanted.empty()) {
    error() << "'" << source->getSymName()
            << "' has nothing that a gradient could be taken with respect to";
    return signalPassFailure();
  }
  if (failed(differentiate(copy, wanted)))
    return signalPassFailure();
  numGradients += wanted.size();
}
