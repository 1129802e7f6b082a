//===- ControlFlow.cpp - ONNX's If, Loop and Scan ---------------*- C++ -*-===//
//
// A branch or a number of iterations that is known while importing leaves no
// trace; loops of unknown length are not supported.
//
//===----------------------------------------------------------------------===//
#include "Registry.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace slim;
using namespace slim::onnximport;

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

/// The type that values of both types can be cast to; null if there is none.
static RankedTensorType joinTypes(Type lhs, Type rhs) {
  auto lhsType = cast<RankedTensorType>(lhs);
  auto rhsType = cast<RankedTensorType>(rhs);
  if (lhsType.getElementType() != rhsType.getElementType() ||
      lhsType.getRank() != rhsType.getRank())
    return {};
  SmallVector<int64_t> shape;
  for (auto [left, right] : llvm::zip(lhsType.getShape(), rhsType.getShape()))
    shape.push_back(left == right ? left : ShapedType::kDynamic);
  return lhsType.clone(shape);
}

static void yield(OpBuilder &builder, Location loc, ArrayRef<Value> values,
                  ArrayRef<Type> types) {
  SmallVector<Value> results;
  for (auto [value, type] : llvm::zip(values, types))
    results.push_back(
        value.getType() == type
            ? value
            : tensor::CastOp::create(builder, loc, type, value).getResult());
  scf::YieldOp::create(builder, loc, results);
}

