//===- CastPasses.td - Passes that narrow floats -----------*- tablegen -*-===//
#ifndef SLIM_COMPRESS_CASTPASSES_TD
#define SLIM_COMPRESS_CASTPASSES_TD

include "slim/Compress/CompressionPass.td"

def CastProductsPass : CompressionPass<"cast-products"> {
  let summary = "Multiply 16-bit floats and sum in 32 bits";
  let description = [{
    Rounds both operands of products to a float of 16 bits, to nearest even:
    weights once, when the model is compressed (half the bytes), activations
    where they are made. The sums, biases and everything that is no product stay
    f32, so that products become the 16-bit instructions of processors that have
    them (`vdpbf16ps`) and nothing else loses precision. A tensor that several
    products read is rounded once; what else reads it reads it unrounded.

    Serves linear layers, convolutions and, with `matmuls`, products of two
    activations; attention then is computed on operands of that type, and gives
    it. Tables of embeddings are stored in 16 bits, too. A weight that
    is pruned to a sparse form keeps it, with its values in 16 bits, and its
    activation stays f32. The pass leaves alone, with a remark: weights whose
    values are not f32 (they are narrow already), depthwise filters, which sum
    too little for such instructions, and transposed convolutions.

    Numeric effect: bf16 has 8 significant bits and f32's range, so every
    operand moves by at most 0.4 %; f16 has 11 bits (0.05 %) but ends at 65504:
    a weight beyond it is left alone, an activation beyond it becomes infinite.
    Products in f16 are those of f32 with conversions before them: they save bytes
    and no time.

    ```mlir
    %w = slim.get_weight @w : tensor<64x64xf32>
    %y = slim.linear %x, %w : (tensor<?x64xf32>, tensor<64x64xf32>)
      -> tensor<?x64xf32>
    ```

    becomes

    ```mlir
    %v = slim.get_weight @w : tensor<64x64xbf16>
    %w = slim.cast %v {to = f32} : (tensor<64x64xbf16>) -> tensor<64x64xf32>
    %n = slim.cast %x {to = bf16} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
    %x2 = slim.cast %n {to = f32} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
    %y = slim.linear %x2, %w : (tensor<?x64xf32>, tensor<64x64xf32>)
      -> tensor<?x64xf32>
    ```
  }];
  let options = commonOptions # [
    Option<"type", "type", "std::string", /*default=*/"\"bf16\"",
           "The float to round to: bf16 or f16">,
    Option<"matmuls", "matmuls", "bool", /*default=*/"true",
           "Round the operands of products of two activations and of attention, "
           "too">,
  ];
  let statistics = commonStatistics # [
    Statistic<"numMatmuls", "num-matmuls",
              "Products of two activations and attentions">,
  ];
}

#endif // SLIM_COMPRESS_CASTPASSES_TD
