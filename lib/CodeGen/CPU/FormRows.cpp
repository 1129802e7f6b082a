//===- FormRows.cpp - Row kernels from linalg ops -------------------------===//
//
// A group grows from a reduction over whole rows: elementwise ops before it,
// ops on its result and on what else the row has, further reductions, as long
// as all read each other's elements where they are computed. What the rest of
// the function needs of a group becomes an output. The kernel stands where the
// last op of the group stood, so that nothing from outside that uses a result
// may come before that.
//
//===----------------------------------------------------------------------===//
#include "RowPlan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include "slim/CodeGen/CPU/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace slim {
#define GEN_PASS_DEF_FORMROWSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;
using namespace slim::cpu;
using vector::CombiningKind;

namespace {

/// What a generic computes, in terms of the loops of the group.
enum class Role {
  Element,   ///< an element of a row: all loops, the result indexed by all
  Reduction, ///< a combination over the row
  Statistic, ///< of a row, from others: the parallel loops alone
};

struct Reduction {
  CombiningKind kind;
  Value operand; ///< in the generic's body: what is combined
};

} // namespace

/// Elements that vectors load and store as they are.
static bool isVectorElement(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.isSignless() && integer.getWidth() >= 8 &&
           llvm::isPowerOf2_32(integer.getWidth());
  return type.isF16() || type.isBF16() || type.isF32() || type.isF64();
}

/// Whether the body consists of ops that work on vectors as on scalars.
static bool isVectorizable(linalg::GenericOp op) {
  for (Value operand : op->getOperands())
    if (!isVectorElement(getElementTypeOrSelf(operand)))
      return false;
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (inner.hasTrait<OpTrait::ConstantLike>())
      continue;
    // A division by zero among the elements that a mask hides would trap.
    if (!OpTrait::hasElementwiseMappableTraits(&inner) || !isPure(&inner) ||
        isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
            arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp>(inner))
      return false;
    for (Value value : inner.getOperands())
      if (!value.getType().isIntOrFloat())
        return false;
  }
  return true;
}

static std::optional<CombiningKind> getKind(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<CombiningKind>>(op)
      .Case([](arith::AddFOp) { return CombiningKind::ADD; })
      .Case([](arith::AddIOp) { return CombiningKind::ADD; })
      .Case([](arith::MulFOp) { return CombiningKind::MUL; })
      .Case([](arith::MulIOp) { return CombiningKind::MUL; })
      .Case([](arith::MaximumFOp) { return CombiningKind::MAXIMUMF; })
      .Case([](arith::MinimumFOp) { return CombiningKind::MINIMUMF; })
      .Case([](arith::MaxNumFOp) { return CombiningKind::MAXNUMF; })
      .Case([](arith::MinNumFOp) { return CombiningKind::MINNUMF; })
      .Case([](arith::MaxSIOp) { return CombiningKind::MAXSI; })
      .Case([](arith::MinSIOp) { return CombiningKind::MINSI; })
      .Default([](Operation *) { return std::nullopt; });
}

static std::optional<Reduction> matchReduction(linalg::GenericOp op) {
  Block *body = op.getBody();
  Value sum = body->getArguments().back();
  Value result = cast<linalg::YieldOp>(body->getTerminator()).getValues()[0];
  Operation *combiner = result.getDefiningOp();
  if (!combiner || combiner->getBlock() != body || !sum.hasOneUse() ||
      *sum.user_begin() != combiner)
    return std::nullopt;
  std::optional<CombiningKind> kind = getKind(combiner);
  if (!kind)
    return std::nullopt;
  Value operand = combiner->getOperand(combiner->getOperand(0) == sum ? 1 : 0);
  return Reduction{*kind, operand};
}

namespace {

class Group {
public:
  Group(linalg::GenericOp seed) : block(seed->getBlock()) {
    for (auto [dim, type] : llvm::enumerate(seed.getIteratorTypesArray()))
      (type == utils::IteratorType::parallel ? parallel : reduced)
          .push_back(dim);
    MLIRContext *context = seed.getContext();
    identity = AffineMap::getMultiDimIdentityMap(seed.getNumLoops(), context);
    SmallVector<AffineExpr> exprs;
    for (unsigned dim : parallel)
      exprs.push_back(getAffineDimExpr(dim, context));
    rowMap = AffineMap::get(seed.getNumLoops(), 0, exprs, context);
    ok = getRole(seed) == Role::Reduction;
    members.push_back(seed);
  }

  bool isOk() const { return ok; }
  void grow(llvm::function_ref<bool(Operation *)> isFree);
  void build();
  ArrayRef<linalg::GenericOp> getMembers() const { return members; }

private:
  std::optional<Role> getRole(linalg::GenericOp op) const;
  bool contains(Operation *op) const { return llvm::is_contained(members, op); }
  bool tryAdd(linalg::GenericOp op);
  /// The member that computes `value`.
  linalg::GenericOp getMember(Value value) const {
    auto generic = value.getDefiningOp<linalg::GenericOp>();
    return generic && contains(generic) ? generic : linalg::GenericOp();
  }
  /// How a reader of that role indexes what the member computes.
  AffineMap getLink(Role reader, Role member) const {
    if (reader == Role::Statistic)
      return member == Role::Element
                 ? AffineMap()
                 : AffineMap::getMultiDimIdentityMap(parallel.size(),
                                                     rowMap.getContext());
    return member == Role::Element ? identity : rowMap;
  }
  bool isConsistent() const;

