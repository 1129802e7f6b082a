//===- Linear.cpp - ONNX's matrix products ----------------------*- C++ -*-===//
#include "IntegerArithmetic.h"
#include "Registry.h"

using namespace slim;
using namespace slim::onnximport;

static void importMatMul(NodeBuilder &node) {
  node.setResults(node.create<MatmulOp>(node.operand(0), node.operand(1)));
}

/// alpha * A' * B' + beta * C, a prime meaning transposed on demand.
static void importGemm(NodeBuilder &node) {
  Value a = node.operand(0), b = node.operand(1), c = node.operand(2);
  float alpha = node.floatAttr("alpha", 1.0f);
  float beta = node.floatAttr("beta", 1.0f);
  if (node.rank(a) != 2 || node.rank(b) != 2) {
    node.invalid("needs matrices");
    return;
  }
  if (node.boolAttr("transA", false))
    a = node.transpose(a, {1, 0});
  bool transposed = !node.boolAttr("transB", false);
  Type elementType = node.elementType(a);
  if (!isa<FloatType>(elementType) &&
      (alpha != std::trunc(alpha) || beta != std::trunc(beta))) {
    node.unsupported("integers with a factor that is no integer");
    return;
  }
  int64_t columns = node.shape(b)[transposed ? 1 : 0];
  bool isBias = c && alpha == 1.0f && beta == 1.0f && node.rank(c) == 1 &&
                !ShapedType::isDynamic(columns) && node.shape(c)[0] == columns;
  Value result = node.create<LinearOp>(a, b, isBias ? c : Value(), transposed);
  if (alpha != 1.0f)
    result = node.create<MulOp>(result, node.scalar(alpha, elementType));
  if (c && !isBias && beta != 0.0f) {
    if (beta != 1.0f)
      c = node.create<MulOp>(c, node.scalar(beta, elementType));
    result = node.create<AddOp>(result, c);
  }
  node.setResults(result);
}

static void importMatMulInteger(NodeBuilder &node) {
  node.setResults(multiplyIntegers(node, node.operand(0), node.operand(1),
                                   node.operand(2), node.operand(3)));
}

/// Query or key with the positions' angles; [B, H, S, D], or [B, S, H * D]
/// with the number of heads as an attribute.
static void importRotaryEmbedding(NodeBuilder &node) {
  Value input = node.operand(0), cos = node.operand(1), sin = node.operand(2),
        positions = node.operand(3);
  int64_t rank = node.rank(input);
  int64_t heads = node.intAttr("num_heads", 0);
  int64_t rotated = node.intAttr("rotary_embedding_dim", 0);
  if (rank != 3 && rank != 4)
    node.invalid("needs an input of rank 3 or 4");
  if (rank == 3 && heads <= 0)
    node.invalid("needs num_heads for an input of rank 3");
  if (rotated < 0)
    node.invalid("has a negative rotary_embedding_dim");
  if (!node.isOk())
    return;
  Value shape = node.shapeOf(input);
  if (rank == 3) {
    input = node.reshape(input, {0, 0, heads, -1});
    input = node.transpose(input, {0, 2, 1, 3});
  }
  if (positions) {
    cos = node.create<GatherOp>(cos, node.toI64(positions), /*axis=*/0);
    sin = node.create<GatherOp>(sin, node.toI64(positions), /*axis=*/0);
  }
  // The caches are as wide as what rotates; a wider one is read in front.
  if (rotated > 0) {
    cos = node.slice(cos, node.rank(cos) - 1, 0, rotated / 2);
    sin = node.slice(sin, node.rank(sin) - 1, 0, rotated / 2);
  }
  Value result = node.create<RotaryEmbeddingOp>(
      input, cos, sin, node.boolAttr("interleaved", false));
  if (rank == 3) {
    result = node.transpose(result, {0, 2, 1, 3});
    result = node.reshape(result, shape);
  }
  node.setResults(result);
}

void slim::onnximport::registerLinear(Registry &registry) {
  registry.add("MatMul", 2, 2, importMatMul);
  registry.add("Gemm", 2, 3, importGemm);
  registry.add("MatMulInteger", 2, 4, importMatMulInteger);
  registry.add("RotaryEmbedding", 3, 4, importRotaryEmbedding);
  registerAttention(registry);
}
