//===- FormingPasses.td - Kernels from linalg on tensors ---*- tablegen -*-===//
#ifndef SLIM_CODEGEN_CPU_FORMINGPASSES_TD
#define SLIM_CODEGEN_CPU_FORMINGPASSES_TD

include "mlir/Pass/PassBase.td"

def FormLookupsPass : Pass<"slim-cpu-form-lookups"> {
  let summary = "reads of small constant tables as elementwise ops";
  let description = [{
    Within the bodies of linalg ops, turns the read of a constant or stored table
    at a code into arithmetic that is elementwise and so goes into kernels,
    epilogues and vectors: of 256 bytes at a byte into `slim_cpu.lookup`, of
    floats at a code of at most 8 bits into `slim_cpu.table`. The value of a code
    of f8E4M3FN, f8E5M2 or f8E8M0FNU is computed instead, by shifts and, of the
    first two, one multiplication, which is exact.

    Example:

    ```mlir
    %i = arith.index_castui %x : i8 to index
    %y = tensor.extract %table[%i] : tensor<256xi8>
    ```

    becomes

    ```mlir
    %y = slim_cpu.lookup %x {table = dense<...> : tensor<256xi8>} : i8
    ```
  }];
  let statistics = [
    Statistic<"numLookups", "num-lookups", "Lookups formed">,
  ];
  let dependentDialects = ["::slim::cpu::SlimCPUDialect"];
}

