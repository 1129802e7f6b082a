//===- SlimDecodeOps.td - Decoding of compressed weights ---*- tablegen -*-===//
#ifndef SLIM_IR_SLIMDECODEOPS_TD
#define SLIM_IR_SLIMDECODEOPS_TD

include "slim/IR/SlimBase.td"

class Slim_DecodeOp<string mnemonic, list<Trait> traits = []>
    : Slim_Op<mnemonic,
              traits # [DeclareOpInterfaceMethods<DecodeOpInterface>]>;

def Slim_DequantizeOp : Slim_DecodeOp<"dequantize"> {
  let summary = "numbers from integers or small floats and scales";
  let description = [{
    result[i] = (input[i] - zero_point[b(i)]) * scale[b(i)], computed in the
    scale's element type, where b divides each index by the block's extent.
    `block` has one extent a dimension of the input; 0 stands for the whole
    dimension. So a block of all zeros is a scale per tensor, `[1, 0]` a scale
    per row, `[1, 128]` one per 128 columns of a row. `scale` and `zero_point`
    have the rank of the input, with extent ceil(dim / block) (1 for 0); the
    zero point has the input's element type, and is 0 where absent.

    Serves for weights and, after `slim.quantize`, for activations.

    Example:

    ```mlir
    %w = slim.dequantize %q, %s {block = array<i64: 1, 0>}
      : (tensor<512x384xi8>, tensor<512x1xf32>) -> tensor<512x384xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, Slim_FloatTensor:$scale,
                       Optional<Slim_Tensor>:$zero_point,
                       DenseI64ArrayAttr:$block);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_CodebookDecodeOp : Slim_DecodeOp<"codebook_decode"> {
  let summary = "numbers from indices into a table";
  let description = [{
    result[i] = table[codes[i]]: the form of NF4, of learned codebooks and of
    binary weights, whose table is [-1, 1]. `codes` are unsigned integers of 1 to
    8 bits, and `table` has one number for each: 2^bits. Scales are a matter of
    `slim.dequantize`, which takes floats too.

    Example:

    ```mlir
    %n = slim.codebook_decode %q, %t
      : (tensor<512x384xui4>, tensor<16xf32>) -> tensor<512x384xf32>
    %w = slim.dequantize %n, %s {block = array<i64: 1, 64>}
      : (tensor<512x384xf32>, tensor<512x6xf32>) -> tensor<512x384xf32>
    ```
  }];
  let arguments = (ins Slim_IntegerTensor:$codes, Slim_FloatTensor:$table);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_SparseDecodeOp : Slim_DecodeOp<"sparse_decode"> {
  let summary = "a matrix from its N:M survivors";
  let description = [{
    Of every `m` consecutive elements of the last dimension at most `n` are not
    zero. `values` holds, row after row, the n elements of each group in
    ascending position: shape [..., K / m * n] for a result [..., K]. `positions`
    packs the position of each stored element within its group in
    ceil(log2 m) bits, the first element in the low bits of the first byte,
    each row padded to whole bytes: for 2:4 one nibble a group and the encoding
    of the tensor cores' metadata. The n positions of a group are distinct and
    ascending; a group with fewer survivors stores explicit zeros. K is the
    last extent of the result, a multiple of m.

    Example:

    ```mlir
    %w = slim.sparse_decode %v, %p {n = 2, m = 4}
      : (tensor<512x192xf32>, tensor<512x48xui8>) -> tensor<512x384xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$values, Slim_Tensor:$positions,
                       ConfinedAttr<I64Attr, [IntPositive]>:$n,
                       ConfinedAttr<I64Attr, [IntPositive]>:$m);
  let results = (outs Slim_Tensor:$result);
}

def Slim_ReshapeDecodeOp : Slim_DecodeOp<"reshape_decode"> {
  let summary = "the same elements in another static shape or order";
  let description = [{
    Permutes the dimensions of the input by `permutation` (result dimension i
    of the permuted tensor is input dimension permutation[i]) and then gives
    the elements, in row-major order, the static shape `shape`. It lets a
    format that works on rows along the reduction dimension store a weight
    whose layout is another: a convolution's filter, a matrix stored input
    by output.

    Example:

    ```mlir
    %w = slim.reshape_decode %v {permutation = array<i64: 1, 0>,
                                 shape = array<i64: 384, 512>}
      : (tensor<512x384xf32>) -> tensor<384x512xf32>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input, DenseI64ArrayAttr:$permutation,
                       DenseI64ArrayAttr:$shape);
  let results = (outs Slim_Tensor:$result);
}

def Slim_UnpackBitsOp : Slim_DecodeOp<"unpack_bits"> {
  let summary = "elements of less than a byte from bytes that hold several";
  let description = [{
    The result has `extent` elements of the type `to`, of less than 8 bits, along
    its last dimension, and otherwise the input's shape. A row of the input, of
    bytes, begins with the lowest bits of its elements: a plane of 4, 2 or 1 bits
    of each, the widest that the type's width contains; then come planes of the
    bits that are left. With m the width of the last plane, a row consists of
    8 / m runs of r = ceil(extent / (8 / m)) elements, and a plane of b bits has
    r * b / m bytes, of which byte i holds elements i, i + r * b / m, and so on,
    from the lowest bits up. Runs that end after the row are filled with zeros.
    A run's elements so are neighbouring bytes, shifted and masked.

    Of 4-bit elements, byte i of r = ceil(extent / 2) holds element i in its
    lower half and element r + i in its upper one.

    Example:

    ```mlir
    %w = slim.unpack_bits %p {extent = 383, to = i4}
      : (tensor<512x192xui8>) -> tensor<512x383xi4>
    ```
  }];
  let arguments = (ins Slim_Tensor:$input,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$extent,
                       TypeAttr:$to);
  let results = (outs Slim_Tensor:$result);
}

//===----------------------------------------------------------------------===//
// Quantized activations
//===----------------------------------------------------------------------===//

def Slim_QuantizeOp : Slim_Op<"quantize"> {
  let summary = "integers or small floats from numbers and scales";
  let description = [{
    result[i] = saturate(round(input[i] / scale[b(i)]) + zero_point[b(i)]) in
    the element type `to`, rounding to nearest even; blocks as in
    `slim.dequantize`. It does not fold with `slim.dequantize`: the pair is the
    identity only for numbers on the grid. Constants in f32 fold to integers.

    Example:

    ```mlir
    %q = slim.quantize %x, %s, %z {to = ui8, block = array<i64: 0, 0>}
      : (tensor<?x384xf32>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x384xui8>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, Slim_FloatTensor:$scale,
                       Optional<Slim_Tensor>:$zero_point, TypeAttr:$to,
                       DenseI64ArrayAttr:$block);
  let results = (outs Slim_Tensor:$result);
  let hasFolder = 1;
}

def Slim_DynamicQuantizeOp : Slim_Op<"dynamic_quantize"> {
  let summary = "quantization with a scale from the data";
  let description = [{
    Quantizes to ui8 with the range of the data, widened to contain zero:
    scale = (max - min) / 255, zero_point = saturate(round(-min / scale)), over
    the whole tensor or, with `per_row`, over the last dimension. Scale and
    zero point have the rank of the input, with extent 1 along what they cover.
    All-zero data have scale 1 and zero point 0.

    Example:

    ```mlir
    %q, %s, %z = slim.dynamic_quantize %x {per_row = true}
      : (tensor<?x384xf32>)
      -> (tensor<?x384xui8>, tensor<?x1xf32>, tensor<?x1xui8>)
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input,
                       DefaultValuedAttr<BoolAttr, "false">:$per_row);
  let results = (outs Slim_Tensor:$result, Slim_FloatTensor:$scale,
                      Slim_Tensor:$zero_point);
}

def Slim_DynamicScaleOp : Slim_Op<"dynamic_scale"> {
  let summary = "symmetric scales from the data";
  let description = [{
    For each run of `block` elements along the last dimension (all of it for 0;
    the last run may be shorter) the scale with which its greatest magnitude is
    the greatest number of `to`, a float of at most 8 bits or a signless integer:
    max |input| / greatest. Where that is zero the scale is 1. The extent of the
    result's last dimension is the number of runs. `slim.quantize` by these
    scales and `slim.dequantize` behind it are the activations of DeepSeek-V3
    (DeepSeek-AI, "DeepSeek-V3 Technical Report", 2024, section 3.3.2): runs of
    128 elements of a token, in f8E4M3FN.

    Example:

    ```mlir
    %s = slim.dynamic_scale %x {block = 128, to = f8E4M3FN}
      : (tensor<?x384xf32>) -> tensor<?x3xf32>
    %q = slim.quantize %x, %s {to = f8E4M3FN, block = array<i64: 1, 128>}
      : (tensor<?x384xf32>, tensor<?x3xf32>) -> tensor<?x384xf8E4M3FN>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$block,
                       TypeAttr:$to);
  let results = (outs Slim_FloatTensor:$scale);
}

#endif // SLIM_IR_SLIMDECODEOPS_TD
