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
    Option<"activationBlock", "activation-block", "int64_t", /*default=*/"0",
           "With activations=dynamic: elements of a row that share a scale, "
           "without a zero point; 0 for a scale and a zero point a row">,
    Option<"calibration", "calibration", "std::string", /*default=*/"",
           "The file of the layers' inputs' statistics">,
    Option<"correctBias", "correct-bias", "bool", /*default=*/"true",
           "Take the mean error of outputs out of biases, given calibration">,
  ];
}

def QuantizePass : CompressionPass<"quantize"> {
  let summary = "Store weights in any number format with any scales";
  let description = [{
    Replaces the stored floats of weights by codes of `format`. The formats:

    | name | codes | numbers before the scale |
    |---|---|---|
    | int8, int4, int3, int2 | i8 .. i2 | integers, [-7, 7] for int4; `asymmetric` uses all codes and a zero point |
    | ternary | i2 | -1, 0, 1; the plain scale is the mean magnitude (BitNet b1.58) |
    | binary | ui1 | -1, 1; likewise (XNOR-Net) |
    | fp8e4m3, fp8e5m2, fp4e2m1 | f8E4M3FN, f8E5M2, f4E2M1FN | floats, saturated |
    | nf4 | ui4 | a table of 16 quantiles of the normal distribution, by groups of 64 (QLoRA) |
    | kmeans2 .. kmeans8 | ui2 .. ui8 | a table that algorithm=kmeans learns for each weight |
    | mxfp8, mxfp4 | f8E4M3FN, f4E2M1FN | by groups of 32 with a power of two each (OCP Microscaling) |
    | nvfp4 | f4E2M1FN | by groups of 16 with an E4M3 scale each, relative to an f32 one |

    A scale is shared by the whole weight, by an output channel (the default), by
    `group-size` elements along the reduction of a channel, or by a `block` of
    channels and elements; extents need not divide. The reduction of a
    convolution is that of a filter, flattened. A table of embeddings has a
    channel for each row. `scale-type` stores scales in another type than the
    weight's.

    `algorithm` picks scales and codes: rtn rounds to nearest with scales from
    the largest magnitudes, mse searches for the scales of least squared error,
    hqq for those of an error that forgives outliers, kmeans learns tables; other
    algorithms need `calibration`, statistics of the layers' inputs. With them mse
    and kmeans weigh each element by its input's mean square, and the report has
    an `output_error`; gptq makes later columns make up for the errors of earlier
    ones, autoround learns where to round, and awq-clip clips ranges.
    `algorithm-options` lists what these can be told.

    With statistics, the mean error of a layer's outputs, which the means of its
    inputs give, is taken out of its bias (`correct-bias`); a layer without a
    bias gets one.

    Rounding changes a channel's norm. With `correct-norm` its scales are
    multiplied by the ratio of the norms (Banner et al., arXiv 1810.05723), or
    with statistics of the roots of its outputs' mean squares, so that nothing
    runs at inference; scales in e8m0 and e4m3, and scales that channels share,
    cannot hold the factor, which the report says.

    `budget=BITS formats=A,B,...` chooses one of several formats for each weight,
    such that all together take at most so many bits per element, scales
    included, and the sum of the layers' squared relative output errors (of the
    weights' errors, without statistics) is least. Each format's errors are
    measured, with the same algorithm, before the choice; weights with one input
    (q, k and v) get one format. With `sensitivity` it is the model's outputs
    that count: the loss that `measure-sensitivity` saw of a change of the
    weight, times the square of the format's error over that change's.

    The weight becomes `slim.dequantize` of the codes, over
    `slim.codebook_decode` where the format has a table, and under
    `slim.reshape_decode` where groups run through several dimensions. Of a
    weight that is N:M sparse already, the survivors are quantized. The pass
    leaves alone, with a remark, weights whose values are no floats of 16 or 32
    bits and those that would not shrink.

    With `activations=dynamic`, the inputs of linear ops are quantized while the
    model runs: for formats of integers by row, as `quantize-int8` describes; with
    `activation-block=N` to i8 with a scale for each N elements of a row and no
    zero point, whose products are summed in integers block by block; for formats
    of 8-bit floats to f8E4M3FN with such scales (one a row for 0).

    Numeric effect: that of the format; `relative_error` in the report says it
    for each weight.

    ```mlir
    slim.weight @w : tensor<1x4xf32> = dense<[[1.0, -2.0, 0.5, 7.0]]>
      : tensor<1x4xf32>
    %w = slim.get_weight @w : tensor<1x4xf32>
    ```

    becomes with `format=int4 group-size=2`

    ```mlir
    slim.weight @w : tensor<1x4xi4> = dense<[[4, -7, 0, 7]]> : tensor<1x4xi4>
    slim.weight @w.scale : tensor<1x2xf32> = dense<[[0.285714298, 1.0]]>
      : tensor<1x2xf32>
    %q = slim.get_weight @w : tensor<1x4xi4>
    %s = slim.get_weight @w.scale : tensor<1x2xf32>
    %w = slim.dequantize %q, %s {block = array<i64: 1, 2>}
      : (tensor<1x4xi4>, tensor<1x2xf32>) -> tensor<1x4xf32>
    ```
  }];
  let options = commonOptions # [
    Option<"format", "format", "std::string", /*default=*/"\"int8\"",
           "The number format">,
    Option<"granularity", "granularity", "std::string", /*default=*/"",
           "What shares a scale: tensor, channel, group or block; by default "
           "what the other options say, or the format's own">,
    Option<"groupSize", "group-size", "int64_t", /*default=*/"0",
           "Elements of a group; 128 if not given">,
    Option<"block", "block", "std::string", /*default=*/"",
           "Channels by elements of a block; 128x128 if not given">,
    Option<"algorithm", "algorithm", "std::string", /*default=*/"\"rtn\"",
           "Who picks scales and codes">,
    ListOption<"algorithmOptions", "algorithm-options", "std::string",
               "What the algorithm is told: key=value, ...">,
    Option<"scaleType", "scale-type", "std::string", /*default=*/"",
           "The type of scales: f32, f16, bf16, e8m0 or e4m3; by default the "
           "weight's">,
    Option<"asymmetric", "asymmetric", "bool", /*default=*/"false",
           "Give integer codes a zero point for each scale">,
    Option<"activations", "activations", "std::string", /*default=*/"\"none\"",
           "How inputs of linear ops are quantized: none or dynamic">,
    Option<"activationBlock", "activation-block", "int64_t", /*default=*/"0",
           "With activations=dynamic: elements of a row that share a scale, "
           "without a zero point; 0 for a scale and a zero point a row">,
    Option<"calibration", "calibration", "std::string", /*default=*/"",
           "The file of the layers' inputs' statistics">,
    Option<"correctBias", "correct-bias", "bool", /*default=*/"true",
           "Take the mean error of outputs out of biases, given calibration">,
    Option<"correctNorm", "correct-norm", "bool", /*default=*/"false",
           "Restore each output channel's norm, or given calibration the mean "
           "square of its outputs, by its scales">,
    Option<"budget", "budget", "double", /*default=*/"0",
           "Bits per element that the weights take together; 0 for one format">,
    ListOption<"formats", "formats", "std::string",
               "The formats that a budget is divided among: NAME, or NAME:SIZE "
               "with a group size of its own">,
    Option<"sensitivity", "sensitivity", "std::string", /*default=*/"",
           "With a budget: the file of sensitivities that measure-sensitivity "
           "wrote">,
  ];
}

