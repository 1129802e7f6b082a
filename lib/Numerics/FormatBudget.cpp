//===- FormatBudget.cpp - One format per layer, within a budget -----------===//

#include "slim/Numerics/FormatBudget.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>
#include <tuple>

using namespace slim;

namespace {
/// The step from one choice on a group's hull to the next, dearer one.
struct Segment {
  size_t group, position, to;
  double cost, saving;
  /// Loss saved per cost.
  double slope;
};
} // namespace

/// The indices of the choices on the lower convex hull, from the cheapest on,
/// losses falling.
static llvm::SmallVector<size_t>
computeHull(llvm::ArrayRef<BudgetChoice> choices) {
  llvm::SmallVector<size_t> order(choices.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](size_t a, size_t b) {
    return std::tuple(choices[a].cost, choices[a].loss, a) <
           std::tuple(choices[b].cost, choices[b].loss, b);
  });
  llvm::SmallVector<size_t> hull;
  for (size_t next : order) {
    const BudgetChoice &point = choices[next];
    if (!hull.empty() && point.loss >= choices[hull.back()].loss)
      continue;
    while (hull.size() >= 2) {
      const BudgetChoice &middle = choices[hull.back()];
      const BudgetChoice &first = choices[hull[hull.size() - 2]];
      // Above the line from the first to the point, or on it.
      if ((first.loss - middle.loss) * (point.cost - first.cost) >
          (first.loss - point.loss) * (middle.cost - first.cost))
        break;
      hull.pop_back();
    }
    hull.push_back(next);
  }
  return hull;
}

/// Takes, as long as there is one that fits, the change of one group's choice
/// that saves most.
static void fillBudget(llvm::ArrayRef<std::vector<BudgetChoice>> groups,
                       double budget, BudgetPlan &plan) {
  while (true) {
    double bestSaving = 0;
    size_t bestGroup = 0, bestChoice = 0;
    for (auto [group, choices] : llvm::enumerate(groups)) {
      const BudgetChoice &now = choices[plan.choices[group]];
      for (auto [index, choice] : llvm::enumerate(choices)) {
        double saving = now.loss - choice.loss;
        if (saving <= bestSaving || plan.cost - now.cost + choice.cost > budget)
          continue;
        bestSaving = saving;
        bestGroup = group;
        bestChoice = index;
      }
    }
    if (bestSaving <= 0)
      return;
    size_t &choice = plan.choices[bestGroup];
    plan.cost +=
        groups[bestGroup][bestChoice].cost - groups[bestGroup][choice].cost;
    plan.loss -= bestSaving;
    choice = bestChoice;
  }
}

std::optional<BudgetPlan>
slim::planBudget(llvm::ArrayRef<std::vector<BudgetChoice>> groups,
                 double budget) {
  BudgetPlan plan;
  std::vector<Segment> segments;
  for (auto [group, choices] : llvm::enumerate(groups)) {
    assert(!choices.empty() && "a group without a choice");
    llvm::SmallVector<size_t> hull = computeHull(choices);
    plan.choices.push_back(hull.front());
    plan.cost += choices[hull.front()].cost;
    plan.loss += choices[hull.front()].loss;
    double slope = std::numeric_limits<double>::infinity();
    for (size_t i = 1; i < hull.size(); ++i) {
      const BudgetChoice &from = choices[hull[i - 1]], &to = choices[hull[i]];
      double cost = to.cost - from.cost, saving = from.loss - to.loss;
      // They fall along a hull, whatever rounding says.
      slope = std::min(slope, saving / cost);
      segments.push_back({group, i, hull[i], cost, saving, slope});
    }
  }
  if (plan.cost > budget)
    return std::nullopt;

  // Those of one group come in its hull's order, which is convex.
  llvm::sort(segments, [](const Segment &a, const Segment &b) {
    return std::tuple(-a.slope, a.group, a.position) <
           std::tuple(-b.slope, b.group, b.position);
  });
  plan.lossBound = plan.loss;
  for (const Segment &segment : segments) {
    if (plan.cost + segment.cost > budget) {
      plan.lambda = segment.slope;
      plan.lossBound = plan.loss - plan.lambda * (budget - plan.cost);
      break;
    }
    plan.choices[segment.group] = segment.to;
    plan.cost += segment.cost;
    plan.loss -= segment.saving;
    plan.lossBound = plan.loss;
  }
  fillBudget(groups, budget, plan);
  return plan;
}