  Block *block;
  SmallVector<unsigned> parallel, reduced;
  AffineMap identity, rowMap;
  SmallVector<linalg::GenericOp> members;
  bool ok = false;
};

} // namespace

std::optional<Role> Group::getRole(linalg::GenericOp op) const {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 ||
      op->getBlock() != block || op.hasIndexSemantics() ||
      !isVectorizable(op) || linalg::isaContractionOpInterface(op))
    return std::nullopt;
  for (AffineMap map : op.getIndexingMapsArray())
    if (!map.isProjectedPermutation())
      return std::nullopt;
  AffineMap outputMap = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (op.getNumLoops() == identity.getNumDims()) {
    bool isElement = op.getNumParallelLoops() == op.getNumLoops();
    if (isElement)
      return outputMap.isIdentity() &&
                     op.getBody()->getArguments().back().use_empty()
                 ? std::optional(Role::Element)
                 : std::nullopt;
    for (unsigned dim : parallel)
      if (op.getIteratorTypesArray()[dim] != utils::IteratorType::parallel)
        return std::nullopt;
    for (unsigned dim : reduced)
      if (op.getIteratorTypesArray()[dim] != utils::IteratorType::reduction)
        return std::nullopt;
    // Some operand has a number for each element, or nothing goes by rows.
    bool hasRows = llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *in) {
      return op.getMatchingIndexingMap(in).isPermutation();
    });
    auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
    if (outputMap != rowMap || !hasRows || !fill || !matchReduction(op))
      return std::nullopt;
    return Role::Reduction;
  }
  if (op.getNumLoops() == parallel.size() &&
      op.getNumParallelLoops() == op.getNumLoops() && outputMap.isIdentity() &&
      op.getBody()->getArguments().back().use_empty())
    return Role::Statistic;
  return std::nullopt;
}

/// Whether members read each other only where both are at the same element, and
/// nothing outside needs a result before the last of them.
bool Group::isConsistent() const {
  Operation *last = members.front();
  for (linalg::GenericOp member : members)
    if (last->isBeforeInBlock(member))
      last = member;
  for (linalg::GenericOp member : members) {
    Role role = *getRole(member);
    for (OpOperand *input : member.getDpsInputOperands())
      if (linalg::GenericOp other = getMember(input->get()))
        if (member.getMatchingIndexingMap(input) !=
            getLink(role, *getRole(other)))
          return false;
    for (Operation *user : member->getUsers()) {
      if (contains(user))
        continue;
      Operation *ancestor = block->findAncestorOpInBlock(*user);
      if (!ancestor || !last->isBeforeInBlock(ancestor))
        return false;
    }
  }
  return true;
}

bool Group::tryAdd(linalg::GenericOp op) {
  if (contains(op) || !getRole(op))
    return false;
  members.push_back(op);
  if (isConsistent())
    return true;
  members.pop_back();
  return false;
}

/// Whether the arithmetic belongs to the product that it reads.
static bool readsContraction(linalg::GenericOp op) {
  for (OpOperand *input : op.getDpsInputOperands()) {
    auto producer = input->get().getDefiningOp<linalg::LinalgOp>();
    if (producer && producer.getNumReductionLoops() > 0 &&
        producer.getNumDpsInputs() > 1 && producer->hasOneUse())
      return true;
  }
  return false;
}

void Group::grow(llvm::function_ref<bool(Operation *)> isFree) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (size_t i = 0; i < members.size(); ++i) {
      linalg::GenericOp member = members[i];
      for (Value input : member.getDpsInputs()) {
        auto producer = input.getDefiningOp<linalg::GenericOp>();
        if (!producer || !isFree(producer) || contains(producer))
          continue;
        std::optional<Role> role = getRole(producer);
        bool isWanted = role == Role::Reduction ||
                        (role == Role::Element && !readsContraction(producer));
        changed |= isWanted && tryAdd(producer);
      }
      for (Operation *user : llvm::to_vector(member->getUsers())) {
        auto consumer = dyn_cast<linalg::GenericOp>(user);
        if (consumer && isFree(consumer))
          changed |= tryAdd(consumer);
      }
    }
  }
}

