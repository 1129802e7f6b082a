//===- Passes.td - Passes within the slim dialect ----------*- tablegen -*-===//
#ifndef SLIM_IR_TRANSFORMS_PASSES_TD
#define SLIM_IR_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def DifferentiatePass : Pass<"slim-differentiate", "::mlir::ModuleOp"> {
  let summary = "add a function that returns gradients, too";
  let description = [{
    Adds, behind a function, one that is called like it with `.gradient`
    appended. It takes the function's arguments and, for each of its results of
    floats, the gradient of some loss with respect to that result; it returns
    the function's results and the gradients of that loss with respect to the
    chosen arguments and weights (reverse-mode differentiation). Weights come in
    the order in which they are read, dense where they are compressed.

    Only ops between what is chosen and the results need a derivative; an op
    there that has none is an error, which names it.

    Example, with `arguments=0`:

    ```mlir
    func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
      %y = slim.exp %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
      return %y : tensor<?x4xf32>
    }
    ```

    gets beside it

    ```mlir
    func.func @f.gradient(%x: tensor<?x4xf32>, %g: tensor<?x4xf32>)
        -> (tensor<?x4xf32>, tensor<?x4xf32>) {
      %y = slim.exp %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
      %d = slim.mul %g, %y
        : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
      return %y, %d : tensor<?x4xf32>, tensor<?x4xf32>
    }
    ```
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"",
           "The function; by default the only public one">,
    ListOption<"arguments", "arguments", "unsigned",
               "Numbers of arguments to take gradients of; without any and "
               "without 'weights', all of floats">,
    Option<"weights", "weights", "std::string", /*default=*/"",
           "Also of the weights in whose name this regular expression is "
           "found">,
  ];
  let statistics = [
    Statistic<"numGradients", "num-gradients", "Gradients that are returned">,
  ];
  let dependentDialects = ["::slim::SlimDialect"];
}

def FoldBatchNormPass : Pass<"slim-fold-batch-norm", "::mlir::ModuleOp"> {
  let summary = "fold batch normalization into the layer before it";
  let description = [{
    Replaces `slim.batch_norm` after a `slim.conv`, `slim.conv_transpose` or
    `slim.linear` by other weights of that layer, where its result has no other
    use and all parameters are constants or weights with data. Likewise a
    multiplication by, an addition or a subtraction of one number a channel.

    The new weights are computed in f64 and rounded once. They take the names of
    the old ones, which are erased if nothing else uses them; otherwise the old
    ones stay and the new ones have `.folded` behind their names. A bias that
    the layer did not have is named after its weight. Layers in several
    functions that share their parameters share the folded ones, too.

    A normalization without such a layer before it, or one whose parameters are
    compressed or have no data, stays.

    Numeric effect: rounding only.

    Before:

    ```mlir
    %y = slim.conv %x, %w {...} : ...
    %z = slim.batch_norm %y, %scale, %bias, %mean, %variance {epsilon = 1.0e-5 : f32} : ...
    ```

    After:

    ```mlir
    %w = slim.get_weight @conv.weight : tensor<8x3x3x3xf32>
    %b = slim.get_weight @conv.bias : tensor<8xf32>
    %z = slim.conv %x, %w, %b {...} : ...
    ```
  }];
  let statistics = [
    Statistic<"numFolded", "num-folded", "Ops folded into the layer before">,
    Statistic<"numLeft", "num-left", "Batch normalizations left">,
  ];
  let dependentDialects = ["::slim::SlimDialect"];
}

def FuseIdiomsPass : Pass<"slim-fuse-idioms"> {
  let summary = "recognize ops that exporters write as arithmetic";
  let description = [{
    Replaces, in whatever order exporters write the factors and terms:

    - x / 2 * (1 + erf(x / sqrt 2)) by `slim.gelu`, and its approximation with
      tanh likewise;
    - x * sigmoid(x) by `slim.silu`;
    - min(max(x + 3, 0), 6) / 6 by `slim.hard_sigmoid`, and x times it by
      `slim.hard_swish`;
    - (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon), over the last
      dimensions, by `slim.layer_norm`, which takes a weight or constant that it
      is multiplied by, and one that is added, as its scale and bias;
    - x / sqrt(mean(x^2) + epsilon) by `slim.rms_norm`, with its scale;
    - softmax(Q K^T * scale + mask) V over tensors of rank 4 or 3 by
      `slim.attention`. Scores, query and key may be scaled by constants; masks
      are addends of the scores, or replace scores where a condition holds by
      minus infinity or the least number. NaN in the weights may be replaced
      by 0. Batches and heads must be known to be equal, so that no operand is
      broadcast.

    Constants are compared within the precision of the element type. Parts that
    have other uses stay, and nothing is fused if an inner product has.

    Numeric effect: rounding only; f16 and bf16 gain, since norms and the
    scores of attention are computed in f32. A query whose scores are all minus
    infinity gives 0 in place of NaN.

    Before:

    ```mlir
    %d = slim.div %x, %sqrt2 : (tensor<?x64xf32>, tensor<f32>) -> tensor<?x64xf32>
    %e = slim.erf %d : (tensor<?x64xf32>) -> tensor<?x64xf32>
    %f = slim.add %e, %one : (tensor<?x64xf32>, tensor<f32>) -> tensor<?x64xf32>
    %g = slim.mul %x, %f : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
    %h = slim.mul %g, %half : (tensor<?x64xf32>, tensor<f32>) -> tensor<?x64xf32>
    ```

    After:

    ```mlir
    %h = slim.gelu %x : (tensor<?x64xf32>) -> tensor<?x64xf32>
    ```
  }];
  let statistics = [
    Statistic<"numActivations", "num-activations",
              "Activation functions recognized">,
    Statistic<"numNorms", "num-norms", "Normalizations recognized">,
    Statistic<"numAttentions", "num-attentions", "Attentions recognized">,
  ];
  let dependentDialects = ["::slim::SlimDialect"];
}

def RefineTypesPass : Pass<"slim-refine-types", "::mlir::ModuleOp"> {
  let summary = "infer types again and fold what becomes constant";
  let description = [{
    Visits the ops of every function in order. An op that folds is replaced; the
    result types of others are inferred again from the types and known values of
    their operands, and an extent that is found replaces a dynamic one. Shape
    arithmetic on extents that are found becomes constant in turn, which makes
    later types precise: one visit suffices.

    The result types of functions follow what they return, in their calls, too.
    Users outside the dialect keep their operand types by a `tensor.cast`. Ops
    without effects whose results are not used any longer are erased.

    Extents are never made less precise, argument types never change, and a
    function whose symbol has uses other than calls keeps its type.

    Numeric effect: none, but for the rounding of constants that are evaluated
    at compile time.

    Before:

    ```mlir
    %s = slim.shape %x {start = 0, end = 2} : (tensor<?x8xf32>) -> tensor<2xi64>
    %i = slim.constant dense<1> : tensor<i64>
    %n = slim.gather %s, %i {axis = 0} : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
    %r = slim.range %zero, %n, %one
      : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
    ```

    After:

    ```mlir
    %r = slim.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi64>
    ```
  }];
  let statistics = [
    Statistic<"numRefined", "num-refined", "Results with a more precise type">,
    Statistic<"numFolded", "num-folded", "Ops folded">,
  ];
  let dependentDialects = ["::mlir::tensor::TensorDialect",
                           "::slim::SlimDialect"];
}

#endif // SLIM_IR_TRANSFORMS_PASSES_TD
