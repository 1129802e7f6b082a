//===- Passes.td - Code generation for CPUs ----------------*- tablegen -*-===//
#ifndef SLIM_CODEGEN_CPU_PASSES_TD
#define SLIM_CODEGEN_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerContractionsPass
    : Pass<"slim-cpu-lower-contractions", "::mlir::func::FuncOp"> {
  let summary = "matrix products on buffers to register-blocked vector loops";
  let description = [{
    Lowers every linalg op on memrefs that multiplies and adds f32 or f64
    matrices (any batch dimensions, either operand transposed, dynamic extents)
    to loops around a register-blocked outer-product kernel: `rows` rows by
    `columns` columns of the result stay in vectors while the reduction
    dimension is walked. The right operand is read in place where its columns
    are contiguous and packed into column panels otherwise. Rows that are left
    over go through smaller kernels, columns that are left over through a mask,
    so that every extent is exact.

    Leaves alone: other element types, several reduction dimensions, results
    whose last dimension belongs to neither matrix; slim-cpu-lower-loops takes
    them. Summation order along the reduction dimension is kept; products and
    sums are fused (one rounding).

    Example: with rows = 2 and columns = 4 and a 2x8x4 problem

    ```mlir
    linalg.matmul ins(%a, %b : memref<2x8xf32>, memref<8x4xf32>)
                  outs(%c : memref<2x4xf32>)
    ```

    becomes

    ```mlir
    %r:2 = scf.for %k = %c0 to %c8 step %c1 iter_args(%s0 = ..., %s1 = ...) {
      %v = vector.load %b[%k, %c0] : memref<8x4xf32>, vector<4xf32>
      %x0 = memref.load %a[%c0, %k] : memref<2x8xf32>
      %y0 = vector.broadcast %x0 : f32 to vector<4xf32>
      %f0 = vector.fma %y0, %v, %s0 : vector<4xf32>
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
    Option<"threads", "threads", "bool", "false",
           "Emit scf.parallel for the outer loops of large products">,
  ];
  let statistics = [
    Statistic<"numLowered", "num-lowered", "Products lowered to kernels">,
    Statistic<"numPacked", "num-packed",
              "Products whose right operand is packed">,
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
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
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

def ApproximateMathPass : Pass<"slim-approximate-math"> {
  let summary = "vectorizable forms of transcendental functions";
  let description = [{
    Replaces f32 functions that would be calls of libm, one element at a time,
    by polynomial and rational approximations of upstream's math dialect that
    LLVM vectorizes: exp, log, tanh, erf and kin, with errors of a few units in
    the last place. 16-bit floats are computed in f32. f64 stays with libm.

    Example: `math.exp %x : f32` becomes a range reduction by `math.floor` and a
    polynomial of `math.fma`s.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // SLIM_CODEGEN_CPU_PASSES_TD
