//===- MemoryPasses.td - Where buffers lie -----------------*- tablegen -*-===//
#ifndef SLIM_CODEGEN_CPU_MEMORYPASSES_TD
#define SLIM_CODEGEN_CPU_MEMORYPASSES_TD

include "mlir/Pass/PassBase.td"

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

#endif // SLIM_CODEGEN_CPU_MEMORYPASSES_TD
