//===- LowerContractions.cpp - Matrix products to vector loops ------------===//
//
// The result is cut into panels of `columns` columns and blocks of `rows` rows.
// For one block the kernel keeps rows x columns sums in vector registers and
// walks the reduction dimension: one vector load of the right operand per
// vector, one scalar of the left operand broadcast per row, one fused
// multiply-add per register. Panels are the outer loop, so that a panel of the
// right operand stays in the cache while the rows pass by.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_LOWERCONTRACTIONSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

/// Products of fewer multiply-adds than this stay on one thread.
static constexpr int64_t kParallelWork = 1 << 18;

namespace {

/// One operand: a buffer whose indices are loop dimensions.
struct Operand {
  Value buffer;
  AffineMap map;

  MemRefType getType() const { return cast<MemRefType>(buffer.getType()); }
  unsigned getDim(unsigned result) const { return map.getDimPosition(result); }
  unsigned getLastDim() const { return getDim(map.getNumResults() - 1); }
  bool isContiguousAlong(unsigned dim) const {
    if (map.getNumResults() == 0 || getLastDim() != dim)
      return false;
    SmallVector<int64_t> strides;
    int64_t offset;
    return succeeded(getType().getStridesAndOffset(strides, offset)) &&
           strides.back() == 1;
  }
  SmallVector<Value> getIndices(ArrayRef<Value> ivs) const {
    SmallVector<Value> indices;
    for (unsigned i = 0; i < map.getNumResults(); ++i)
      indices.push_back(ivs[getDim(i)]);
    return indices;
  }
};

/// A product out[outer, m, n] += lhs[outer, m, k] * rhs[outer, k, n]; m or n
/// may be missing (-1), a single row or column then.
struct Contraction {
  Operand lhs, rhs, out;
  SmallVector<unsigned> outer;
  int m = -1, n = -1, k = -1;
  unsigned numDims;
};

FailureOr<Contraction> matchContraction(linalg::LinalgOp op) {
  if (!op.hasPureBufferSemantics() || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1 || !linalg::isaContractionOpInterface(op))
    return failure();
  Contraction c;
  auto take = [&](OpOperand &operand) {
    return Operand{operand.get(), op.getMatchingIndexingMap(&operand)};
  };
  c.lhs = take(*op.getDpsInputOperand(0));
  c.rhs = take(*op.getDpsInputOperand(1));
  c.out = take(*op.getDpsInitOperand(0));
  for (const Operand &operand : {c.lhs, c.rhs, c.out})
    if (!operand.map.isProjectedPermutation())
      return failure();
  Type elementType = c.out.getType().getElementType();
  if (!elementType.isF32() && !elementType.isF64())
    return failure();
  if (c.lhs.getType().getElementType() != elementType ||
      c.rhs.getType().getElementType() != elementType)
    return failure();

  FailureOr<linalg::ContractionDimensions> dims =
      linalg::inferContractionDims(op);
  if (failed(dims) || dims->k.size() != 1 || c.out.map.getNumResults() == 0)
    return failure();
  c.numDims = op.getNumLoops();
  c.k = dims->k.front();
  // Vectors run along the result's last dimension.
  unsigned last = c.out.getLastDim();
  if (llvm::is_contained(dims->m, last)) {
    std::swap(dims->m, dims->n);
    std::swap(c.lhs, c.rhs);
  }
  if (!llvm::is_contained(dims->n, last) || !c.out.isContiguousAlong(last))
    return failure();
  c.n = last;
  if (!dims->m.empty())
    c.m = dims->m.back();
  for (unsigned dim = 0; dim < c.numDims; ++dim)
    if (int(dim) != c.m && int(dim) != c.n && int(dim) != c.k)
      c.outer.push_back(dim);
  return c;
}

/// Emits one contraction.
class Emitter {
public:
  Emitter(OpBuilder &b, Location loc, const Contraction &c,
          const LowerContractionsPassOptions &options)
      : b(b), loc(loc), c(c), threads(options.threads),
        rows(std::max(1u, options.rows)),
        numVectors(std::max(1u, options.vectors)) {
    elementType = c.out.getType().getElementType();
    lanes = std::max<int64_t>(1, options.vectorBytes /
                                     (elementType.getIntOrFloatBitWidth() / 8));
    vectorType = VectorType::get({lanes}, elementType);
    maskType = VectorType::get({lanes}, b.getI1Type());
    columns = lanes * numVectors;
    zero = index(0);
    one = index(1);
    ivs.assign(c.numDims, zero);
    extents.resize(c.numDims);
    for (unsigned dim = 0; dim < c.numDims; ++dim)
      extents[dim] = getExtent(dim);
    // Reading the right operand in place needs its columns side by side.
    packed = !c.rhs.isContiguousAlong(c.n);
  }