def QuantizeInt4Pass : CompressionPass<"quantize-int4"> {
  let summary = "Store weights as 4-bit integers with a scale per group";
  let description = [{
    `quantize` with format=int4, by groups of 128 elements along the reduction
    and with scales of least squared error. `group-size=0` is a scale per
    output channel.

    ```mlir
    %w = slim.get_weight @w : tensor<64x256xf32>
    ```

    becomes

    ```mlir
    %q = slim.get_weight @w : tensor<64x256xi4>
    %s = slim.get_weight @w.scale : tensor<64x2xf32>
    %w = slim.dequantize %q, %s {block = array<i64: 1, 128>}
      : (tensor<64x256xi4>, tensor<64x2xf32>) -> tensor<64x256xf32>
    ```
  }];
  let options = commonOptions # [
    Option<"groupSize", "group-size", "int64_t", /*default=*/"128",
           "Elements along the reduction that share a scale; 0 for all">,
    Option<"algorithm", "algorithm", "std::string", /*default=*/"\"mse\"",
           "Who picks scales and codes, as in 'quantize'">,
    ListOption<"algorithmOptions", "algorithm-options", "std::string",
               "What the algorithm is told: key=value, ...">,
    Option<"asymmetric", "asymmetric", "bool", /*default=*/"false",
           "Give codes a zero point for each scale">,
    Option<"activations", "activations", "std::string", /*default=*/"\"none\"",
           "How inputs of linear ops are quantized: none or dynamic">,
    Option<"activationBlock", "activation-block", "int64_t", /*default=*/"0",
           "With activations=dynamic: elements of a row that share a scale, "
           "without a zero point; 0 for a scale and a zero point a row">,
    Option<"calibration", "calibration", "std::string", /*default=*/"",
           "The file of the layers' inputs' statistics">,
    Option<"correctBias", "correct-bias", "bool", /*default=*/"true",
           "Take the mean error of outputs out of biases, given calibration">,
    Option<"correctNorm", "correct-norm", "bool", /*default=*/"false",
           "Restore each output channel's norm, or given calibration the mean "
           "square of its outputs, by its scales">,
  ];
}

