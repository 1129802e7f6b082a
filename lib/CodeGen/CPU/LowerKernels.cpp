//===- LowerKernels.cpp - Kernels to register-blocked loops ---------------===//
#include "KernelEmitter.h"
#include "WindowEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_LOWERKERNELSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace slim;
using namespace slim::cpu;

namespace {
struct LowerKernelsPass
    : public slim::impl::LowerKernelsPassBase<LowerKernelsPass> {
  using LowerKernelsPassBase::LowerKernelsPassBase;

  void runOnOperation() override {
    KernelTarget target{
        vectorBytes, rows, vectors,
        SmallVector<std::string>(features.begin(), features.end())};
    SmallVector<KernelOp> ops;
    getOperation().walk([&](KernelOp op) { ops.push_back(op); });
    for (KernelOp op : ops) {
      if (!op.hasBufferSemantics()) {
        op.emitOpError("is on tensors; bufferize it first");
        return signalPassFailure();
      }
      OpBuilder b(op);
      if (!(isWindowKernel(op) ? emitWindows(b, op, target)
                               : emitBlocked(b, op, target))) {
        // Plain loops read every element where it would lie if none were left
        // out.
        if (op.getBitmask()) {
          op.emitOpError("has a sparse operand that no kernel reads here");
          return signalPassFailure();
        }
        emitScalarLoops(b, op, threads);
      }
      ++numLowered;
      op.erase();
    }
  }

private:
  bool emitBlocked(OpBuilder &b, KernelOp op, const KernelTarget &target) {
    FailureOr<KernelLoops> nest = KernelLoops::create(b, op);
    if (failed(nest))
      return false;
    KernelEmitter emitter(b, op, std::move(*nest),
                          MicroKernel::select(op, target), l2Bytes, threads);
    if (!emitter.canEmit())
      return false;
    numPacked += emitter.needsPacking();
    emitter.emit();
    return true;
  }

  bool emitWindows(OpBuilder &b, KernelOp op, const KernelTarget &target) {
    WindowEmitter emitter(b, op, target, threads);
    if (!emitter.canEmit())
      return false;
    numPacked += emitter.needsPacking();
    emitter.emit();
    return true;
  }
};
} // namespace
