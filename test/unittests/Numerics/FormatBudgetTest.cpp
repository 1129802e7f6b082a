//===- FormatBudgetTest.cpp - Tests of FormatBudget.h ---------------------===//

#include "slim/Numerics/FormatBudget.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

using namespace slim;

namespace {

using Groups = std::vector<std::vector<BudgetChoice>>;

/// The least loss of all plans within the budget.
double searchAll(const Groups &groups, double budget) {
  double best = std::numeric_limits<double>::infinity();
  std::function<void(size_t, double, double)> visit =
      [&](size_t group, double cost, double loss) {
        if (cost > budget)
          return;
        if (group == groups.size()) {
          best = std::min(best, loss);
          return;
        }
        for (const BudgetChoice &choice : groups[group])
          visit(group + 1, cost + choice.cost, loss + choice.loss);
      };
  visit(0, 0, 0);
  return best;
}

TEST(FormatBudgetTest, ComesCloseToTheBestOfAllPlans) {
  std::mt19937 engine(17);
  int optimal = 0, planned = 0;
  for (int trial = 0; trial < 500; ++trial) {
    Groups groups(1 + engine() % 6);
    double least = 0, most = 0, largestSaving = 0;
    for (std::vector<BudgetChoice> &choices : groups) {
      choices.resize(1 + engine() % 5);
      double cheapest = std::numeric_limits<double>::infinity(), dearest = 0;
      double worst = 0;
      for (BudgetChoice &choice : choices) {
        choice.cost = double(engine() % 1000);
        choice.loss = double(engine() % 1000) + 1000 / (1 + choice.cost);
        cheapest = std::min(cheapest, choice.cost);
        dearest = std::max(dearest, choice.cost);
        worst = std::max(worst, choice.loss);
      }
      least += cheapest;
      most += dearest;
      largestSaving = std::max(largestSaving, worst);
    }
    double budget = least + double(engine() % 1000) / 1000 * (most - least);
    std::optional<BudgetPlan> plan = planBudget(groups, budget);
    ASSERT_TRUE(plan);
    ++planned;
    double cost = 0, loss = 0;
    for (size_t i = 0; i < groups.size(); ++i) {
      cost += groups[i][plan->choices[i]].cost;
      loss += groups[i][plan->choices[i]].loss;
    }
    EXPECT_LE(cost, budget);
    EXPECT_NEAR(cost, plan->cost, 1e-6);
    EXPECT_NEAR(loss, plan->loss, 1e-6);
    double best = searchAll(groups, budget);
    EXPECT_GE(loss, best - 1e-6);
    EXPECT_GE(best, plan->lossBound - 1e-6);
    EXPECT_LE(loss, best + largestSaving);
    optimal += loss <= best + 1e-6;
  }
  RecordProperty("optimal", optimal);
  EXPECT_GT(optimal, planned / 2);
}

TEST(FormatBudgetTest, WalksAlongTheHull) {
  // The second choice lies above the line between its neighbours.
  Groups groups = {{{1, 10}, {2, 9}, {3, 0}}, {{1, 6}, {2, 4}}};
  std::optional<BudgetPlan> plan = planBudget(groups, 4);
  ASSERT_TRUE(plan);
  EXPECT_EQ((std::vector<size_t>{2, 0}), plan->choices);
  EXPECT_EQ(2, plan->lambda);
  // Off the hull, where only that fits.
  plan = planBudget(groups, 3);
  ASSERT_TRUE(plan);
  EXPECT_EQ((std::vector<size_t>{0, 1}), plan->choices);
  plan = planBudget(groups, 5);
  ASSERT_TRUE(plan);
  EXPECT_EQ((std::vector<size_t>{2, 1}), plan->choices);
  EXPECT_EQ(0, plan->lambda);
}

TEST(FormatBudgetTest, SaysWhatDoesNotFit) {
  Groups groups = {{{2, 1}}, {{3, 1}, {4, 0}}};
  EXPECT_FALSE(planBudget(groups, 4.9));
  EXPECT_TRUE(planBudget(groups, 5));
  EXPECT_TRUE(planBudget({}, 0));
}

TEST(FormatBudgetTest, IsQuickForManyLayers) {
  std::mt19937 engine(3);
  Groups groups(400);
  for (std::vector<BudgetChoice> &choices : groups)
    for (double bits : {2.0, 3.0, 4.0, 6.0, 8.0})
      choices.push_back(
          {bits, double(1 + engine() % 100) * std::exp2(-2 * bits)});
  std::optional<BudgetPlan> plan = planBudget(groups, 400 * 4.5);
  ASSERT_TRUE(plan);
  EXPECT_LE(plan->cost, 400 * 4.5);
  EXPECT_GT(plan->cost, 400 * 4.5 - 2);
  EXPECT_LE(plan->loss, 1.001 * plan->lossBound);
}

} // namespace