  bool isPacked() const { return packed; }

  void emit() {
    SmallVector<Value> bounds;
    for (unsigned dim : c.outer)
      bounds.push_back(extents[dim].value);
    Value panels = divideUp(extents[c.n], columns);
    bounds.push_back(panels);

    // One panel is packed at a time, into one buffer; panels of a parallel loop
    // have a buffer each.
    bool parallel = threads && isLarge();
    Value buffer;
    if (packed) {
      SmallVector<int64_t> shape{ShapedType::kDynamic, ShapedType::kDynamic,
                                 columns};
      SmallVector<Value> sizes{panels, extents[c.k].value};
      if (!parallel)
        sizes.front() = one;
      else
        for (unsigned dim : c.outer)
          sizes.front() =
              arith::MulIOp::create(b, loc, sizes.front(), extents[dim].value);
      buffer =
          memref::AllocOp::create(b, loc, MemRefType::get(shape, elementType),
                                  sizes, b.getI64IntegerAttr(64));
    }
    auto body = [&](ArrayRef<Value> loopIvs) {
      for (auto [dim, iv] : llvm::zip(c.outer, loopIvs))
        ivs[dim] = iv;
      Value slot = zero;
      if (packed && parallel) {
        slot = loopIvs.back();
        Value stride = panels;
        for (auto [dim, iv] :
             llvm::reverse(llvm::zip_equal(c.outer, loopIvs.drop_back()))) {
          slot = add(slot, arith::MulIOp::create(b, loc, iv, stride));
          stride = arith::MulIOp::create(b, loc, stride, extents[dim].value);
        }
      }
      emitPanel(loopIvs.back(), buffer, slot);
    };
    if (parallel)
      emitParallel(bounds, body);
    else
      emitNest(bounds, {}, body);
    if (packed)
      memref::DeallocOp::create(b, loc, buffer);
  }

private:
  struct Extent {
    Value value;
    int64_t fixed = ShapedType::kDynamic;
  };
  using Body = llvm::function_ref<void(ArrayRef<Value>)>;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value add(Value lhs, Value rhs) {
    return b.createOrFold<arith::AddIOp>(loc, lhs, rhs);
  }
  Value addConstant(Value lhs, int64_t rhs) { return add(lhs, index(rhs)); }

  Extent getExtent(unsigned dim) {
    for (const Operand *operand : {&c.out, &c.lhs, &c.rhs})
      for (unsigned i = 0; i < operand->map.getNumResults(); ++i)
        if (operand->getDim(i) == dim) {
          Extent extent;
          extent.value = b.createOrFold<memref::DimOp>(loc, operand->buffer, i);
          if (!operand->getType().isDynamicDim(i)) {
            extent.fixed = operand->getType().getDimSize(i);
            extent.value = index(extent.fixed);
          }
          return extent;
        }
    return {one, 1};
  }

  Value divideUp(const Extent &extent, int64_t by) {
    if (extent.fixed != ShapedType::kDynamic)
      return index(llvm::divideCeil(extent.fixed, by));
    return b.createOrFold<arith::CeilDivUIOp>(loc, extent.value, index(by));
  }

  /// Whether threads pay, as far as is known here.
  bool isLarge() const {
    int64_t work = 1;
    for (const Extent &extent : extents) {
      if (extent.fixed == ShapedType::kDynamic)
        return true;
      work = llvm::MulOverflow(work, extent.fixed, work)
                 ? std::numeric_limits<int64_t>::max()
                 : work;
    }
    return work >= kParallelWork;
  }

  void emitNest(ArrayRef<Value> bounds, SmallVector<Value> loopIvs, Body body) {
    if (bounds.empty())
      return body(loopIvs);
    auto loop = scf::ForOp::create(b, loc, zero, bounds.front(), one);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    loopIvs.push_back(loop.getInductionVar());
    emitNest(bounds.drop_front(), loopIvs, body);
  }

