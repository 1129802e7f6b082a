//===- BufferizeRows.cpp - Row kernels from tensors to buffers ------------===//
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"

using namespace slim;
using namespace slim::cpu;
using namespace mlir::bufferization;

namespace {

/// Outputs are written without having been read, and never share a buffer with
/// an input: between two passes over a row they hold what the next one needs.
struct RowsModel : DstBufferizableOpInterfaceExternalModel<RowsModel, RowsOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto rows = cast<RowsOp>(op);
    if (rows.hasBufferSemantics())
      return success();
    SmallVector<Value> buffers;
    for (Value operand : rows->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        buffers.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    auto inputs = ArrayRef(buffers).take_front(rows.getInputs().size());
    auto outputs = ArrayRef(buffers).drop_front(rows.getInputs().size());
    auto result =
        RowsOp::create(rewriter, op->getLoc(), TypeRange(), inputs, outputs,
                       rows.getIndexingMaps(), rows.getIteratorTypes());
    result.getBody().takeBody(rows.getBody());
    replaceOpWithBufferizedValues(rewriter, op, outputs);
    return success();
  }
};

} // namespace

void cpu::attachRowBufferizationModels(MLIRContext *context) {
  RowsOp::attachInterface<RowsModel>(*context);
}
