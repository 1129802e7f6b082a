//===- SlimCPU.td - The slim_cpu dialect -------------------*- tablegen -*-===//
#ifndef SLIM_CODEGEN_CPU_IR_SLIMCPU_TD
#define SLIM_CODEGEN_CPU_IR_SLIMCPU_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def SlimCPU_Dialect : Dialect {
  let name = "slim_cpu";
  let summary = "Fused kernels of CPU code, between linalg and loops";
  let description = [{
    What the CPU pipeline computes in one pass over memory: a reduction and the
    elementwise arithmetic on its result. Formed on tensors from linalg ops by
    `slim-cpu-form-kernels`, bufferized, and lowered to register-blocked loops
    by `slim-cpu-lower-kernels`.
  }];
  let cppNamespace = "::slim::cpu";
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::vector::VectorDialect"];
}

def SlimCPU_KernelOp : Op<SlimCPU_Dialect, "kernel", [
    AttrSizedOperandSegments, SingleBlock,
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "a reduction and an elementwise epilogue, on tensors or buffers";
  let description = [{
    For every point of the parallel loops of `iterator_types`,

        sum = init
        for every point of the reduction loops:
          sum = body(inputs at the point, sum)
        output at the point = epilogue(sum, extras at the point)

    `indexing_maps` holds a map from the loops to the indices of each operand:
    inputs, extras, output, in this order. The output's map is a projected
    permutation of the parallel loops; extras are indexed by parallel loops
    alone. Maps of inputs may hold floor divisions and remainders: that is how
    packed layouts are described. Every loop is a
    result of its own of some operand's map, which gives its extent.

    With `bitmask`, input 1 holds only the elements that are not zero, in one
    stream that no map describes. Input 2 has a bit for every element of a panel
    of columns and a step of the reduction, in words of 64, input 3 the position
    in the stream where each panel begins. The body sees the dense elements; its
    arguments for inputs 2 and 3 are not used.

    The body's argument for an input but the first may be an integer of 1, 2 or
    4 bits where the input holds bytes: each byte then holds several elements,
    and the last index of the map counts elements. With L bytes in the last
    dimension, element e is in byte e mod L, above the bits of e floordiv L
    elements. That way a vector of bytes, shifted and masked, is a vector of
    neighbours. Codes of 3, 5, 6 or 7 bits are several such inputs, which the body
    puts together.

    Both regions are single blocks of pure scalar ops; `slim_cpu.yield` ends
    them. The order of the reduction is not defined.

    Example: a matrix product, a bias and ReLU.

    ```mlir
    %r = slim_cpu.kernel
        ins(%x, %w : tensor<?x64xf32>, tensor<4x64x32xf32>)
        extras(%b : tensor<100xf32>)
        outs(%e : tensor<?x100xf32>)
        {indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                          affine_map<(m, n, k) -> (n floordiv 32, k, n mod 32)>,
                          affine_map<(m, n, k) -> (n)>,
                          affine_map<(m, n, k) -> (m, n)>],
         iterator_types = ["parallel", "parallel", "reduction"],
         init = 0.0 : f32}
        body {
        ^bb0(%xe: f32, %we: f32, %sum: f32):
          %p = arith.mulf %xe, %we : f32
          %s = arith.addf %sum, %p : f32
          slim_cpu.yield %s : f32
        } epilogue {
        ^bb0(%sum: f32, %be: f32):
          %s = arith.addf %sum, %be : f32
          %z = arith.constant 0.0 : f32
          %y = arith.maximumf %s, %z : f32
          slim_cpu.yield %y : f32
        } -> tensor<?x100xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyShaped>:$inputs, Variadic<AnyShaped>:$extras,
                       AnyShaped:$output, AffineMapArrayAttr:$indexing_maps,
                       StrArrayAttr:$iterator_types, TypedAttrInterface:$init,
                       UnitAttr:$bitmask);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let regions = (region SizedRegion<1>:$body, SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `ins` `(` $inputs `:` type($inputs) `)`
    (`extras` `(` $extras^ `:` type($extras) `)`)?
    `outs` `(` $output `:` type($output) `)`
    attr-dict `body` $body `epilogue` $epilogue (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    unsigned getNumLoops() { return getIteratorTypes().size(); }
    bool isReduction(unsigned loop);
    mlir::AffineMap getMap(mlir::OpOperand &operand);
    mlir::AffineMap getInputMap(unsigned i);
    mlir::AffineMap getExtraMap(unsigned i);
    mlir::AffineMap getOutputMap();
    /// Bits of an element of input `i` where a byte holds several; 0 otherwise.
    unsigned getPackedBits(unsigned i);
    /// The type of sums.
    mlir::Type getSumType();
    bool hasBufferSemantics() { return getNumResults() == 0; }
    mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutputMutable();
    }
  }];
}

def SlimCPU_YieldOp : Op<SlimCPU_Dialect, "yield", [
    Pure, Terminator, ParentOneOf<["KernelOp"]>]> {
  let summary = "the value of a kernel's region";
  let description = "Ends the body and the epilogue of a `slim_cpu.kernel`.";
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def SlimCPU_LookupOp : Op<SlimCPU_Dialect, "lookup",
    ElementwiseMappable.traits # [Pure, SameOperandsAndResultType]> {
  let summary = "a function of a byte, by table";
  let description = [{
    table[x], where the bits of `x` are read as an unsigned number: of a byte or
    of each byte of a vector. `slim-cpu-form-lookups` makes it, so that bodies
    that read tables are scalar arithmetic to everything that follows;
    `slim-cpu-lower-lookups` chooses the instructions.

    Example:

    ```mlir
    %y = slim_cpu.lookup %x {table = dense<...> : tensor<256xi8>} : vector<16xi8>
    ```
  }];
  let arguments = (ins AnyTypeOf<[I8, FixedVectorOfRankAndType<[1], [I8]>]>:$input,
                       SignlessIntElementsAttr<8>:$table);
  let results = (outs AnyTypeOf<[I8, FixedVectorOfRankAndType<[1], [I8]>]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def SlimCPU_TableOp : Op<SlimCPU_Dialect, "table",
    ElementwiseMappable.traits # [Pure]> {
  let summary = "an element of a small table of floats or bytes";
  let description = [{
    values[code mod n] for a table of n values, a power of two up to 256: of a
    code or of each code of a vector. What codes hold above the bits that count
    is ignored, as permutations of registers do. `slim-cpu-form-lookups` makes it
    of codebooks and of small float types; `slim-cpu-lower-lookups` chooses the
    instructions. Tables of bytes, of 16 at most, are those of products in
    integers; their codes are bytes, too.

    Example:

    ```mlir
    %y = slim_cpu.table %x {values = dense<...> : tensor<16xf32>}
        : vector<16xi32> -> vector<16xf32>
    ```
  }];
  let arguments = (ins AnyTypeOf<[AnySignlessInteger,
                         FixedVectorOfRankAndType<[1], [AnySignlessInteger]>]>:$code,
                       ElementsAttr:$values);
  let results = (outs AnyTypeOf<[AnyFloat, I8,
                         FixedVectorOfRankAndType<[1], [AnyFloat, I8]>]>:$result);
  let assemblyFormat = "$code attr-dict `:` type($code) `->` type($result)";
  let hasVerifier = 1;
}

include "slim/CodeGen/CPU/IR/SlimCPUAttentionOp.td"
include "slim/CodeGen/CPU/IR/SlimCPURowOps.td"

#endif // SLIM_CODEGEN_CPU_IR_SLIMCPU_TD