def SplitBatchPass : Pass<"slim-cpu-split-batch", "::mlir::func::FuncOp"> {
  let summary = "a model's ops for a few images of a batch at a time";
  let description = [{
    Between two products of a network, a batch of activations leaves the caches
    and comes back. This pass makes a loop over groups of images of all ops that
    treat images alike and apart, so that a group stays in the cache from op to
    op: convolutional networks and encoders as a whole. Every number is computed
    as before. Buffers become as small as a group.

    The batch is the first dimension of the function's arguments; its extent
    must be known. The pass follows it through linalg ops, reshapes, slices and
    attention. Ops that mix images, and what depends on them, come after the
    loop; checks, and what is computed before them, come before it. So
    does a product of fewer than 32 rows a group with a weight of more than
    64 KiB: it would wait for the weight once a group instead of once.

    A group has as many images as let the operands of every product fit in
    `l2-bytes`, or one. Where the whole batch fits, and where there are not at
    least two products, nothing happens.

    Example: each of 8 images goes through both convolutions before the next one

    ```mlir
    %y = linalg.generic {convolution} ins(%x : tensor<8x114x114x16xf32>, ...)
    %z = linalg.generic {convolution} ins(%y : tensor<8x112x112x32xf32>, ...)
    ```

    becomes

    ```mlir
    %z = scf.for %image = %c0 to %c8 step %c1 iter_args(%whole = %empty) {
      %x1 = tensor.extract_slice %x[%image, 0, 0, 0] [1, 114, 114, 16] ...
      %y1 = linalg.generic {convolution} ins(%x1 : tensor<1x114x114x16xf32>, ...)
      %z1 = linalg.generic {convolution} ins(%y1 : tensor<1x112x112x32xf32>, ...)
      %next = tensor.insert_slice %z1 into %whole[%image, 0, 0, 0] ...
      scf.yield %next
    }
    ```
  }];
  let options = [
    Option<"l2Bytes", "l2-bytes", "uint64_t", "1048576",
           "Bytes of a core's second-level cache">,
  ];
  let statistics = [
    Statistic<"numLoops", "num-loops", "Loops over groups of images">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FormAttentionPass
    : Pass<"slim-cpu-form-attention", "::mlir::func::FuncOp"> {
  let summary = "attention that reads and writes heads where they lie";
  let description = [{
    Turns every `slim.attention` that convert-slim-to-linalg has left (with
    `keep-attention`) into `slim_cpu.attention`. Transposes of queries, keys,
    values and of the result that only permute batch, head and position become
    part of its maps.

    Example:

    ```mlir
    %q = linalg.transpose ins(%x : tensor<1x?x12x32xf32>) outs(...)
      permutation = [0, 2, 1, 3]
    %y = slim.attention %q, %k, %v {scale = 0.2 : f32, slim.checked} : ...
    ```

    becomes

    ```mlir
    %y = slim_cpu.attention ins(%x, %k, %v : ...) outs(%e : ...)
      {indexing_maps = [affine_map<(b, h, s, t, d, e) -> (b, s, h, d)>, ...],
       scale = 0.2 : f32} -> tensor<1x12x?x32xf32>
    ```
  }];
  let statistics = [
    Statistic<"numFormed", "num-formed", "Kernels formed">,
  ];
  let dependentDialects = ["::mlir::tensor::TensorDialect",
                           "::slim::cpu::SlimCPUDialect"];
}

def FormRowsPass : Pass<"slim-cpu-form-rows", "::mlir::func::FuncOp"> {
  let summary = "reductions along rows and arithmetic around them as one kernel";
  let description = [{
    Gathers linalg generics on tensors that work on the same rows into one
    `slim_cpu.rows`: a reduction over the row, elementwise ops that feed it,
    ops on its result, elementwise ops that read that result, and further
    reductions. Softmax and norms become one kernel each, with the additions
    before and the scales after them; a sum alone becomes one, too.

    Leaves alone: products, windows, ops that read tensors at computed indices,
    elements that vectors do not hold (booleans), arithmetic on the result of a
    product.

    Example:

    ```mlir
    %sum = linalg.generic {... ["parallel", "reduction"]} ins(%x) outs(%zero) {
      %s = arith.addf %out, %in : f32 ... }
    %y = linalg.generic {... ["parallel", "parallel"]} ins(%x, %sum) outs(%e) {
      %d = arith.divf %in, %in_0 : f32 ... }
    ```

    becomes

    ```mlir
    %y = slim_cpu.rows ins(%x : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>)
        {indexing_maps = [...], iterator_types = ["parallel", "reduction"]} body {
    ^bb0(%xe: f32):
      %sum = slim_cpu.reduce <add> %xe : f32
      %d = arith.divf %xe, %sum : f32
      slim_cpu.rows_yield %d : f32
    } -> tensor<?x64xf32>
    ```
  }];
  let statistics = [
    Statistic<"numFormed", "num-formed", "Kernels formed">,
    Statistic<"numOps", "num-ops", "Ops that went into them">,
  ];
  let dependentDialects = ["::slim::cpu::SlimCPUDialect"];
}

def FactorScalesPass : Pass<"slim-cpu-factor-scales"> {
  let summary = "multiply sums, not weights, by the scales of weights";
  let description = [{
    Where a product's weight is decoded as a code times a scale that is the same
    for all elements of a sum, multiplies the sum by the scale instead. The
    multiplication then goes into the epilogue of the product's kernel. Scales
    of groups within a sum stay. Floating-point results change in rounding.

    Example:

    ```mlir
    %w = linalg.generic {...} ins(%codes, %scales : tensor<64x32xi8>, tensor<32xf32>) ... {
      %c = arith.sitofp %code : i8 to f32
      %d = arith.mulf %c, %scale : f32
      linalg.yield %d : f32
    }
    %y = linalg.matmul ins(%x, %w : ...) outs(%zeros : ...)
    ```

    becomes

    ```mlir
    %w = linalg.generic {...} ins(%codes : tensor<64x32xi8>) ... {
      %c = arith.sitofp %code : i8 to f32
      linalg.yield %c : f32
    }
    %s = linalg.matmul ins(%x, %w : ...) outs(%zeros : ...)
    %y = linalg.generic {...} ins(%s, %scales : tensor<4x32xf32>, tensor<32xf32>) ... {
      %m = arith.mulf %sum, %scale : f32
      linalg.yield %m : f32
    }
    ```
  }];
  let statistics = [
    Statistic<"numFactored", "num-factored", "Scales moved past a sum">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FormKernelsPass : Pass<"slim-cpu-form-kernels", "::mlir::func::FuncOp"> {
  let summary = "sums of products with their epilogues as slim_cpu.kernel";
  let description = [{
    Turns linalg ops on tensors that sum products of two operands (matrix
    products, convolutions, of any element types that the body converts) into a
    `slim_cpu.kernel`, together with the elementwise ops that consume its
    result: bias, activation, residual, conversion. Elementwise ops that decode
    a right operand from weights move into the kernel's body.

    Taken are sums where the output's last dimension belongs to one operand
    alone, and reductions of any kind where it is the last dimension of the
    first operand, too: depthwise convolutions and pools with their channels
    last, sums of rows. A consumer is fused if the
    result has no other, and if the output's last dimension stays.

    Example:

    ```mlir
    %s = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x16xf32>)
                       outs(%zeros : tensor<4x16xf32>) -> tensor<4x16xf32>
    %y = linalg.generic {...} ins(%s, %bias : tensor<4x16xf32>, tensor<16xf32>)
                              outs(%e : tensor<4x16xf32>) { add }
    ```

    becomes

    ```mlir
    %y = slim_cpu.kernel ins(%x, %w : tensor<4x8xf32>, tensor<8x16xf32>)
                         extras(%bias : tensor<16xf32>)
                         outs(%e : tensor<4x16xf32>) {...}
      body { multiply, add } epilogue { add } -> tensor<4x16xf32>
    ```
  }];
  let statistics = [
    Statistic<"numKernels", "num-kernels", "Kernels formed">,
    Statistic<"numFused", "num-fused", "Elementwise ops fused as epilogues">,
    Statistic<"numDecodes", "num-decodes", "Decoded operands fused">,
  ];
  let dependentDialects = ["::slim::cpu::SlimCPUDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
}

def PackWeightsPass : Pass<"slim-cpu-pack-weights", "::mlir::ModuleOp"> {
  let summary = "weights of kernels in the order in which they are read";
  let description = [{
    Rewrites each weight that a `slim_cpu.kernel` reads along its vector
    dimension n as panels of as many columns as the register block of the
    kernel has: index n of the weight becomes (n floordiv columns, ...,
    n mod columns), padded with zeros; where an instruction sums several
    products at once, the innermost reduction index k is split likewise, so that
    its operands lie side by side. The new layout is the kernel's indexing map.
    Data are reordered at compile time. Weights whose data the module does not
    have stay as they are.

    Of an integer weight that is mostly zeros, where the product has so few rows
    that it waits for memory and the target can expand vectors (vbmi2), only
    what is not zero is kept, with a bit for every element (`bitmask` of
    `slim_cpu.kernel`). Where that would not be faster (many rows, a weight that
    the last-level cache holds with all others, too few zeros) the weight stays dense.

    Example: 8 columns a panel

    ```mlir
    memref.global constant @w : memref<20x64xf32>   // (n, k)
    ```

    becomes

    ```mlir
    memref.global constant @w.panels8 : memref<3x64x8xf32>
      // (n floordiv 8, k, n mod 8)
    ```
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "unsigned", "32",
           "Bytes of a vector register">,
    Option<"rows", "rows", "unsigned", "6",
           "Rows of the result that a kernel keeps in registers">,
    Option<"vectors", "vectors", "unsigned", "2",
           "Vectors a row of the result that a kernel keeps in registers">,
    Option<"llcBytes", "llc-bytes", "uint64_t", "33554432",
           "Bytes of the last-level cache">,
    ListOption<"features", "features", "std::string",
               "Instruction families beyond plain vectors: vnni, vbmi2, "
               "bf16, pmaddwd, dotprod, i8mm, bfdot, amx-int8, amx-bf16">,
  ];
  let statistics = [
    Statistic<"numPacked", "num-packed", "Weights reordered">,
    Statistic<"numSparse", "num-sparse", "Kernels that read a stream of what is not zero">,
  ];
  let dependentDialects = ["::slim::cpu::SlimCPUDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::memref::MemRefDialect"];
}

def PackCodesPass : Pass<"slim-cpu-pack-codes", "::mlir::ModuleOp"> {
  let summary = "codes of less than a byte that kernels read as bytes, packed";
  let description = [{
    `slim-cpu-pack-weights` packs the codes of right operands of products, which
    kernels unpack in registers. What is left, a byte an element, is packed here
    as `slim.unpack_bits` describes, all of a weight as one row, and each run
    unpacks it into a buffer before the op that reads it:

    - filters of windows (depthwise convolutions), zero points and what else
      kernels read, marked `slim.codes` by that pass, up to 65,536 bytes: more
      would take time of a kernel that waits for its weights;
    - weights of less than a byte an element that `linalg.generic` decodes.

    Weights that would not become 1,024 bytes smaller stay, for unpacking takes
    code; so do those that anything else reads, and those without data. Results
    are identical.

    Example:

    ```mlir
    memref.global constant @w.i8.panels32
      : memref<1x36x5x5x32xi8> {slim.codes = i4, ...}
    ```

    becomes

    ```mlir
    memref.global constant @w.i8.panels32.packed : memref<14400xi8>
    ```

    and a `linalg.generic` of 2 x 14400 bytes where it is read.
  }];
  let statistics = [
    Statistic<"numPacked", "num-packed", "Weights packed">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
    "::mlir::tensor::TensorDialect"];
}

#endif // SLIM_CODEGEN_CPU_FORMINGPASSES_TD
