//===- SlimWeightOps.td - Weights and constants ------------*- tablegen -*-===//
#ifndef SLIM_IR_SLIMWEIGHTOPS_TD
#define SLIM_IR_SLIMWEIGHTOPS_TD

include "mlir/IR/SymbolInterfaces.td"
include "slim/IR/SlimBase.td"

def Slim_WeightOp : Op<Slim_Dialect, "weight", [Symbol]> {
  let summary = "a stored tensor of the model";
  let description = [{
    Defines a tensor that is stored with the model, under a symbol that all
    functions of the module share. `data` is an elements attribute (dense or a
    resource), `#slim.external` for data in a file, or absent: a module without
    data can be analysed and compiled up to, but not including, code that holds
    the weights.

    Example:

    ```mlir
    slim.weight @"encoder.layer.0.attention.self.query.weight"
      : tensor<384x384xf32> = #slim.external<"model.safetensors", 4096>
    slim.weight @scale : tensor<2xf32> = dense<[0.5, 0.25]> : tensor<2xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       TypeAttrOf<Slim_Tensor>:$type,
                       OptionalAttr<AnyAttr>:$data);
  let assemblyFormat = [{
    $sym_name attr-dict `:` $type (`=` $data^)?
  }];
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name,
                                 "::mlir::RankedTensorType":$type,
                                 "::mlir::Attribute":$data)>];
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getType());
    }
  }];
  let hasVerifier = 1;
}

def Slim_GetWeightOp : Op<Slim_Dialect, "get_weight",
    [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a stored tensor";
  let description = [{
    Reads the `slim.weight` of that name.

    Example:

    ```mlir
    %w = slim.get_weight @scale : tensor<2xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$name);
  let results = (outs Slim_Tensor:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def Slim_ConstantOp : Op<Slim_Dialect, "constant",
    [Pure, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a small constant";
  let description = [{
    A constant that is part of the graph's structure rather than a weight:
    shapes, axes, scalars, tables. Unlike `arith.constant` it may have an
    unsigned element type.

    Example:

    ```mlir
    %c = slim.constant dense<[1, -1]> : tensor<2xi64>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Slim_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

#endif // SLIM_IR_SLIMWEIGHTOPS_TD
