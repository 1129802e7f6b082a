//===- DecodePasses.td - Passes that undo a storage format -*- tablegen -*-===//
#ifndef SLIM_COMPRESS_DECODEPASSES_TD
#define SLIM_COMPRESS_DECODEPASSES_TD

include "slim/Compress/CompressionPass.td"

def DecodeWeightsPass : CompressionPass<"decode-weights"> {
  let summary = "Store the floats that compressed weights decode to";
  let description = [{
    Replaces the decode ops over a stored weight by a weight of their value. The
    model then computes what the compressed one does, with the kernels of floats:
    the simulation that a compiled, compressed model is compared with
    (`test/Compress/simulated-run.test`), and a form for tools that know floats
    alone. Bytes grow accordingly.

    The pass leaves alone weights that are stored as floats already, and what
    compression did to activations. A factorized weight is two such weights.

    Numeric effect: none on the weights, as decoding is computed in the order of
    the decode ops. Kernels that take a scale out of a sum, or sum integers,
    differ from products by decoded weights by the rounding errors of a sum.

    ```mlir
    slim.weight @w : tensor<1x2xi8> = dense<[[2, -4]]> : tensor<1x2xi8>
    slim.weight @w.scale : tensor<1x1xf32> = dense<0.5> : tensor<1x1xf32>
    %q = slim.get_weight @w : tensor<1x2xi8>
    %s = slim.get_weight @w.scale : tensor<1x1xf32>
    %w = slim.dequantize %q, %s {block = array<i64: 1, 0>}
      : (tensor<1x2xi8>, tensor<1x1xf32>) -> tensor<1x2xf32>
    ```

    becomes

    ```mlir
    slim.weight @w : tensor<1x2xf32> = dense<[[1.0, -2.0]]> : tensor<1x2xf32>
    %w = slim.get_weight @w : tensor<1x2xf32>
    ```
  }];
}

#endif // SLIM_COMPRESS_DECODEPASSES_TD
