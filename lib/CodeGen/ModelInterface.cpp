//===- ModelInterface.cpp - The C interface of generated code -------------===//
//
// An entry point of the model is a function on memref descriptors,
//   void _mlir_ciface_f(results *, descriptor *, ...)
// where a descriptor of rank r is {pointer, pointer, offset, [r x extent],
// [r x stride]} and `results` is one descriptor or a structure of several. The
// adaptor of an entry point converts from and to arrays of slim_tensor.
//
//===----------------------------------------------------------------------===//
#include "slim/CodeGen/ModelInterface.h"
#include "slim/Runtime/EmbeddedRuntime.h"
#include "slim/Runtime/GeneratedCode.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace slim;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;
using llvm::Twine;

namespace {

/// Builds the constants of one module.
class InterfaceEmitter {
public:
  InterfaceEmitter(llvm::Module &module, const ModelDescription &model,
                   const CPUTargetDescription &target)
      : module(module), model(model), target(target),
        context(module.getContext()), b(context) {
    pointer = llvm::PointerType::get(context, 0);
    i32 = b.getInt32Ty();
    i64 = b.getInt64Ty();
    tensor = llvm::StructType::get(
        context, {pointer, i32, i32, llvm::ArrayType::get(i64, SLIM_MAX_RANK)});
    tensorInfo =
        llvm::StructType::get(context, {pointer, i32, i32, pointer, pointer});
    entryInfo =
        llvm::StructType::get(context, {pointer, i32, i32, pointer, pointer});
    modelInfo = llvm::StructType::get(
        context, {i32, i32, pointer, pointer, pointer, pointer, pointer, i64});
  }

  void emit() {
    SmallVector<llvm::Constant *> entries, adaptors;
    for (const EntryDescription &entry : model.entries) {
      entries.push_back(llvm::ConstantStruct::get(
          entryInfo, {string(entry.name), int32(entry.inputs.size()),
                      int32(entry.outputs.size()), describe(entry.inputs),
                      describe(entry.outputs)}));
      adaptors.push_back(emitAdaptor(entry));
    }
    define(
        "slim_rt_model_info",
        llvm::ConstantStruct::get(
            modelInfo, {int32(SLIM_ABI_VERSION), int32(model.entries.size()),
                        array(entryInfo, entries), string("slim " SLIM_VERSION),
                        string(target.triple.str()), string(target.cpu),
                        string(model.report), int64(model.weightBytes)}));
    define("slim_rt_entries",
           llvm::ConstantArray::get(
               llvm::ArrayType::get(pointer, adaptors.size()), adaptors));
    define("slim_rt_required_features", int64(target.runtimeFeatures));
  }

private:
  llvm::Constant *int32(int64_t value) {
    return llvm::ConstantInt::get(i32, value);
  }
  llvm::Constant *int64(int64_t value) {
    return llvm::ConstantInt::get(i64, value, /*IsSigned=*/true);
  }

  /// A private constant global.
  llvm::Constant *global(llvm::Constant *value) {
    return new llvm::GlobalVariable(module, value->getType(),
                                    /*isConstant=*/true,
                                    llvm::GlobalValue::PrivateLinkage, value);
  }
  llvm::Constant *string(StringRef text) {
    return global(llvm::ConstantDataArray::getString(context, text));
  }
  llvm::Constant *array(llvm::Type *type, ArrayRef<llvm::Constant *> elements) {
    if (elements.empty())
      return llvm::ConstantPointerNull::get(
          llvm::cast<llvm::PointerType>(pointer));
    return global(llvm::ConstantArray::get(
        llvm::ArrayType::get(type, elements.size()), elements));
  }
  void define(StringRef name, llvm::Constant *value) {
    auto *variable = new llvm::GlobalVariable(
        module, value->getType(), /*isConstant=*/true,
        llvm::GlobalValue::ExternalLinkage, value, name);
    variable->setVisibility(llvm::GlobalValue::HiddenVisibility);
  }

