//===- InvariancePasses.td - Passes that keep the function -*- tablegen -*-===//
#ifndef SLIM_COMPRESS_INVARIANCEPASSES_TD
#define SLIM_COMPRESS_INVARIANCEPASSES_TD

include "slim/Compress/CompressionPass.td"

def SmoothActivationsPass : CompressionPass<"smooth-activations"> {
  let summary = "Move magnitude between activations and weights";
  let description = [{
    For the input x of linear ops, a scale for each channel: the weights' columns
    are multiplied by s and x by 1/s, so that the model computes the same and is
    easier to quantize. All linear ops that read one value share s. The scales
    come from statistics of the inputs (`calibration`):

    - `method=smoothquant` (arXiv 2211.10438), for quantized activations:
      s = max|x|^a / max|w|^(1-a) by channel. `strength` is a; without it the a
      is searched, for each value, that makes the expected output error least:
      of weights rounded to `format` and of the activation rounded to 8 bits
      with one scale.
    - `method=awq` (arXiv 2306.00978), for quantized weights alone: the scales of
      a grid that make the output error of weights rounded to `format` least.
      Needs the second moments of the inputs.

    The factor 1/s goes into the op that makes x where nothing else reads x: the
    scale and bias of a layer or RMS normalization, the weight and bias of a
    linear op, or a vector that x is multiplied by. Elsewhere (after GELU, or
    where a residual connection reads x as well) a product by the vector 1/s is
    inserted, which the loop that makes x computes on the way; `insert=false`
    leaves such inputs alone.

    Left alone, with a remark: weights that are compressed already, that other
    ops use as well, or that multiply several values; inputs without statistics;
    and what no scale improves. Statistics of the inputs are other ones
    afterwards: calibrate anew before an algorithm that uses them.

    Numeric effect: none but the rounding of fp32.

    ```mlir
    %n = slim.rms_norm %x, %g {axis = 1, epsilon = 1.0e-5 : f32}
      : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    %y = slim.linear %n, %w : (tensor<?x64xf32>, tensor<32x64xf32>)
      -> tensor<?x32xf32>
    ```

    keeps its form: @w holds w diag(s), and @g holds g / s.
  }];
  let options = commonOptions # [
    Option<"calibration", "calibration", "std::string", /*default=*/"",
           "The file of the inputs' statistics">,
    Option<"method", "method", "std::string", /*default=*/"\"smoothquant\"",
           "Where scales come from: smoothquant or awq">,
    Option<"strength", "strength", "double", /*default=*/"-1",
           "SmoothQuant's exponent, 0 to 1; searched if not given">,
    Option<"format", "format", "std::string", /*default=*/"",
           "What weights are expected to be rounded to: int8 by default for "
           "smoothquant, int4 for awq">,
    Option<"groupSize", "group-size", "int64_t", /*default=*/"0",
           "Elements along the reduction that share a scale then; 0 for all">,
    Option<"insert", "insert", "bool", /*default=*/"true",
           "Insert a product where no op absorbs the factor">,
  ];
  let statistics = commonStatistics # [
    Statistic<"numAbsorbed", "num-absorbed",
              "Inputs whose factor an op absorbed">,
    Statistic<"numInserted", "num-inserted",
              "Inputs that are multiplied by their factor">,
  ];
}

def RotatePass : Pass<"rotate", "::mlir::ModuleOp"> {
  let summary = "Rotate the residual stream and heads of a decoder";
  let description = [{
    QuaRot's rotations that cost nothing (arXiv 2404.00456, called R1 and R2 by
    SpinQuant, arXiv 2405.16406): random Hadamard matrices spread the outliers of
    activations and weights over all channels, and are multiplied into weights,
    so that the model computes the same.

    - The residual stream x becomes R1^T x: tables of embeddings and the weights
      and biases of linear ops whose results are added to the stream are rotated
      from one side, the weights of linear ops that read it, through RMS norms or
      without, from the other. The norms' scales go into these weights. The
      stream is found from the inputs of RMS norms, through additions; all that
      touch it must be of these kinds, or nothing is done.
    - The values of each head become R2^T v: between the linear op that makes the
      values and the one that reads what attention gives.

    Sizes are 2^k, or 2^k times 12, 20, 28, 36 and so on (Paley's matrices); for
    other sizes, for layer normalization (which subtracts the mean, and so does
    not commute with rotations), for a stream that begins or ends in an argument
    or a result, and for weights that are compressed already, the pass says why
    it leaves the stream or the head alone. A table that embeds and is the
    output layer, too, becomes two weights, as the last norm's scale goes into
    one of them.

    Numeric effect: none but the rounding of fp32.

    ```mlir
    %n = slim.rms_norm %x, %g {axis = 2, epsilon = 1.0e-5 : f32}
      : (tensor<?x?x64xf32>, tensor<64xf32>) -> tensor<?x?x64xf32>
    %y = slim.linear %n, %w : (tensor<?x?x64xf32>, tensor<32x64xf32>)
      -> tensor<?x?x32xf32>
    ```

    becomes, with w diag(g) R1 in @w,

    ```mlir
    %n = slim.rms_norm %x {axis = 2, epsilon = 1.0e-5 : f32}
      : (tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
    ```
  }];
  let options = [
    Option<"stream", "stream", "bool", /*default=*/"true",
           "Rotate the residual stream (R1)">,
    Option<"heads", "heads", "bool", /*default=*/"true",
           "Rotate the values of heads (R2)">,
    Option<"seed", "seed", "uint64_t", /*default=*/"0",
           "Of the random signs">,
  ];
  let statistics = [
    Statistic<"numWeights", "num-weights", "Weights rotated">,
    Statistic<"numHeads", "num-heads", "Attentions whose values are rotated">,
  ];
  let dependentDialects = ["::slim::SlimDialect"];
}

#endif // SLIM_COMPRESS_INVARIANCEPASSES_TD
