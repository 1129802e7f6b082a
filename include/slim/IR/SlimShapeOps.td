//===- SlimShapeOps.td - Shapes, movement, indexing --------*- tablegen -*-===//
#ifndef SLIM_IR_SLIMSHAPEOPS_TD
#define SLIM_IR_SLIMSHAPEOPS_TD

include "slim/IR/SlimBase.td"

// An op that folds where its operands are small constants.
class Slim_FoldableOp<string mnemonic, list<Trait> traits = []>
    : Slim_Op<mnemonic, traits> {
  let hasFolder = 1;
}

def Slim_ShapeOp : Slim_FoldableOp<"shape",
    [DeclareOpInterfaceMethods<ChannelOpInterface>]> {
  let summary = "extents of a tensor";
  let description = [{
    The extents of dimensions `start` to `end` (exclusive).

    Example:

    ```mlir
    %s = slim.shape %x {start = 0, end = 2} : (tensor<?x4xf32>) -> tensor<2xi64>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, I64Attr:$start, I64Attr:$end);
  let results = (outs Slim_ShapeTensor:$result);
}

def Slim_ReshapeOp : Slim_FoldableOp<"reshape",
    [DeclareOpInterfaceMethods<ChannelOpInterface, ["adaptChannels"]>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the same elements in another shape";
  let description = [{
    Gives the elements, in row-major order, the shape in `shape`: an extent of 0
    takes the input's at the same position (unless `allow_zero`), one extent may
    be -1 and follows from the number of elements.

    Example:

    ```mlir
    %y = slim.reshape %x, %s : (tensor<?x?x384xf32>, tensor<4xi64>) -> tensor<?x?x12x32xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_ShapeTensor:$shape,
                       DefaultValuedAttr<BoolAttr, "false">:$allow_zero);
  let results = (outs Slim_Tensor:$result);
  let hasCanonicalizer = 1;
}

def Slim_FlattenOp : Slim_FoldableOp<"flatten",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "a matrix from a tensor";
  let description = [{
    Collapses the dimensions before `axis` into one and those from it into
    another.

    Example:

    ```mlir
    %y = slim.flatten %x {axis = 1} : (tensor<?x8x7x7xf32>) -> tensor<?x392xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, I64Attr:$axis);
  let results = (outs Slim_Tensor:$result);
}

def Slim_SqueezeOp : Slim_FoldableOp<"squeeze",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "removal of dimensions of extent 1";
  let description = [{
    Removes the dimensions `axes`. A dynamic one that is not 1 is a runtime
    error.

    Example:

    ```mlir
    %y = slim.squeeze %x {axes = array<i64: 2, 3>} : (tensor<?x8x1x1xf32>) -> tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Slim_Tensor:$result);
}

def Slim_UnsqueezeOp : Slim_FoldableOp<"unsqueeze",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "insertion of dimensions of extent 1";
  let description = [{
    The dimensions `axes` of the result, which are distinct, have extent 1; the
    others are the input's.

    Example:

    ```mlir
    %y = slim.unsqueeze %x {axes = array<i64: 1, 2>} : (tensor<?x?xf32>) -> tensor<?x1x1x?xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Slim_Tensor:$result);
}

def Slim_TransposeOp : Slim_FoldableOp<"transpose",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "permutation of dimensions";
  let description = [{
    Dimension i of the result is dimension `permutation[i]` of the input.

    Example:

    ```mlir
    %y = slim.transpose %x {permutation = array<i64: 0, 2, 1, 3>}
      : (tensor<?x?x12x32xf32>) -> tensor<?x12x?x32xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Slim_Tensor:$result);
  let hasCanonicalizer = 1;
}

def Slim_ExpandOp : Slim_FoldableOp<"expand",
    [DeclareOpInterfaceMethods<ChannelOpInterface, ["adaptChannels"]>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "broadcast to a shape";
  let description = [{
    Broadcasts the input and `shape` together, as a binary elementwise op
    would.

    Example:

    ```mlir
    %y = slim.expand %x, %s : (tensor<1x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_ShapeTensor:$shape);
  let results = (outs Slim_Tensor:$result);
}

def Slim_ConcatOp : Slim_FoldableOp<"concat",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "tensors one after another along a dimension";
  let description = [{
    Joins the inputs, which agree in all other dimensions, along `axis`.

    Example:

    ```mlir
    %y = slim.concat %a, %b {axis = 1}
      : (tensor<?x8xf32>, tensor<?x4xf32>) -> tensor<?x12xf32>
    ```
  }];
  let arguments = (ins Variadic<Slim_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Slim_Tensor:$result);
}

def Slim_SliceOp : Slim_FoldableOp<"slice",
    [DeclareOpInterfaceMethods<ChannelOpInterface, ["adaptChannels"]>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "a regular part of a tensor";
  let description = [{
    Along axes[i] takes the elements from starts[i] to ends[i] (exclusive) with
    steps[i], as Python does: negative positions count from the end, positions
    beyond the ends are cut, a negative step goes backward. Steps must not be 0.

    Example:

    ```mlir
    %y = slim.slice %x, %starts, %ends, %steps {axes = array<i64: 1>}
      : (tensor<?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_ShapeTensor:$starts,
                       Slim_ShapeTensor:$ends, Slim_ShapeTensor:$steps,
                       DenseI64ArrayAttr:$axes);
  let results = (outs Slim_Tensor:$result);
}

def Slim_PadOp : Slim_Op<"pad",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "a tensor with a margin";
  let description = [{
    Adds pads[i] elements before and pads[rank + i] after dimension i, of the
    scalar `value` (zero where absent) for the constant mode, or taken from the
    tensor; negative amounts remove elements.

    Example:

    ```mlir
    %y = slim.pad %x, %pads, %v {mode = #slim.pad_mode<constant>}
      : (tensor<?x8xf32>, tensor<4xi64>, tensor<f32>) -> tensor<?x?xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_ShapeTensor:$pads,
                       Optional<Slim_Scalar>:$value, Slim_PadModeAttr:$mode);
  let results = (outs Slim_Tensor:$result);
}

def Slim_TileOp : Slim_Op<"tile"> {
  let summary = "a tensor repeated";
  let description = [{
    Repeats dimension i repeats[i] times.

    Example:

    ```mlir
    %y = slim.tile %x, %r : (tensor<2x8xf32>, tensor<2xi64>) -> tensor<?x?xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_ShapeTensor:$repeats);
  let results = (outs Slim_Tensor:$result);
}

def Slim_FillOp : Slim_FoldableOp<"fill"> {
  let summary = "a tensor of one value";
  let description = [{
    A tensor of the shape in `shape` whose elements all are the scalar `value`.

    Example:

    ```mlir
    %y = slim.fill %s, %v : (tensor<2xi64>, tensor<f32>) -> tensor<?x?xf32>
    ```
  }];
  let arguments = (ins Slim_ShapeTensor:$shape, Slim_Scalar:$value);
  let results = (outs Slim_Tensor:$result);
}

def Slim_RangeOp : Slim_FoldableOp<"range"> {
  let summary = "an arithmetic sequence";
  let description = [{
    start, start + delta, ... up to limit (exclusive): a vector of
    max(ceil((limit - start) / delta), 0) elements.

    Example:

    ```mlir
    %y = slim.range %a, %b, %d : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
    ```
  }];
  let arguments = (ins Slim_Scalar:$start, Slim_Scalar:$limit,
                       Slim_Scalar:$delta);
  let results = (outs Slim_Tensor:$result);
}

def Slim_TriluOp : Slim_Op<"trilu",
    [DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the upper or lower triangle of matrices";
  let description = [{
    Keeps the elements on and above (`upper`), or on and below, the k-th
    diagonal of the last two dimensions and sets the others to zero. `k` is a
    scalar, 0 where absent.

    Example:

    ```mlir
    %y = slim.trilu %x {upper = false} : (tensor<?x8x8xf32>) -> tensor<?x8x8xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Optional<TensorRankOf<[I64], [0]>>:$k,
                       BoolAttr:$upper);
  let results = (outs Slim_Tensor:$result);
}

//===----------------------------------------------------------------------===//
// Indexing. Negative indices count from the end; what lies outside is a runtime
// error.
//===----------------------------------------------------------------------===//

def Slim_GatherOp : Slim_FoldableOp<"gather",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "slices of a dimension, by index";
  let description = [{
    result[a..., i..., b...] = input[a..., indices[i...], b...], the index
    standing at dimension `axis`.

    Example:

    ```mlir
    %y = slim.gather %x, %i {axis = 0} : (tensor<30x8xf32>, tensor<?xi64>) -> tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_IndexTensor:$indices,
                       I64Attr:$axis);
  let results = (outs Slim_Tensor:$result);
  let hasCanonicalizer = 1;
}

def Slim_GatherElementsOp : Slim_Op<"gather_elements"> {
  let summary = "elements along a dimension, by index";
  let description = [{
    result[i, j, k] = input[i, indices[i, j, k], k] for `axis` = 1 of three
    dimensions.

    Example:

    ```mlir
    %y = slim.gather_elements %x, %i {axis = 1}
      : (tensor<4x8xf32>, tensor<4x2xi64>) -> tensor<4x2xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_IndexTensor:$indices,
                       I64Attr:$axis);
  let results = (outs Slim_Tensor:$result);
}

def Slim_GatherNDOp : Slim_Op<"gather_nd"> {
  let summary = "slices by index tuples";
  let description = [{
    The last dimension of `indices` holds tuples that index the dimensions of
    the input after the first `batch_dims`, which both share; the result has
    the other dimensions of `indices` and then the input's not indexed ones.

    Example:

    ```mlir
    %y = slim.gather_nd %x, %i {batch_dims = 0}
      : (tensor<4x8x2xf32>, tensor<5x2xi64>) -> tensor<5x2xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_IndexTensor:$indices,
                       DefaultValuedAttr<I64Attr, "0">:$batch_dims);
  let results = (outs Slim_Tensor:$result);
}

def Slim_ScatterElementsOp : Slim_Op<"scatter_elements"> {
  let summary = "a tensor with elements replaced, by index along a dimension";
  let description = [{
    A copy of the input in which element [i, indices[i, j, k], k] is combined
    by `mode` with updates[i, j, k], for `axis` = 1 of three dimensions.

    Example:

    ```mlir
    %y = slim.scatter_elements %x, %i, %u {axis = 1, mode = #slim.scatter_mode<replace>}
      : (tensor<4x8xf32>, tensor<4x2xi64>, tensor<4x2xf32>) -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_IndexTensor:$indices,
                       Slim_Tensor:$updates, I64Attr:$axis,
                       Slim_ScatterModeAttr:$mode);
  let results = (outs Slim_Tensor:$result);
}

def Slim_ScatterNDOp : Slim_Op<"scatter_nd"> {
  let summary = "a tensor with slices replaced, by index tuples";
  let description = [{
    A copy of the input in which the slice that each tuple in the last dimension
    of `indices` names is combined by `mode` with the slice of `updates` at the
    same place.

    Example:

    ```mlir
    %y = slim.scatter_nd %x, %i, %u {mode = #slim.scatter_mode<add>}
      : (tensor<4x8xf32>, tensor<5x1xi64>, tensor<5x8xf32>) -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_IndexTensor:$indices,
                       Slim_Tensor:$updates, Slim_ScatterModeAttr:$mode);
  let results = (outs Slim_Tensor:$result);
}

def Slim_OneHotOp : Slim_Op<"one_hot"> {
  let summary = "indicator vectors";
  let description = [{
    Inserts at `axis` a dimension of extent `depth` (a scalar) that holds
    `on_value` at the index (negative counts from the end) and `off_value`
    elsewhere; nowhere `on_value` for an index outside.

    Example:

    ```mlir
    %y = slim.one_hot %i, %d, %off, %on {axis = 1}
      : (tensor<?xi64>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
    ```
  }];
  let arguments = (ins Slim_IndexTensor:$indices,
                       TensorRankOf<[I64], [0]>:$depth, Slim_Scalar:$off_value,
                       Slim_Scalar:$on_value, I64Attr:$axis);
  let results = (outs Slim_Tensor:$result);
}

def Slim_NonZeroOp : Slim_Op<"non_zero"> {
  let summary = "positions of elements that are not zero";
  let description = [{
    A column an element that is not zero, in row-major order, a row a dimension
    of the input.

    Example:

    ```mlir
    %y = slim.non_zero %x : (tensor<?x8xf32>) -> tensor<2x?xi64>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input);
  let results = (outs Slim_Tensor:$result);
}

#endif // SLIM_IR_SLIMSHAPEOPS_TD
