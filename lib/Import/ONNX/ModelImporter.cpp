//===- ModelImporter.cpp - The graph of an ONNX model -----------*- C++ -*-===//
//
// Nodes become slim ops in the model's order, which ONNX requires to be
// topological. A node that slim does not support is recorded and its results
// are poisoned (null): nodes that read them are passed over, so that one run
// finds everything that a model lacks.
//
//===----------------------------------------------------------------------===//
#include "ModelImporter.h"

#include "Registry.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "onnx/onnx_pb.h"
#include "slim/IR/SlimDialect.h"
#include "slim/IR/Transforms/Passes.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"

using namespace slim;
using namespace slim::onnximport;

/// Depth of subgraphs and function calls within each other.
static constexpr unsigned kMaxDepth = 64;
/// Nodes after the inlining of functions: a small file of functions that call
/// each other twice could otherwise stand for more than memory holds.
static constexpr int64_t kMaxNodes = int64_t(1) << 21;

static StringRef normalizeDomain(StringRef domain) {
  return domain == "ai.onnx" ? "" : domain;
}

static std::string makeFunctionKey(StringRef domain, StringRef name) {
  return (normalizeDomain(domain) + "::" + name).str();
}

template <typename OpsetImports>
static llvm::StringMap<int64_t> getOpsets(const OpsetImports &imports) {
  llvm::StringMap<int64_t> opsets;
  for (const auto &import : imports)
    opsets[normalizeDomain(import.domain())] = import.version();
  return opsets;
}

static std::string getNodeLabel(const ::onnx::NodeProto &node, unsigned index) {
  return node.name().empty() ? (node.op_type() + "_" + Twine(index)).str()
                             : node.name();
}

ModelImporter::ModelImporter(const ::onnx::ModelProto &model,
                             TensorReader &tensors,
                             const ONNXImportOptions &options, StringRef path,
                             MLIRContext *context)
    : model(model), tensors(tensors), options(options), context(context),
      loc(FileLineColLoc::get(context, path, 0, 0)) {}

InFlightDiagnostic ModelImporter::error() {
  errorEmitted = true;
  return emitError(loc);
}

OwningOpRef<ModuleOp> ModelImporter::run() {
  opsets = getOpsets(model.opset_import());
  for (const ::onnx::FunctionProto &function : model.functions()) {
    std::string key = makeFunctionKey(function.domain(), function.name());
    if (!functions.try_emplace(key, &function).second) {
      error() << "defines function '" << key
              << "' twice (overloads are not supported)";
      return {};
    }
  }
  module = ModuleOp::create(loc);
  if (!model.producer_name().empty())
    (*module)->setAttr(kONNXProducerAttr,
                       StringAttr::get(context, model.producer_name()));
  if (failed(importMain()) || failed(verify(*module)))
    return {};
  if (options.cleanUp && failed(cleanUp()))
    return {};
  outlineConstants();
  removeUnused();
  return std::move(module);
}

//===----------------------------------------------------------------------===//
// The main graph
//===----------------------------------------------------------------------===//

template <typename Dimension>
int64_t ModelImporter::getExtent(const Dimension &dimension) {
  for (const auto &[name, value] : options.dims) {
    if (dimension.dim_param() != name)
      continue;
    usedDims.insert(name);
    return value;
  }
  // Exporters write 0 and -1 for what they do not know.
  return dimension.dim_value() > 0 ? dimension.dim_value()
                                   : ShapedType::kDynamic;
}

