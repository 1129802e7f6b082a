//===- LowerChecks.cpp - Runtime checks to calls of the runtime -----------===//
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_LOWERCHECKSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

static constexpr llvm::StringLiteral kFail = "slim_rt_fail";

namespace {
struct LowerChecksPass
    : public slim::impl::LowerChecksPassBase<LowerChecksPass> {
  void runOnOperation() override {
    SmallVector<cf::AssertOp> checks;
    getOperation().walk([&](cf::AssertOp op) { checks.push_back(op); });
    if (checks.empty())
      return;

    MLIRContext *context = &getContext();
    pointer = LLVM::LLVMPointerType::get(context);
    OpBuilder builder(context);
    builder.setInsertionPointToStart(getOperation().getBody());
    if (!getOperation().lookupSymbol(kFail))
      LLVM::LLVMFuncOp::create(
          builder, getOperation().getLoc(), kFail,
          LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context),
                                      {pointer}));

    for (cf::AssertOp check : checks) {
      LLVM::GlobalOp message = getMessage(builder, check);
      Block *block = check->getBlock();
      Block *next = block->splitBlock(check->getNextNode());
      Block *fail =
          builder.createBlock(block->getParent(), block->getParent()->end());
      Value address = LLVM::AddressOfOp::create(builder, check.getLoc(),
                                                pointer, message.getSymName());
      LLVM::CallOp::create(builder, check.getLoc(), TypeRange(), kFail,
                           ValueRange{address});
      LLVM::UnreachableOp::create(builder, check.getLoc());
      builder.setInsertionPoint(check);
      cf::CondBranchOp::create(builder, check.getLoc(), check.getArg(), next,
                               fail);
      check.erase();
    }
  }

private:
  LLVM::GlobalOp getMessage(OpBuilder &builder, cf::AssertOp check) {
    LLVM::GlobalOp &global = messages[check.getMsg()];
    if (global)
      return global;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(getOperation().getBody());
    std::string text = check.getMsg().str();
    text.push_back('\0');
    std::string name = ("slim_message_" + Twine(messages.size() - 1)).str();
    auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), text.size());
    global =
        LLVM::GlobalOp::create(builder, check.getLoc(), type,
                               /*isConstant=*/true, LLVM::Linkage::Internal,
                               name, builder.getStringAttr(text));
    return global;
  }

  Type pointer;
  llvm::StringMap<LLVM::GlobalOp> messages;
};
} // namespace