static void importIf(NodeBuilder &node) {
  Value condition = node.toScalar(node.operand(0));
  if (node.isOk() && !node.elementType(condition).isSignlessInteger(1))
    node.invalid("has a condition that is no bool");
  if (!node.isOk())
    return;
  OpBuilder &builder = node.getBuilder();
  if (std::optional<TensorData> known = node.constant(condition)) {
    StringRef branch = known->getInt(0) ? "then_branch" : "else_branch";
    if (auto results = node.importSubgraph(branch, {}, builder))
      node.setResults(*results);
    return;
  }

  Location loc = node.getLoc();
  OpBuilder::InsertionGuard guard(builder);
  Value bit = tensor::ExtractOp::create(builder, loc, condition, ValueRange());
  // Result types are known when both branches are.
  auto draft = scf::IfOp::create(builder, loc, TypeRange(), bit,
                                 /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder thenBuilder = OpBuilder::atBlockEnd(draft.thenBlock());
  OpBuilder elseBuilder = OpBuilder::atBlockEnd(draft.elseBlock());
  auto thenResults = node.importSubgraph("then_branch", {}, thenBuilder);
  auto elseResults = node.importSubgraph("else_branch", {}, elseBuilder);
  if (!thenResults || !elseResults)
    return;
  if (thenResults->size() != elseResults->size()) {
    node.invalid("has branches with different numbers of outputs");
    return;
  }
  SmallVector<Type> types;
  for (auto [index, pair] :
       llvm::enumerate(llvm::zip(*thenResults, *elseResults))) {
    auto [thenValue, elseValue] = pair;
    RankedTensorType type = joinTypes(thenValue.getType(), elseValue.getType());
    if (!type) {
      std::string text;
      llvm::raw_string_ostream os(text);
      os << "output " << index << " is " << thenValue.getType()
         << " in one branch and " << elseValue.getType()
         << " in the other; known dimensions (--dim name=value) may decide "
            "the condition";
      node.unsupported(text);
      return;
    }
    types.push_back(type);
  }
  yield(thenBuilder, loc, *thenResults, types);
  yield(elseBuilder, loc, *elseResults, types);
  builder.setInsertionPoint(draft);
  auto ifOp = scf::IfOp::create(builder, loc, types, bit,
                                /*addThenBlock=*/false,
                                /*addElseBlock=*/false);
  ifOp.getThenRegion().takeBody(draft.getThenRegion());
  ifOp.getElseRegion().takeBody(draft.getElseRegion());
  draft.erase();
  node.setResults(SmallVector<Value>(ifOp.getResults()));
}

//===----------------------------------------------------------------------===//
// Loop and Scan
//===----------------------------------------------------------------------===//

/// Iterations that are unrolled at most.
static constexpr int64_t kMaxIterations = 1024;

static bool isKnownTrue(NodeBuilder &node, Value value) {
  std::optional<TensorData> known = node.constant(value);
  return known && known->getNumElements() == 1 && known->getInt(0);
}

/// Joins what the iterations gave, a new dimension counting them.
static Value stack(NodeBuilder &node, ArrayRef<Value> values, int64_t axis) {
  SmallVector<Value> parts;
  for (Value value : values)
    parts.push_back(node.unsqueeze(value, {axis}));
  return node.concat(parts, axis);
}

static void importLoop(NodeBuilder &node) {
  Value condition = node.operand(1);
  if (condition && !isKnownTrue(node, condition)) {
    node.unsupported("a condition that is not known");
    return;
  }
  if (!node.operand(0)) {
    node.unsupported("a number of iterations that is not known");
    return;
  }
  SmallVector<int64_t> count =
      node.constantInts(node.operand(0), "the number of iterations");
  if (!node.isOk())
    return;
  if (count.size() != 1 || count[0] < 0 || count[0] > kMaxIterations) {
    node.unsupported("more than " + Twine(kMaxIterations) + " iterations");
    return;
  }
  unsigned numStates = std::max(node.getNumOperands(), 2u) - 2;
  SmallVector<Value> states;
  for (unsigned i = 0; i < numStates; ++i)
    states.push_back(node.requiredOperand(i + 2));
  unsigned numScans = std::max(node.getNumResults(), numStates) - numStates;
  if (count[0] == 0 && numScans > 0) {
    node.unsupported("scan outputs of no iteration");
    return;
  }
  Value always = node.scalar(1, node.getBuilder().getI1Type());
  SmallVector<SmallVector<Value>> scans(numScans);
  for (int64_t i = 0; i < count[0]; ++i) {
    SmallVector<Value> arguments = {node.intScalar(i), always};
    llvm::append_range(arguments, states);
    auto results = node.importSubgraph("body", arguments, node.getBuilder());
    if (!results)
      return;
    if (results->size() != 1 + numStates + numScans) {
      node.invalid("has a body with another number of outputs");
      return;
    }
    if (!isKnownTrue(node, results->front())) {
      node.unsupported("a condition that the body computes");
      return;
    }
    states.assign(results->begin() + 1, results->begin() + 1 + numStates);
    for (unsigned scan = 0; scan < numScans; ++scan)
      scans[scan].push_back((*results)[1 + numStates + scan]);
  }
  for (ArrayRef<Value> values : scans)
    states.push_back(stack(node, values, 0));
  node.setResults(states);
}

/// Axes and directions of a scan's inputs or outputs; 0 where absent.
static SmallVector<int64_t> getPerScan(NodeBuilder &node, StringRef name,
                                       unsigned count) {
  SmallVector<int64_t> values =
      node.intsAttr(name).value_or(SmallVector<int64_t>(count, 0));
  if (values.size() != count) {
    node.invalid("has not " + Twine(count) + " values of '" + name + "'");
    values.assign(count, 0);
  }
  return values;
}

static void importScan(NodeBuilder &node) {
  if (node.getOpset() < 9) {
    node.unsupported("opset 8");
    return;
  }
  int64_t numInputs = node.intAttr("num_scan_inputs", 0);
  int64_t numStates = static_cast<int64_t>(node.getNumOperands()) - numInputs;
  int64_t numOutputs = static_cast<int64_t>(node.getNumResults()) - numStates;
  if (numInputs < 1 || numStates < 0 || numOutputs < 0) {
    node.invalid("has num_scan_inputs " + Twine(numInputs));
    return;
  }
  SmallVector<Value> states, inputs;
  for (int64_t i = 0; i < numStates + numInputs; ++i)
    (i < numStates ? states : inputs).push_back(node.requiredOperand(i));
  SmallVector<int64_t> axes = getPerScan(node, "scan_input_axes", numInputs);
  SmallVector<int64_t> backward =
      getPerScan(node, "scan_input_directions", numInputs);
  SmallVector<int64_t> outputAxes =
      getPerScan(node, "scan_output_axes", numOutputs);
  SmallVector<int64_t> outputBackward =
      getPerScan(node, "scan_output_directions", numOutputs);
  int64_t length = ShapedType::kDynamic;
  for (auto [input, axis] : llvm::zip(inputs, axes)) {
    axis = node.normalizeAxis(axis, node.rank(input));
    if (!node.isOk())
      return;
    int64_t extent = node.shape(input)[axis];
    if (!ShapedType::isDynamic(length) && extent != length) {
      node.invalid("has inputs of different lengths");
      return;
    }
    length = extent;
  }
  if (ShapedType::isDynamic(length) || length < 1 || length > kMaxIterations) {
    node.unsupported("a length that is not known to be within 1 and " +
                     Twine(kMaxIterations));
    return;
  }
  SmallVector<SmallVector<Value>> outputs(numOutputs);
  for (int64_t i = 0; i < length; ++i) {
    SmallVector<Value> arguments = states;
    for (auto [input, axis, reversed] : llvm::zip(inputs, axes, backward)) {
      int64_t position = reversed ? length - 1 - i : i;
      Value part = node.slice(input, axis, position, position + 1);
      arguments.push_back(node.squeeze(part, {axis}));
    }
    auto results = node.importSubgraph("body", arguments, node.getBuilder());
    if (!results)
      return;
    if (static_cast<int64_t>(results->size()) != numStates + numOutputs) {
      node.invalid("has a body with another number of outputs");
      return;
    }
    states.assign(results->begin(), results->begin() + numStates);
    for (int64_t output = 0; output < numOutputs; ++output)
      outputs[output].push_back((*results)[numStates + output]);
  }
  for (auto [values, axis, reversed] :
       llvm::zip(outputs, outputAxes, outputBackward)) {
    if (reversed)
      std::reverse(values.begin(), values.end());
    int64_t rank = node.rank(values.front()) + 1;
    states.push_back(stack(node, values, node.normalizeAxis(axis, rank)));
  }
  node.setResults(states);
}

void slim::onnximport::registerControlFlow(Registry &registry) {
  registry.add("If", 1, 1, importIf);
  registry.add("Loop", 2, kAnyNumber, importLoop);
  registry.add("Scan", 0, kAnyNumber, importScan);
}
