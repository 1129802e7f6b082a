//===- PlanMemory.cpp - One arena for a function's buffers ----------------===//
//
// Buffers of known size whose lifetimes do not meet share memory. Offsets are
// found greedily, the largest buffer first, each in the smallest gap that fits
// among the buffers it meets: "greedy by size" of Pisarchyk and Lee, Efficient
// Memory Management for Deep Neural Net Inference (2020), which stays within a
// few percent of the lower bound on networks.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "slim/CodeGen/CPU/Passes.h"
#include "llvm/Support/MathExtras.h"

namespace slim {
#define GEN_PASS_DEF_PLANMEMORYPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

/// What the runtime's allocator promises, too.
static constexpr int64_t kAlignment = 64;

namespace {
/// A buffer that the arena can hold.
struct Buffer {
  memref::AllocOp alloc;
  memref::DeallocOp dealloc;
  int64_t bytes;       // A multiple of the alignment.
  int64_t first, last; // Positions in the block between which it is in use.
  int64_t offset = -1; // In the arena.

  bool meets(const Buffer &other) const {
    return first <= other.last && other.first <= last;
  }
};
} // namespace

/// The bytes of a buffer of this type; nothing if that is not known.
static std::optional<int64_t> getBytes(MemRefType type,
                                       const DataLayout &layout) {
  if (!type.hasStaticShape() || !type.getLayout().isIdentity() ||
      type.getMemorySpace())
    return std::nullopt;
  int64_t bytes = layout.getTypeSize(type.getElementType()).getFixedValue();
  for (int64_t extent : type.getShape())
    if (llvm::MulOverflow(bytes, extent, bytes))
      return std::nullopt;
  // Half of the address space: sums of two cannot overflow.
  if (bytes > std::numeric_limits<int64_t>::max() / 4)
    return std::nullopt;
  return llvm::alignTo(std::max<int64_t>(bytes, 1), kAlignment);
}

/// The op that frees what `alloc` allocates, if there is exactly one and it is
/// in the same block.
static memref::DeallocOp getDealloc(memref::AllocOp alloc) {
  memref::DeallocOp dealloc;
  for (Operation *user : alloc->getUsers())
    if (auto op = dyn_cast<memref::DeallocOp>(user)) {
      if (dealloc || op->getBlock() != alloc->getBlock())
        return {};
      dealloc = op;
    }
  return dealloc;
}

static SmallVector<Buffer> collectBuffers(Block &block) {
  DenseMap<Operation *, int64_t> position;
  for (Operation &op : block)
    position[&op] = position.size();
  DataLayout layout = DataLayout::closest(block.getParentOp());
  SmallVector<Buffer> buffers;
  for (auto alloc : block.getOps<memref::AllocOp>()) {
    memref::DeallocOp dealloc = getDealloc(alloc);
    std::optional<int64_t> bytes = getBytes(alloc.getType(), layout);
    if (!dealloc || !bytes ||
        alloc.getAlignment().value_or(kAlignment) > kAlignment)
      continue;
    // Views of it, which others may use, come no earlier than its first user.
    int64_t last = position[dealloc], first = last;
    for (Operation *user : alloc->getUsers())
      first = std::min(first, position[block.findAncestorOpInBlock(*user)]);
    buffers.push_back({alloc, dealloc, *bytes, first, last});
  }
  return buffers;
}

/// The offset of the smallest gap that holds `bytes` between `placed`, which is
/// sorted by offset; past all of them if there is none.
static int64_t findGap(ArrayRef<const Buffer *> placed, int64_t bytes) {
  int64_t end = 0, best = -1;
  int64_t bestSize = std::numeric_limits<int64_t>::max();
  for (const Buffer *buffer : placed) {
    int64_t size = buffer->offset - end;
    if (size >= bytes && size < bestSize) {
      best = end;
      bestSize = size;
    }
    end = std::max(end, buffer->offset + buffer->bytes);
  }
  return best < 0 ? end : best;
}

/// Gives every buffer its offset; returns the size of the arena.
static int64_t assignOffsets(MutableArrayRef<Buffer> buffers) {
  SmallVector<Buffer *> order;
  for (Buffer &buffer : buffers)
    order.push_back(&buffer);
  llvm::sort(order, [](const Buffer *a, const Buffer *b) {
    return a->bytes != b->bytes ? a->bytes > b->bytes : a < b;
  });
  int64_t size = 0;
  SmallVector<const Buffer *> byOffset;
  for (Buffer *buffer : order) {
    SmallVector<const Buffer *> met;
    llvm::copy_if(byOffset, std::back_inserter(met),
                  [&](const Buffer *other) { return buffer->meets(*other); });
    buffer->offset = findGap(met, buffer->bytes);
    size = std::max(size, buffer->offset + buffer->bytes);
    byOffset.insert(llvm::upper_bound(byOffset, buffer,
                                      [](const Buffer *a, const Buffer *b) {
                                        return a->offset < b->offset;
                                      }),
                    buffer);
  }
  return size;
}

namespace {
struct PlanMemoryPass : public slim::impl::PlanMemoryPassBase<PlanMemoryPass> {
  using PlanMemoryPassBase::PlanMemoryPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal() || !function.getBody().hasOneBlock())
      return;
    // The arena of a loop's body is a buffer of what the loop is in.
    function.walk([&](scf::ForOp loop) {
      plan(*loop.getBody(), loop, loop->getNextNode());
    });
    Block &block = function.getBody().front();
    plan(block, &block.front(), block.getTerminator());
  }

private:
  /// Puts the buffers of `block` into an arena that is allocated before one op
  /// and freed before another.
  void plan(Block &block, Operation *begin, Operation *end) {
    SmallVector<Buffer> buffers = collectBuffers(block);
    if (buffers.size() < 2 && (buffers.empty() || begin->getBlock() == &block))
      return;
    int64_t size = assignOffsets(buffers);

    OpBuilder b(begin);
    Location loc = begin->getLoc();
    Value arena =
        memref::AllocOp::create(b, loc, MemRefType::get({size}, b.getI8Type()),
                                b.getI64IntegerAttr(kAlignment));
    for (Buffer &buffer : buffers) {
      b.setInsertionPoint(buffer.alloc);
      Value offset = arith::ConstantIndexOp::create(b, buffer.alloc.getLoc(),
                                                    buffer.offset);
      Value view = memref::ViewOp::create(b, buffer.alloc.getLoc(),
                                          buffer.alloc.getType(), arena, offset,
                                          /*sizes=*/ValueRange());
      buffer.dealloc.erase();
      buffer.alloc.replaceAllUsesWith(view);
      buffer.alloc.erase();
      bufferBytes += buffer.bytes;
    }
    b.setInsertionPoint(end);
    memref::DeallocOp::create(b, loc, arena);
    numBuffers += buffers.size();
    arenaBytes += size;
  }
};
} // namespace
