//===- SlimReductionOps.td - Reductions and scans ----------*- tablegen -*-===//
#ifndef SLIM_IR_SLIMREDUCTIONOPS_TD
#define SLIM_IR_SLIMREDUCTIONOPS_TD

include "slim/IR/SlimBase.td"

class Slim_ReductionOp<string mnemonic, string what, Type type,
                       list<Trait> traits = [], string detail = "">
    : Slim_CostedOp<mnemonic,
                    traits # [DeclareOpInterfaceMethods<ChannelOpInterface>],
                    [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *context,
        ::std::optional<::mlir::Location> location, Adaptor adaptor,
        ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return ::slim::detail::inferReduction(
          getOperationName(), location, adaptor.getInput(), adaptor.getAxes(),
          adaptor.getKeepDims(), types);
    }
    int64_t $cppClass::getFlops() {
      return ::slim::detail::countElements(getInput().getType());
    }
    ::mlir::OpFoldResult $cppClass::fold(FoldAdaptor adaptor) {
      return ::slim::detail::foldReduction(*this, adaptor.getInput());
    }
    void $cppClass::getChannelTies(
        ::llvm::SmallVectorImpl<::slim::ChannelTie> &ties) {
      ::slim::detail::appendTiesExcept(*this, getAxes(), !getKeepDims(), ties);
    }
  }]> {
  let summary = what # " along dimensions";
  let description = "The " # what # [{ of the elements along `axes`, which are
    distinct. The reduced dimensions stay with extent 1 if `keep_dims`. Without
    axes nothing is reduced. }] # detail # [{

    Example:

    ```mlir
    %y = slim.}] # mnemonic # [{ %x {axes = array<i64: 1>, keep_dims = true}
      : (tensor<?x4xf32>) -> tensor<?x1xf32>
    ```
  }];
  let arguments = (ins type:$input, DenseI64ArrayAttr:$axes,
                       DefaultValuedAttr<BoolAttr, "false">:$keep_dims);
  let results = (outs type:$result);
  let hasFolder = 1;
}

def Slim_ReduceSumOp : Slim_ReductionOp<"reduce_sum", "sum", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>]>;
def Slim_ReduceMeanOp : Slim_ReductionOp<"reduce_mean", "mean", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>]>;
def Slim_ReduceProdOp : Slim_ReductionOp<"reduce_prod", "product", Slim_Tensor>;
def Slim_ReduceMaxOp : Slim_ReductionOp<"reduce_max", "maximum", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "Over nothing it is the least value of the type (false for i1).">;
def Slim_ReduceMinOp : Slim_ReductionOp<"reduce_min", "minimum", Slim_Tensor,
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>],
    "Over nothing it is the greatest value of the type (true for i1).">;

class Slim_ArgReductionOp<string mnemonic, string what>
    : Slim_Op<mnemonic> {
  let summary = "position of the " # what;
  let description = "The position along `axis` of the " # what # [{; of equal ones
    the first, or the last if `last`. The dimension stays with extent 1 if
    `keep_dims`.

    Example:

    ```mlir
    %y = slim.}] # mnemonic # [{ %x {axis = 1} : (tensor<?x4xf32>) -> tensor<?xi64>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, I64Attr:$axis,
                       DefaultValuedAttr<BoolAttr, "false">:$keep_dims,
                       DefaultValuedAttr<BoolAttr, "false">:$last);
  let results = (outs Slim_Tensor:$result);
}
def Slim_ArgMaxOp : Slim_ArgReductionOp<"arg_max", "greatest element">;
def Slim_ArgMinOp : Slim_ArgReductionOp<"arg_min", "least element">;

def Slim_CumSumOp : Slim_Op<"cumsum"> {
  let summary = "running sum along a dimension";
  let description = [{
    Element i along `axis` is the sum of elements 0 to i (without i if
    `exclusive`); from the end if `reverse`.

    Example:

    ```mlir
    %y = slim.cumsum %x {axis = 1} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, I64Attr:$axis,
                       DefaultValuedAttr<BoolAttr, "false">:$exclusive,
                       DefaultValuedAttr<BoolAttr, "false">:$reverse);
  let results = (outs Slim_Tensor:$result);
}

def Slim_TopKOp : Slim_Op<"top_k"> {
  let summary = "the k greatest or least elements along a dimension";
  let description = [{
    Values and positions of the `k` (a one-element tensor) greatest elements
    along `axis`, or least if not `largest`, in order; of equal ones the lower
    position comes first. A k above the extent is a runtime error.

    Example:

    ```mlir
    %v, %i = slim.top_k %x, %k {axis = 1, largest = true}
      : (tensor<?x100xf32>, tensor<1xi64>) -> (tensor<?x?xf32>, tensor<?x?xi64>)
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_ShapeTensor:$k, I64Attr:$axis,
                       DefaultValuedAttr<BoolAttr, "true">:$largest);
  let results = (outs Slim_Tensor:$values, Slim_Tensor:$indices);
}

#endif // SLIM_IR_SLIMREDUCTIONOPS_TD