void Group::build() {
  llvm::sort(members, [](linalg::GenericOp lhs, linalg::GenericOp rhs) {
    return lhs->isBeforeInBlock(rhs);
  });
  linalg::GenericOp last = members.back();
  OpBuilder b(last);
  Location loc = last.getLoc();

  // Operands that are read alike share an argument.
  SmallVector<Value> inputs, outputs;
  SmallVector<AffineMap> inputMaps, outputMaps;
  auto getInput = [&](Value value, AffineMap map) -> unsigned {
    for (unsigned i = 0; i < inputs.size(); ++i)
      if (inputs[i] == value && inputMaps[i] == map)
        return i;
    inputs.push_back(value);
    inputMaps.push_back(map);
    return inputs.size() - 1;
  };
  auto toGroupMap = [&](AffineMap map, Role role) {
    return role == Role::Statistic ? map.compose(rowMap) : map;
  };
  for (linalg::GenericOp member : members)
    for (OpOperand *input : member.getDpsInputOperands())
      if (!getMember(input->get()))
        getInput(input->get(), toGroupMap(member.getMatchingIndexingMap(input),
                                          *getRole(member)));
  SmallVector<linalg::GenericOp> visible;
  for (linalg::GenericOp member : members) {
    auto isInside = [&](Operation *user) { return contains(user); };
    if (llvm::all_of(member->getUsers(), isInside))
      continue;
    visible.push_back(member);
    Value init = member.getDpsInits()[0];
    if (auto fill = init.getDefiningOp<linalg::FillOp>())
      init = fill.getDpsInits()[0];
    outputs.push_back(init);
    outputMaps.push_back(*getRole(member) == Role::Element ? identity : rowMap);
  }

  SmallVector<AffineMap> maps =
      llvm::to_vector(llvm::concat<AffineMap>(inputMaps, outputMaps));
  SmallVector<StringRef> iterators(identity.getNumDims(), "parallel");
  for (unsigned dim : reduced)
    iterators[dim] = "reduction";
  auto rows = RowsOp::create(b, loc, ValueRange(outputs).getTypes(), inputs,
                             outputs, b.getAffineMapArrayAttr(maps),
                             b.getStrArrayAttr(iterators));
  Block *body = b.createBlock(&rows.getBody());
  for (Value input : inputs)
    body->addArgument(getElementTypeOrSelf(input), loc);

  llvm::DenseMap<Operation *, Value> results;
  for (linalg::GenericOp member : members) {
    Role role = *getRole(member);
    IRMapping mapping;
    for (auto [index, input] : llvm::enumerate(member.getDpsInputOperands())) {
      Value element;
      if (linalg::GenericOp other = getMember(input->get()))
        element = results.at(other);
      else
        element = body->getArgument(
            getInput(input->get(),
                     toGroupMap(member.getMatchingIndexingMap(input), role)));
      mapping.map(member.getBody()->getArgument(index), element);
    }
    auto yield = cast<linalg::YieldOp>(member.getBody()->getTerminator());
    std::optional<Reduction> reduction;
    if (role == Role::Reduction)
      reduction = matchReduction(member);
    Operation *combiner =
        reduction ? yield.getValues()[0].getDefiningOp() : nullptr;
    for (Operation &inner : member.getBody()->without_terminator())
      if (&inner != combiner)
        b.clone(inner, mapping);
    if (!reduction) {
      results[member] = mapping.lookupOrDefault(yield.getValues()[0]);
      continue;
    }
    Value operand = mapping.lookupOrDefault(reduction->operand);
    Value combined =
        ReduceOp::create(b, member.getLoc(), reduction->kind, operand);
    // What the sum starts with counts once.
    Value init =
        member.getDpsInits()[0].getDefiningOp<linalg::FillOp>().value();
    Attribute start;
    if (!matchPattern(init, m_Constant(&start)) ||
        start != getNeutralElement(reduction->kind, init.getType()))
      combined = vector::makeArithReduction(b, member.getLoc(), reduction->kind,
                                            combined, init);
    results[member] = combined;
  }
  SmallVector<Value> yielded;
  for (linalg::GenericOp member : visible)
    yielded.push_back(results.at(member));
  RowsYieldOp::create(b, loc, yielded);

  for (auto [member, result] : llvm::zip_equal(visible, rows.getResults()))
    member->getResult(0).replaceUsesWithIf(
        result, [&](OpOperand &use) { return !contains(use.getOwner()); });
  for (linalg::GenericOp member : llvm::reverse(members))
    member->erase();
}

namespace {
struct FormRowsPass : public slim::impl::FormRowsPassBase<FormRowsPass> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> reductions;
    getOperation().walk([&](linalg::GenericOp op) {
      if (op.getNumReductionLoops() > 0)
        reductions.push_back(op);
    });
    llvm::DenseSet<Operation *> taken;
    SmallVector<Group> groups;
    for (linalg::GenericOp seed : reductions) {
      if (taken.contains(seed))
        continue;
      Group group(seed);
      if (!group.isOk())
        continue;
      group.grow([&](Operation *op) { return !taken.contains(op); });
      for (Operation *member : group.getMembers())
        taken.insert(member);
      numOps += group.getMembers().size();
      ++numFormed;
      groups.push_back(std::move(group));
    }
    for (Group &group : groups)
      group.build();
  }
};
} // namespace