def QuantizeFP8Pass : CompressionPass<"quantize-fp8"> {
  let summary = "Store weights as 8-bit floats";
  let description = [{
    `quantize` with format=fp8e4m3 or fp8e5m2 and, by default, a scale per output
    channel: the largest magnitude becomes the largest number.
    `block=128x128 activations=dynamic activation-block=128` is the form of
    DeepSeek-V3: with it, the inputs of linear ops are rounded to f8E4M3FN while
    the model runs, with a scale for each 128 elements of a row
    (`slim.dynamic_scale`).

    ```mlir
    %w = slim.get_weight @w : tensor<64x256xf32>
    ```

    becomes

    ```mlir
    %q = slim.get_weight @w : tensor<64x256xf8E4M3FN>
    %s = slim.get_weight @w.scale : tensor<64x1xf32>
    %w = slim.dequantize %q, %s {block = array<i64: 1, 0>}
      : (tensor<64x256xf8E4M3FN>, tensor<64x1xf32>) -> tensor<64x256xf32>
    ```
  }];
  let options = commonOptions # [
    Option<"type", "type", "std::string", /*default=*/"\"e4m3\"",
           "The float: e4m3 or e5m2">,
    Option<"granularity", "granularity", "std::string", /*default=*/"",
           "What shares a scale: tensor, channel, group or block">,
    Option<"groupSize", "group-size", "int64_t", /*default=*/"0",
           "Elements of a group; 128 if not given">,
    Option<"block", "block", "std::string", /*default=*/"",
           "Channels by elements of a block; 128x128 if not given">,
    Option<"activations", "activations", "std::string", /*default=*/"\"none\"",
           "How inputs of linear ops are quantized: none or dynamic">,
    Option<"activationBlock", "activation-block", "int64_t", /*default=*/"0",
           "With activations=dynamic: elements of a row that share a scale; 0 "
           "for all">,
  ];
}

