//===- Passes.td - Passes that prepare calibration ---------*- tablegen -*-===//
#ifndef SLIM_CALIBRATE_PASSES_TD
#define SLIM_CALIBRATE_PASSES_TD

include "mlir/Pass/PassBase.td"

def InsertObserversPass : Pass<"slim-insert-observers", "::mlir::ModuleOp"> {
  let summary = "mark where calibration takes statistics";
  let description = [{
    Puts a `slim.observe` at the floating-point input of every op that
    multiplies by a weight. Its name is the weight's symbol; the inputs of
    further ops with the same weight are called `name#1`, `name#2`, ... where
    they are other values. Ranges and histograms are of the input itself,
    statistics of channels and second moments of the matrix that
    CompressibleOpInterface::buildActivationRows makes of it (im2col for
    convolutions, one group of columns a group of the convolution). An op
    without such a matrix (a transposed convolution) is observed without
    them, an op that only looks up rows of a weight not at all.

    With `values=all` every floating-point value that an op computes, and every
    floating-point argument, is observed too, by `value-kinds`: its name is `%`
    and the name of its location (for an argument its name in the model),
    followed by `:` and its number where an op has several results, and by
    `~1`, `~2`, ... where a name is taken.

    The model's results stay as they are.

    Example:

    ```mlir
    %y = slim.linear %x, %w : (tensor<4x8xf32>, tensor<2x8xf32>) -> tensor<4x2xf32>
    ```

    After, where %w is the value of @fc:

    ```mlir
    slim.observe %x {kinds = ["range", "channels"], name = "fc"} : tensor<4x8xf32>
    %y = slim.linear %x, %w : (tensor<4x8xf32>, tensor<2x8xf32>) -> tensor<4x2xf32>
    ```
  }];
  let options = [
    ListOption<"kinds", "kinds", "std::string",
               "Statistics of the inputs of weights: range, channels, "
               "second_moment, histogram (default: range,channels)">,
    Option<"values", "values", "std::string", /*default=*/"\"none\"",
           "Which other values to observe: none or all">,
    ListOption<"valueKinds", "value-kinds", "std::string",
               "Statistics of other values: range, channels, second_moment, "
               "histogram (default: range)">,
  ];
  let statistics = [
    Statistic<"numObservers", "num-observers", "Observers inserted">,
  ];
  let dependentDialects = ["::slim::SlimDialect"];
}

def ExposeObserversPass : Pass<"slim-expose-observers", "::mlir::ModuleOp"> {
  let summary = "turn observers into results that calibration adds up";
  let description = [{
    Replaces every `slim.observe` of a public function by additional results of
    it. Observers of one value share what is computed, next to the value:

    - with `channels` or `second_moment`, the extents of all dimensions but the
      last, whose product is the number of rows;
    - with `channels`, minimum, maximum, sum, sum of |x| and sum of x^2 per
      column; with only a `range` (or a `histogram`) minimum and maximum;
    - with `second_moment`, the sum of x x^T over rows, of each group.

    Results hold the extents, then others the numbers per column, of several
    values, one after the other; each sum of products is one more.

    With `histograms` the results are instead the values themselves that have a
    histogram. This is what calibration compiles; the pass makes it visible.

    Example:

    ```mlir
    slim.observe %x {kinds = ["second_moment"], name = "fc"} : tensor<4x8xf32>
    return %y : tensor<4x2xf32>
    ```

    After:

    ```mlir
    %n = slim.shape %x {end = 1 : i64, start = 0 : i64} : (tensor<4x8xf32>) -> tensor<1xi64>
    %t = slim.transpose %x {permutation = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
    %m = slim.matmul %t, %x : (tensor<8x4xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
    return %y, %n, %m : tensor<4x2xf32>, tensor<1xi64>, tensor<8x8xf32>
    ```
  }];
  let options = [
    Option<"histograms", "histograms", "bool", /*default=*/"false",
           "Expose the values that have a histogram">,
  ];
  let statistics = [
    Statistic<"numProbes", "num-probes", "Values observed">,
  ];
  let dependentDialects = ["::slim::SlimDialect"];
}

#endif // SLIM_CALIBRATE_PASSES_TD
