//===- NodeBuilder.h - What an ONNX op's import function sees ---*- C++ -*-===//
//
// An import function turns one ONNX node into slim ops. It reads attributes and
// operands from a NodeBuilder, creates ops through it and sets the results.
//
// Errors are sticky, so that import functions read as straight lines: once
// something has failed, every `create` returns null values, every accessor a
// harmless default, and the node is reported with the first reason given.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_IMPORT_ONNX_NODEBUILDER_H
#define SLIM_LIB_IMPORT_ONNX_NODEBUILDER_H

#include "TensorReader.h"
#include "mlir/IR/Builders.h"
#include "slim/IR/OpSupport.h"
#include "slim/IR/SlimOps.h"

namespace onnx {
class AttributeProto;
class NodeProto;
} // namespace onnx

namespace slim::onnximport {

class ModelImporter;

/// Where the import of a node stands.
enum class NodeStatus {
  Ok,
  Invalid,     ///< the model violates ONNX's rules
  Unsupported, ///< the model is right, but slim lacks something
  Poisoned,    ///< something within the node's subgraphs is unsupported
};

class NodeBuilder {
public:
  NodeBuilder(ModelImporter &importer, OpBuilder &builder,
              const ::onnx::NodeProto &node, int64_t opset, Location loc,
              SmallVector<Value> operands);

  //===--------------------------------------------------------------------===//
  // The node
  //===--------------------------------------------------------------------===//

  StringRef getOpType() const;
  /// The version of the op's domain that the model uses.
  int64_t getOpset() const { return opset; }
  Location getLoc() const { return loc; }
  MLIRContext *getContext() const { return builder.getContext(); }
  OpBuilder &getBuilder() { return builder; }
  ModelImporter &getImporter() { return importer; }
  const ::onnx::NodeProto &getNode() const { return node; }

  /// Operands, null where the node leaves an optional one out.
  unsigned getNumOperands() const { return operands.size(); }
  Value operand(unsigned index) const {
    return index < operands.size() ? operands[index] : Value();
  }
  ArrayRef<Value> getOperands() const { return operands; }
  /// The operand; the node is invalid without it.
  Value requiredOperand(unsigned index);

  unsigned getNumResults() const;
  /// True if the node names result `index`, so that someone may use it.
  bool wantsResult(unsigned index) const;
  /// Sets the results in order; null ones are results that nothing may use.
  void setResults(ArrayRef<Value> values) {
    results.assign(values.begin(), values.end());
  }
  ArrayRef<Value> getResults() const { return results; }
  /// The shape that the model declares for a result, kDynamic where it is
  /// open; none without a declaration. What it says of known extents is taken
  /// for true where nothing else tells the shape.
  std::optional<SmallVector<int64_t>> declaredShape(unsigned index);

  //===--------------------------------------------------------------------===//
  // Attributes
  //===--------------------------------------------------------------------===//

  bool hasAttr(StringRef name) { return findAttr(name); }
  bool hasGraphAttr(StringRef name);
  int64_t intAttr(StringRef name, int64_t defaultValue);
  bool boolAttr(StringRef name, bool defaultValue) {
    return intAttr(name, defaultValue) != 0;
  }
  float floatAttr(StringRef name, float defaultValue);
  StringRef stringAttr(StringRef name, StringRef defaultValue);
  std::optional<SmallVector<int64_t>> intsAttr(StringRef name);
  SmallVector<float> floatsAttr(StringRef name);
  SmallVector<StringRef> stringsAttr(StringRef name);
  /// None if there is no such attribute.
  std::optional<StoredTensor> tensorAttr(StringRef name);
  std::optional<StoredTensor> sparseTensorAttr(StringRef name);
  /// The attribute of that name, or null.
  const ::onnx::AttributeProto *findAttr(StringRef name);

  //===--------------------------------------------------------------------===//
  // Failure
  //===--------------------------------------------------------------------===//

  NodeStatus getStatus() const { return status; }
  bool isOk() const { return status == NodeStatus::Ok; }
  StringRef getReason() const { return reason; }
  /// Record a failure, unless there is one; return null for convenience.
  Value invalid(const Twine &why) { return fail(NodeStatus::Invalid, why); }
  Value unsupported(const Twine &why) {
    return fail(NodeStatus::Unsupported, why);
  }
  void poison() { fail(NodeStatus::Poisoned, ""); }

  /// Imports the subgraph in attribute `name` at `place`; the values of its
  /// outputs, none if it could not be imported.
  std::optional<SmallVector<Value>>
  importSubgraph(StringRef name, ArrayRef<Value> arguments, OpBuilder &place);

  //===--------------------------------------------------------------------===//
  // Types. Null values have rank 0 and null types.
  //===--------------------------------------------------------------------===//

  static RankedTensorType type(Value value) {
    return value ? cast<RankedTensorType>(value.getType()) : RankedTensorType();
  }
  static int64_t rank(Value value) { return value ? type(value).getRank() : 0; }
  static Type elementType(Value value) {
    return value ? type(value).getElementType() : Type();
  }
  static ArrayRef<int64_t> shape(Value value) {
    return value ? type(value).getShape() : ArrayRef<int64_t>();
  }
  static bool isFloat(Value value) {
    return value && isa<FloatType>(elementType(value));
  }
  /// An axis in [0, rank), or [0, rank] if `allowEnd`; the node is invalid if
  /// it lies outside.
  int64_t normalizeAxis(int64_t axis, int64_t rank, bool allowEnd = false);
  SmallVector<int64_t> normalizeAxes(ArrayRef<int64_t> axes, int64_t rank);

