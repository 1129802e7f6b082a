//===- PrunePasses.td - Passes that remove weights ---------*- tablegen -*-===//
#ifndef SLIM_COMPRESS_PRUNEPASSES_TD
#define SLIM_COMPRESS_PRUNEPASSES_TD

include "slim/Compress/CompressionPass.td"

def PruneUnstructuredPass : CompressionPass<"prune-unstructured"> {
  let summary = "Set the smallest weights to zero";
  let description = [{
    Magnitude pruning inside each weight: the round(sparsity * elements)
    elements of smallest magnitude become zero, exactly that many, those that
    are zero already included. Of equal magnitudes the one with the lower index
    is kept.

    Magnitudes are those of the decoded weight. What is stored is changed in
    place: the integer codes of a quantized weight become the code of zero and
    its scales stay, survivors of an N:M sparse weight become stored zeros.

    The dense storage does not shrink by this pass: zeros are an input to
    formats and to entropy coding. Numeric effect: no other element changes.

    ```mlir
    slim.weight @w : tensor<1x4xf32> = dense<[[1.0, -2.0, 0.5, 3.0]]>
      : tensor<1x4xf32>
    ```

    becomes with `sparsity=0.5`

    ```mlir
    slim.weight @w : tensor<1x4xf32> = dense<[[0.0, -2.0, 0.0, 3.0]]>
      : tensor<1x4xf32>
    ```
  }];
  let options = commonOptions # [
    Option<"sparsity", "sparsity", "double", /*default=*/"0.5",
           "Share of each weight's elements that become zero, 0 to 1">,
  ];
}

def PruneNMPass : CompressionPass<"prune-nm"> {
  let summary = "Keep n of every m weights and store only those";
  let description = [{
    N:M magnitude pruning (2:4 by default, the pattern of sparse tensor cores;
    Mishra et al., arXiv 2104.08378). The weight is taken as a matrix of output
    channels by reduction elements; in each row the `n` elements of largest
    magnitude of every `m` consecutive ones are kept, of equal magnitudes the
    one with the lower index. The weight becomes `slim.sparse_decode` of the
    survivors and their packed positions, and `slim.reshape_decode` where the
    layer stores the matrix in another layout.

    Magnitudes are those of the decoded weight. The codes of a weight that is
    quantized per output channel are pruned inside the sparse form, with the
    scales kept.

    The pass leaves alone, with a remark: weights that sum over nothing
    (embeddings), whose reduction extent `m` does not divide, that are sparse
    already, and that would not shrink. Numeric effect: no survivor changes.

    ```mlir
    slim.weight @w : tensor<1x4xf32> = dense<[[1.0, -2.0, 0.5, 3.0]]>
      : tensor<1x4xf32>
    %w = slim.get_weight @w : tensor<1x4xf32>
    ```

    becomes

    ```mlir
    slim.weight @w : tensor<1x2xf32> = dense<[[-2.0, 3.0]]> : tensor<1x2xf32>
    slim.weight @w.positions : tensor<1x1xui8> = dense<13> : tensor<1x1xui8>
    %v = slim.get_weight @w : tensor<1x2xf32>
    %p = slim.get_weight @w.positions : tensor<1x1xui8>
    %w = slim.sparse_decode %v, %p {n = 2, m = 4}
      : (tensor<1x2xf32>, tensor<1x1xui8>) -> tensor<1x4xf32>
    ```
  }];
  let options = commonOptions # [
    Option<"n", "n", "int64_t", /*default=*/"2", "Elements kept of a chunk">,
    Option<"m", "m", "int64_t", /*default=*/"4", "Elements of a chunk">,
  ];
}

