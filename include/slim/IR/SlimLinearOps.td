//===- SlimLinearOps.td - Products with weights ------------*- tablegen -*-===//
#ifndef SLIM_IR_SLIMLINEAROPS_TD
#define SLIM_IR_SLIMLINEAROPS_TD

include "slim/IR/SlimBase.td"

def Slim_LinearOp : Slim_CostedOp<"linear",
    [DeclareOpInterfaceMethods<CompressibleOpInterface,
                               ["buildActivationRows"]>,
     DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "affine map of the last dimension by a weight";
  let description = [{
    y[..., o] = sum_i x[..., i] * w[o, i] + bias[o] for a weight of shape
    [out, in], or [in, out] if `transposed` (the layout in which many ONNX
    models store it). Products are accumulated in f32 or wider, in i32 for
    integers.

    Example:

    ```mlir
    %y = slim.linear %x, %w, %b
      : (tensor<?x128x384xf32>, tensor<1536x384xf32>, tensor<1536xf32>)
      -> tensor<?x128x1536xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_Tensor:$weight,
                       Optional<Slim_Tensor>:$bias,
                       DefaultValuedAttr<BoolAttr, "false">:$transposed);
  let results = (outs Slim_Tensor:$result);
}

def Slim_MatmulOp : Slim_CostedOp<"matmul",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "batched matrix product";
  let description = [{
    NumPy's matmul: the last two dimensions are matrices, the ones before are
    broadcast; a vector on the left is a row, on the right a column, and the
    dimension added for it is removed from the result. Integers give i32 (i8
    and ui8, mixed too) or their own type.

    A product with a weight on the right canonicalizes to `slim.linear`.

    Example:

    ```mlir
    %y = slim.matmul %a, %b
      : (tensor<?x12x128x32xf32>, tensor<?x12x32x128xf32>)
      -> tensor<?x12x128x128xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$lhs, Slim_Tensor:$rhs);
  let results = (outs Slim_Tensor:$result);
  let hasCanonicalizer = 1;
}

def Slim_ConvOp : Slim_CostedOp<"conv",
    [DeclareOpInterfaceMethods<CompressibleOpInterface,
                               ["getGroupCount", "buildActivationRows"]>,
     DeclareOpInterfaceMethods<ChannelOpInterface, ["adaptChannels"]>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "convolution (cross-correlation) in 1, 2 or 3 dimensions";
  let description = [{
    Input [N, C, spatial...], weight [F, C / groups, kernel...], bias [F],
    result [N, F, spatial...] with extent
    floor((in + pad_begin + pad_end - dilation * (kernel - 1) - 1) / stride) + 1.
    `pads` lists the begins of all spatial dimensions and then the ends, zeros
    being added. Depthwise convolution is `groups` = C. Integers accumulate in
    i32.

    Example:

    ```mlir
    %y = slim.conv %x, %w, %b {strides = array<i64: 2, 2>,
        pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1}
      : (tensor<?x3x224x224xf32>, tensor<32x3x3x3xf32>, tensor<32xf32>)
      -> tensor<?x32x112x112xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_Tensor:$weight,
                       Optional<Slim_Tensor>:$bias,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                       DenseI64ArrayAttr:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs Slim_Tensor:$result);
  let hasCanonicalizer = 1;
}

def Slim_ConvTransposeOp : Slim_CostedOp<"conv_transpose",
    [DeclareOpInterfaceMethods<CompressibleOpInterface, ["getGroupCount"]>,
     DeclareOpInterfaceMethods<ChannelOpInterface, ["adaptChannels"]>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "transposed convolution in 1, 2 or 3 dimensions";
  let description = [{
    The gradient of `slim.conv` with respect to its input: input
    [N, C, spatial...], weight [C, F / groups, kernel...], bias [F]; result
    extent (in - 1) * stride + dilation * (kernel - 1) + 1 - pad_begin - pad_end
    + output_padding.

    Example:

    ```mlir
    %y = slim.conv_transpose %x, %w, %b {strides = array<i64: 2, 2>,
        pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
        output_padding = array<i64: 0, 0>, groups = 1}
      : (tensor<?x24x80x80xf32>, tensor<24x12x2x2xf32>, tensor<12xf32>)
      -> tensor<?x12x160x160xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, Slim_FloatTensor:$weight,
                       Optional<Slim_FloatTensor>:$bias,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                       DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$output_padding,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_Im2ColOp : Slim_Op<"im2col"> {
  let summary = "the patches of a convolution as rows of a matrix";
  let description = [{
    Row (n, output position) holds the input elements that the convolution of
    these parameters multiplies there, in the order channel, kernel position:
    shape [N * outputs, C * kernel elements]. A convolution is the product of
    this matrix with its flattened filters.

    Example:

    ```mlir
    %r = slim.im2col %x {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>,
        pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x8x10x10xf32>) -> tensor<100x72xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, DenseI64ArrayAttr:$kernel,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                       DenseI64ArrayAttr:$dilations);
  let results = (outs Slim_Tensor:$result);
}

def Slim_EmbeddingOp : Slim_Op<"embedding",
    [DeclareOpInterfaceMethods<CompressibleOpInterface>,
     DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "rows of a table";
  let description = [{
    result[..., :] = weight[indices[...], :]. Negative indices count from the
    end; an index outside the table is a runtime error.

    Example:

    ```mlir
    %y = slim.embedding %ids, %table
      : (tensor<?x?xi64>, tensor<30522x384xf32>) -> tensor<?x?x384xf32>
    ```
  }];
  let arguments = (ins Slim_IndexTensor:$indices, Slim_Tensor:$weight);
  let results = (outs Slim_Tensor:$result);
}

def Slim_AttentionOp : Slim_CostedOp<"attention",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "scaled dot-product attention";
  let description = [{
    softmax(scale * Q K^T + mask) V over query [B, H, S, D], key [B, Hkv, T, D]
    and value [B, Hkv, T, E], with H a multiple of Hkv (grouped queries: head h
    uses key/value head h / (H / Hkv)). `mask` is added to the scores where it
    is a float, or admits where it is a boolean; it broadcasts to [B, H, S, T].
    With `causal` query s sees keys up to s + T - S. `scale` defaults to
    1 / sqrt(D); scores are softmaxed in f32. Of narrower floats the mask may be
    f32 as well, and the weights that softmax gives may be rounded to the element
    type before they multiply V.

    Example:

    ```mlir
    %y = slim.attention %q, %k, %v mask %m
      : (tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>,
         tensor<?x1x1x?xf32>) -> tensor<?x12x?x32xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$query, Slim_FloatTensor:$key,
                       Slim_FloatTensor:$value, Optional<Slim_Tensor>:$mask,
                       OptionalAttr<F32Attr>:$scale,
                       DefaultValuedAttr<BoolAttr, "false">:$causal);
  let results = (outs Slim_FloatTensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $mask^)? attr-dict `:`
    functional-type(operands, results)
  }];
}

def Slim_RotaryEmbeddingOp : Slim_Op<"rotary_embedding",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "rotary position embedding";
  let description = [{
    Rotates pairs of the last dimension of `input` [B, H, S, D] by the angles
    whose cosines and sines are given per position, [B, S, R / 2] or [S, R / 2]:
    (a, b) becomes (a cos - b sin, a sin + b cos). The first R elements rotate;
    pairs are (i, i + R / 2), or (2 i, 2 i + 1) if `interleaved`.

    Example:

    ```mlir
    %y = slim.rotary_embedding %x, %cos, %sin
      : (tensor<?x8x?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>)
      -> tensor<?x8x?x64xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, Slim_FloatTensor:$cos,
                       Slim_FloatTensor:$sin,
                       DefaultValuedAttr<BoolAttr, "false">:$interleaved);
  let results = (outs Slim_FloatTensor:$result);
}

#endif // SLIM_IR_SLIMLINEAROPS_TD
