//===- QuantizePasses.td - Passes that quantize ------------*- tablegen -*-===//
#ifndef SLIM_COMPRESS_QUANTIZEPASSES_TD
#define SLIM_COMPRESS_QUANTIZEPASSES_TD

include "slim/Compress/CompressionPass.td"

def QuantizeInt8Pass : CompressionPass<"quantize-int8"> {
  let summary = "Store weights as 8-bit integers with a scale per channel";
  let description = [{
    Symmetric round-to-nearest quantization of weights. For each weight of an
    op that implements `CompressibleOpInterface`, the stored floats become
    signed 8-bit codes in [-127, 127] and one scale per output channel (per row
    for a table of embeddings), scale = absmax / 127, the codes being rounded to
    nearest even. The weight becomes `slim.dequantize` of the codes; the graph
    computes in floats as before.

    With `activations=dynamic` the inputs of linear ops with such a weight are
    quantized while the model runs, to unsigned 8-bit codes with a scale and a
    zero point per row (a token of a transformer), which needs no calibration.
    `slim-form-integer-ops` then computes these products in integers. Products
    of which 32 bits might not hold the sums (more than 65,793 terms) and
    convolutions keep float activations.

    The floats that are quantized are those at the leaf of the weight's
    expression: of a weight that is already N:M sparse, only the survivors. The
    pass leaves alone, with a remark, weights whose values are integers or
    8-bit floats already, and weights that would not shrink.

    Numeric effect: each value moves by at most half the scale of its channel;
    typically 0.5 to 1 % of the weight's norm. An activation moves by at most
    half of 1/255 of its row's range.

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
  let options = commonOptions # [
    Option<"activations", "activations", "std::string", /*default=*/"\"none\"",
           "How inputs of linear ops are quantized: none or dynamic">,
  ];
}

#endif // SLIM_COMPRESS_QUANTIZEPASSES_TD
