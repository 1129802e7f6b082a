//===- LowRankPasses.td - Passes that factorize ------------*- tablegen -*-===//
#ifndef SLIM_COMPRESS_LOWRANKPASSES_TD
#define SLIM_COMPRESS_LOWRANKPASSES_TD

include "slim/Compress/CompressionPass.td"

def LowRankFactorizePass : CompressionPass<"lowrank-factorize"> {
  let summary = "Replace a weight by two thinner ones";
  let description = [{
    Truncated singular value decomposition: W [m, n] ~ L [m, r] R [r, n], the
    nearest matrix of rank r, with the singular values split evenly. A linear
    layer becomes two, a convolution one with r channels and a 1x1 convolution,
    an embedding a narrower table and a linear layer. No new op is needed: the
    factors are ordinary weights, which other passes may compress further.

    The rank is given by exactly one of `rank`, `energy` and `ratio`. A rank
    from `energy` is rounded up to a multiple of `align` and one from `ratio`
    down, since kernels are fastest at such sizes; `rank` is taken as it is.

    A weight that is compressed already is decoded first. It is only replaced
    if the factors take fewer bytes than its present form. The pass leaves
    alone, with a remark, weights for which that is not so and those with a use
    that has no factorized form (a grouped or transposed convolution, another
    op that reads the weight). Numeric effect: the relative error of the weight
    is sqrt(1 - energy kept).

    ```mlir
    %w = slim.get_weight @w : tensor<64x64xf32>
    %y = slim.linear %x, %w : (tensor<?x64xf32>, tensor<64x64xf32>)
      -> tensor<?x64xf32>
    ```

    becomes with `rank=16`

    ```mlir
    %r = slim.get_weight @w.right : tensor<16x64xf32>
    %l = slim.get_weight @w.left : tensor<64x16xf32>
    %h = slim.linear %x, %r : (tensor<?x64xf32>, tensor<16x64xf32>)
      -> tensor<?x16xf32>
    %y = slim.linear %h, %l : (tensor<?x16xf32>, tensor<64x16xf32>)
      -> tensor<?x64xf32>
    ```
  }];
  let options = commonOptions # [
    Option<"rank", "rank", "int64_t", /*default=*/"0",
           "The rank of all factorized weights">,
    Option<"energy", "energy", "double", /*default=*/"0",
           "Choose for each weight the smallest rank that keeps this share of "
           "the sum of squared singular values, above 0 to 1">,
    Option<"ratio", "ratio", "double", /*default=*/"0",
           "Choose for each weight the largest rank at which the factors have "
           "at most this share of its elements, above 0 to 1">,
    Option<"align", "align", "int64_t", /*default=*/"16",
           "Make a rank from energy or ratio a multiple of this">,
  ];
}

#endif // SLIM_COMPRESS_LOWRANKPASSES_TD