FailureOr<RankedTensorType>
ModelImporter::getInputType(const ::onnx::ValueInfoProto &info) {
  if (!info.type().has_tensor_type()) {
    error() << "unsupported ONNX model: input '" << info.name()
            << "' is not a tensor";
    return failure();
  }
  const auto &tensorType = info.type().tensor_type();
  Type elementType = getElementType(tensorType.elem_type(), context);
  if (!elementType) {
    error() << "unsupported ONNX model: input '" << info.name()
            << "' has element type " << getDataTypeName(tensorType.elem_type());
    return failure();
  }
  if (!tensorType.has_shape()) {
    error() << "unsupported ONNX model: input '" << info.name()
            << "' has no rank";
    return failure();
  }
  SmallVector<int64_t> shape;
  int64_t elements = 1;
  for (const auto &dimension : tensorType.shape().dim()) {
    int64_t extent = getExtent(dimension);
    if (!ShapedType::isDynamic(extent) &&
        (llvm::MulOverflow(elements, extent, elements) ||
         elements > kMaxElements)) {
      error() << "input '" << info.name() << "' is larger than any machine";
      return failure();
    }
    shape.push_back(extent);
  }
  if (shape.size() > 32) {
    error() << "unsupported ONNX model: input '" << info.name() << "' has rank "
            << shape.size();
    return failure();
  }
  return RankedTensorType::get(shape, elementType);
}

/// The names of dimensions as `slim.dim_names` has them; null where there are
/// none or the declared rank is not that of `type`.
Attribute ModelImporter::getDimNames(const ::onnx::ValueInfoProto &info,
                                     Type type) {
  const auto &dims = info.type().tensor_type().shape().dim();
  if (dims.size() != cast<RankedTensorType>(type).getRank() ||
      llvm::all_of(dims,
                   [](const auto &dim) { return dim.dim_param().empty(); }))
    return {};
  SmallVector<Attribute> names;
  for (const auto &dim : dims)
    names.push_back(StringAttr::get(context, dim.dim_param()));
  return ArrayAttr::get(context, names);
}

std::optional<SmallVector<int64_t>>
ModelImporter::getDeclaredShape(StringRef name) {
  const ::onnx::ValueInfoProto *info = currentScope->declarations.lookup(name);
  if (!info || !info->type().tensor_type().has_shape())
    return std::nullopt;
  SmallVector<int64_t> shape;
  for (const auto &dimension : info->type().tensor_type().shape().dim())
    shape.push_back(getExtent(dimension));
  return shape;
}

/// Reads what a graph declares beside its nodes.
LogicalResult ModelImporter::addGraph(const ::onnx::GraphProto &graph,
                                      Scope &scope) {
  for (const ::onnx::ValueInfoProto &info : graph.value_info())
    scope.declarations[info.name()] = &info;
  for (const ::onnx::ValueInfoProto &info : graph.output())
    scope.declarations[info.name()] = &info;
  for (const ::onnx::TensorProto &tensor : graph.initializer())
    if (tensor.name().empty() ||
        !scope.initializers.try_emplace(tensor.name(), &tensor).second)
      return error() << "has two initializers of the name '" << tensor.name()
                     << "'";
  for (const ::onnx::SparseTensorProto &tensor : graph.sparse_initializer()) {
    const std::string &name = tensor.values().name();
    if (name.empty() || scope.initializers.contains(name) ||
        !scope.sparseInitializers.try_emplace(name, &tensor).second)
      return error() << "has two initializers of the name '" << name << "'";
  }
  return success();
}

