//===- ExportONNX.cpp - The model of a module -----------------------------===//
#include "GraphBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "slim/IR/SlimDialect.h"
#include "slim/IR/WeightTree.h"
#include "slim/Import/ONNX.h"

using namespace slim;
using namespace slim::onnxexport;

/// The first versions with elements of 4 bits and scales per block; the first
/// in which all elementwise ops and convolutions have bfloat16, and in which
/// pools that round extents up are as slim has them.
static constexpr int64_t kOpset = 21, kIRVersion = 10, kLaterOpset = 22;

static bool needsLaterOpset(func::FuncOp function) {
  auto isBFloat16 = [](Type type) {
    return getElementTypeOrSelf(type).isBF16();
  };
  WalkResult result = function.walk([&](Operation *op) {
    auto ceilMode = op->getAttrOfType<BoolAttr>("ceil_mode");
    bool isUsed = (ceilMode && ceilMode.getValue()) ||
                  llvm::any_of(op->getResultTypes(), isBFloat16) ||
                  llvm::any_of(op->getOperandTypes(), isBFloat16);
    return isUsed ? WalkResult::interrupt() : WalkResult::advance();
  });
  return result.wasInterrupted();
}

static FailureOr<func::FuncOp> findFunction(ModuleOp module, StringRef entry) {
  SmallVector<func::FuncOp> candidates;
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isExternal() && !function.isPrivate() &&
        (entry.empty() || function.getSymName() == entry))
      candidates.push_back(function);
  if (candidates.size() == 1)
    return candidates.front();
  if (!entry.empty())
    return module.emitError("has no function '") << entry << "' to export";
  if (candidates.empty())
    return module.emitError("has no function to export");
  InFlightDiagnostic error =
      module.emitError("has several functions; --entry names the one to "
                       "export: ");
  llvm::interleaveComma(candidates, error, [&](func::FuncOp function) {
    error << "'" << function.getSymName() << "'";
  });
  return error;
}

static LogicalResult exportFunction(func::FuncOp function,
                                    GraphBuilder &builder) {
  ::onnx::GraphProto &graph = *builder.getModel().mutable_graph();
  graph.set_name(function.getSymName().str());
  if (!llvm::hasSingleElement(function.getBody()))
    return function.emitError("has branches between blocks, which ONNX lacks");
  auto isExportable = [](Type type) {
    auto tensorType = dyn_cast<RankedTensorType>(type);
    return tensorType && getDataType(tensorType.getElementType()) != 0;
  };
  for (Type type : function.getFunctionType().getInputs())
    if (!isExportable(type))
      return function.emitError("has an argument of type ")
             << type << ", which ONNX lacks";
  for (Type type : function.getFunctionType().getResults())
    if (!isExportable(type))
      return function.emitError("has a result of type ")
             << type << ", which ONNX lacks";

  Block &body = function.getBody().front();
  for (BlockArgument argument : body.getArguments()) {
    unsigned index = argument.getArgNumber();
    auto given =
        function.getArgAttrOfType<StringAttr>(index, SlimDialect::kNameAttr);
    std::string name = builder.makeUnique(
        given ? given.getValue().str() : "input" + std::to_string(index));
    builder.setName(argument, name);
    builder.setValueInfo(*graph.add_input(), name, argument.getType(),
                         function.getArgAttrOfType<ArrayAttr>(
                             index, SlimDialect::kDimNamesAttr));
  }
  Operation *terminator = body.getTerminator();
  Names outputs;
  for (OpOperand &operand : terminator->getOpOperands()) {
    unsigned index = operand.getOperandNumber();
    auto given =
        function.getResultAttrOfType<StringAttr>(index, SlimDialect::kNameAttr);
    std::string name = builder.makeUnique(
        given ? given.getValue().str() : "output" + std::to_string(index));
    outputs.push_back(name);
    Value value = operand.get();
    if (value.getDefiningOp() && !isWeightOrConstant(value) &&
        builder.getReservedName(value).empty())
      builder.reserveName(value, name);
    builder.setValueInfo(*graph.add_output(), name, value.getType(),
                         function.getResultAttrOfType<ArrayAttr>(
                             index, SlimDialect::kDimNamesAttr));
  }
  if (failed(builder.exportBlock(body)))
    return failure();
  for (auto [value, name] : llvm::zip(terminator->getOperands(), outputs)) {
    std::string source = builder.operand(value);
    if (source != name)
      builder.addNode("Identity", {source}, {name}, {});
  }
  if (!builder.isOk())
    return function.emitError("returns a weight of a type that ONNX lacks");
  return success();
}

LogicalResult slim::exportONNX(ModuleOp module, StringRef path,
                               const ONNXExportOptions &options) {
  FailureOr<func::FuncOp> function = findFunction(module, options.entry);
  if (failed(function))
    return failure();
  GraphBuilder builder(module, options);
  if (failed(exportFunction(*function, builder)))
    return failure();
  ::onnx::ModelProto &model = builder.getModel();
  model.set_ir_version(kIRVersion);
  if (auto producer = module->getAttrOfType<StringAttr>(kONNXProducerAttr))
    model.set_producer_name(producer.getValue().str());
  bool usesMicrosoft = false;
  for (const auto &node : model.graph().node())
    usesMicrosoft |= node.domain() == kMicrosoftDomain;
  auto *opset = model.add_opset_import();
  opset->set_domain("");
  opset->set_version(needsLaterOpset(*function) ? kLaterOpset : kOpset);
  if (usesMicrosoft) {
    auto *microsoft = model.add_opset_import();
    microsoft->set_domain(kMicrosoftDomain.str());
    microsoft->set_version(1);
  }
  if (failed(writeModel(model, builder.getTensors(), path, options.externalData,
                        module.getLoc())))
    return failure();
  builder.reportDecoded();
  return success();
}
