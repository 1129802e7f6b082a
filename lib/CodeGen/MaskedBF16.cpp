//===- MaskedBF16.cpp - Masked accesses of bf16 as integers ---------------===//
#include "MaskedBF16.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace slim;
using namespace llvm;

/// The type of integers as wide, if `type` is a vector of bf16.
static Type *getIntegers(Type *type) {
  auto *vector = dyn_cast<VectorType>(type);
  return vector && vector->getElementType()->isBFloatTy()
             ? VectorType::getInteger(vector)
             : nullptr;
}

static bool replaceStore(IntrinsicInst &store) {
  Type *type = getIntegers(store.getArgOperand(0)->getType());
  if (!type)
    return false;
  IRBuilder<> b(&store);
  b.CreateMaskedStore(
       b.CreateBitCast(store.getArgOperand(0), type), store.getArgOperand(1),
       store.getParamAlign(1).valueOrOne(), store.getArgOperand(2))
      ->copyMetadata(store);
  return true;
}

static bool replaceLoad(IntrinsicInst &load) {
  Type *type = getIntegers(load.getType());
  if (!type)
    return false;
  IRBuilder<> b(&load);
  CallInst *integers = b.CreateMaskedLoad(
      type, load.getArgOperand(0), load.getParamAlign(0).valueOrOne(),
      load.getArgOperand(1), b.CreateBitCast(load.getArgOperand(2), type));
  integers->copyMetadata(load);
  load.replaceAllUsesWith(b.CreateBitCast(integers, load.getType()));
  return true;
}

PreservedAnalyses MaskedBF16Pass::run(Function &function,
                                      FunctionAnalysisManager &) {
  bool changed = false;
  for (Instruction &instruction : make_early_inc_range(instructions(function)))
    if (auto *call = dyn_cast<IntrinsicInst>(&instruction)) {
      bool isReplaced = call->getIntrinsicID() == Intrinsic::masked_store
                            ? replaceStore(*call)
                        : call->getIntrinsicID() == Intrinsic::masked_load
                            ? replaceLoad(*call)
                            : false;
      if (isReplaced)
        call->eraseFromParent();
      changed |= isReplaced;
    }
  return changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
}
