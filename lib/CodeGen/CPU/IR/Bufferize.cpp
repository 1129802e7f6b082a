//===- Bufferize.cpp - Kernels from tensors to buffers --------------------===//
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"

using namespace slim;
using namespace slim::cpu;
using namespace mlir::bufferization;

namespace {

struct KernelModel
    : DstBufferizableOpInterfaceExternalModel<KernelModel, KernelOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    // Sums start from a constant: what the output holds is not read.
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto kernel = cast<KernelOp>(op);
    if (kernel.hasBufferSemantics())
      return success();
    SmallVector<Value> buffers;
    for (Value operand : kernel->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        buffers.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    unsigned numInputs = kernel.getInputs().size();
    auto result = KernelOp::create(
        rewriter, op->getLoc(), TypeRange(),
        ArrayRef(buffers).take_front(numInputs),
        ArrayRef(buffers).slice(numInputs, kernel.getExtras().size()),
        buffers.back(), kernel.getIndexingMaps(), kernel.getIteratorTypes(),
        kernel.getInit(), kernel.getBitmaskAttr());
    result.getBody().takeBody(kernel.getBody());
    result.getEpilogue().takeBody(kernel.getEpilogue());
    replaceOpWithBufferizedValues(rewriter, op, buffers.back());
    return success();
  }
};

} // namespace

void cpu::registerBufferizationModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, SlimCPUDialect *) {
    KernelOp::attachInterface<KernelModel>(*context);
    attachRowBufferizationModels(context);
  });
}