def QuantizeBinaryPass : CompressionPass<"quantize-binary"> {
  let summary = "Store weights as signs with a scale per channel";
  let description = [{
    `quantize` with format=binary: each weight becomes plus or minus the mean
    magnitude of its output channel (XNOR-Net), a bit each; or, with `ternary`,
    one of -a, 0 and a, with a of least squared error. Without training
    afterwards hardly any layer survives it; use `include` to choose.

    ```mlir
    %w = slim.get_weight @w : tensor<64x256xf32>
    ```

    becomes

    ```mlir
    %q = slim.get_weight @w : tensor<64x256xui1>
    %t = slim.get_weight @w.table : tensor<2xf32>
    %s = slim.get_weight @w.scale : tensor<64x1xf32>
    %n = slim.codebook_decode %q, %t
      : (tensor<64x256xui1>, tensor<2xf32>) -> tensor<64x256xf32>
    %w = slim.dequantize %n, %s {block = array<i64: 1, 0>}
      : (tensor<64x256xf32>, tensor<64x1xf32>) -> tensor<64x256xf32>
    ```
  }];
  let options = commonOptions # [
    Option<"ternary", "ternary", "bool", /*default=*/"false",
           "Have a zero, too">,
    Option<"groupSize", "group-size", "int64_t", /*default=*/"0",
           "Elements along the reduction that share a scale; 0 for all">,
  ];
}

def QuantizeActivationsPass : Pass<"quantize-activations", "::mlir::ModuleOp"> {
  let summary = "Quantize activations with scales from calibration";
  let description = [{
    Static quantization: every activation that a quantized product reads becomes
    unsigned 8-bit codes with one scale and zero point for the whole tensor,
    chosen from what calibration saw (`slim-calibrate` with `--values=all` and
    histograms, unless `range=minmax`). The pass inserts `slim.quantize` and
    `slim.dequantize` behind the value; `slim-form-integer-ops` then computes the
    products in integers, so that values between quantized ops are bytes in
    memory.

    Products are linear ops and convolutions whose weights are 8-bit codes
    already (run `quantize-int8` before), and with `matmuls` products of two
    activations and attention. Sums, products by elements, averages and resizings
    whose result is quantized read quantized operands, too, but for the result of
    a product that nothing else reads, which never reaches memory. Functions of
    one element (sums and products with constants among them), concatenations and
    moves are passed through: what they compute is quantized, or what they move.

    `range` names the estimator that chooses how much of the observed range is
    coded: `minmax`, `percentile`, `mse` or `entropy`.

    A value without statistics, or with infinite ones, keeps its floats, with a
    remark. The report has an entry for each value; `relative_error` is the root
    of the mean squared rounding error over the mean square, by the histogram.

    Example:

    ```mlir
    %y = slim.linear %x, %w : (tensor<?x384xf32>, tensor<64x384xf32>)
      -> tensor<?x64xf32>
    ```

    becomes, for values from -1 to 3 and an 8-bit weight,

    ```mlir
    %s = slim.constant dense<0.0156862754> : tensor<1x1xf32>
    %z = slim.constant dense<64> : tensor<1x1xui8>
    %q = slim.quantize %x, %s, %z {block = array<i64: 0, 0>, to = ui8}
      : (tensor<?x384xf32>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x384xui8>
    %d = slim.dequantize %q, %s, %z {block = array<i64: 0, 0>}
      : (tensor<?x384xui8>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x384xf32>
    %y = slim.linear %d, %w : (tensor<?x384xf32>, tensor<64x384xf32>)
      -> tensor<?x64xf32>
    ```
  }];
  let options = [
    Option<"calibration", "calibration", "std::string", /*default=*/"",
           "File of statistics that slim-calibrate wrote">,
    Option<"range", "range", "std::string", /*default=*/"\"mse\"",
           "How ranges are chosen: minmax, percentile, mse or entropy">,
    Option<"percentile", "percentile", "double", /*default=*/"99.99",
           "With range=percentile: the percentage below the upper end, and "
           "above the lower end">,
    Option<"matmuls", "matmuls", "bool", /*default=*/"false",
           "Also the operands of products of two activations and of attention">,
    Option<"exclude", "exclude", "std::string", /*default=*/"",
           "No value in whose observer's name this regular expression is found">,
  ];
  let statistics = [
    Statistic<"numQuantized", "num-quantized", "Activations quantized">,
    Statistic<"numSkipped", "num-skipped", "Activations left in floats">,
  ];
  let dependentDialects = ["::slim::SlimDialect"];
}

#endif // SLIM_COMPRESS_QUANTIZEPASSES_TD
