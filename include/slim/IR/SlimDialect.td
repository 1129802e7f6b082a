//===- SlimDialect.td - The slim dialect -------------------*- tablegen -*-===//
#ifndef SLIM_IR_SLIMDIALECT_TD
#define SLIM_IR_SLIMDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

def Slim_Dialect : Dialect {
  let name = "slim";
  let summary = "Model graphs whose compressed weights are expressions";
  let description = [{
    The `slim` dialect describes inference graphs of neural networks on ranked
    tensors, at the level of the operators that model authors name. Weights are
    module symbols (`slim.weight`) read by `slim.get_weight`. A compressed
    weight is a tree of *decode* ops over stored tensors; the tree's value is
    the dense weight, so that any composition of compressions has a meaning and
    a reference lowering.

    Conventions:
    - Images are laid out batch, channel, spatial dimensions.
    - Signless integers are signed; unsigned ones have unsigned element types
      (`ui8`); truth values are `i1`.
    - Broadcasting is NumPy's: shapes are aligned at the last dimension and an
      extent of 1 stretches.
    - Axes in attributes are non-negative.
    - Shapes computed by the model are `tensor<Nxi64>` operands; where they are
      constants the result type states them.
  }];
  let cppNamespace = "::slim";
  let hasConstantMaterializer = 1;
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    /// Function argument and result attribute: the value's name in the model.
    static constexpr llvm::StringLiteral kNameAttr = "slim.name";
    /// Function argument and result attribute: an array of strings, one a
    /// dimension, empty where the dimension has no name. Dimensions of
    /// arguments that share a name have the same extent.
    static constexpr llvm::StringLiteral kDimNamesAttr = "slim.dim_names";
    /// Module attribute: what compression did, one dictionary a weight.
    static constexpr llvm::StringLiteral kReportAttr = "slim.report";

    void registerAttributes();
  }];
}

#endif // SLIM_IR_SLIMDIALECT_TD
