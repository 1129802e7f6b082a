//===- GraphBuilder.cpp - Nodes of an ONNX graph --------------------------===//
#include "GraphBuilder.h"

#include "Registry.h"
#include "mlir/IR/SymbolTable.h"
#include "slim/IR/WeightData.h"
#include "slim/IR/WeightTree.h"
#include "llvm/ADT/ScopeExit.h"

using namespace slim;
using namespace slim::onnxexport;

GraphBuilder::GraphBuilder(ModuleOp module, const ONNXExportOptions &options)
    : module(module), options(options), graph(model.mutable_graph()) {}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// The name that a location gives, if it gives one.
static StringRef getLocationName(Location loc) {
  StringRef name;
  loc->walk([&](Location part) {
    auto nameLoc = dyn_cast<NameLoc>(part);
    if (!nameLoc)
      return WalkResult::advance();
    name = nameLoc.getName().getValue();
    return WalkResult::interrupt();
  });
  return name;
}

std::string GraphBuilder::makeUnique(StringRef wanted) {
  if (usedNames.insert(wanted).second)
    return wanted.str();
  unsigned &suffix = nextSuffix[wanted];
  std::string name;
  do {
    name = (wanted + "_" + Twine(++suffix)).str();
  } while (!usedNames.insert(name).second);
  return name;
}

std::string GraphBuilder::operand(Value value) {
  if (!value)
    return "";
  auto found = names.find(value);
  if (found != names.end())
    return found->second;
  std::string name;
  if (auto lazy = lazyNames.find(value); lazy != lazyNames.end())
    name = lazy->second();
  else
    name = exportWeight(value);
  names[value] = name;
  return name;
}

Names GraphBuilder::operands(ValueRange values) {
  Names result;
  for (Value value : values)
    result.push_back(operand(value));
  return result;
}

void GraphBuilder::setName(Value value, StringRef name) {
  StringRef wanted = getReservedName(value);
  if (!wanted.empty() && wanted != name)
    addNode("Identity", {name.str()}, {wanted.str()}, {});
  names[value] = wanted.empty() ? name.str() : wanted.str();
}

void GraphBuilder::setLazyName(Value value, std::function<std::string()> make) {
  if (!getReservedName(value).empty())
    setName(value, make());
  else
    lazyNames[value] = std::move(make);
}

StringRef GraphBuilder::getReservedName(Value value) const {
  auto found = reserved.find(value);
  return found == reserved.end() ? StringRef() : StringRef(found->second);
}

