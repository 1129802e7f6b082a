//===- ModelImporter.h - The graph of an ONNX model -------------*- C++ -*-===//
#ifndef SLIM_LIB_IMPORT_ONNX_MODELIMPORTER_H
#define SLIM_LIB_IMPORT_ONNX_MODELIMPORTER_H

#include "NodeBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "slim/Import/ONNX.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

namespace onnx {
class FunctionProto;
class GraphProto;
class ModelProto;
class ValueInfoProto;
} // namespace onnx

namespace slim::onnximport {

/// Values by name in a graph. A subgraph also sees its parent's names; a
/// function body does not.
struct Scope {
  explicit Scope(Scope *parent) : parent(parent) {}
  Scope *parent;
  /// Null values are results of nodes that could not be imported.
  llvm::StringMap<Value> values;
  /// Initializers, which become ops when something reads them.
  llvm::StringMap<const ::onnx::TensorProto *> initializers;
  llvm::StringMap<const ::onnx::SparseTensorProto *> sparseInitializers;
  /// Types that the graph declares for values that nodes define.
  llvm::StringMap<const ::onnx::ValueInfoProto *> declarations;
  /// Opset versions by domain, shared by the graphs of one model or function.
  const llvm::StringMap<int64_t> *opsets = nullptr;
};

class ModelImporter {
public:
  ModelImporter(const ::onnx::ModelProto &model, TensorReader &tensors,
                const ONNXImportOptions &options, StringRef path,
                MLIRContext *context);

  /// The module, or null after an error was emitted.
  OwningOpRef<ModuleOp> run();

  //===--------------------------------------------------------------------===//
  // For NodeBuilder and the import functions
  //===--------------------------------------------------------------------===//

  TensorReader &getTensorReader() { return tensors; }

  /// The value of a tensor of the model, under its name or `fallbackName`: a
  /// constant if it is small, otherwise a weight. Valid in the whole function.
  Value makeTensor(const StoredTensor &tensor, StringRef fallbackName);
  /// The shape that the current graph declares for a value.
  std::optional<SmallVector<int64_t>> getDeclaredShape(StringRef name);
  /// The data of a value that `makeTensor` returned, or null.
  const StoredTensor *getWeight(Value value) const;

  /// Imports a subgraph of the current node at `builder`'s place, giving
  /// `arguments` to its inputs; the outputs' values, or failure when an error
  /// was emitted or (null values among them) unsupported nodes were recorded.
  FailureOr<SmallVector<Value>> importSubgraph(const ::onnx::GraphProto &graph,
                                               ArrayRef<Value> arguments,
                                               OpBuilder &builder);
  /// Records the ops in a node's subgraphs that have no import function.
  void recordUnsupportedSubgraphs(const ::onnx::NodeProto &node,
                                  unsigned level = 0);

private:
  LogicalResult importMain();
  FailureOr<RankedTensorType> getInputType(const ::onnx::ValueInfoProto &info);
  Attribute getDimNames(const ::onnx::ValueInfoProto &info, Type type);
  LogicalResult addGraph(const ::onnx::GraphProto &graph, Scope &scope);
  /// The extent of a dimension as declared, `--dim` included.
  template <typename Dimension>
  int64_t getExtent(const Dimension &dimension);

  /// Imports the nodes of a graph or a function's body.
  template <typename Nodes>
  LogicalResult importNodes(const Nodes &nodes, Scope &scope,
                            OpBuilder &builder);
  LogicalResult importNode(const ::onnx::NodeProto &node, unsigned index,
                           Scope &scope, OpBuilder &builder);
  LogicalResult importCall(const ::onnx::NodeProto &node, StringRef label,
                           const ::onnx::FunctionProto &function,
                           ArrayRef<Value> operands, Scope &scope,
                           OpBuilder &builder);
  /// The value of that name. Failure if nothing defines it, or, with an error
  /// emitted, if it is a tensor that cannot be read.
  FailureOr<Value> lookUp(StringRef name, Scope &scope);
  FailureOr<Value> readInitializer(StringRef name, Scope &scope);
  LogicalResult define(StringRef name, Value value, Scope &scope);

  InFlightDiagnostic error();
  void recordUnsupported(StringRef opType, StringRef node, StringRef reason);
  LogicalResult reportUnsupported();

  std::string makeWeight(const StoredTensor &tensor, StringRef name,
                         Location weightLoc);
  std::string makeSymbol(StringRef name);
  /// A builder at a place whose ops are seen by the whole function.
  OpBuilder getPrologue();
  LogicalResult cleanUp();
  void outlineConstants();
  void removeUnused();

  const ::onnx::ModelProto &model;
  TensorReader &tensors;
  const ONNXImportOptions &options;
  MLIRContext *context;
  Location loc;
  bool errorEmitted = false;

  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  Operation *lastPrologueOp = nullptr;
  llvm::StringMap<int64_t> opsets;
  llvm::StringMap<const ::onnx::FunctionProto *> functions;
  llvm::StringSet<> usedDims;

  llvm::StringSet<> symbols;
  /// What a symbol would be called were the name not taken.
  llvm::StringMap<std::string> wantedNames;
  /// By symbol name.
  llvm::StringMap<StoredTensor> weights;

  /// The scope of the node that is being imported.
  Scope *currentScope = nullptr;
  unsigned depth = 0;
  int64_t numImportedNodes = 0;
  /// By op: nodes with the reason, which is empty where the op is unknown.
  llvm::MapVector<StringRef, SmallVector<std::pair<std::string, std::string>>,
                  llvm::StringMap<unsigned>>
      unsupported;
};

} // namespace slim::onnximport

#endif // SLIM_LIB_IMPORT_ONNX_MODELIMPORTER_H