  //===--------------------------------------------------------------------===//
  // Constants
  //===--------------------------------------------------------------------===//

  /// The value of a constant or of a weight; none for what is computed.
  std::optional<TensorData> constant(Value value);
  /// All elements of a constant integer tensor; the node is unsupported, `what`
  /// not being constant, otherwise.
  SmallVector<int64_t> constantInts(Value value, const Twine &what);
  /// Likewise, but none for what is computed.
  std::optional<SmallVector<int64_t>> knownInts(Value value);
  /// A scalar of that element type (rounded, saturated by the type's rules).
  Value scalar(double value, Type elementType);
  /// A tensor<Nxi64>, a tensor<i64>.
  Value ints(ArrayRef<int64_t> values);
  Value intScalar(int64_t value);
  Value floats(ArrayRef<float> values);
  /// A tensor of the model: a constant if it is small, otherwise a weight.
  Value tensor(const StoredTensor &tensor);

  //===--------------------------------------------------------------------===//
  // Ops
  //===--------------------------------------------------------------------===//

  /// Creates an op of one result, infers its type, verifies and folds it.
  template <typename OpTy, typename... Args>
  Value create(Args &&...args) {
    SmallVector<Value> values =
        createResults<OpTy, 1>(std::forward<Args>(args)...);
    return values[0];
  }

  /// Likewise for `count` results; that many null values on failure.
  template <typename OpTy, unsigned count, typename... Args>
  SmallVector<Value> createResults(Args &&...args) {
    if (!isOk())
      return SmallVector<Value>(count);
    OperationState state(loc, OpTy::getOperationName());
    buildOp<OpTy>(state, std::make_index_sequence<count>(),
                  std::forward<Args>(args)...);
    return finish(state, count, [](OperationState &state) {
      SmallVector<Type> types;
      OpaqueProperties properties = state.getRawProperties();
      if (failed(OpTy::inferReturnTypes(
              state.getContext(), state.location, state.operands,
              state.attributes.getDictionary(state.getContext()), properties,
              /*regions=*/{}, types)))
        return failure();
      state.types.assign(types.begin(), types.end());
      return success();
    });
  }

  /// The value with that element type.
  Value convert(Value value, Type elementType);
  Value toI64(Value value);
  /// `values` at the positions `axes` (negative ones count from the end) of a
  /// vector of `rank` elements that otherwise are `defaultValue`.
  Value scatterByAxis(Value axes, Value values, int64_t rank,
                      int64_t defaultValue);
  /// A vector of i64 from an integer scalar or vector of any width.
  Value toShape(Value value);
  /// A scalar from a tensor of one element.
  Value toScalar(Value value);
  Value reshape(Value value, ArrayRef<int64_t> shape);
  Value reshape(Value value, Value shape);
  Value unsqueeze(Value value, ArrayRef<int64_t> axes);
  Value squeeze(Value value, ArrayRef<int64_t> axes);
  Value transpose(Value value, ArrayRef<int64_t> permutation);
  /// Extents as tensor<Nxi64>: all, or one dimension's.
  Value shapeOf(Value value);
  Value dim(Value value, int64_t dimension);
  Value concat(ArrayRef<Value> values, int64_t axis);
  /// Elements `start` to `end` along a dimension.
  Value slice(Value value, int64_t axis, int64_t start, int64_t end);
  Value expand(Value value, Value shape);
  /// A tensor of that shape with one value.
  Value fill(Value shape, double value, Type elementType);
  /// 0, 1, ... `count` - 1 for a tensor<1xi64>.
  Value iota(Value count);

private:
  Value fail(NodeStatus kind, const Twine &why);

  template <typename OpTy, size_t... indices, typename... Args>
  void buildOp(OperationState &state, std::index_sequence<indices...>,
               Args &&...args) {
    // Types come from inference, which (other than the generated builders)
    // must be free to fail.
    OpTy::build(builder, state, ((void)indices, Type())...,
                std::forward<Args>(args)...);
    state.types.clear();
  }
  SmallVector<Value>
  finish(OperationState &state, unsigned count,
         llvm::function_ref<LogicalResult(OperationState &)> infer);
  std::optional<SmallVector<Value>> tryFold(Operation *op);
  Value tryReshapeWeight(Operation *op);
  template <typename Proto>
  std::optional<StoredTensor> readTensor(StringRef name, const Proto &proto,
                                         int64_t dataType);

  ModelImporter &importer;
  OpBuilder &builder;
  const ::onnx::NodeProto &node;
  int64_t opset;
  Location loc;
  SmallVector<Value> operands, results;
  NodeStatus status = NodeStatus::Ok;
  std::string reason;
};

} // namespace slim::onnximport

#endif // SLIM_LIB_IMPORT_ONNX_NODEBUILDER_H
