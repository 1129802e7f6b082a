//===- Passes.td - Code generation for CPUs ----------------*- tablegen -*-===//
#ifndef SLIM_CODEGEN_CPU_PASSES_TD
#define SLIM_CODEGEN_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def FormLookupsPass : Pass<"slim-cpu-form-lookups"> {
  let summary = "reads of constant tables of bytes as slim_cpu.lookup";
  let description = [{
    Within the bodies of linalg ops, turns the read of a constant table of 256
    bytes at a byte into `slim_cpu.lookup`, which is elementwise arithmetic and
    so goes into epilogues and vectors.

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
               "bf16, pmaddwd, dotprod, i8mm">,
  ];
  let statistics = [
    Statistic<"numPacked", "num-packed", "Weights reordered">,
    Statistic<"numSparse", "num-sparse", "Kernels that read a stream of what is not zero">,
  ];
  let dependentDialects = ["::slim::cpu::SlimCPUDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::memref::MemRefDialect"];
}

def LowerKernelsPass : Pass<"slim-cpu-lower-kernels", "::mlir::func::FuncOp"> {
  let summary = "slim_cpu.kernel on buffers to register-blocked vector loops";
  let description = [{
    Lowers every `slim_cpu.kernel` on memrefs to loops around a register-blocked
    kernel: `rows` rows by `vectors` vectors of sums stay in registers while the
    reduction loops run; the epilogue is applied to them before they are stored.

    Loops that walk memory without a gap are merged first (batch and rows of a
    linear layer, rows and columns of a pointwise convolution, columns and
    channels of a convolution's window). Outer loops follow the caches: blocks
    of the left operand that fit the second level, then panels of the right
    operand, then blocks of rows. A right operand that is neither packed nor
    contiguous along the vectors is packed before the loops. Rows left over go
    through smaller kernels, columns left over through fewer vectors and a mask.

    Where the left operand lies along the vectors as the output does (depthwise
    convolutions, pools, sums of rows), there is nothing to block as a product:
    several positions of a row are computed at a time, each vector of the image
    is loaded once for all windows that hold it, and weights that are not packed
    are copied first.

    Which instructions multiply is chosen by element types and `features`.

    Example: see `slim_cpu.kernel`; the reduction loop of 2 rows by 1 vector

    ```mlir
    %r:2 = scf.for %k = %c0 to %c64 step %c1 iter_args(%s0 = ..., %s1 = ...) {
      %v = vector.load %w[...] : memref<?xf32>, vector<16xf32>
      %x0 = memref.load %x[...] : memref<?xf32>
      %y0 = vector.broadcast %x0 : f32 to vector<16xf32>
      %f0 = vector.fma %y0, %v, %s0 : vector<16xf32>
      ...
    }
    ```
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "unsigned", "32",
           "Bytes of a vector register">,
    Option<"rows", "rows", "unsigned", "6",
           "Rows of the result that a kernel keeps in registers">,
    Option<"vectors", "vectors", "unsigned", "2",
           "Vectors a row of the result that a kernel keeps in registers">,
    Option<"l2Bytes", "l2-bytes", "uint64_t", "524288",
           "Bytes of the left operand to work on at a time">,
    Option<"threads", "threads", "bool", "false",
           "Emit scf.parallel for the outer loops of large kernels">,
    ListOption<"features", "features", "std::string",
               "Instruction families beyond plain vectors: vnni, vbmi2, "
               "bf16, pmaddwd, dotprod, i8mm">,
  ];
  let statistics = [
    Statistic<"numLowered", "num-lowered", "Kernels lowered">,
    Statistic<"numPacked", "num-packed",
              "Kernels whose right operand is packed at run time">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
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

def LowerAttentionPass
    : Pass<"slim-cpu-lower-attention", "::mlir::func::FuncOp"> {
  let summary = "fused attention on buffers to vector loops";
  let description = [{
    Lowers `slim_cpu.attention` to loops over batches, heads, blocks of queries
    and blocks of keys. The scores of a few queries and a block of keys are
    computed in registers, kept in a buffer of some kilobytes, exponentiated
    with a running maximum, and multiplied with the values at once; keys are
    transposed block by block. Buffers are on the stack, of static size, below
    200 kilobytes.

    Operands whose elements are not neighbours are copied before.

    Example: `slim_cpu.attention ins(%q, %k, %v : ...) outs(%y : ...)` becomes

    ```mlir
    scf.parallel (%b, %h, %block) = ... {
      scf.for %key = %c0 to %keys step %c256 {
        // keys to panels
        scf.for %row = %c0 to %queries step %c14 {
          // scores, exponentials, products with values
        }
      }
      // division by the sums
    }
    ```
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "unsigned", "32",
           "Bytes of a vector register">,
    Option<"rows", "rows", "unsigned", "6",
           "Queries that a register block holds">,
    Option<"vectors", "vectors", "unsigned", "2",
           "Vectors of scores a query that a register block holds">,
    Option<"threads", "threads", "bool", "false",
           "Emit scf.parallel for the loop of tasks">,
  ];
  let statistics = [
    Statistic<"numLowered", "num-lowered", "Kernels lowered">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
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

def LowerRowsPass : Pass<"slim-cpu-lower-rows", "::mlir::func::FuncOp"> {
  let summary = "row kernels on buffers to vector loops";
  let description = [{
    Lowers `slim_cpu.rows` to loops over rows, and over the row as often as
    reductions depend on each other. Vectors run along the loop along which
    operands are contiguous, whether it is the row's or not; four of them are in
    flight, and what does not fill a vector goes through a mask. Values that are
    expensive and needed in several passes are kept in the row of an output.
    Operands that are not contiguous make the kernel a scalar one.

    Example: for

    ```mlir
    slim_cpu.rows ins(%x : memref<?x64xf32>) outs(%y : memref<?xf32>)
        {..., iterator_types = ["parallel", "reduction"]} body {
    ^bb0(%xe: f32):
      %sum = slim_cpu.reduce <add> %xe : f32
      slim_cpu.rows_yield %sum : f32
    }
    ```

    the result is

    ```mlir
    scf.for %i = %c0 to %rows step %c1 {
      %s:4 = scf.for %j = %c0 to %c64 step %c64 iter_args(...) { ... }
      %r = vector.reduction <add>, %s : vector<16xf32> into f32
      memref.store %r, %y[%i] : memref<?xf32>
    }
    ```
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "unsigned", "32",
           "Bytes of a vector register">,
    Option<"threads", "threads", "bool", "false",
           "Emit scf.parallel for the rows of large kernels">,
  ];
  let statistics = [
    Statistic<"numLowered", "num-lowered", "Kernels lowered">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def LowerLoopsPass : Pass<"slim-cpu-lower-loops", "::mlir::func::FuncOp"> {
  let summary = "what is left of linalg on buffers to loops";
  let description = [{
    Lowers linalg ops and copies on memrefs to loop nests whose innermost loop
    runs along the result's last dimension where dependences allow it, which is
    what LLVM's loop vectorizer wants. Sums of products may be reassociated.
    Elementwise ops that look up tables become loops on vectors here, because
    LLVM has no vectors of lookups.

    Example:

    ```mlir
    linalg.fill ins(%c : f32) outs(%m : memref<4x8xf32>)
    ```

    becomes

    ```mlir
    scf.for %i = %c0 to %c4 step %c1 {
      scf.for %j = %c0 to %c8 step %c1 {
        memref.store %c, %m[%i, %j] : memref<4x8xf32>
      }
    }
    ```
  }];
  let options = [
    Option<"threads", "threads", "bool", "false",
           "Emit scf.parallel for the outermost parallel loop of large ops">,
    Option<"vectorBytes", "vector-bytes", "unsigned", "32",
           "Bytes of a vector register">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def LowerParallelPass : Pass<"slim-cpu-lower-parallel", "::mlir::ModuleOp"> {
  let summary = "parallel loops to teams of OpenMP's threads";
  let description = [{
    Moves the body of each outermost `scf.parallel` to a function of a range of
    iterations (all dimensions counted as one) and calls it from every thread
    of a team with an equal share, or directly with the whole range where there
    is one thread or one iteration. Loops inside a parallel loop and loops that
    reduce stay, and run in one thread.

    Example:

    ```mlir
    scf.parallel (%i) = (%c0) to (%n) step (%c1) {
      memref.store %v, %m[%i] : memref<?xf32>
    }
    ```

    becomes

    ```mlir
    %many = arith.cmpi sgt, %threadsOrIterations, %c1 : index
    scf.if %many {
      omp.parallel {
        // %begin = %n * thread / threads, %end = %n * (thread + 1) / threads
        func.call @parallel_body(%begin, %end, %v, %m)
          : (index, index, f32, memref<?xf32>) -> ()
        omp.terminator
      }
    } else {
      func.call @parallel_body(%c0, %n, %v, %m)
        : (index, index, f32, memref<?xf32>) -> ()
    }
    ```
  }];
  let statistics = [
    Statistic<"numLoops", "num-loops", "Loops that teams of threads run">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::omp::OpenMPDialect", "::mlir::scf::SCFDialect"];
}

def PlaceDestinationsPass
    : Pass<"slim-cpu-place-destinations", "::mlir::func::FuncOp"> {
  let summary = "tensors to write into where bufferization needs them";
  let description = [{
    Prepares `tensor.empty` and `linalg.fill` for upstream's
    `eliminate-empty-tensors` and one-shot bufferization, which copy where

    - two ops write into one empty or filled tensor, which merging of common
      subexpressions makes of equal ones: each op gets its own;
    - a part is computed before the whole that it is inserted into exists: the
      whole (a padded image, a concatenation) moves before the op that computes
      its part, with the arithmetic on its extents, and the insertion right
      behind it. Parts that do not overlap are inserted in the order in which
      they are computed;
    - a whole is filled and then overwritten: only the margins are filled.

    Run it directly before these two. Results are identical.

    Example:

    ```mlir
    %y = linalg.generic ... outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
    %f = linalg.fill ins(%zero : f32) outs(%g : tensor<6x8xf32>) -> tensor<6x8xf32>
    %p = tensor.insert_slice %y into %f[1, 0] [4, 8] [1, 1]
      : tensor<4x8xf32> into tensor<6x8xf32>
    ```

    becomes

    ```mlir
    %g = tensor.empty() : tensor<6x8xf32>
    %s = tensor.extract_slice %g[0, 0] [1, 8] [1, 1] : ...
    %t = linalg.fill ins(%zero : f32) outs(%s : tensor<1x8xf32>) -> ...
    %h = tensor.insert_slice %t into %g[0, 0] [1, 8] [1, 1] : ...
    ... // the same at [5, 0]
    %y = linalg.generic ... outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
    %p = tensor.insert_slice %y into %i[1, 0] [4, 8] [1, 1] : ...
    ```
  }];
  let statistics = [
    Statistic<"numPlaced", "num-placed", "Insertions moved to their sources">,
    Statistic<"numMargins", "num-margins", "Fills reduced to margins">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def LowerDynamicExpansionsPass
    : Pass<"slim-lower-dynamic-expansions", "::mlir::func::FuncOp"> {
  let summary = "memref.expand_shape with several open extents a group";
  let description = [{
    Rewrites each `memref.expand_shape` that has a group of more than one
    dynamic extent, which upstream's expand-strided-metadata cannot take, as a
    `memref.reinterpret_cast` with computed strides. Others stay.

    Example:

    ```mlir
    %e = memref.expand_shape %m [[0, 1]] output_shape [%a, %b]
      : memref<?xf32> into memref<?x?xf32>
    ```

    becomes

    ```mlir
    %base, %offset, %size, %stride = memref.extract_strided_metadata %m
      : memref<?xf32> -> memref<f32>, index, index, index
    %e = memref.reinterpret_cast %base to offset: [0], sizes: [%a, %b],
      strides: [%b, 1] : memref<f32> to memref<?x?xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect"];
}

def MaterializeContiguousPass
    : Pass<"slim-materialize-contiguous", "::mlir::func::FuncOp"> {
  let summary = "copies where a type promises a contiguous buffer";
  let description = [{
    Replaces each `memref.cast` from a strided layout to the identity layout by
    an allocation and a copy. Upstream's bufferization casts wherever the two
    types are compatible, which with open extents says nothing about the
    strides at run time. Run directly after bufferization.

    Example:

    ```mlir
    %c = memref.cast %v : memref<2x?xf32, strided<[6, 1]>> to memref<2x?xf32>
    ```

    becomes

    ```mlir
    %c = memref.alloc(%d) : memref<2x?xf32>
    memref.copy %v, %c : memref<2x?xf32, strided<[6, 1]>> to memref<2x?xf32>
    ```
  }];
  let statistics = [
    Statistic<"numCopies", "num-copies", "Copies inserted">,
  ];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def OutlineKernelsPass
    : Pass<"slim-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "one function for equal linalg ops on buffers";
  let description = [{
    Moves every linalg op on memrefs of more than a few iterations into a
    private function, and lets ops that are equal but for their operands call
    the same one. Code size and compile time then grow with the number of
    different kernels instead of the number of layers. The functions are kept
    from being inlined.

    Example:

    ```mlir
    linalg.exp ins(%a : memref<64xf32>) outs(%b : memref<64xf32>)
    linalg.exp ins(%c : memref<64xf32>) outs(%d : memref<64xf32>)
    ```

    becomes

    ```mlir
    call @slim_kernel_exp(%a, %b) : (memref<64xf32>, memref<64xf32>) -> ()
    call @slim_kernel_exp(%c, %d) : (memref<64xf32>, memref<64xf32>) -> ()
    ```
  }];
  let statistics = [
    Statistic<"numKernels", "num-kernels", "Functions made">,
    Statistic<"numShared", "num-shared", "Ops that call another op's function">,
  ];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def PlaceDeallocationsPass
    : Pass<"slim-place-deallocations", "::mlir::func::FuncOp"> {
  let summary = "free every buffer after its last use";
  let description = [{
    Inserts `memref.dealloc` after the last use of each `memref.alloc`, all
    aliases included, in the block of the allocation. Buffers that leave their
    block (results of functions, loops and branches) stay allocated: the
    runtime reclaims them before the session's next run.

    Example:

    ```mlir
    %m = memref.alloc() : memref<8xf32>
    "use"(%m) : (memref<8xf32>) -> ()
    // inserted:
    memref.dealloc %m : memref<8xf32>
    ```
  }];
  let statistics = [
    Statistic<"numPlaced", "num-placed", "Deallocations inserted">,
    Statistic<"numEscaping", "num-escaping", "Buffers that leave their block">,
  ];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
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

def PlanMemoryPass : Pass<"slim-cpu-plan-memory", "::mlir::func::FuncOp"> {
  let summary = "one arena for the buffers of a function";
  let description = [{
    Puts the buffers of known size that a function allocates and frees in its
    body into one buffer, at offsets that are chosen here, so that two share
    memory unless both are in use at a time. The buffers of a loop's body have
    an arena of their own, one for all iterations, that is a buffer of what the
    loop is in. Buffers of open size, those of other regions and those that
    outlive the function stay.

    Example:

    ```mlir
    %a = memref.alloc() : memref<16xf32>
    call @f(%a) : (memref<16xf32>) -> ()
    memref.dealloc %a : memref<16xf32>
    %b = memref.alloc() : memref<8x2xf32>
    call @g(%b) : (memref<8x2xf32>) -> ()
    memref.dealloc %b : memref<8x2xf32>
    ```

    becomes

    ```mlir
    %arena = memref.alloc() {alignment = 64 : i64} : memref<64xi8>
    %a = memref.view %arena[%c0][] : memref<64xi8> to memref<16xf32>
    call @f(%a) : (memref<16xf32>) -> ()
    %b = memref.view %arena[%c0][] : memref<64xi8> to memref<8x2xf32>
    call @g(%b) : (memref<8x2xf32>) -> ()
    memref.dealloc %arena : memref<64xi8>
    ```
  }];
  let statistics = [
    Statistic<"numBuffers", "num-buffers", "Buffers put into an arena">,
    Statistic<"bufferBytes", "buffer-bytes", "Bytes of these buffers">,
    Statistic<"arenaBytes", "arena-bytes", "Bytes of arenas">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect"];
}

def LowerChecksPass : Pass<"slim-lower-checks", "::mlir::ModuleOp"> {
  let summary = "runtime checks to calls of the runtime";
  let description = [{
    Turns `cf.assert` into a branch to a call of `slim_rt_fail`, which ends the
    run with the assertion's message as its error.

    Example:

    ```mlir
    cf.assert %ok, "gather 'node_7': index out of bounds"
    ```

    becomes

    ```mlir
    llvm.cond_br %ok, ^next, ^fail
  ^fail:
    %m = llvm.mlir.addressof @slim_message_0 : !llvm.ptr
    llvm.call @slim_rt_fail(%m) : (!llvm.ptr) -> ()
    llvm.unreachable
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::cf::ControlFlowDialect"];
}

def ExpandBF16Pass : Pass<"slim-cpu-expand-bf16"> {
  let summary = "conversions between f32 and bf16 by integer arithmetic";
  let description = [{
    Replaces `arith.extf` from bf16 and `arith.truncf` to it by shifts and, for
    rounding to nearest even, additions, on scalars and on vectors. LLVM makes
    vector loops of these and of no conversion to bf16, so that scalars are
    expanded for every processor; `keep-vectors` leaves vectors to a processor's
    instructions (which round numbers that are denormal in f32 to zero).
    Otherwise masked loads and stores of bf16, which are in the LLVM dialect by
    now, become those of integers, too.

    Example:

    ```mlir
    %y = arith.extf %x : bf16 to f32
    ```

    becomes

    ```mlir
    %c16 = arith.constant 16 : i32
    %b = arith.bitcast %x : bf16 to i16
    %w = arith.extui %b : i16 to i32
    %s = arith.shli %w, %c16 : i32
    %y = arith.bitcast %s : i32 to f32
    ```
  }];
  let options = [
    Option<"keepVectors", "keep-vectors", "bool", /*default=*/"false",
           "Leave vectors to the processor's instructions">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::arith::ArithDialect"];
}

def ApproximateMathPass : Pass<"slim-approximate-math"> {
  let summary = "vectorizable forms of transcendental functions";
  let description = [{
    Replaces f32 functions that would be calls of libm, one element at a time,
    on numbers and on vectors, by polynomials and quotients of polynomials
    without branches and tables: exp and log (largest error 2 units in the last
    place, exp below 2^-126 being 0), erf (6) and, from upstream's math dialect,
    tanh (6). 16-bit floats are computed in f32. f64 stays with libm.

    Minima and maxima with a constant, and those that exclude NaN, become a
    comparison and a choice, which is one instruction. Rounding and saturating to
    bytes, and floats made of such bytes, take the conversion to the nearest i32,
    with the same results.

    Example: `math.exp %x : f32` becomes a polynomial of the rest that x leaves
    when multiples of ln 2 are taken away, by `math.fma`s, and the addition of
    the multiple to the exponent's bits.
  }];
  let dependentDialects = ["::slim::cpu::SlimCPUDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def LowerLookupsPass : Pass<"slim-cpu-lower-lookups", "::mlir::ModuleOp"> {
  let summary = "tables of 256 bytes by the target's permutations";
  let description = [{
    Lowers `slim_cpu.lookup` on vectors to the instructions that `features`
    name: `vbmi` (two vpermi2b of 128 bytes each, and a choice by the top bit),
    `pshufb` (16 permutations of a row of 16 bytes each, and choices by the upper
    four bits), `tbl` (AArch64's tbl and tbx, of 64 bytes each). Without one of
    them, and for single bytes, the table is a constant in memory.

    Example: `slim_cpu.lookup %x : vector<64xi8>` with `vbmi` becomes

    ```mlir
    %low = llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"(%t0, %x, %t1)
    %high = llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"(%t2, %x, %t3)
    %upper = arith.cmpi slt, %x, %zero : vector<64xi8>
    %y = arith.select %upper, %high, %low : vector<64xi1>, vector<64xi8>
    ```
  }];
  let options = [
    ListOption<"features", "features", "std::string",
               "Features of the target: vbmi, pshufb, tbl">,
    Option<"vectorBytes", "vector-bytes", "unsigned", "32",
           "Bytes of a vector register">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // SLIM_CODEGEN_CPU_PASSES_TD
