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

    With `keep-attention` a `slim.attention` with heads of a static, moderate
    size stays, as an op on converted tensors, for a target that fuses it: marked
    `slim.checked`, with its checks before it and an explicit scale. Its operands
    are widened to f32, except with `multiplies-bf16` those of bf16 whose heads
    have an even size.

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
  let options = [
    Option<"keepAttention", "keep-attention", "bool", "false",
           "Leave attention that a target can fuse as an op">,
    Option<"multipliesBF16", "multiplies-bf16", "bool", "false",
           "The target multiplies pairs of bf16: leave attention of bf16 so">,
  ];
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

    Matches an embedding whose table is converted, looked up in a codebook, or
    dequantized with scales by row, by row and block of columns, or for all rows.
    Leaves everything else alone. Results are identical.

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

def PackTablesPass : Pass<"slim-pack-tables", "::mlir::ModuleOp"> {
  let summary = "tables of elements of less than a byte as bytes of several";
  let description = [{
    Stores the tables of which `slim.embedding` reads rows, where their elements
    have less than 8 bits, packed: without it such an element takes a byte of the
    compiled library. The rows are looked up packed and unpacked then
    (`slim.unpack_bits`). Run it after `slim-sink-decode`, which leaves the codes
    of a quantized table, its scales and its zero points as tables that are
    looked up.

    A row takes as many whole bytes as its runs of elements; tables whose rows
    would not become shorter stay, and so do those without data. A weight that
    other ops read too stays for these. Results are identical.

    Example:

    ```mlir
    slim.weight @table : tensor<30522x384xi4> = ...
    ...
    %q = slim.get_weight @table : tensor<30522x384xi4>
    %y = slim.embedding %ids, %q
      : (tensor<?xi64>, tensor<30522x384xi4>) -> tensor<?x384xi4>
    ```

    becomes

    ```mlir
    slim.weight @table.packed : tensor<30522x192xui8> = ...
    ...
    %p = slim.get_weight @table.packed : tensor<30522x192xui8>
    %b = slim.embedding %ids, %p
      : (tensor<?xi64>, tensor<30522x192xui8>) -> tensor<?x192xui8>
    %y = slim.unpack_bits %b {extent = 384, to = i4}
      : (tensor<?x192xui8>) -> tensor<?x384xi4>
    ```
  }];
  let statistics = [
    Statistic<"numPacked", "num-packed", "Tables packed">,
  ];
  let dependentDialects = ["::slim::SlimDialect"];
}

