//===- GraphBuilder.h - Nodes of an ONNX graph ------------------*- C++ -*-===//
//
// What the exporters of ops use. A value of the module has a name in the graph;
// weights and constants get theirs, and become initializers, when a node first
// reads them. All trees of decode ops over them are treated so: they belong to
// the main graph, whichever subgraph reads them.
//
//===----------------------------------------------------------------------===//
#ifndef SLIM_LIB_EXPORT_ONNX_GRAPHBUILDER_H
#define SLIM_LIB_EXPORT_ONNX_GRAPHBUILDER_H

#include "ModelFile.h"
#include "onnx/onnx_pb.h"
#include "slim/Export/ONNX.h"
#include "slim/IR/SlimOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

namespace slim::onnxexport {

/// Microsoft's domain of ops.
constexpr llvm::StringLiteral kMicrosoftDomain = "com.microsoft";

/// A named attribute of a node: an integer, a float, a string, integers, a
/// tensor or a graph.
struct Attr {
  template <typename T>
  Attr(StringRef name, const T &value) {
    proto.set_name(name.str());
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      proto.set_type(::onnx::AttributeProto::INT);
      proto.set_i(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      proto.set_type(::onnx::AttributeProto::FLOAT);
      proto.set_f(value);
    } else if constexpr (std::is_same_v<T, TensorData>) {
      proto.set_type(::onnx::AttributeProto::TENSOR);
      setTensorType(*proto.mutable_t(), value.getType());
      std::vector<char> bytes = packElements(value);
      proto.mutable_t()->set_raw_data(bytes.data(), bytes.size());
    } else if constexpr (std::is_same_v<T, ::onnx::GraphProto>) {
      proto.set_type(::onnx::AttributeProto::GRAPH);
      *proto.mutable_g() = value;
    } else if constexpr (std::is_convertible_v<T, ArrayRef<int64_t>>) {
      proto.set_type(::onnx::AttributeProto::INTS);
      ArrayRef<int64_t> elements = value;
      for (int64_t element : elements)
        proto.add_ints(element);
    } else {
      proto.set_type(::onnx::AttributeProto::STRING);
      proto.set_s(StringRef(value).str());
    }
  }

  ::onnx::AttributeProto proto;
};

using Names = SmallVector<std::string, 4>;

class GraphBuilder {
public:
  GraphBuilder(ModuleOp module, const ONNXExportOptions &options);

  const ONNXExportOptions &getOptions() const { return options; }
  MLIRContext *getContext() { return module.getContext(); }

  //===--------------------------------------------------------------------===//
  // Values
  //===--------------------------------------------------------------------===//

  /// The name of a value; empty for null.
  std::string operand(Value value);
  /// The names of several.
  Names operands(ValueRange values);
  /// Lets `value` go by a name that the graph defines.
  void setName(Value value, StringRef name);
  /// Makes the name of `value`, by `make`, when something first reads it.
  void setLazyName(Value value, std::function<std::string()> make);
  /// Lets a value of one element go by a scalar, too.
  void setScalarName(Value value, StringRef name) {
    scalarNames[value] = name.str();
  }
  /// That scalar; empty where there is none.
  std::string getScalarName(Value value) const {
    return scalarNames.lookup(value);
  }
  /// The name that a value of the graph's interface must have; empty for
  /// others.
  StringRef getReservedName(Value value) const;
  void reserveName(Value value, StringRef name);
  /// A name that nothing has yet: `wanted`, or that with a number behind.
  std::string makeUnique(StringRef wanted);

  //===--------------------------------------------------------------------===//
  // Nodes
  //===--------------------------------------------------------------------===//

  /// Adds a node in the service of the current op; returns its first result.
  std::string node(StringRef type, ArrayRef<std::string> inputs,
                   ArrayRef<Attr> attributes = {});
  /// Adds the node that computes the results of the current op. Results that
  /// nothing reads are left out.
  void result(StringRef type, ArrayRef<std::string> inputs,
              ArrayRef<Attr> attributes = {}, StringRef domain = "");
  /// Adds a node with the given results.
  void addNode(StringRef type, ArrayRef<std::string> inputs,
               ArrayRef<std::string> outputs, ArrayRef<Attr> attributes,
               StringRef domain = "");
  /// A name for an intermediate result of the current op.
  std::string makeIntermediate(StringRef type);

  //===--------------------------------------------------------------------===//
  // Tensors
  //===--------------------------------------------------------------------===//

  /// Initializers of one dimension, a scalar and any data.
  std::string ints(ArrayRef<int64_t> values);
  std::string scalar(double value, Type elementType);
  std::string tensor(const TensorData &data);
  /// An initializer of `type`, an element type that ONNX has, whose data
  /// `read` makes when they are written.
  std::string tensor(StringRef name, RankedTensorType type,
                     std::function<FailureOr<TensorData>()> read);
  /// An initializer that holds what the weight or constant `root` decodes to,
  /// in another shape of as many elements.
  std::string decoded(Value root, ArrayRef<int64_t> shape);
  /// The weight's own name, for messages and initializers; "constant" for what
  /// has none.
  static std::string getWeightName(Value root);

  //===--------------------------------------------------------------------===//
  // Failure
  //===--------------------------------------------------------------------===//

  /// States that the current op has no form in ONNX. Exporters of decode ops
  /// call it before they add anything.
  void unsupported(const Twine &why);
  bool isOk() const { return reason.empty(); }
  /// States that a region of the current op failed and was reported.
  void fail() { reported = true; }
  bool hasFailed() const { return reported; }

  //===--------------------------------------------------------------------===//
  // For the driver and control flow
  //===--------------------------------------------------------------------===//

  /// Exports the ops of a block up to its terminator. Reports what fails.
  LogicalResult exportBlock(Block &block);
  /// Makes `op` the current op, after its regions were.
  void setCurrent(Operation *op);
  /// Makes `subgraph` the graph that nodes are added to; returns the one
  /// before.
  ::onnx::GraphProto *enter(::onnx::GraphProto *subgraph);
  /// The type of a value, as graphs declare it.
  void setValueInfo(::onnx::ValueInfoProto &info, StringRef name, Type type,
                    ArrayAttr dimNames = {});

  ::onnx::ModelProto &getModel() { return model; }
  ArrayRef<ModelTensor> getTensors() const { return tensors; }
  /// Prints a warning a reason for weights that were decoded.
  void reportDecoded();

private:
  std::string exportWeight(Value value);
  std::string exportStoredWeight(GetWeightOp op);
  std::string exportConstant(ConstantOp op);

  ModuleOp module;
  const ONNXExportOptions &options;
  ::onnx::ModelProto model;
  ::onnx::GraphProto *graph;
  std::vector<ModelTensor> tensors;

  llvm::DenseMap<Value, std::string> names;
  llvm::DenseMap<Value, std::function<std::string()>> lazyNames;
  llvm::DenseMap<Value, std::string> scalarNames;
  llvm::DenseMap<Value, std::string> reserved;
  llvm::StringSet<> usedNames;
  llvm::StringMap<unsigned> nextSuffix;
  llvm::StringMap<std::string> weightNames;
  llvm::DenseMap<Attribute, std::string> constantNames;
  /// By reason: the weights that were decoded.
  llvm::MapVector<StringAttr, SmallVector<Value>> decodedWeights;

  Operation *currentOp = nullptr;
  std::string label;
  std::string reason;
  bool reported = false;
};

} // namespace slim::onnxexport

#endif // SLIM_LIB_EXPORT_ONNX_GRAPHBUILDER_H