LogicalResult ModelImporter::importMain() {
  const ::onnx::GraphProto &graph = model.graph();
  Scope scope(/*parent=*/nullptr);
  scope.opsets = &opsets;
  if (failed(addGraph(graph, scope)))
    return failure();

  // Before version 4 of the format initializers are inputs too.
  SmallVector<const ::onnx::ValueInfoProto *> inputs;
  SmallVector<Type> inputTypes;
  for (const ::onnx::ValueInfoProto &input : graph.input()) {
    if (scope.initializers.contains(input.name()) ||
        scope.sparseInitializers.contains(input.name()))
      continue;
    FailureOr<RankedTensorType> type = getInputType(input);
    if (failed(type))
      return failure();
    inputs.push_back(&input);
    inputTypes.push_back(*type);
  }
  for (const auto &[name, value] : options.dims)
    if (!usedDims.contains(name))
      return error() << "no input has a dimension named '" << name << "'";

  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  symbols.insert(options.entryName);
  function = func::FuncOp::create(
      builder, loc, options.entryName,
      FunctionType::get(context, inputTypes, /*results=*/{}));
  Block *entry = function.addEntryBlock();
  for (auto [index, input] : llvm::enumerate(inputs)) {
    function.setArgAttr(index, SlimDialect::kNameAttr,
                        builder.getStringAttr(input->name()));
    if (Attribute names = getDimNames(*input, inputTypes[index]))
      function.setArgAttr(index, SlimDialect::kDimNamesAttr, names);
    if (failed(define(input->name(), entry->getArgument(index), scope)))
      return failure();
  }

  builder.setInsertionPointToEnd(entry);
  if (failed(importNodes(graph.node(), scope, builder)))
    return failure();
  if (!unsupported.empty())
    return reportUnsupported();

  if (graph.output().empty())
    return error() << "has no outputs";
  SmallVector<Value> results;
  SmallVector<Type> resultTypes;
  for (const ::onnx::ValueInfoProto &output : graph.output()) {
    FailureOr<Value> value = lookUp(output.name(), scope);
    if (failed(value))
      return errorEmitted ? failure()
                          : error() << "nothing defines output '"
                                    << output.name() << "'";
    results.push_back(*value);
    resultTypes.push_back(value->getType());
  }
  func::ReturnOp::create(builder, loc, results);
  function.setFunctionType(FunctionType::get(context, inputTypes, resultTypes));
  for (auto [index, output] : llvm::enumerate(graph.output())) {
    function.setResultAttr(index, SlimDialect::kNameAttr,
                           builder.getStringAttr(output.name()));
    if (Attribute names = getDimNames(output, resultTypes[index]))
      function.setResultAttr(index, SlimDialect::kDimNamesAttr, names);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

LogicalResult ModelImporter::define(StringRef name, Value value, Scope &scope) {
  if (!scope.values.try_emplace(name, value).second ||
      scope.initializers.contains(name) ||
      scope.sparseInitializers.contains(name))
    return error() << "defines the value '" << name << "' twice";
  return success();
}

FailureOr<Value> ModelImporter::readInitializer(StringRef name, Scope &scope) {
  std::string reason;
  FailureOr<StoredTensor> tensor = failure();
  int64_t dataType;
  if (const auto *proto = scope.initializers.lookup(name)) {
    tensor = tensors.read(*proto, reason);
    dataType = proto->data_type();
  } else if (const auto *proto = scope.sparseInitializers.lookup(name)) {
    tensor = tensors.read(*proto, reason);
    dataType = proto->values().data_type();
  } else {
    return failure();
  }
  if (failed(tensor)) {
    bool isKnownType = static_cast<bool>(getElementType(dataType, context));
    error() << (isKnownType ? "" : "unsupported ONNX model: ") << "tensor '"
            << name << "' " << reason;
    return failure();
  }
  Value value = makeTensor(*tensor, name);
  scope.values[name] = value;
  return value;
}

FailureOr<Value> ModelImporter::lookUp(StringRef name, Scope &scope) {
  for (Scope *current = &scope; current; current = current->parent) {
    auto it = current->values.find(name);
    if (it != current->values.end())
      return it->second;
    FailureOr<Value> value = readInitializer(name, *current);
    if (succeeded(value) || errorEmitted)
      return value;
  }
  return failure();
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

template <typename Nodes>
LogicalResult ModelImporter::importNodes(const Nodes &nodes, Scope &scope,
                                         OpBuilder &builder) {
  if (++depth > kMaxDepth)
    return error() << "has subgraphs or functions nested deeper than "
                   << kMaxDepth;
  Scope *outerScope = currentScope;
  currentScope = &scope;
  llvm::scope_exit restore([&] {
    --depth;
    currentScope = outerScope;
  });
  for (auto [index, node] : llvm::enumerate(nodes))
    if (failed(importNode(node, index, scope, builder)))
      return failure();
  return success();
}

LogicalResult ModelImporter::importNode(const ::onnx::NodeProto &node,
                                        unsigned index, Scope &scope,
                                        OpBuilder &builder) {
  std::string label = getNodeLabel(node, index);
  if (++numImportedNodes > kMaxNodes)
    return error() << "has more than " << kMaxNodes << " nodes";

  bool isPoisoned = false;
  SmallVector<Value> operands;
  for (const std::string &name : node.input()) {
    if (name.empty()) {
      operands.push_back({});
      continue;
    }
    FailureOr<Value> value = lookUp(name, scope);
    if (failed(value))
      return errorEmitted ? failure()
                          : error()
                                << "node '" << label << "' (" << node.op_type()
                                << ") reads '" << name
                                << "', which no input, initializer or earlier "
                                   "node defines";
    isPoisoned |= !*value;
    operands.push_back(*value);
  }
  auto poisonResults = [&]() -> LogicalResult {
    for (const std::string &name : node.output())
      if (!name.empty() && failed(define(name, {}, scope)))
        return failure();
    return success();
  };

  StringRef domain = normalizeDomain(node.domain());
  auto functionIt =
      functions.find(makeFunctionKey(node.domain(), node.op_type()));
  if (functionIt != functions.end()) {
    if (isPoisoned)
      return poisonResults();
    return importCall(node, label, *functionIt->second, operands, scope,
                      builder);
  }

  const Registry::Entry *entry = Registry::get().lookup(
      domain.empty() ? node.op_type() : (domain + "::" + node.op_type()).str());
  if (!entry) {
    recordUnsupported(node.op_type(), label, "");
    recordUnsupportedSubgraphs(node);
    return poisonResults();
  }
  auto opsetIt = scope.opsets->find(domain);
  if (opsetIt == scope.opsets->end())
    return error() << "imports no operator set of "
                   << (domain.empty() ? "the default domain"
                                      : ("domain '" + domain + "'").str());
  int64_t opset = opsetIt->second;
  if (domain.empty() && (opset < kMinOpset || opset > kMaxOpset))
    return error() << "unsupported ONNX model: it uses opset " << opset
                   << "; slim reads opsets " << kMinOpset << " to "
                   << kMaxOpset;
  if (isPoisoned) {
    recordUnsupportedSubgraphs(node);
    return poisonResults();
  }

  auto fail = [&](const Twine &reason) {
    return error() << "node '" << label << "' (" << node.op_type()
                   << "): " << reason;
  };
  if (operands.size() > entry->maxOperands)
    return fail("has " + Twine(operands.size()) + " operands; the op has " +
                Twine(entry->maxOperands) + " at most");
  for (unsigned i = 0; i < entry->minOperands; ++i)
    if (i >= operands.size() || !operands[i])
      return fail("lacks operand " + Twine(i));

  NodeBuilder nodeBuilder(*this, builder, node, opset,
                          NameLoc::get(StringAttr::get(context, label)),
                          std::move(operands));
  entry->function(nodeBuilder);
  if (errorEmitted)
    return failure();
  if (nodeBuilder.getStatus() == NodeStatus::Invalid)
    return fail(nodeBuilder.getReason());
  if (nodeBuilder.getStatus() == NodeStatus::Poisoned)
    return poisonResults();
  ArrayRef<Value> results = nodeBuilder.getResults();
  if (nodeBuilder.isOk())
    for (unsigned i = 0, e = nodeBuilder.getNumResults(); i < e; ++i)
      if (nodeBuilder.wantsResult(i) && (i >= results.size() || !results[i]))
        nodeBuilder.unsupported("result " + Twine(i) + " is not supported");
  if (nodeBuilder.getStatus() == NodeStatus::Unsupported) {
    recordUnsupported(node.op_type(), label, nodeBuilder.getReason());
    return poisonResults();
  }
  for (unsigned i = 0, e = nodeBuilder.getNumResults(); i < e; ++i)
    if (nodeBuilder.wantsResult(i) &&
        failed(define(node.output(i), results[i], scope)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Subgraphs and functions
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>>
ModelImporter::importSubgraph(const ::onnx::GraphProto &graph,
                              ArrayRef<Value> arguments, OpBuilder &builder) {
  Scope scope(currentScope);
  scope.opsets = currentScope->opsets;
  if (failed(addGraph(graph, scope)))
    return failure();
  if (graph.input_size() != static_cast<int>(arguments.size()))
    return error() << "subgraph '" << graph.name() << "' has "
                   << graph.input_size() << " inputs where its node gives "
                   << arguments.size();
  for (auto [input, value] : llvm::zip(graph.input(), arguments))
    if (failed(define(input.name(), value, scope)))
      return failure();
  if (failed(importNodes(graph.node(), scope, builder)))
    return failure();
  SmallVector<Value> results;
  for (const ::onnx::ValueInfoProto &output : graph.output()) {
    FailureOr<Value> value = lookUp(output.name(), scope);
    if (failed(value))
      return errorEmitted ? failure()
                          : error()
                                << "nothing defines output '" << output.name()
                                << "' of subgraph '" << graph.name() << "'";
    results.push_back(*value);
  }
  return results;
}

/// Replaces attributes that refer to the function's by the caller's.
static void bindAttributes(::onnx::NodeProto &node,
                           const llvm::StringMap<::onnx::AttributeProto> &given,
                           unsigned depth) {
  if (depth > kMaxDepth)
    return;
  auto *attributes = node.mutable_attribute();
  for (int i = attributes->size() - 1; i >= 0; --i) {
    ::onnx::AttributeProto &attribute = *attributes->Mutable(i);
    if (!attribute.ref_attr_name().empty()) {
      auto it = given.find(attribute.ref_attr_name());
      if (it == given.end()) {
        attributes->DeleteSubrange(i, 1);
        continue;
      }
      std::string name = attribute.name();
      attribute = it->second;
      attribute.set_name(name);
      continue;
    }
    if (attribute.has_g())
      for (::onnx::NodeProto &inner : *attribute.mutable_g()->mutable_node())
        bindAttributes(inner, given, depth + 1);
  }
}

/// Default values of a function's attributes: a field of newer messages than
/// the installed ones, which keep it as an unknown one.
static void
addDefaultAttributes(const ::onnx::FunctionProto &function,
                     llvm::StringMap<::onnx::AttributeProto> &attributes) {
  constexpr int kAttributeProtoFieldNumber = 11;
  const auto &fields = function.unknown_fields();
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto &field = fields.field(i);
    if (field.number() != kAttributeProtoFieldNumber ||
        field.type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      continue;
    ::onnx::AttributeProto attribute;
    if (attribute.ParseFromString(field.length_delimited()))
      attributes.try_emplace(attribute.name(), attribute);
  }
}

LogicalResult ModelImporter::importCall(const ::onnx::NodeProto &node,
                                        StringRef label,
                                        const ::onnx::FunctionProto &function,
                                        ArrayRef<Value> operands, Scope &scope,
                                        OpBuilder &builder) {
  auto fail = [&](const Twine &reason) {
    return error() << "node '" << label << "' (" << node.op_type()
                   << "): " << reason;
  };
  if (static_cast<int>(operands.size()) > function.input_size() ||
      node.output_size() > function.output_size())
    return fail("has more operands or results than the function that it calls");
  llvm::StringMap<::onnx::AttributeProto> given;
  for (const ::onnx::AttributeProto &attribute : node.attribute())
    given.try_emplace(attribute.name(), attribute);
  addDefaultAttributes(function, given);

  Scope body(/*parent=*/nullptr);
  llvm::StringMap<int64_t> bodyOpsets = getOpsets(function.opset_import());
  body.opsets = bodyOpsets.empty() ? scope.opsets : &bodyOpsets;
  llvm::StringSet<> absent;
  for (auto [index, name] : llvm::enumerate(function.input())) {
    if (index < operands.size() && operands[index]) {
      if (failed(define(name, operands[index], body)))
        return failure();
    } else {
      absent.insert(name);
    }
  }
  SmallVector<::onnx::NodeProto> nodes(function.node().begin(),
                                       function.node().end());
  for (::onnx::NodeProto &inner : nodes) {
    bindAttributes(inner, given, 0);
    for (std::string &name : *inner.mutable_input())
      if (absent.contains(name))
        name.clear();
  }
  if (failed(importNodes(nodes, body, builder)))
    return failure();
  for (int i = 0; i < node.output_size(); ++i) {
    if (node.output(i).empty())
      continue;
    FailureOr<Value> value = lookUp(function.output(i), body);
    if (failed(value))
      return errorEmitted ? failure()
                          : fail("calls a function that does not define '" +
                                 function.output(i) + "'");
    if (failed(define(node.output(i), *value, scope)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// What is not supported
//===----------------------------------------------------------------------===//

void ModelImporter::recordUnsupported(StringRef opType, StringRef node,
                                      StringRef reason) {
  unsupported[opType].push_back({node.str(), reason.str()});
}

void ModelImporter::recordUnsupportedSubgraphs(const ::onnx::NodeProto &node,
                                               unsigned level) {
  if (level > kMaxDepth)
    return;
  for (const ::onnx::AttributeProto &attribute : node.attribute()) {
    if (!attribute.has_g())
      continue;
    for (auto [index, inner] : llvm::enumerate(attribute.g().node())) {
      bool isKnown = functions.contains(
                         makeFunctionKey(inner.domain(), inner.op_type())) ||
                     (normalizeDomain(inner.domain()).empty() &&
                      Registry::get().lookup(inner.op_type()));
      if (!isKnown)
        recordUnsupported(inner.op_type(), getNodeLabel(inner, index), "");
      recordUnsupportedSubgraphs(inner, level + 1);
    }
  }
}

LogicalResult ModelImporter::reportUnsupported() {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(unsupported, os, [&](const auto &entry) {
    const auto &nodes = entry.second;
    os << entry.first << " (node" << (nodes.size() > 1 ? "s " : " ");
    llvm::interleaveComma(nodes, os, [&](const auto &node) {
      os << "'" << node.first << "'";
      if (!node.second.empty())
        os << ": " << node.second;
    });
    os << ")";
  });
  return error() << "unsupported ONNX ops: " << text;
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

std::string ModelImporter::makeSymbol(StringRef name) {
  std::string symbol = name.empty() ? "constant" : name.str();
  for (unsigned i = 0; !symbols.insert(symbol).second; ++i)
    symbol = (name + "_" + Twine(i)).str();
  if (symbol != name)
    wantedNames[symbol] = name.str();
  return symbol;
}

OpBuilder ModelImporter::getPrologue() {
  OpBuilder builder(context);
  if (lastPrologueOp)
    builder.setInsertionPointAfter(lastPrologueOp);
  else
    builder.setInsertionPointToStart(&function.getBody().front());
  return builder;
}

/// Elements up to which a tensor may be a constant among the ops.
static int64_t getMaxConstantElements(Type elementType) {
  bool isForStructure = elementType.isSignlessInteger(1) ||
                        elementType.isSignlessInteger(32) ||
                        elementType.isSignlessInteger(64);
  return isForStructure ? 1024 : 4;
}

/// Shapes, axes and scalars are part of the graph's structure; matrices and
/// filters of the model are weights, however small.
static bool isStructural(RankedTensorType type) {
  int64_t most = getMaxConstantElements(type.getElementType());
  return type.getNumElements() <= most && (type.getRank() < 2 || most > 4);
}

/// Elements beyond which a weight's own data are a resource, printed apart.
static constexpr int64_t kMaxDenseElements = 64;

Value ModelImporter::makeTensor(const StoredTensor &tensor,
                                StringRef fallbackName) {
  std::string name = tensor.name.empty() ? fallbackName.str() : tensor.name;
  RankedTensorType type = tensor.getType();
  Location tensorLoc = NameLoc::get(StringAttr::get(context, name));
  OpBuilder builder = getPrologue();
  if (isStructural(type)) {
    lastPrologueOp = ConstantOp::create(
        builder, tensorLoc, type, cast<ElementsAttr>(tensor.data.toAttr()));
    return lastPrologueOp->getResult(0);
  }
  std::string symbol = makeWeight(tensor, name, tensorLoc);
  lastPrologueOp = GetWeightOp::create(builder, tensorLoc, type, symbol);
  return lastPrologueOp->getResult(0);
}

std::string ModelImporter::makeWeight(const StoredTensor &tensor,
                                      StringRef name, Location weightLoc) {
  RankedTensorType type = tensor.getType();
  std::string symbol = makeSymbol(name);
  Attribute data;
  if (!tensor.path.empty()) {
    data = ExternalAttr::get(context, tensor.path, tensor.offset);
  } else if (type.getNumElements() <= kMaxDenseElements) {
    data = tensor.data.toAttr();
  } else {
    data = DenseResourceElementsAttr::get(
        type, symbol,
        HeapAsmResourceBlob::allocateAndCopyWithAlign(
            tensor.data.getBytes(), /*align=*/64, /*dataIsMutable=*/true));
  }
  OpBuilder builder(function);
  WeightOp::create(builder, weightLoc, symbol, type, data);
  weights[symbol] = tensor;
  return symbol;
}

const StoredTensor *ModelImporter::getWeight(Value value) const {
  auto op = value.getDefiningOp<GetWeightOp>();
  if (!op)
    return nullptr;
  auto it = weights.find(op.getName());
  return it == weights.end() ? nullptr : &it->second;
}

//===----------------------------------------------------------------------===//
// After the import
//===----------------------------------------------------------------------===//

LogicalResult ModelImporter::cleanUp() {
  PassManager passes(context);
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createFoldBatchNormPass());
  passes.addPass(createCanonicalizerPass());
  return passes.run(*module);
}

/// What folding left as large constants are weights.
void ModelImporter::outlineConstants() {
  function.walk([&](ConstantOp op) {
    RankedTensorType type = op.getType();
    if (op->use_empty() ||
        type.getNumElements() <= getMaxConstantElements(type.getElementType()))
      return;
    std::optional<TensorData> data = TensorData::fromAttr(op.getValue());
    if (!data)
      return;
    auto nameLoc = dyn_cast<NameLoc>(op.getLoc());
    StringRef name = nameLoc ? nameLoc.getName().getValue() : "constant";
    StoredTensor tensor{*data, /*path=*/"", /*offset=*/0, name.str()};
    std::string symbol = makeWeight(tensor, name, op.getLoc());
    OpBuilder builder(op);
    auto weight =
        GetWeightOp::create(builder, op.getLoc(), op.getType(), symbol);
    op.replaceAllUsesWith(weight.getResult());
    op.erase();
  });
}

/// Weights that nothing reads, the ones that folding has used up among them.
void ModelImporter::removeUnused() {
  function.walk([](Operation *op) {
    if (isa<GetWeightOp, ConstantOp>(op) && op->use_empty())
      op->erase();
  });
  llvm::StringSet<> used;
  function.walk([&](GetWeightOp op) { used.insert(op.getName()); });
  llvm::StringMap<StringAttr> renamed;
  for (auto weight : llvm::make_early_inc_range(module->getOps<WeightOp>())) {
    if (used.contains(weight.getSymName())) {
      renamed[weight.getSymName()] = weight.getSymNameAttr();
      continue;
    }
    symbols.erase(weight.getSymName());
    weight.erase();
  }
  // Names that are free again go to who wanted them.
  for (auto weight : module->getOps<WeightOp>()) {
    auto wanted = wantedNames.find(weight.getSymName());
    if (wanted == wantedNames.end() || !symbols.insert(wanted->second).second)
      continue;
    auto name = StringAttr::get(context, wanted->second);
    renamed[weight.getSymName()] = name;
    weight.setSymNameAttr(name);
  }
  function.walk([&](GetWeightOp op) {
    op.setNameAttr(FlatSymbolRefAttr::get(renamed.lookup(op.getName())));
  });
}
