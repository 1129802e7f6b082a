//===- ModelDescription.cpp - What a library says of itself ---------------===//
#include "slim/CodeGen/ModelDescription.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "slim/IR/SlimDialect.h"

using namespace mlir;
using namespace slim;

static std::optional<slim_type> getElementType(Type type) {
  if (type.isF32())
    return SLIM_F32;
  if (type.isF64())
    return SLIM_F64;
  if (type.isF16())
    return SLIM_F16;
  if (type.isBF16())
    return SLIM_BF16;
  if (isa<Float8E4M3FNType>(type))
    return SLIM_F8E4M3FN;
  if (isa<Float8E5M2Type>(type))
    return SLIM_F8E5M2;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return SLIM_BOOL;
  case 8:
    return isUnsigned ? SLIM_U8 : SLIM_I8;
  case 16:
    return isUnsigned ? SLIM_U16 : SLIM_I16;
  case 32:
    return isUnsigned ? SLIM_U32 : SLIM_I32;
  case 64:
    return isUnsigned ? SLIM_U64 : SLIM_I64;
  default:
    return std::nullopt;
  }
}

static FailureOr<TensorDescription>
describeTensor(func::FuncOp function, Type type, DictionaryAttr attributes,
               StringRef role, unsigned number) {
  TensorDescription description;
  description.name = (role + Twine(number)).str();
  if (attributes)
    if (auto name = attributes.getAs<StringAttr>(SlimDialect::kNameAttr))
      description.name = name.str();
  auto fail = [&](const Twine &why) {
    return function.emitError()
           << role << " '" << description.name << "' of entry point '"
           << function.getSymName() << "' " << why;
  };

  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return fail("is not a ranked tensor"), failure();
  std::optional<slim_type> elementType =
      getElementType(tensor.getElementType());
  if (!elementType) {
    std::string text;
    llvm::raw_string_ostream(text) << tensor.getElementType();
    return fail("has element type " + text +
                ", which the C interface does not carry"),
           failure();
  }
  if (tensor.getRank() > SLIM_MAX_RANK)
    return fail("has rank " + Twine(tensor.getRank()) + ", above " +
                Twine(SLIM_MAX_RANK)),
           failure();

  description.type = *elementType;
  for (int64_t extent : tensor.getShape())
    description.shape.push_back(ShapedType::isDynamic(extent) ? SLIM_DYNAMIC
                                                              : extent);
  description.dimNames.resize(tensor.getRank());
  if (attributes)
    if (auto names = attributes.getAs<ArrayAttr>(SlimDialect::kDimNamesAttr))
      for (auto [slot, name] : llvm::zip(description.dimNames, names))
        if (auto text = dyn_cast<StringAttr>(name))
          slot = text.str();
  return description;
}

FailureOr<ModelDescription> slim::describeModel(ModuleOp module) {
  ModelDescription model;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isDeclaration())
      continue;
    EntryDescription entry;
    entry.symbol = entry.name = function.getSymName().str();
    for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
      FailureOr<TensorDescription> input = describeTensor(
          function, type, function.getArgAttrDict(i), "input", i);
      if (failed(input))
        return failure();
      entry.inputs.push_back(std::move(*input));
    }
    for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
      FailureOr<TensorDescription> output = describeTensor(
          function, type, function.getResultAttrDict(i), "output", i);
      if (failed(output))
        return failure();
      entry.outputs.push_back(std::move(*output));
    }
    model.entries.push_back(std::move(entry));
  }
  if (model.entries.empty())
    return module.emitError(
               "module has no public function, so the library would have no "
               "entry point"),
           failure();
  return model;
}
