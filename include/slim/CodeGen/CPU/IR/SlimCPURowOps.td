//===- SlimCPURowOps.td - Kernels that go row by row -------*- tablegen -*-===//
#ifndef SLIM_CODEGEN_CPU_IR_SLIMCPUROWOPS_TD
#define SLIM_CODEGEN_CPU_IR_SLIMCPUROWOPS_TD

include "mlir/Dialect/Vector/IR/VectorAttributes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

def SlimCPU_RowsOp : Op<SlimCPU_Dialect, "rows", [
    AttrSizedOperandSegments, SingleBlock,
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "reductions along rows and arithmetic with them, in one pass";
  let description = [{
    For every point of the parallel loops of `iterator_types` there is a row:
    the points of the reduction loops. The region computes one element of it.
    `slim_cpu.reduce` combines a value over the whole row, so that what depends
    on its result is computed in a later pass over the row, which is in the
    cache by then: softmax and norms with all arithmetic around them.

    `indexing_maps` holds a map from the loops to the indices of each operand,
    inputs first: a projected permutation. Loops of an output are all loops, or
    all parallel loops for a value that is the same in the whole row. The region
    has an argument for each input, holds pure scalar ops and ends with
    `slim_cpu.rows_yield`.

    Example: softmax.

    ```mlir
    %r = slim_cpu.rows ins(%x : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>)
        {indexing_maps = [affine_map<(m, n) -> (m, n)>,
                          affine_map<(m, n) -> (m, n)>],
         iterator_types = ["parallel", "reduction"]} body {
    ^bb0(%xe: f32):
      %max = slim_cpu.reduce <maximumf> %xe : f32
      %d = arith.subf %xe, %max : f32
      %p = math.exp %d : f32
      %sum = slim_cpu.reduce <add> %p : f32
      %y = arith.divf %p, %sum : f32
      slim_cpu.rows_yield %y : f32
    } -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyShaped>:$inputs,
                       Variadic<AnyShaped>:$outputs,
                       AffineMapArrayAttr:$indexing_maps,
                       StrArrayAttr:$iterator_types);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `ins` `(` $inputs `:` type($inputs) `)`
    `outs` `(` $outputs `:` type($outputs) `)`
    attr-dict `body` $body (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    unsigned getNumLoops() { return getIteratorTypes().size(); }
    bool isReduction(unsigned loop);
    mlir::AffineMap getMap(mlir::OpOperand &operand);
    bool hasBufferSemantics() { return getNumResults() == 0; }
    mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutputsMutable();
    }
  }];
}

def SlimCPU_ReduceOp : Op<SlimCPU_Dialect, "reduce",
    [Pure, SameOperandsAndResultType, HasParent<"RowsOp">]> {
  let summary = "a value combined over the row";
  let description = [{
    The combination of `value` over all elements of a row of `slim_cpu.rows`, in
    any order, with several accumulators.

    Example: `%sum = slim_cpu.reduce <add> %x : f32`
  }];
  let arguments = (ins Vector_CombiningKindAttr:$kind,
                       AnyTypeOf<[AnySignlessInteger, AnyFloat]>:$value);
  let results = (outs AnyTypeOf<[AnySignlessInteger, AnyFloat]>:$result);
  let assemblyFormat = "$kind $value attr-dict `:` type($value)";
}

def SlimCPU_RowsYieldOp : Op<SlimCPU_Dialect, "rows_yield",
    [Pure, Terminator, HasParent<"RowsOp">]> {
  let summary = "an element of each output";
  let description = "Ends the region of `slim_cpu.rows`.";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

#endif // SLIM_CODEGEN_CPU_IR_SLIMCPUROWOPS_TD
