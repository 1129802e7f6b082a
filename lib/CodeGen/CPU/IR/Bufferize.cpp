//===- Bufferize.cpp - Kernels from tensors to buffers --------------------===//
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"

using namespace slim;
using namespace slim::cpu;
using namespace mlir::bufferization;

namespace {

/// Of ops that write outputs without having read them: kernels start their sums
/// from constants. Outputs never share a buffer with an input: between two
/// passes over a row, an output holds what the next one needs.
template <typename OpTy>
struct WriteOnlyModel
    : DstBufferizableOpInterfaceExternalModel<WriteOnlyModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    if (cast<OpTy>(op).hasBufferSemantics())
      return success();
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        buffers.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    OperationState onBuffers(op->getLoc(), op->getName());
    onBuffers.addOperands(buffers);
    onBuffers.propertiesAttr = op->getPropertiesAsAttribute();
    onBuffers.addAttributes(op->getDiscardableAttrDictionary().getValue());
    for (Region &region : op->getRegions())
      onBuffers.addRegion()->takeBody(region);
    rewriter.create(onBuffers);
    replaceOpWithBufferizedValues(
        rewriter, op, ArrayRef(buffers).take_back(op->getNumResults()));
    return success();
  }
};

} // namespace

void cpu::registerBufferizationModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, SlimCPUDialect *) {
    KernelOp::attachInterface<WriteOnlyModel<KernelOp>>(*context);
    RowsOp::attachInterface<WriteOnlyModel<RowsOp>>(*context);
    AttentionOp::attachInterface<WriteOnlyModel<AttentionOp>>(*context);
  });
}