  void emitParallel(ArrayRef<Value> bounds, Body body) {
    SmallVector<Value> lower(bounds.size(), zero), step(bounds.size(), one);
    auto loop = scf::ParallelOp::create(b, loc, lower, bounds, step);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> loopIvs(loop.getInductionVars());
    body(loopIvs);
  }

  /// All rows of one panel of columns.
  void emitPanel(Value panel, Value buffer, Value slot) {
    ivs[c.n] = arith::MulIOp::create(b, loc, panel, index(columns));
    Value left = arith::SubIOp::create(b, loc, extents[c.n].value, ivs[c.n]);
    if (packed)
      emitPacking(buffer, slot, left);

    int64_t fixed = extents[c.n].fixed;
    if (fixed != ShapedType::kDynamic && fixed % columns == 0)
      return emitRows(buffer, slot, {});
    // The last panel goes through a mask; the others, without, are faster on
    // machines where masked accesses cost.
    Value full = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, left,
                                       index(columns));
    auto branch = scf::IfOp::create(b, loc, full, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    if (fixed == ShapedType::kDynamic || fixed >= columns) {
      b.setInsertionPointToStart(branch.thenBlock());
      emitRows(buffer, slot, {});
    }
    b.setInsertionPointToStart(branch.elseBlock());
    SmallVector<Value> masks;
    for (unsigned v = 0; v < numVectors; ++v) {
      Value bound = arith::SubIOp::create(b, loc, left, index(v * lanes));
      masks.push_back(vector::CreateMaskOp::create(b, loc, maskType, bound));
    }
    emitRows(buffer, slot, masks);
  }

  /// buffer[slot, k, j] = rhs[k, n + j], zero beyond the last column.
  void emitPacking(Value buffer, Value slot, Value left) {
    Value zeroElement =
        arith::ConstantOp::create(b, loc, b.getZeroAttr(elementType));
    Value width = index(columns);
    Value valid = arith::MinSIOp::create(b, loc, left, width);
    Value base = ivs[c.n];
    // The inner loop follows the right operand's contiguous dimension.
    emitNest({valid, extents[c.k].value}, {}, [&](ArrayRef<Value> jk) {
      ivs[c.n] = arith::AddIOp::create(b, loc, base, jk[0]);
      ivs[c.k] = jk[1];
      Value element =
          memref::LoadOp::create(b, loc, c.rhs.buffer, c.rhs.getIndices(ivs));
      memref::StoreOp::create(b, loc, element, buffer,
                              ValueRange{slot, jk[1], jk[0]});
    });
    ivs[c.n] = base;
    auto rest = scf::ForOp::create(b, loc, valid, width, one);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(rest.getBody());
    Value column = rest.getInductionVar();
    emitNest({extents[c.k].value}, {}, [&](ArrayRef<Value> k) {
      memref::StoreOp::create(b, loc, zeroElement, buffer,
                              ValueRange{slot, k[0], column});
    });
  }

  /// Blocks of `rows` rows, then smaller powers of two for what is left.
  void emitRows(Value buffer, Value slot, ArrayRef<Value> masks) {
    if (c.m < 0)
      return emitKernel(1, buffer, slot, masks);
    int64_t fixed = extents[c.m].fixed;
    Value begin = zero;
    for (int64_t block = rows; block > 0; block = nextBlock(block)) {
      Value end;
      if (fixed != ShapedType::kDynamic) {
        // Count on from where the larger blocks ended.
        int64_t done = fixedBegin + (fixed - fixedBegin) / block * block;
        end = index(done);
        if (done == fixedBegin)
          continue;
        fixedBegin = done;
      } else {
        Value left = arith::SubIOp::create(b, loc, extents[c.m].value, begin);
        Value rest = arith::RemUIOp::create(b, loc, left, index(block));
        end = arith::SubIOp::create(b, loc, extents[c.m].value, rest);
      }
      auto loop = scf::ForOp::create(b, loc, begin, end, index(block));
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      ivs[c.m] = loop.getInductionVar();
      emitKernel(block, buffer, slot, masks);
      begin = end;
    }
    fixedBegin = 0;
  }

  static int64_t nextBlock(int64_t block) {
    return block == 1 ? 0 : int64_t(llvm::bit_floor(uint64_t(block - 1)));
  }