def PruneStructuredPass : Pass<"prune-structured", "::mlir::ModuleOp"> {
  let summary = "Remove channels, neurons and attention heads";
  let description = [{
    Removes whole channels from the graph: filters of convolutions, neurons of
    feed-forward layers, attention heads (with grouped queries, a key head and
    its queries), and with `norms` the width of a residual stream. What has to go
    together, over residual sums, depthwise and grouped convolutions,
    concatenations, slices, reshapes to heads, gates and norms, follows from the
    ops' interfaces (`slim-print-channel-groups` shows it), on any graph. Weights,
    constants and activations become smaller dense tensors; nothing is masked.
    The result computes what the model did if the weights that read the removed
    channels were zero.

    A group of sets that may be removed loses round(ratio * sets) of them, those
    that matter least by `criterion`: the squares of weights (magnitude), these
    times the mean squares of what they multiply in `calibration` (activation,
    Wanda's), or random numbers as a control. The score of a set is the mean, over the
    weights it takes elements from, of the sum of their elements' scores. With
    `ranking=local` each group loses that share; with `global` scores relative to
    the mean of their group are compared over the model, and no group loses more
    than `max-ratio`.

    What is left is a multiple of `align` channels, the nearest one, so that no
    kernel gets a width that it is slow at; a group that is not wider stays
    whole. `align=1` allows any width.

    The report has an entry a weight, with `list-channels` also the channels that
    it lost along each dimension.

    ```mlir
    func.func @f(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
      %up = slim.get_weight @up : tensor<64x8xf32>
      %down = slim.get_weight @down : tensor<8x64xf32>
      %0 = slim.linear %x, %up : (tensor<?x8xf32>, tensor<64x8xf32>) -> tensor<?x64xf32>
      %1 = slim.relu %0 : (tensor<?x64xf32>) -> tensor<?x64xf32>
      %2 = slim.linear %1, %down : (tensor<?x64xf32>, tensor<8x64xf32>) -> tensor<?x8xf32>
      return %2 : tensor<?x8xf32>
    }
    ```

    becomes with `ratio=0.5`

    ```mlir
    func.func @f(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
      %up = slim.get_weight @up : tensor<32x8xf32>
      %down = slim.get_weight @down : tensor<8x32xf32>
      %0 = slim.linear %x, %up : (tensor<?x8xf32>, tensor<32x8xf32>) -> tensor<?x32xf32>
      %1 = slim.relu %0 : (tensor<?x32xf32>) -> tensor<?x32xf32>
      %2 = slim.linear %1, %down : (tensor<?x32xf32>, tensor<8x32xf32>) -> tensor<?x8xf32>
      return %2 : tensor<?x8xf32>
    }
    ```
  }];
  let options = [
    Option<"ratio", "ratio", "double", /*default=*/"0.3",
           "Share of the sets of channels to remove, from 0 to below 1">,
    Option<"criterion", "criterion", "std::string", /*default=*/"\"magnitude\"",
           "What ranks channels: magnitude, activation, random, or one that a "
           "plug-in adds">,
    Option<"calibration", "calibration", "std::string", /*default=*/"",
           "File of statistics, for criterion=activation">,
    Option<"ranking", "ranking", "std::string", /*default=*/"\"local\"",
           "Within each group (local) or over the model (global)">,
    Option<"maxRatio", "max-ratio", "double", /*default=*/"0.8",
           "With ranking=global: the largest share that a group may lose">,
    Option<"align", "align", "int64_t", /*default=*/"16",
           "Channels that remain are a multiple of this">,
    Option<"norms", "norms", "bool", /*default=*/"false",
           "Also remove channels that norms take statistics over; the channels "
           "that stay change then">,
    Option<"include", "include", "std::string", /*default=*/"",
           "Only groups with a weight in whose name this regular expression is "
           "found">,
    Option<"exclude", "exclude", "std::string", /*default=*/"",
           "No group with a weight in whose name this regular expression is "
           "found">,
    Option<"seed", "seed", "uint64_t", /*default=*/"0",
           "Of pseudo-random choices">,
    Option<"listChannels", "list-channels", "bool", /*default=*/"false",
           "List removed channels in the report">,
  ];
  let statistics = [
    Statistic<"numGroups", "num-groups", "Groups that lost channels">,
    Statistic<"numSets", "num-sets", "Sets of channels removed">,
    Statistic<"bytesBefore", "bytes-before",
              "Bytes of all weights before the pass">,
    Statistic<"bytesAfter", "bytes-after",
              "Bytes of all weights after the pass">,
  ];
  let dependentDialects = ["::slim::SlimDialect"];
}

#endif // SLIM_COMPRESS_PRUNEPASSES_TD
