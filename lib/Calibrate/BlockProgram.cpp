//===- BlockProgram.cpp - A block compiled with open weights --------------===//

#include "BlockProgram.h"

#include "StageProgram.h"
#include "slim/Calibrate/Calibrate.h"
#include "slim/IR/Differentiate.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/WeightData.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/Alignment.h"

using namespace mlir;
using namespace slim;
using namespace slim::calibration;

/// The readers of `weight` in `function`, if all take it as it is.
static SmallVector<GetWeightOp> findPlainReaders(func::FuncOp function,
                                                 WeightOp weight) {
  SmallVector<GetWeightOp> readers;
  bool isPlain = weight.getTensorType().getElementType().isF32();
  function.walk([&](GetWeightOp read) {
    if (read.getName() != weight.getSymName())
      return;
    readers.push_back(read);
    isPlain &= llvm::none_of(read->getUsers(), [](Operation *user) {
      return isa<DecodeOpInterface>(user);
    });
  });
  if (!isPlain)
    readers.clear();
  return readers;
}

/// `data`, copied if it does not lie where a program may read it.
static TensorData alignData(const TensorData &data) {
  ArrayRef<char> bytes = data.getBytes();
  if (llvm::isAddrAligned(llvm::Align(4), bytes.data()))
    return data;
  return TensorData(data.getType(),
                    std::vector<char>(bytes.begin(), bytes.end()));
}

FailureOr<BlockModule>
calibration::buildBlockModule(func::FuncOp function, const ModelBlock &block,
                              llvm::function_ref<bool(Value)> isKnown) {
  SmallVector<Value> outputs(block.outputs);
  llvm::append_range(outputs, block.carried);
  FailureOr<StageProgram> stage = buildStageProgram(
      function, outputs, /*observed=*/{}, /*kinds=*/{}, isKnown);
  if (failed(stage))
    return failure();
  BlockModule result;
  result.module = std::move(stage->module);
  result.inputs = std::move(stage->inputs);
  FailureOr<func::FuncOp> entry = findEntry(*result.module, /*entry=*/"");
  if (failed(entry))
    return failure();
  result.function = *entry;
  // Two blocks that differ in names only are to have one text.
  result.function.setSymName("block");

  auto source = function->getParentOfType<ModuleOp>();
  SymbolTable symbols(source);
  for (WeightOp weight :
       llvm::make_early_inc_range(result.module->getOps<WeightOp>())) {
    SmallVector<GetWeightOp> readers =
        findPlainReaders(result.function, weight);
    if (readers.empty()) {
      if (SymbolTable::symbolKnownUseEmpty(weight, *result.module))
        weight.erase();
      continue;
    }
    auto original = symbols.lookup<WeightOp>(weight.getSymName());
    FailureOr<TensorData> data = readWeightData(original);
    if (failed(data))
      return failure();
    unsigned number = result.function.getNumArguments();
    if (failed(result.function.insertArgument(number, weight.getTensorType(),
                                              /*argAttrs=*/{},
                                              weight.getLoc())))
      return failure();
    for (GetWeightOp read : readers) {
      read.getResult().replaceAllUsesWith(result.function.getArgument(number));
      read.erase();
    }
    result.weights.push_back(
        {weight.getSymName().str(), weight.getTensorType(), alignData(*data)});
    if (SymbolTable::symbolKnownUseEmpty(weight, *result.module))
      weight.erase();
  }
  return result;
}

FailureOr<OwningOpRef<ModuleOp>>
calibration::buildTrainingModule(BlockModule &block, unsigned outputs,
                                 ArrayRef<unsigned> learned) {
  OwningOpRef<ModuleOp> module = block.module->clone();
  auto function =
      SymbolTable(*module).lookup<func::FuncOp>(block.function.getSymName());
  Operation *terminator = function.front().getTerminator();
  ImplicitLocOpBuilder b(function.getLoc(), terminator);
  SmallVector<Cotangent> cotangents;
  for (Value output : terminator->getOperands().take_front(outputs)) {
    auto type = cast<RankedTensorType>(output.getType());
    unsigned position = function.getNumArguments();
    if (failed(function.insertArgument(position, type, /*argAttrs=*/{},
                                       function.getLoc())))
      return failure();
    Value error = SubOp::create(b, output, function.getArgument(position));
    cotangents.push_back({output, AddOp::create(b, error, error)});
  }
  unsigned firstWeight = block.inputs.size();
  SmallVector<Value> wanted, results;
  for (unsigned weight : learned)
    wanted.push_back(function.getArgument(firstWeight + weight));
  if (failed(buildGradients(b, cotangents, wanted, results)))
    return failure();
  terminator->setOperands(results);
  function.setFunctionType(FunctionType::get(function.getContext(),
                                             function.getArgumentTypes(),
                                             terminator->getOperandTypes()));
  function.removeResAttrsAttr();
  PassManager pm(function.getContext());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  if (failed(pm.run(*module)))
    return failure();
  return module;
}

std::shared_ptr<Program> ProgramCache::get(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os, OpPrintingFlags().useLocalScope());
  std::shared_ptr<Program> &program = programs[text];
  if (!program) {
    FailureOr<std::unique_ptr<Program>> compiled = compile(module, sessions);
    if (failed(compiled))
      return nullptr;
    program = std::move(*compiled);
  }
  return program;
}