  /// `block` rows by `columns` columns at (ivs[m], ivs[n]).
  void emitKernel(int64_t block, Value buffer, Value slot,
                  ArrayRef<Value> masks) {
    Value rowBase = c.m < 0 ? zero : ivs[c.m];
    Value columnBase = ivs[c.n];
    auto at = [&](int64_t row, int64_t vector) {
      if (c.m >= 0)
        ivs[c.m] = addConstant(rowBase, row);
      ivs[c.n] = addConstant(columnBase, vector * lanes);
    };
    Value zeroVector =
        arith::ConstantOp::create(b, loc, b.getZeroAttr(vectorType));

    SmallVector<Value> sums;
    for (int64_t row = 0; row < block; ++row)
      for (unsigned v = 0; v < numVectors; ++v) {
        at(row, v);
        sums.push_back(loadVector(c.out.buffer, c.out.getIndices(ivs), masks, v,
                                  zeroVector));
      }
    auto loop = scf::ForOp::create(b, loc, zero, extents[c.k].value, one, sums);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      ivs[c.k] = loop.getInductionVar();
      SmallVector<Value> columnsOfRhs;
      for (unsigned v = 0; v < numVectors; ++v) {
        at(0, v);
        if (packed)
          columnsOfRhs.push_back(vector::LoadOp::create(
              b, loc, vectorType, buffer,
              ValueRange{slot, ivs[c.k], index(v * lanes)}));
        else
          columnsOfRhs.push_back(loadVector(c.rhs.buffer, c.rhs.getIndices(ivs),
                                            masks, v, zeroVector));
      }
      SmallVector<Value> next;
      for (int64_t row = 0; row < block; ++row) {
        at(row, 0);
        Value element =
            memref::LoadOp::create(b, loc, c.lhs.buffer, c.lhs.getIndices(ivs));
        Value splat = vector::BroadcastOp::create(b, loc, vectorType, element);
        for (unsigned v = 0; v < numVectors; ++v)
          next.push_back(vector::FMAOp::create(
              b, loc, splat, columnsOfRhs[v],
              loop.getRegionIterArgs()[row * numVectors + v]));
      }
      scf::YieldOp::create(b, loc, next);
    }
    for (int64_t row = 0; row < block; ++row)
      for (unsigned v = 0; v < numVectors; ++v) {
        at(row, v);
        Value sum = loop.getResult(row * numVectors + v);
        if (masks.empty())
          vector::StoreOp::create(b, loc, sum, c.out.buffer,
                                  c.out.getIndices(ivs));
        else
          vector::MaskedStoreOp::create(b, loc, c.out.buffer,
                                        c.out.getIndices(ivs), masks[v], sum);
      }
    if (c.m >= 0)
      ivs[c.m] = rowBase;
    ivs[c.n] = columnBase;
  }

  Value loadVector(Value buffer, ValueRange indices, ArrayRef<Value> masks,
                   unsigned v, Value zeroVector) {
    if (masks.empty())
      return vector::LoadOp::create(b, loc, vectorType, buffer, indices);
    return vector::MaskedLoadOp::create(b, loc, vectorType, buffer, indices,
                                        masks[v], zeroVector);
  }

  OpBuilder &b;
  Location loc;
  const Contraction &c;
  bool threads;
  int64_t rows;
  unsigned numVectors;
  Type elementType;
  int64_t lanes;
  int64_t columns;
  VectorType vectorType, maskType;
  Value zero, one;
  bool packed;
  SmallVector<Value> ivs;
  SmallVector<Extent> extents;
  int64_t fixedBegin = 0;
};

struct LowerContractionsPass
    : public slim::impl::LowerContractionsPassBase<LowerContractionsPass> {
  using LowerContractionsPassBase::LowerContractionsPassBase;

  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    LowerContractionsPassOptions options;
    options.vectorBytes = vectorBytes;
    options.rows = rows;
    options.vectors = vectors;
    options.threads = threads;
    for (linalg::LinalgOp op : ops) {
      FailureOr<Contraction> contraction = matchContraction(op);
      if (failed(contraction))
        continue;
      OpBuilder builder(op);
      Emitter emitter(builder, op.getLoc(), *contraction, options);
      emitter.emit();
      ++numLowered;
      numPacked += emitter.isPacked();
      op.erase();
    }
  }
};

} // namespace