void GraphBuilder::reserveName(Value value, StringRef name) {
  reserved[value] = name.str();
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

std::string GraphBuilder::makeIntermediate(StringRef type) {
  return makeUnique((label + "/" + type).str());
}

std::string GraphBuilder::node(StringRef type, ArrayRef<std::string> inputs,
                               ArrayRef<Attr> attributes) {
  std::string output = makeIntermediate(type);
  addNode(type, inputs, {output}, attributes);
  return output;
}

void GraphBuilder::result(StringRef type, ArrayRef<std::string> inputs,
                          ArrayRef<Attr> attributes, StringRef domain) {
  Names outputs;
  for (OpResult value : currentOp->getResults()) {
    if (value.use_empty() && value.getResultNumber() > 0) {
      outputs.push_back("");
      continue;
    }
    StringRef wanted = getReservedName(value);
    std::string name = wanted.empty()
                           ? makeUnique(label + "_output_" +
                                        std::to_string(value.getResultNumber()))
                           : wanted.str();
    names[value] = name;
    outputs.push_back(name);
  }
  while (outputs.size() > 1 && outputs.back().empty())
    outputs.pop_back();
  addNode(type, inputs, outputs, attributes, domain);
}

void GraphBuilder::addNode(StringRef type, ArrayRef<std::string> inputs,
                           ArrayRef<std::string> outputs,
                           ArrayRef<Attr> attributes, StringRef domain) {
  ::onnx::NodeProto &proto = *graph->add_node();
  proto.set_op_type(type.str());
  StringRef name = outputs.front();
  name.consume_back("_output_0");
  proto.set_name(name.str());
  if (!domain.empty())
    proto.set_domain(domain.str());
  while (!inputs.empty() && inputs.back().empty())
    inputs = inputs.drop_back();
  for (const std::string &input : inputs)
    proto.add_input(input);
  for (const std::string &output : outputs)
    proto.add_output(output);
  for (const Attr &attribute : attributes)
    *proto.add_attribute() = attribute.proto;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

std::string GraphBuilder::tensor(StringRef name, RankedTensorType type,
                                 std::function<FailureOr<TensorData>()> read) {
  tensors.push_back({makeUnique(name), type, std::move(read)});
  return tensors.back().name;
}

std::string GraphBuilder::tensor(const TensorData &data) {
  // Small tensors are often the same: axes, zeros.
  Attribute key = data.getNumElements() <= 16 ? data.toAttr() : Attribute();
  if (key)
    if (auto found = constantNames.find(key); found != constantNames.end())
      return found->second;
  std::string name = tensor("constant", data.getType(),
                            [data]() -> FailureOr<TensorData> { return data; });
  if (key)
    constantNames[key] = name;
  return name;
}

std::string GraphBuilder::ints(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    IntegerType::get(getContext(), 64));
  return tensor(TensorData::fromInts(type, values));
}

std::string GraphBuilder::scalar(double value, Type elementType) {
  auto type = RankedTensorType::get({}, elementType);
  if (isa<FloatType>(elementType))
    return tensor(TensorData::fromDoubles(type, value));
  return tensor(TensorData::fromInts(type, static_cast<int64_t>(value)));
}

std::string GraphBuilder::decoded(Value root, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(root.getType()).clone(shape);
  return tensor(getWeightName(root), type,
                [root, type]() -> FailureOr<TensorData> {
                  FailureOr<TensorData> data = decodeConstant(root);
                  if (failed(data))
                    return failure();
                  return TensorData(type, data->getBytes(), data->getOwner());
                });
}

std::string GraphBuilder::getWeightName(Value root) {
  while (Operation *op = root.getDefiningOp()) {
    if (auto leaf = dyn_cast<GetWeightOp>(op))
      return leaf.getName().str();
    auto decode = dyn_cast<DecodeOpInterface>(op);
    if (!decode)
      break;
    root = decode.getValuesOperand().get();
  }
  StringRef name = getLocationName(root.getLoc());
  return name.empty() ? "constant" : name.str();
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

std::string GraphBuilder::exportStoredWeight(GetWeightOp op) {
  auto found = weightNames.find(op.getName());
  if (found != weightNames.end())
    return found->second;
  auto weight =
      SymbolTable::lookupNearestSymbolFrom<WeightOp>(op, op.getNameAttr());
  std::string name =
      tensor(op.getName(), weight.getTensorType(),
             [weight]() mutable { return readWeightData(weight); });
  weightNames[op.getName()] = name;
  return name;
}

std::string GraphBuilder::exportConstant(ConstantOp op) {
  auto found = constantNames.find(op.getValueAttr());
  if (found != constantNames.end())
    return found->second;
  Value value = op.getResult();
  std::string name =
      tensor(getWeightName(value), cast<RankedTensorType>(value.getType()),
             [value] { return decodeConstant(value); });
  constantNames[op.getValueAttr()] = name;
  return name;
}

std::string GraphBuilder::exportWeight(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Operation *op = value.getDefiningOp();
  if (isa<GetWeightOp, ConstantOp>(op) &&
      getDataType(type.getElementType()) == 0) {
    std::string text;
    llvm::raw_string_ostream(text)
        << "the element type " << type.getElementType() << " of weight '"
        << getWeightName(value) << "' is not in ONNX";
    unsupported(text);
    return "";
  }
  if (auto leaf = dyn_cast<GetWeightOp>(op))
    return exportStoredWeight(leaf);
  if (auto constant = dyn_cast<ConstantOp>(op))
    return exportConstant(constant);

  // A decode tree, in the main graph.
  ::onnx::GraphProto *outer = enter(model.mutable_graph());
  Operation *outerOp = currentOp;
  std::string outerLabel = label, outerReason = std::move(reason);
  llvm::scope_exit restore([&] {
    enter(outer);
    currentOp = outerOp;
    label = outerLabel;
    reason = outerReason;
  });
  currentOp = op;
  label = getWeightName(value) + "/" + op->getName().stripDialect().str();
  reason.clear();
  if (const Registry::Function *function = Registry::get().lookup(op))
    (*function)(*this, op);
  else
    unsupported(op->getName().getStringRef() + " has no form in ONNX");
  if (isOk())
    return names.lookup(value);
  decodedWeights[StringAttr::get(getContext(), reason)].push_back(value);
  return decoded(value, type.getShape());
}

void GraphBuilder::reportDecoded() {
  for (const auto &[why, values] : decodedWeights) {
    InFlightDiagnostic warning = emitWarning(values.front().getLoc());
    warning << values.size()
            << (values.size() == 1 ? " weight is" : " weights are")
            << " exported as decoded numbers: " << why.getValue() << " (";
    constexpr size_t maxNames = 3;
    for (auto [index, value] : llvm::enumerate(values)) {
      if (index == maxNames) {
        warning << ", ...";
        break;
      }
      warning << (index ? ", '" : "'") << getWeightName(value) << "'";
    }
    warning << ")";
  }
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

void GraphBuilder::unsupported(const Twine &why) {
  if (reason.empty())
    reason = why.str();
}

::onnx::GraphProto *GraphBuilder::enter(::onnx::GraphProto *subgraph) {
  return std::exchange(graph, subgraph);
}

void GraphBuilder::setCurrent(Operation *op) {
  currentOp = op;
  StringRef name = getLocationName(op->getLoc());
  label = makeUnique(name.empty() ? op->getName().stripDialect() : name);
}

LogicalResult GraphBuilder::exportBlock(Block &block) {
  for (Operation &op : block.without_terminator()) {
    // Weights are exported where they are read.
    if (isa<ConstantOp>(op) ||
        (op.getNumResults() == 1 && isWeight(op.getResult(0))))
      continue;
    setCurrent(&op);
    const Registry::Function *function = Registry::get().lookup(&op);
    if (!function)
      return op.emitError()
             << "'" << op.getName()
             << "' has no form in ONNX: export before the passes that make it, "
                "or compile the module with slimc";
    (*function)(*this, &op);
    if (hasFailed())
      return failure();
    if (!isOk())
      return op.emitError() << "'" << op.getName()
                            << "' cannot be exported to ONNX: " << reason;
  }
  return success();
}

void GraphBuilder::setValueInfo(::onnx::ValueInfoProto &info, StringRef name,
                                Type type, ArrayAttr dimNames) {
  auto tensorType = cast<RankedTensorType>(type);
  info.set_name(name.str());
  auto &proto = *info.mutable_type()->mutable_tensor_type();
  proto.set_elem_type(getDataType(tensorType.getElementType()));
  auto &shape = *proto.mutable_shape();
  for (auto [index, extent] : llvm::enumerate(tensorType.getShape())) {
    auto &dim = *shape.add_dim();
    StringRef dimName;
    if (dimNames && index < dimNames.size())
      if (auto text = dyn_cast<StringAttr>(dimNames[index]))
        dimName = text.getValue();
    if (!ShapedType::isDynamic(extent))
      dim.set_dim_value(extent);
    else if (!dimName.empty())
      dim.set_dim_param(dimName.str());
  }
}