def FormIntegerOpsPass : Pass<"slim-form-integer-ops", "::mlir::ModuleOp"> {
  let summary = "products of quantized tensors in integers";
  let description = [{
    Computes `slim.linear`, `slim.conv` and `slim.matmul` on 8-bit codes where
    both operands are dequantized: the activation with a scale and zero point
    for the whole tensor or (linear) for each row, the weight with a scale per
    output channel or one for all. Sums are exact in i32; the zero point is
    corrected by the sums of the weight's codes, known at compile time, and a
    convolution surrounds its input by the zero point. Then the sums are
    multiplied by the scales, which is elementwise arithmetic that fuses with
    what follows. A bias that is stored in units of the scales is added to the
    sums.

    Around the products, with scales that are known at compile time:

    - `slim.dequantize` sinks below and `slim.quantize` rises above ops that
      move elements, concatenations and `slim.max_pool`, which then handle
      bytes; quantizing what was dequantized with the same scale disappears;
    - the division by the scale of a `slim.quantize` goes into the factors of
      its input, and `slim.relu` and `slim.clamp` go where saturation limits
      likewise;
    - elementwise ops between one 8-bit tensor and another, with constants for
      the whole tensor, become one `slim.table_lookup`, whose table these ops
      compute at compile time: the codes are those of the float graph.

    Products of 8-bit tensors that are widened to i32, a zero point being
    subtracted first (ONNX's MatMulInteger, ConvInteger, QLinearMatMul,
    QLinearConv), become products of the 8-bit tensors; unsigned weights become
    signed ones.

    Products stay as they are where the weight has no data, its codes (less
    their zero point) do not fit signed bytes, scales vary within a sum, or more
    than 65,793 terms are summed, which 32 bits might not hold.

    Numeric effect: sums are exact instead of rounded in f32; requantization
    multiplies once by a factor that is rounded to f32 instead of multiplying
    and dividing. Results differ from the float graph by rounding, and so a code
    by one at most where a number lies in the middle of two.

    ```mlir
    %x = slim.dequantize %q, %s, %z {block = array<i64: 0, 0>}
      : (tensor<?x64xui8>, tensor<1x1xf32>, tensor<1x1xui8>) -> tensor<?x64xf32>
    %w = slim.dequantize %c, %t {block = array<i64: 1, 0>}
      : (tensor<32x64xi8>, tensor<32x1xf32>) -> tensor<32x64xf32>
    %y = slim.linear %x, %w
      : (tensor<?x64xf32>, tensor<32x64xf32>) -> tensor<?x32xf32>
    ```

    becomes

    ```mlir
    %b = slim.constant dense<...> : tensor<32xi32> // -z * sums of %c
    %a = slim.linear %q, %c, %b
      : (tensor<?x64xui8>, tensor<32x64xi8>, tensor<32xi32>) -> tensor<?x32xi32>
    %f = slim.cast %a {to = f32} : (tensor<?x32xi32>) -> tensor<?x32xf32>
    %m = slim.constant dense<...> : tensor<32xf32> // s * t
    %y = slim.mul %f, %m : (tensor<?x32xf32>, tensor<32xf32>) -> tensor<?x32xf32>
    ```
  }];
  let statistics = [
    Statistic<"numProducts", "num-products", "Products on integers">,
    Statistic<"numTables", "num-tables", "Functions of a byte as tables">,
    Statistic<"numFloatProducts", "num-float-products",
              "Products of quantized activations left in floats">,
  ];
  let dependentDialects = ["::slim::SlimDialect"];
}

