//===- Passes.td - Conversions out of the slim dialect -----*- tablegen -*-===//
#ifndef SLIM_CONVERSION_PASSES_TD
#define SLIM_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertSlimToLinalgPass : Pass<"convert-slim-to-linalg", "ModuleOp"> {
  let summary = "lower every slim op to linalg, tensor, arith, math, scf and cf";
  let description = [{
    Replaces all ops of the slim dialect. Computation becomes linalg on tensors
    (named ops for products, generics with identity and broadcasting maps for
    elementwise ops), shape arithmetic on small integer tensors becomes scalar
    arithmetic, so that extents that the model computes are plain SSA values.
    A decode op becomes its reference lowering.

    Unsigned element types become signless ones everywhere, also in function
    signatures; attributes of arguments and results stay. A `slim.weight`
    becomes a `memref.global` without initial value, whose attribute
    `slim.data` is the weight's data attribute, and which code generation has
    to define.

    What only the run can tell (extents that have to agree, indices within
    bounds) is checked by `cf.assert`, whose message names op and node.

    Accumulation: f16, bf16 and 8-bit floats in f32; i8 and ui8 products in
    i32. Float sums carry `fastmath<reassoc>`.

    An op that has no lowering for its types is an error that names it.

    Before:

    ```mlir
    func.func @main(%x: tensor<?x4xf32>, %y: tensor<4xf32>) -> tensor<?x4xf32> {
      %z = slim.add %x, %y : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
      return %z : tensor<?x4xf32>
    }
    ```

    After:

    ```mlir
    func.func @main(%x: tensor<?x4xf32>, %y: tensor<4xf32>) -> tensor<?x4xf32> {
      %c0 = arith.constant 0 : index
      %d = tensor.dim %x, %c0 : tensor<?x4xf32>
      %e = tensor.empty(%d) : tensor<?x4xf32>
      %z = linalg.generic {indexing_maps = [(i, j) -> (i, j), (i, j) -> (j),
                                            (i, j) -> (i, j)],
                           iterator_types = ["parallel", "parallel"]}
          ins(%x, %y : tensor<?x4xf32>, tensor<4xf32>)
          outs(%e : tensor<?x4xf32>) {
      ^bb0(%a: f32, %b: f32, %out: f32):
        %s = arith.addf %a, %b : f32
        linalg.yield %s : f32
      } -> tensor<?x4xf32>
      return %z : tensor<?x4xf32>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect",
    "::mlir::bufferization::BufferizationDialect",
    "::mlir::cf::ControlFlowDialect",
    "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect",
  ];
}

def SinkDecodePass : Pass<"slim-sink-decode"> {
  let summary = "decode the part of a weight that is read";
  let description = [{
    Moves decode ops past ops that read a few elements of a weight, so that the
    weight as a whole is never decoded. Run it after compression and before
    lowering: compression passes expect decode trees at the weight operand.

    Matches an embedding whose table is dequantized with scales by row, or by
    row and block of columns. Leaves everything else alone. Results are
    identical.

    Example:

    ```mlir
    %w = slim.dequantize %q, %s {block = array<i64: 1, 0>}
      : (tensor<30522x384xi8>, tensor<30522x1xf32>) -> tensor<30522x384xf32>
    %y = slim.embedding %ids, %w
      : (tensor<?xi64>, tensor<30522x384xf32>) -> tensor<?x384xf32>
    ```

    becomes

    ```mlir
    %v = slim.embedding %ids, %q
      : (tensor<?xi64>, tensor<30522x384xi8>) -> tensor<?x384xi8>
    %t = slim.embedding %ids, %s
      : (tensor<?xi64>, tensor<30522x1xf32>) -> tensor<?x1xf32>
    %y = slim.dequantize %v, %t {block = array<i64: 1, 0>}
      : (tensor<?x384xi8>, tensor<?x1xf32>) -> tensor<?x384xf32>
    ```
  }];
  let dependentDialects = ["::slim::SlimDialect"];
}

def FuseElementwisePass : Pass<"slim-fuse-elementwise"> {
  let summary = "elementwise chains in one loop, without repeating arithmetic";
  let description = [{
    Fuses elementwise linalg ops on tensors into their consumers, also across
    reshapes between elementwise ops. Unlike upstream's
    linalg-fuse-elementwise-ops it does not fuse arithmetic into an op that
    reads an element more than once, such as a matrix product (the decoding of a
    weight would be repeated for every row of the activation) or a broadcast of
    row statistics; only producers that just move or broadcast are fused there.
    Results are identical.

    Example: in softmax, exp(x - max) fuses into one loop, and the division by
    the sum does not recompute it.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

#endif // SLIM_CONVERSION_PASSES_TD
