//===- QuantizePasses.td - Passes that quantize ------------*- tablegen -*-===//
#ifndef SLIM_COMPRESS_QUANTIZEPASSES_TD
#define SLIM_COMPRESS_QUANTIZEPASSES_TD

include "slim/Compress/CompressionPass.td"

def QuantizeInt8Pass : CompressionPass<"quantize-int8"> {
  let summary = "Store weights as 8-bit integers with a scale per channel";
  let description = [{
    Weight-only, symmetric round-to-nearest quantization. For each weight of an
    op that implements `CompressibleOpInterface`, the stored floats become
    signed 8-bit codes in [-127, 127] and one scale per output channel (per row
    for a table of embeddings), scale = absmax / 127, the codes being rounded to
    nearest even. The graph computes in floats as before: the weight becomes
    `slim.dequantize` of the codes.

    The floats that are quantized are those at the leaf of the weight's
    expression: of a weight that is already N:M sparse, only the survivors. The
    pass leaves alone, with a remark, weights whose values are integers or
    8-bit floats already, and weights that would not shrink.

    Numeric effect: each value moves by at most half the scale of its channel;
    typically 0.5 to 1 % of the weight's norm.

    ```mlir
    slim.weight @w : tensor<2x2xf32> = dense<[[1.0, -2.0], [0.0, 254.0]]>
      : tensor<2x2xf32>
    %w = slim.get_weight @w : tensor<2x2xf32>
    ```

    becomes

    ```mlir
    slim.weight @w : tensor<2x2xi8> = dense<[[64, -127], [0, 127]]>
      : tensor<2x2xi8>
    slim.weight @w.scale : tensor<2x1xf32> = dense<[[0.0157480314], [2.0]]>
      : tensor<2x1xf32>
    %q = slim.get_weight @w : tensor<2x2xi8>
    %s = slim.get_weight @w.scale : tensor<2x1xf32>
    %w = slim.dequantize %q, %s {block = array<i64: 1, 0>}
      : (tensor<2x2xi8>, tensor<2x1xf32>) -> tensor<2x2xf32>
    ```
  }];
}

#endif // SLIM_COMPRESS_QUANTIZEPASSES_TD
