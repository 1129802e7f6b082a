//===- LoweringPasses.td - From kernels to LLVM ------------*- tablegen -*-===//
#ifndef SLIM_CODEGEN_CPU_LOWERINGPASSES_TD
#define SLIM_CODEGEN_CPU_LOWERINGPASSES_TD

include "mlir/Pass/PassBase.td"

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
               "bf16, pmaddwd, dotprod, i8mm, bfdot, amx-int8, amx-bf16">,
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
    ListOption<"features", "features", "std::string",
               "Which instructions multiply pairs of bf16: bf16 (AVX-512) or "
               "bfdot (AArch64); without either, bf16">,
  ];
  let statistics = [
    Statistic<"numLowered", "num-lowered", "Kernels lowered">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
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
  let summary = "small tables by the target's permutations";
  let description = [{
    Lowers `slim_cpu.lookup` on vectors to the instructions that `features`
    name: `vbmi` (two vpermi2b of 128 bytes each, and a choice by the top bit),
    `pshufb` (16 permutations of a row of 16 bytes each, and choices by the upper
    four bits), `tbl` (AArch64's tbl and tbx, of 64 bytes each). Without one of
    them, and for single bytes, the table is a constant in memory.

    Lowers `slim_cpu.table` on vectors likewise, to permutations of floats: 16 or
    32 at once in vectors of 64 bytes, 8 in vectors of 32 where there is `pshufb`,
    the bytes of 16 with `tbl`. Tables that take more than 8 permutations are read
    from memory.

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

#endif // SLIM_CODEGEN_CPU_LOWERINGPASSES_TD