  llvm::Constant *describe(ArrayRef<TensorDescription> tensors) {
    SmallVector<llvm::Constant *> elements;
    for (const TensorDescription &tensor : tensors) {
      SmallVector<llvm::Constant *> shape, names;
      for (int64_t extent : tensor.shape)
        shape.push_back(int64(extent));
      for (const std::string &name : tensor.dimNames)
        names.push_back(name.empty()
                            ? llvm::ConstantPointerNull::get(
                                  llvm::cast<llvm::PointerType>(pointer))
                            : string(name));
      elements.push_back(llvm::ConstantStruct::get(
          tensorInfo,
          {string(tensor.name), int32(tensor.type), int32(tensor.shape.size()),
           array(i64, shape), array(pointer, names)}));
    }
    return array(tensorInfo, elements);
  }

  llvm::StructType *getDescriptorType(const TensorDescription &description) {
    SmallVector<llvm::Type *> fields{pointer, pointer, i64};
    if (!description.shape.empty())
      fields.append(2, llvm::ArrayType::get(i64, description.shape.size()));
    return llvm::StructType::get(context, fields);
  }

  /// Address of field `path` of element `number` of an array of slim_tensor.
  llvm::Value *tensorField(llvm::Value *base, unsigned number,
                           ArrayRef<unsigned> path) {
    SmallVector<llvm::Value *> indices{b.getInt64(number)};
    for (unsigned step : path)
      indices.push_back(b.getInt32(step));
    return b.CreateInBoundsGEP(tensor, base, indices);
  }

  llvm::Function *emitAdaptor(const EntryDescription &entry) {
    llvm::FunctionType *type = llvm::FunctionType::get(
        b.getVoidTy(), {pointer, pointer}, /*isVarArg=*/false);
    auto *adaptor =
        llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage,
                               "slim_adaptor_" + entry.symbol, module);
    b.SetInsertPoint(llvm::BasicBlock::Create(context, "entry", adaptor));
    SmallVector<llvm::Value *> arguments;

    SmallVector<llvm::Type *> resultTypes;
    for (const TensorDescription &output : entry.outputs)
      resultTypes.push_back(getDescriptorType(output));
    llvm::Type *resultType = resultTypes.size() == 1
                                 ? resultTypes.front()
                                 : llvm::StructType::get(context, resultTypes);
    llvm::Value *results = nullptr;
    if (!resultTypes.empty()) {
      results = b.CreateAlloca(resultType);
      arguments.push_back(results);
    }

    for (auto [i, input] : llvm::enumerate(entry.inputs)) {
      llvm::StructType *descriptor = getDescriptorType(input);
      llvm::Value *slot = b.CreateAlloca(descriptor);
      llvm::Value *data =
          b.CreateLoad(pointer, tensorField(adaptor->getArg(0), i, {0}));
      b.CreateStore(data, b.CreateStructGEP(descriptor, slot, 0));
      b.CreateStore(data, b.CreateStructGEP(descriptor, slot, 1));
      b.CreateStore(b.getInt64(0), b.CreateStructGEP(descriptor, slot, 2));
      llvm::Value *stride = b.getInt64(1);
      for (unsigned dim = input.shape.size(); dim-- > 0;) {
        llvm::Value *extent =
            b.CreateLoad(i64, tensorField(adaptor->getArg(0), i, {3, dim}));
        auto field = [&](unsigned which) {
          return b.CreateInBoundsGEP(
              descriptor, slot,
              {b.getInt32(0), b.getInt32(which), b.getInt32(dim)});
        };
        b.CreateStore(extent, field(3));
        b.CreateStore(stride, field(4));
        stride = b.CreateMul(stride, extent);
      }
      arguments.push_back(slot);
    }

