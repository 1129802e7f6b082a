//===- SlimPoolOps.td - Pooling and resampling -------------*- tablegen -*-===//
#ifndef SLIM_IR_SLIMPOOLOPS_TD
#define SLIM_IR_SLIMPOOLOPS_TD

include "slim/IR/SlimBase.td"

def Slim_MaxPoolOp : Slim_Op<"max_pool",
    [DeclareOpInterfaceMethods<ChannelOpInterface>]> {
  let summary = "maximum over windows";
  let description = [{
    The maximum over each window of input [N, C, spatial...]; what `pads` add
    never wins. `pads` lists begins and then ends. The result extent is that of
    `slim.conv`, rounded up if `ceil_mode` (without windows that lie wholly in
    the end padding).

    Example:

    ```mlir
    %y = slim.max_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>,
        pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<?x8x112x112xf32>) -> tensor<?x8x56x56xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, DenseI64ArrayAttr:$kernel,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                       DenseI64ArrayAttr:$dilations,
                       DefaultValuedAttr<BoolAttr, "false">:$ceil_mode);
  let results = (outs Slim_Tensor:$result);
}

def Slim_AvgPoolOp : Slim_Op<"avg_pool",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "mean over windows";
  let description = [{
    As `slim.max_pool` with the mean; elements that `pads` add count as zeros if
    `count_include_pad`, and are left out of the mean otherwise.

    Example:

    ```mlir
    %y = slim.avg_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>,
        pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<?x8x56x56xf32>) -> tensor<?x8x28x28xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, DenseI64ArrayAttr:$kernel,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                       DenseI64ArrayAttr:$dilations,
                       DefaultValuedAttr<BoolAttr, "false">:$ceil_mode,
                       DefaultValuedAttr<BoolAttr, "false">:$count_include_pad);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_ResizeOp : Slim_Op<"resize",
    [AttrSizedOperandSegments,
     DeclareOpInterfaceMethods<ChannelOpInterface>]> {
  let summary = "resampling of some dimensions";
  let description = [{
    Resamples the dimensions `axes` to the extents `sizes` (i64), or to
    floor(extent * scale) for `scales` (f32); exactly one of the two is given,
    with an element an axis. The input coordinate of an output sample follows
    from `coordinates` and the scale (the given one, or the quotient of the
    extents); `mode` interpolates there, per axis. `nearest` rounds the
    coordinate for nearest; `cubic_coefficient` is a of the cubic kernel;
    `exclude_outside` leaves samples beyond the edge out of the weights instead
    of repeating the edge. Linear and cubic are computed in f32 or wider.
    `antialias` widens linear and cubic kernels when an axis shrinks.

    Example:

    ```mlir
    %y = slim.resize %x sizes %s {axes = array<i64: 2, 3>,
        mode = #slim.resize_mode<nearest>,
        coordinates = #slim.coordinate_mode<asymmetric>,
        nearest = #slim.nearest_mode<floor>}
      : (tensor<1x8x20x20xf32>, tensor<2xi64>) -> tensor<1x8x?x?xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Optional<Slim_ShapeTensor>:$sizes,
                       Optional<TensorRankOf<[F32], [1]>>:$scales,
                       DenseI64ArrayAttr:$axes, Slim_ResizeModeAttr:$mode,
                       Slim_CoordinateModeAttr:$coordinates,
                       DefaultValuedAttr<Slim_NearestModeAttr,
                         "::slim::NearestMode::RoundPreferFloor">:$nearest,
                       DefaultValuedAttr<F32Attr, "-0.75f">:$cubic_coefficient,
                       DefaultValuedAttr<BoolAttr, "false">:$exclude_outside,
                       DefaultValuedAttr<BoolAttr, "false">:$antialias);
  let results = (outs Slim_Tensor:$result);
  let assemblyFormat = [{
    $input (`sizes` $sizes^)? (`scales` $scales^)? attr-dict `:`
    functional-type(operands, results)
  }];
}

#endif // SLIM_IR_SLIMPOOLOPS_TD
