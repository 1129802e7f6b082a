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

#endif // SLIM_COMPRESS_PRUNEPASSES_TD