    SmallVector<llvm::Type *> types(arguments.size(), pointer);
    llvm::FunctionCallee callee = module.getOrInsertFunction(
        "_mlir_ciface_" + entry.symbol,
        llvm::FunctionType::get(b.getVoidTy(), types, /*isVarArg=*/false));
    b.CreateCall(callee, arguments);

    for (auto [i, output] : llvm::enumerate(entry.outputs)) {
      llvm::StructType *descriptor = getDescriptorType(output);
      llvm::Value *slot = results;
      if (entry.outputs.size() > 1)
        slot = b.CreateStructGEP(resultType, results, i);
      llvm::Value *data =
          b.CreateLoad(pointer, b.CreateStructGEP(descriptor, slot, 1));
      llvm::Value *offset =
          b.CreateLoad(i64, b.CreateStructGEP(descriptor, slot, 2));
      llvm::Type *element = b.getIntNTy(8 * getElementBytes(output.type));
      data = b.CreateGEP(element, data, offset);
      llvm::Value *outputs = adaptor->getArg(1);
      b.CreateStore(data, tensorField(outputs, i, {0}));
      b.CreateStore(b.getInt32(output.type), tensorField(outputs, i, {1}));
      b.CreateStore(b.getInt32(output.shape.size()),
                    tensorField(outputs, i, {2}));
      for (unsigned dim = 0; dim < output.shape.size(); ++dim) {
        llvm::Value *extent =
            b.CreateLoad(i64, b.CreateInBoundsGEP(descriptor, slot,
                                                  {b.getInt32(0), b.getInt32(3),
                                                   b.getInt32(dim)}));
        b.CreateStore(extent, tensorField(outputs, i, {3, dim}));
      }
    }
    b.CreateRetVoid();
    return adaptor;
  }

  static unsigned getElementBytes(slim_type type) {
    switch (type) {
    case SLIM_F64:
    case SLIM_I64:
    case SLIM_U64:
      return 8;
    case SLIM_F32:
    case SLIM_I32:
    case SLIM_U32:
      return 4;
    case SLIM_F16:
    case SLIM_BF16:
    case SLIM_I16:
    case SLIM_U16:
      return 2;
    default:
      return 1;
    }
  }

  llvm::Module &module;
  const ModelDescription &model;
  const CPUTargetDescription &target;
  llvm::LLVMContext &context;
  llvm::IRBuilder<> b;
  llvm::Type *pointer, *i32, *i64;
  llvm::StructType *tensor, *tensorInfo, *entryInfo, *modelInfo;
};

} // namespace

void slim::emitModelInterface(llvm::Module &module,
                              const ModelDescription &model,
                              const CPUTargetDescription &target) {
  InterfaceEmitter(module, model, target).emit();
}

llvm::Error slim::linkRuntime(llvm::Module &module) {
  StringRef bitcode = getRuntimeBitcode(module.getTargetTriple());
  if (bitcode.empty())
    return llvm::createStringError(
        "no runtime for target '%s'; supported are x86_64 and aarch64 Linux",
        module.getTargetTriple().str().c_str());
  llvm::Expected<std::unique_ptr<llvm::Module>> runtime =
      llvm::parseBitcodeFile(llvm::MemoryBufferRef(bitcode, "slim runtime"),
                             module.getContext());
  if (!runtime)
    return runtime.takeError();
  (*runtime)->setTargetTriple(module.getTargetTriple());
  (*runtime)->setDataLayout(module.getDataLayout());
  llvm::StringSet<> exported;
  for (llvm::Function &function : **runtime) {
    if (!function.isDeclaration() && function.hasDefaultVisibility() &&
        function.hasExternalLinkage())
      exported.insert(function.getName());
  }
  if (llvm::Linker::linkModules(module, std::move(*runtime)))
    return llvm::createStringError("the runtime does not link with the model");
  llvm::internalizeModule(module, [&](const llvm::GlobalValue &value) {
    // Weights are defined by assembly, which LLVM does not look into.
    return exported.contains(value.getName()) || value.isDeclaration();
  });
  return llvm::Error::success();
}
