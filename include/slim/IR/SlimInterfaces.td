//===- SlimInterfaces.td - Interfaces of the slim dialect --*- tablegen -*-===//
#ifndef SLIM_IR_SLIMINTERFACES_TD
#define SLIM_IR_SLIMINTERFACES_TD

include "mlir/IR/OpBase.td"

def CompressibleOpInterface : OpInterface<"CompressibleOpInterface"> {
  let cppNamespace = "::slim";
  let description = [{
    An op that multiplies an activation by a weight, or reads rows of one.
    Every compression pass is written against this interface, so that it serves
    linear layers, convolutions, embeddings and whatever is added later.
  }];
  let methods = [
    InterfaceMethod<[{
      The operand that is the weight. It is the root of a decode tree, whose
      leaves are `slim.get_weight`, or any other value, which cannot be
      compressed.
    }], "::mlir::OpOperand &", "getWeightOperand">,
    InterfaceMethod<[{
      The dimension of the weight that counts output channels.
    }], "int64_t", "getOutputChannelDim">,
    InterfaceMethod<[{
      The dimensions of the weight that are summed over for one output channel,
      in the order in which `buildActivationRows` flattens them. Empty for an
      op that sums over nothing (an embedding).
    }], "::llvm::SmallVector<int64_t>", "getReductionDims">,
    InterfaceMethod<[{
      Number of groups into which output channels are divided, each of which
      sees its own share of the input channels.
    }], "int64_t", "getGroupCount", (ins), "", [{ return 1; }]>,
    InterfaceMethod<[{
      Builds the activation as a matrix X of shape rows x reduction, such that
      the op's output rows are X times the transposed weight (im2col for a
      convolution). With groups the columns are those of all groups side by
      side. Fails where the op has no such form.
    }], "::mlir::FailureOr<::mlir::Value>", "buildActivationRows",
      (ins "::mlir::OpBuilder &":$builder), "",
      [{ return ::mlir::failure(); }]>,
  ];
}

def ChannelOpInterface : OpInterface<"ChannelOpInterface"> {
  let cppNamespace = "::slim";
  let description = [{
    Says how channels of operands and results correspond, so that a channel can
    be removed from a graph consistently (the dependency graph of DepGraph,
    arXiv 2301.12900, as an interface). A dimension that no tie names cannot
    lose channels; one that goes with nothing else is tied to itself.
  }];
  let methods = [
    InterfaceMethod<[{
      Appends the ties between dimensions of operands and of results.
    }], "void", "getChannelTies",
      (ins "::llvm::SmallVectorImpl<::slim::ChannelTie> &":$ties)>,
    InterfaceMethod<[{
      Appends the dimensions of operands over all channels of which the op takes
      statistics, as norms do. With fewer channels, though they were zero, those
      that stay change.
    }], "void", "getStatisticDims",
      (ins "::llvm::SmallVectorImpl<::slim::ChannelEnd> &":$ends), "",
      [{ (void)ends; }]>,
    InterfaceMethod<[{
      Brings attributes and operands that say extents (groups, the shape of a
      reshape) into line with channels that were removed. Operands have their
      new types already, results still the old ones. `kept` gives the channels
      that an end keeps, ascending, and nothing for one that keeps all. Fails,
      with a diagnostic, where that cannot be said.
    }], "::llvm::LogicalResult", "adaptChannels",
      (ins "::mlir::OpBuilder &":$builder,
           "::slim::KeptChannels":$kept), "", [{ return success(); }]>,
  ];
}

def DecodeOpInterface : OpInterface<"DecodeOpInterface"> {
  let cppNamespace = "::slim";
  let description = [{
    A step of a decode tree: an op whose operands are stored tensors, or decoded
    ones, and whose single result is nearer to the dense weight. A format is
    added to slim by one op with this interface: accounting, reports, the
    reference lowering and export need nothing else.
  }];
  let methods = [
    InterfaceMethod<[{
      The operand that carries the weight's values (the others are scales,
      positions, codebooks). Passes that transform values descend along it.
    }], "::mlir::OpOperand &", "getValuesOperand">,
    InterfaceMethod<[{
      Decodes constants: `operands` hold the operands' data in order; returns
      the result's. Fails on data that are not a legal encoding.
    }], "::mlir::FailureOr<::slim::TensorData>", "decodeConstants",
      (ins "::llvm::ArrayRef<::slim::TensorData>":$operands)>,
    InterfaceMethod<[{
      Builds the decoding of `operands` (already lowered: signless element
      types) from linalg, tensor and arith ops: the reference lowering.
    }], "::mlir::FailureOr<::mlir::Value>", "buildDecode",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands)>,
  ];
}

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::slim";
  let description = [{
    An op with a vector-Jacobian product: what reverse-mode differentiation
    (Differentiate.h), and so distillation, learned rounding and importance
    measures that use gradients, are made of.
  }];
  let methods = [
    InterfaceMethod<[{
      Given the gradient with respect to each result (null for a result that has
      none), builds the gradient with respect to each operand, in the operand's
      shape; a null value where there is none to be had (indices, shapes). What
      nobody asked for may be built all the same: it is dead code. Fails, without
      a diagnostic, for attributes that the derivative does not cover.
    }], "::mlir::LogicalResult", "buildVJP",
      (ins "::mlir::OpBuilder &":$builder,
           "::mlir::ValueRange":$resultGradients,
           "::llvm::SmallVectorImpl<::mlir::Value> &":$operandGradients)>,
  ];
}

def CostOpInterface : OpInterface<"CostOpInterface"> {
  let cppNamespace = "::slim";
  let description = [{
    Arithmetic and traffic of an op, by shape and storage type. Values are
    `ShapedType::kDynamic` where a shape is open.
  }];
  let methods = [
    InterfaceMethod<[{
      Floating-point or integer operations; a multiply-add counts as two.
    }], "int64_t", "getFlops", (ins), "",
      [{ return ::slim::detail::countElements($_op->getResultTypes()); }]>,
    InterfaceMethod<[{
      Bytes read and written when nothing is in a cache.
    }], "int64_t", "getBytesMoved", (ins), "",
      [{ return ::slim::detail::countBytesMoved($_op); }]>,
  ];
}

#endif // SLIM_IR_SLIMINTERFACES_TD
