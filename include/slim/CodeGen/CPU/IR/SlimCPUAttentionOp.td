//===- SlimCPUAttentionOp.td - Fused attention -------------*- tablegen -*-===//
#ifndef SLIM_CODEGEN_CPU_IR_SLIMCPUATTENTIONOP_TD
#define SLIM_CODEGEN_CPU_IR_SLIMCPUATTENTIONOP_TD

def SlimCPU_AttentionOp : Op<SlimCPU_Dialect, "attention", [
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "scaled dot-product attention in place, on tensors or buffers";
  let description = [{
    softmax(scale * Q K^T + mask) V, for every batch b, head h, query s, key t,
    element d of queries and keys and element e of values and results. Query,
    key, value and output are all f32, or all bf16 of an even number d; then
    weights are rounded to bf16 as well, and sums, softmax and mask are f32.
    `indexing_maps` says where they lie: from (b, h, s, t, d, e) to the indices
    of query, key, value, mask if there is one, and output, so that heads are
    read and written where products leave and want them. In the maps of key and
    value h is a key head; query head h uses key head h / `group`. The mask is
    an addend of the scores; where it has an extent of 1 its map has 0.

    The last dimension of query, key, value and output is d, d, e and e, of
    static extents. With `causal` query s sees keys up to s + T - S. A query
    without keys, or whose scores are all minus infinity, gives 0.

    Example: 12 heads of 32 elements in rows of 384.

    ```mlir
    %y = slim_cpu.attention ins(%q, %k, %v
          : tensor<?x?x12x32xf32>, tensor<?x?x12x32xf32>, tensor<?x?x12x32xf32>)
        mask(%m : tensor<?x1x1x?xf32>)
        outs(%e : tensor<?x?x12x32xf32>)
        {indexing_maps = [affine_map<(b, h, s, t, d, e) -> (b, s, h, d)>,
                          affine_map<(b, h, s, t, d, e) -> (b, t, h, d)>,
                          affine_map<(b, h, s, t, d, e) -> (b, t, h, e)>,
                          affine_map<(b, h, s, t, d, e) -> (b, 0, 0, t)>,
                          affine_map<(b, h, s, t, d, e) -> (b, s, h, e)>],
         scale = 0.176776695 : f32} -> tensor<?x?x12x32xf32>
    ```
  }];
  let arguments = (ins AnyShaped:$query, AnyShaped:$key, AnyShaped:$value,
                       Optional<AnyShaped>:$mask, AnyShaped:$output,
                       AffineMapArrayAttr:$indexing_maps, F32Attr:$scale,
                       DefaultValuedAttr<I64Attr, "1">:$group,
                       UnitAttr:$causal);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:`
              type($query) `,` type($key) `,` type($value) `)`
    (`mask` `(` $mask^ `:` type($mask) `)`)?
    `outs` `(` $output `:` type($output) `)`
    attr-dict (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The loops of the maps.
    enum Loop : unsigned { Batch, Head, Query, Key, Size, ValueSize };
    mlir::AffineMap getMap(mlir::OpOperand &operand);
    bool hasBufferSemantics() { return getNumResults() == 0; }
    mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutputMutable();
    }
  }];
}

#endif // SLIM_CODEGEN_CPU_IR_SLIMCPUATTENTIONOP_TD
