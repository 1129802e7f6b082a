//===- SlimBase.td - What the slim ops are made of ---------*- tablegen -*-===//
#ifndef SLIM_IR_SLIMBASE_TD
#define SLIM_IR_SLIMBASE_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "slim/IR/SlimAttributes.td"
include "slim/IR/SlimDialect.td"
include "slim/IR/SlimInterfaces.td"

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

defvar Slim_Integer = AnyTypeOf<[AnySignlessInteger, AnyUnsignedInteger]>;
defvar Slim_Element = AnyTypeOf<[AnyFloat, AnySignlessInteger,
                                 AnyUnsignedInteger]>;

def Slim_Tensor : RankedTensorOf<[Slim_Element]>;
def Slim_FloatTensor : RankedTensorOf<[AnyFloat]>;
def Slim_IntegerTensor : RankedTensorOf<[Slim_Integer]>;
def Slim_BoolTensor : RankedTensorOf<[I1]>;
def Slim_IndexTensor : RankedTensorOf<[I32, I64]>;
// A shape, a list of starts, ... computed by the model.
def Slim_ShapeTensor : TensorRankOf<[I64], [1]>;
def Slim_Scalar : TensorRankOf<[Slim_Element], [0]>;

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

// Every pure op infers its result types from operands and attributes; what the
// inference rejects, the verifier rejects with the same words. `definitions`
// is C++ that goes into the op's .cpp part.
class Slim_Op<string mnemonic, list<Trait> traits = [], code definitions = "">
    : Op<Slim_Dialect, mnemonic,
         traits # [Pure, InferTypeOpAdaptorWithIsCompatible,
                   DeclareOpInterfaceMethods<CostOpInterface>]> {
  // A declared result type may be more, or less, precise than the inferred one.
  let extraClassDefinition = [{
    bool $cppClass::isCompatibleReturnTypes(::mlir::TypeRange l,
                                            ::mlir::TypeRange r) {
      return ::slim::detail::areCompatibleTypes(l, r);
    }
  }] # definitions;
  let assemblyFormat = [{
    operands attr-dict `:` functional-type(operands, results)
  }];
}

// As Slim_Op, with a cost of its own (getFlops is defined in C++).
class Slim_CostedOp<string mnemonic, list<Trait> traits = [],
                    code definitions = "">
    : Op<Slim_Dialect, mnemonic,
         traits # [Pure, InferTypeOpAdaptorWithIsCompatible,
                   DeclareOpInterfaceMethods<CostOpInterface, ["getFlops"]>]> {
  let extraClassDefinition = [{
    bool $cppClass::isCompatibleReturnTypes(::mlir::TypeRange l,
                                            ::mlir::TypeRange r) {
      return ::slim::detail::areCompatibleTypes(l, r);
    }
  }] # definitions;
  let assemblyFormat = [{
    operands attr-dict `:` functional-type(operands, results)
  }];
}

#endif // SLIM_IR_SLIMBASE_TD
