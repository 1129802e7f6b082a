//===- PrintCost.cpp - A report of a model's cost -------------------------===//

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "slim/Analysis/Cost.h"
#include "slim/Analysis/Passes.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

namespace slim {
#define GEN_PASS_DEF_PRINTCOSTPASS
#include "slim/Analysis/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {
struct PrintCost : slim::impl::PrintCostPassBase<PrintCost> {
  using PrintCostPassBase::PrintCostPassBase;
  void runOnOperation() override;
};

using NamedCosts = SmallVector<std::pair<std::string, ModelCost>>;

/// Cells as text; the first column is aligned left, the others right.
struct Table {
  SmallVector<SmallVector<std::string>> rows;
  void print(llvm::raw_ostream &os) const;
};
} // namespace

void Table::print(llvm::raw_ostream &os) const {
  SmallVector<unsigned> widths(rows.front().size());
  for (const auto &row : rows)
    for (auto [width, cell] : llvm::zip_equal(widths, row))
      width = std::max<unsigned>(width, cell.size());
  for (const auto &row : rows) {
    os << llvm::left_justify(row[0], widths[0]);
    for (size_t i = 1; i < row.size(); ++i)
      os << "  " << llvm::right_justify(row[i], widths[i]);
    os << '\n';
  }
}

static void printTable(const NamedCosts &costs, bool perOp,
                       llvm::raw_ostream &os) {
  Table table;
  table.rows.push_back({"function", "params", "weight bytes", "flops",
                        "bytes moved", "open ops"});
  for (const auto &[name, cost] : costs)
    table.rows.push_back({name, std::to_string(cost.params),
                          std::to_string(cost.weightBytes),
                          std::to_string(cost.total.flops),
                          std::to_string(cost.total.bytesMoved),
                          std::to_string(cost.total.openOps)});
  table.print(os);
  if (!perOp)
    return;
  for (const auto &[name, cost] : costs) {
    Table kinds;
    kinds.rows.push_back(
        {"ops of " + name, "count", "flops", "bytes moved", "open ops"});
    for (const auto &[kind, kindCost] : cost.byKind)
      kinds.rows.push_back({kind.str(), std::to_string(kindCost.ops),
                            std::to_string(kindCost.flops),
                            std::to_string(kindCost.bytesMoved),
                            std::to_string(kindCost.openOps)});
    os << '\n';
    kinds.print(os);
  }
}

static llvm::json::Object toJSON(const OpCost &cost) {
  return llvm::json::Object{{"ops", cost.ops},
                            {"flops", cost.flops},
                            {"bytes_moved", cost.bytesMoved},
                            {"open_ops", cost.openOps}};
}

static llvm::json::Object toJSON(StringRef name, const ModelCost &cost,
                                 bool perOp) {
  llvm::json::Object object = toJSON(cost.total);
  object["name"] = name.str();
  object["params"] = cost.params;
  object["weight_bytes"] = cost.weightBytes;
  if (perOp) {
    llvm::json::Object kinds;
    for (const auto &[kind, kindCost] : cost.byKind)
      kinds[kind] = toJSON(kindCost);
    object["by_op"] = std::move(kinds);
  }
  return object;
}

void PrintCost::runOnOperation() {
  ModuleOp module = getOperation();
  NamedCosts functions;
  for (auto function : module.getOps<FunctionOpInterface>())
    if (!function.isExternal())
      functions.emplace_back(("@" + function.getName()).str(),
                             computeCost(function));
  std::pair<std::string, ModelCost> whole("module", computeCost(module));

  llvm::raw_ostream &os = llvm::errs();
  if (json) {
    llvm::json::Array array;
    for (const auto &[name, cost] : functions)
      array.push_back(toJSON(StringRef(name).drop_front(), cost, perOp));
    llvm::json::Value report(
        llvm::json::Object{{"functions", std::move(array)},
                           {"module", toJSON(module.getName().value_or(""),
                                             whole.second, perOp)}});
    os << llvm::formatv("{0:2}", report) << '\n';
  } else {
    functions.push_back(std::move(whole));
    printTable(functions, perOp, os);
  }
  markAllAnalysesPreserved();
}
