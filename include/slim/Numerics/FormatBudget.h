//===- FormatBudget.h - One format per layer, within a budget ---*- C++ -*-===//
//
// Each of a number of groups of layers gets one of several formats. A choice
// has a cost (bytes) and a loss (output error); the sum of losses is to be
// least while the sum of costs stays within a budget. This is the multiple-
// choice knapsack problem.
//
// By the method of Lagrange multipliers (Everett 1963; for bit allocation
// Shoham and Gersho 1988) each group minimizes loss + lambda cost by itself,
// which walks along the lower convex hull of its choices as lambda falls. The
// lambda at which the budget is met is where the hulls' segments, in descending
// order of loss saved per cost, exceed it. What is left of the budget is filled
// by the choices that save most. The result is at most one segment's saving
// from the optimum.
//
//===----------------------------------------------------------------------===//

#ifndef SLIM_NUMERICS_FORMATBUDGET_H
#define SLIM_NUMERICS_FORMATBUDGET_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace slim {

struct BudgetChoice {
  /// Finite, not negative.
  double cost = 0;
  double loss = 0;
};

struct BudgetPlan {
  /// For each group the index of its choice.
  std::vector<size_t> choices;
  double cost = 0;
  double loss = 0;
  /// The loss per cost at which the budget is met; 0 if it is never reached.
  double lambda = 0;
  /// No plan within the budget has a lower loss than this.
  double lossBound = 0;
};

/// A plan for `groups`, each of which has at least one choice. None if the
/// cheapest choices exceed `budget`.
std::optional<BudgetPlan>
planBudget(llvm::ArrayRef<std::vector<BudgetChoice>> groups, double budget);

} // namespace slim

#endif // SLIM_NUMERICS_FORMATBUDGET_H
