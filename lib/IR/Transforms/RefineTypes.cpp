//===- RefineTypes.cpp - Infer types again, fold constants ----------------===//
//
// Inference is forward and ops stand in order of dominance, so that one visit
// to each op finds all there is: types feed the values of shapes, and these the
// types of later ops. Calls go against that order, so functions are visited
// again as long as a callee's result types change, which they can do only as
// often as there are dynamic extents.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/FoldUtils.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/Transforms/Passes.h"

namespace slim {
#define GEN_PASS_DEF_REFINETYPESPASS
#include "slim/IR/Transforms/Passes.h.inc"
} // namespace slim

using namespace slim;

/// The type with all that either knows of the extents; null where they
/// contradict each other.
static RankedTensorType unifyTypes(Type lhs, Type rhs) {
  auto left = dyn_cast<RankedTensorType>(lhs);
  auto right = dyn_cast<RankedTensorType>(rhs);
  if (!left || !right || left.getRank() != right.getRank() ||
      left.getElementType() != right.getElementType())
    return nullptr;
  SmallVector<int64_t> shape(left.getShape());
  for (auto [extent, other] : llvm::zip_equal(shape, right.getShape())) {
    if (ShapedType::isDynamic(extent))
      extent = other;
    else if (!ShapedType::isDynamic(other) && other != extent)
      return nullptr;
  }
  return RankedTensorType::get(shape, left.getElementType(),
                               left.getEncoding());
}

static bool isSlimOp(Operation *op) {
  return isa_and_nonnull<SlimDialect>(op->getDialect());
}

/// Gives `value` a more precise type. Users outside the dialect, other than
/// returns, which are seen to later, go on with the old one.
static void setType(Value value, RankedTensorType type) {
  Type oldType = value.getType();
  value.setType(type);
  auto needsOldType = [](OpOperand &use) {
    return !isSlimOp(use.getOwner()) &&
           !isa<func::ReturnOp, tensor::CastOp>(use.getOwner());
  };
  if (llvm::none_of(value.getUses(), needsOldType))
    return;
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  auto cast = tensor::CastOp::create(builder, value.getLoc(), oldType, value);
  value.replaceUsesWithIf(cast, needsOldType);
}

/// A cast to a type that says less: slim ops read its source.
static void bypassCast(tensor::CastOp cast) {
  Type source = cast.getSource().getType();
  if (unifyTypes(source, cast.getType()) == source)
    cast.getResult().replaceUsesWithIf(cast.getSource(), [](OpOperand &use) {
      return isSlimOp(use.getOwner());
    });
}

namespace {
struct RefineTypesPass
    : public slim::impl::RefineTypesPassBase<RefineTypesPass> {
  void runOnOperation() override;

private:
  void refineOp(Operation *op);
  void refineBody(func::FuncOp function, OperationFolder &folder);
  /// Gives the function and its calls the types that it returns.
  bool refineSignature(func::FuncOp function, ArrayRef<Operation *> users);
};
} // namespace

void RefineTypesPass::refineOp(Operation *op) {
  auto inferable = dyn_cast<InferTypeOpInterface>(op);
  if (!inferable || !isSlimOp(op))
    return;
  SmallVector<Type> types;
  if (failed(inferable.inferReturnTypes(
          op->getContext(), /*location=*/std::nullopt, op->getOperands(),
          op->getRawDictionaryAttrs(), op->getPropertiesStorage(),
          op->getRegions(), types)) ||
      types.size() != op->getNumResults())
    return;
  for (auto [result, type] : llvm::zip_equal(op->getResults(), types)) {
    RankedTensorType refined = unifyTypes(result.getType(), type);
    if (!refined || refined == result.getType())
      continue;
    setType(result, refined);
    ++numRefined;
  }
}

void RefineTypesPass::refineBody(func::FuncOp function,
                                 OperationFolder &folder) {
  SmallVector<Operation *> ops;
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op != function)
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    if (auto cast = dyn_cast<tensor::CastOp>(op)) {
      bypassCast(cast);
      continue;
    }
    if (!isSlimOp(op))
      continue;
    refineOp(op);
    bool isInPlace = false;
    if (!isa<ConstantOp>(op) && succeeded(folder.tryToFold(op, &isInPlace)) &&
        !isInPlace)
      ++numFolded;
  }
  // Users stand behind what they use.
  SmallVector<Operation *> remaining;
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op != function && op->getNumRegions() == 0)
      remaining.push_back(op);
  });
  for (Operation *op : llvm::reverse(remaining))
    if ((isSlimOp(op) || isa<tensor::CastOp>(op)) && isOpTriviallyDead(op)) {
      folder.notifyRemoval(op);
      op->erase();
    }
}

bool RefineTypesPass::refineSignature(func::FuncOp function,
                                      ArrayRef<Operation *> users) {
  SmallVector<func::ReturnOp> returns;
  function.walk([&](func::ReturnOp op) { returns.push_back(op); });
  SmallVector<Type> types(function.getResultTypes());
  bool mayChange = llvm::all_of(users, llvm::IsaPred<func::CallOp>);
  for (auto [index, type] : llvm::enumerate(types)) {
    // What all returns agree on.
    Type common =
        returns.empty() ? type : returns[0].getOperand(index).getType();
    for (func::ReturnOp op : returns)
      if (op.getOperand(index).getType() != common)
        common = type;
    if (mayChange && unifyTypes(common, type) == common)
      type = common;
    for (func::ReturnOp op : returns) {
      Value value = op.getOperand(index);
      if (value.getType() == type)
        continue;
      OpBuilder builder(op);
      op.setOperand(index,
                    tensor::CastOp::create(builder, op.getLoc(), type, value));
    }
  }
  if (TypeRange(types) == TypeRange(function.getResultTypes()))
    return false;
  function.setFunctionType(FunctionType::get(
      function.getContext(), function.getArgumentTypes(), types));
  for (Operation *user : users)
    for (auto [result, type] : llvm::zip_equal(user->getResults(), types))
      if (result.getType() != type)
        setType(result, cast<RankedTensorType>(type));
  return !users.empty();
}

void RefineTypesPass::runOnOperation() {
  OperationFolder folder(&getContext());
  SymbolTableCollection symbolTables;
  SymbolUserMap users(symbolTables, getOperation());
  bool changed = true;
  while (changed) {
    changed = false;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      refineBody(function, folder);
      changed |= refineSignature(function, users.getUsers(function));
    }
  }
}