def SplitActivationsPass : Pass<"slim-split-activations"> {
  let summary = "float activations of coded weights as digits of integers";
  let description = [{
    Computes `slim.linear` of an f32 activation and a weight of integer codes (8,
    4 or 2 bits) or of f4E2M1FN, whose values are halves of integers
    (`slim.dequantize` with scales by row or by group of a multiple of 16), by
    products of bytes. With m the greatest magnitude of a row of the
    activation, its elements are rounded to multiples of m / (2^23 - 2) and cut
    into three digits of 8 bits, which are three rows of one product; it reads
    the weight once. The results are added with their places' weights.

    For targets whose instructions sum several products of bytes: three of them
    take less time than converting codes to floats and multiplying those, and for
    few rows the weight arrives at the speed of memory.

    Numeric effect: an element of the activation is off by 2^-24 of its row's
    greatest magnitude at most, sums over groups are exact, and everything else
    is f32: errors are of the size of those of a sum in f32. Where a row holds a
    NaN or an infinity, all its results are NaN or infinite.

    Products stay as they are with fewer than 128 results or 32 terms, with
    groups of another size, with more than 65,793 terms a group (33,025 where
    there are zero points), with unsigned 8-bit codes that have zero points, and
    where codes or scales are decoded from something else (a sparse form, codes
    of scales that are no floats). So do those that take fewer
    instructions in floats: many rows, groups of 16, and a target without
    products of unsigned and signed bytes (`corrects-signs`).

    ```mlir
    %w = slim.dequantize %q, %s {block = array<i64: 1, 32>}
      : (tensor<256x64xi4>, tensor<256x2xf32>) -> tensor<256x64xf32>
    %y = slim.linear %x, %w
      : (tensor<?x64xf32>, tensor<256x64xf32>) -> tensor<?x256xf32>
    ```

    becomes

    ```mlir
    %d = ... : tensor<?x3x64xui8> // digits
    %f = slim.cast %d {to = f32} : (tensor<?x3x64xui8>) -> tensor<?x3x64xf32>
    %p = slim.linear %f, %w
      : (tensor<?x3x64xf32>, tensor<256x64xf32>) -> tensor<?x3x256xf32>
    // less the offset, times 65536, 256 and 1, summed and times the unit
    ```
  }];
  let options = [
    Option<"blockRows", "block-rows", "unsigned", "14",
           "Rows of a register block of float products, which share the decoding "
           "of a weight">,
    Option<"correctsSigns", "corrects-signs", "bool", "false",
           "Dot products take both operands signed, or both unsigned: sums of "
           "others are corrected">,
  ];
  let statistics = [
    Statistic<"numSplit", "num-split", "Products on digits">,
    Statistic<"numCheaperInFloats", "num-cheaper-in-floats",
              "Products that take fewer instructions in floats">,
  ];
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

def AssignLayoutsPass : Pass<"slim-assign-layouts", "::mlir::func::FuncOp"> {
  let summary = "images with their channels last, without transposes between";
  let description = [{
    Chooses for each tensor the order in which its dimensions lie in memory, so
    that convolutions and pools find and leave their images in the order wanted
    (`channels-last` by default), and makes it so by permuting types and
    indexing maps:

    - Convolutions (any number of spatial dimensions, groups, extents of 1) and
      pools are recognized by their indexing maps. Their loops become batch,
      space, groups, filters, then the kernel and the channels.
    - Other linalg ops take the order of their operands: elementwise chains,
      reductions, broadcasts, resampling that reads by `tensor.extract`. The
      loops are interchanged so that results are written as they lie.
    - `tensor.insert_slice`, `extract_slice`, `pad`, `cast` and reshapes follow,
      unless a reshape merges dimensions that no longer lie side by side; and
      so do results of `scf.if`.
    - Transposes that the model has become nothing where they undo or make the
      order.

    Weights keep their order: kernels read them through their maps. What
    remains are transposes (`linalg.transpose`) at function arguments, results,
    and ops that need the old order. Functions without convolutions and pools,
    and ops within regions of others, stay as they are. Results are identical
    but for the order of sums.

    Example:

    ```mlir
    #x = affine_map<(n, f, h, w, c) -> (n, c, h, w)>
    #w = affine_map<(n, f, h, w, c) -> (f, c)>
    #y = affine_map<(n, f, h, w, c) -> (n, f, h, w)>
    %y = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = [
        "parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<1x8x9x9xf32>, tensor<4x8xf32>)
      outs(%zeros : tensor<1x4x9x9xf32>) ...
    ```

    becomes, between a transpose of `%x` and one of the result,

    ```mlir
    #x = affine_map<(n, h, w, f, c) -> (n, h, w, c)>
    #w = affine_map<(n, h, w, f, c) -> (f, c)>
    #y = affine_map<(n, h, w, f, c) -> (n, h, w, f)>
    %y = linalg.generic {...}
      ins(%xt, %w : tensor<1x9x9x8xf32>, tensor<4x8xf32>)
      outs(%zeros : tensor<1x9x9x4xf32>) ...
    ```
  }];
  let options = [
    Option<"order", "order", "::slim::ImageOrder",
           "::slim::ImageOrder::ChannelsLast", "Where channels lie", [{
             ::llvm::cl::values(
               clEnumValN(::slim::ImageOrder::ChannelsLast, "channels-last",
                          "innermost: [N, spatial..., C]"),
               clEnumValN(::slim::ImageOrder::ChannelsFirst, "channels-first",
                          "before space: [N, C, spatial...]"))
           }]>,
  ];
  let statistics = [
    Statistic<"numRewritten", "num-rewritten", "Values made in another order">,
    Statistic<"numTransposes", "num-transposes", "Transposes inserted">,
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

#endif // SLIM_CONVERSION_PASSES_TD
