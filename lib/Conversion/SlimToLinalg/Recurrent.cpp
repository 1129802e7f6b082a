//===- Recurrent.cpp - Lowering of lstm and gru ---------------------------===//
//
// The products of the inputs of all steps are one matrix product. A sequential
// loop over the steps then multiplies the hidden state, computes the gates in
// one generic and writes the step's output in place.
//
//===----------------------------------------------------------------------===//
#include "Movement.h"
#include "Patterns.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "slim/IR/SlimOps.h"

using namespace slim;
using namespace slim::conversion;

namespace {

Value createSigmoid(OpBuilder &b, Location loc, Value x) {
  Value one = createOne(b, loc, x.getType());
  Value exp = math::ExpOp::create(b, loc, arith::NegFOp::create(b, loc, x));
  Value sum = arith::AddFOp::create(b, loc, one, exp);
  return arith::DivFOp::create(b, loc, one, sum);
}

/// Dimensions of a layer and its operands in the compute type.
struct Layer {
  Operation *op;
  Type compute;
  OpFoldResult steps, batch, features, hidden, directions;
  Value input;      ///< [T * B, I]
  Value weight;     ///< [D, gates * H, I]
  Value recurrence; ///< [D, gates * H, H]
  Value bias;       ///< [D, 2, gates, H], null without
  Value lengths;    ///< [B], null without
  Direction direction;
  int64_t gates;
};

/// Operands of one direction.
struct LayerDirection {
  OpFoldResult index;
  bool reverse;
  Value projected;  ///< input times weight, with bias: [T, B, gates * H]
  Value recurrence; ///< transposed: [H, gates * H]
  Value bias;       ///< [2, gates, H], null without
};

template <typename OpT>
Layer createLayer(OpBuilder &b, OpT op, typename OpT::Adaptor adaptor,
                  int64_t gates) {
  Location loc = op.getLoc();
  Layer layer;
  layer.op = op;
  layer.gates = gates;
  layer.direction = op.getDirection();
  Type type = op.getInput().getType().getElementType();
  layer.compute = getComputeType(type);
  auto widen = [&](Value value) {
    return value ? castElements(b, loc, value, getElementTypeOrSelf(value),
                                layer.compute)
                 : value;
  };
  SmallVector<OpFoldResult> extents = getExtents(b, loc, adaptor.getInput());
  layer.steps = extents[0];
  layer.batch = extents[1];
  layer.features = extents[2];
  layer.hidden = b.getIndexAttr(op.getHiddenSize());
  layer.directions =
      b.getIndexAttr(layer.direction == Direction::Bidirectional ? 2 : 1);
  layer.input = reshapeTensor(
      b, loc, widen(adaptor.getInput()),
      {mulExtents(b, loc, layer.steps, layer.batch), layer.features});
  layer.weight = widen(adaptor.getWeight());
  layer.recurrence = widen(adaptor.getRecurrence());
  layer.lengths = adaptor.getSequenceLengths();

  OpFoldResult rows =
      b.getIndexAttr(gates * static_cast<int64_t>(op.getHiddenSize()));
  auto check = [&](Value value, ArrayRef<OpFoldResult> expected) {
    for (auto [extent, wanted] :
         llvm::zip_equal(getExtents(b, loc, value), expected))
      emitEqualExtentsCheck(b, loc, op, extent, wanted,
                            "a parameter has the wrong shape");
    return castTensor(
        b, loc, value,
        RankedTensorType::get(getStaticShape(expected), layer.compute));
  };
  layer.weight = check(layer.weight, {layer.directions, rows, layer.features});
  layer.recurrence =
      check(layer.recurrence, {layer.directions, rows, layer.hidden});
  if (Value bias = widen(adaptor.getBias())) {
    bias = check(
        bias, {layer.directions, mulExtents(b, loc, rows, b.getIndexAttr(2))});
    layer.bias = reshapeTensor(b, loc, bias,
                               {layer.directions, b.getIndexAttr(2),
                                b.getIndexAttr(gates), layer.hidden});
  }
  if (layer.lengths)
    emitEqualExtentsCheck(b, loc, op, getExtent(b, loc, layer.lengths, 0),
                          layer.batch,
                          "the number of lengths is not the batch size");
  return layer;
}

/// `separate` counts the last gates whose recurrent bias is left out of the
/// projection.
LayerDirection createDirection(OpBuilder &b, Location loc, const Layer &layer,
                               int64_t index, int64_t separate) {
  LayerDirection direction;
  direction.index = b.getIndexAttr(index);
  direction.reverse = layer.direction == Direction::Reverse || index == 1;
  Value weight = extractLeading(b, loc, layer.weight, direction.index);
  Value recurrence = extractLeading(b, loc, layer.recurrence, direction.index);
  direction.recurrence = transposeTensor(b, loc, recurrence, {1, 0});

  OpFoldResult gates = b.getIndexAttr(layer.gates);
  OpFoldResult rows = mulExtents(b, loc, gates, layer.hidden);
  OpFoldResult count = getExtent(b, loc, layer.input, 0);
  Value init;
  if (layer.bias) {
    direction.bias = extractLeading(b, loc, layer.bias, direction.index);
    MLIRContext *context = b.getContext();
    AffineExpr gate = b.getAffineDimExpr(0), unit = b.getAffineDimExpr(1);
    auto part = [&](int64_t i) {
      return AffineMap::get(2, 0, {b.getAffineConstantExpr(i), gate, unit},
                            context);
    };
    Value sums = createParallelGeneric(
        b, loc, {gates, layer.hidden}, layer.compute,
        {direction.bias, direction.bias}, {part(0), part(1)},
        [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          Value sum = arith::AddFOp::create(b, loc, args[0], args[1]);
          if (separate == 0)
            return sum;
          Value first = createIndex(b, loc, layer.gates - separate);
          Value apart =
              arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge,
                                    linalg::IndexOp::create(b, loc, 0), first);
          return arith::SelectOp::create(b, loc, apart, args[0], sum);
        });
    init = broadcastVector(b, loc, reshapeTensor(b, loc, sums, rows), 1,
                           {count, rows});
  } else {
    init =
        createFilled(b, loc, {count, rows}, createZero(b, loc, layer.compute));
  }
  Value projected =
      createMatmul(b, loc, layer.input, weight, init, /*transposedRhs=*/true);
  direction.projected =
      reshapeTensor(b, loc, projected, {layer.steps, layer.batch, rows});
  return direction;
}

/// An initial state [B, H] of a direction, zeros where none is given.
Value createState(OpBuilder &b, Location loc, const Layer &layer, Value given,
                  OpFoldResult index) {
  SmallVector<OpFoldResult> extents{layer.batch, layer.hidden};
  if (!given)
    return createFilled(b, loc, extents, createZero(b, loc, layer.compute));
  given =
      castElements(b, loc, given, getElementTypeOrSelf(given), layer.compute);
  Value state = extractLeading(b, loc, given, index);
  for (auto [extent, wanted] :
       llvm::zip_equal(getExtents(b, loc, state), extents))
    emitEqualExtentsCheck(b, loc, layer.op, extent, wanted,
                          "an initial state has the wrong shape");
  return castTensor(
      b, loc, state,
      RankedTensorType::get(getStaticShape(extents), layer.compute));
}

/// Gate `gate` of a [B, gates, H] view, as a map from (batch, unit).
AffineMap getGateMap(OpBuilder &b, int64_t gate) {
  return AffineMap::get(2, 0,
                        {b.getAffineDimExpr(0), b.getAffineConstantExpr(gate),
                         b.getAffineDimExpr(1)},
                        b.getContext());
}

/// Row `row` of a [rows, H] tensor, as a map from (batch, unit).
AffineMap getRowMap(OpBuilder &b, int64_t row) {
  return AffineMap::get(2, 0,
                        {b.getAffineConstantExpr(row), b.getAffineDimExpr(1)},
                        b.getContext());
}

/// Elementwise over [B, H], with several results.
SmallVector<Value> createGates(
    OpBuilder &b, Location loc, const Layer &layer, ValueRange operands,
    ArrayRef<AffineMap> maps, unsigned numResults,
    function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange)> body) {
  SmallVector<AffineMap> allMaps(maps);
  SmallVector<Value> inits;
  SmallVector<Type> types;
  for (unsigned i = 0; i < numResults; ++i) {
    inits.push_back(
        createEmpty(b, loc, {layer.batch, layer.hidden}, layer.compute));
    types.push_back(inits.back().getType());
    allMaps.push_back(b.getMultiDimIdentityMap(2));
  }
  auto generic = linalg::GenericOp::create(
      b, loc, types, operands, inits, allMaps,
      SmallVector<utils::IteratorType>(2, utils::IteratorType::parallel),
      [&](OpBuilder &b, Location loc, ValueRange args) {
        SmallVector<Value> results = body(b, loc, args.drop_back(numResults));
        linalg::YieldOp::create(b, loc, results);
      });
  return SmallVector<Value>(generic.getResults());
}

/// `next` where the step lies within the sequence, `otherwise` beyond it.
Value selectWithin(OpBuilder &b, Location loc, Value length, Value step,
                   Value next, Value otherwise) {
  Value limit = castToIndex(b, loc, length);
  Value within =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, step, limit);
  return arith::SelectOp::create(b, loc, within, next, otherwise);
}

/// Computes a step: from the projected input [B, gates * H], the states and the
/// position in the sequence to the step's output and the next states.
using StepBuilder = function_ref<SmallVector<Value>(
    OpBuilder &, Location, Value projected, Value step, ValueRange states)>;

/// Runs a direction over all steps: writes outputs [T, D, B, H] and returns
/// them with the last states.
SmallVector<Value> runDirection(OpBuilder &b, Location loc, const Layer &layer,
                                const LayerDirection &direction, Value outputs,
                                ValueRange states, StepBuilder body) {
  SmallVector<Value> carried{outputs};
  llvm::append_range(carried, states);
  // No loop for a single step.
  SmallVector<OpFoldResult> bounds;
  if (!isConstantIntValue(layer.steps, 1))
    bounds.push_back(layer.steps);
  return createLoopNest(
      b, loc, bounds, carried,
      [&](OpBuilder &b, Location loc, ValueRange positions,
          ValueRange values) -> SmallVector<Value> {
        OpFoldResult step = b.getIndexAttr(0);
        if (!positions.empty()) {
          step = positions[0];
          if (direction.reverse)
            step = subExtents(
                b, loc, subExtents(b, loc, layer.steps, b.getIndexAttr(1)),
                step);
        }
        Value projected = extractLeading(b, loc, direction.projected, step);
        SmallVector<Value> next =
            body(b, loc, projected, toValue(b, loc, step), values.drop_front());
        next[0] =
            insertLeading(b, loc, next[0], values[0], {step, direction.index});
        return next;
      });
}

struct LowerLSTM : public OpConversionPattern<LSTMOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(LSTMOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Layer layer = createLayer(rewriter, op, adaptor, /*gates=*/4);
    SmallVector<OpFoldResult> stateExtents{layer.directions, layer.batch,
                                           layer.hidden};
    SmallVector<OpFoldResult> extents{layer.steps};
    llvm::append_range(extents, stateExtents);
    Value outputs = createEmpty(rewriter, loc, extents, layer.compute);
    Value lastH = createEmpty(rewriter, loc, stateExtents, layer.compute);
    Value lastC = createEmpty(rewriter, loc, stateExtents, layer.compute);
    Value peepholes;
    if (adaptor.getPeephole()) {
      peepholes = castElements(rewriter, loc, adaptor.getPeephole(),
                               getElementTypeOrSelf(adaptor.getPeephole()),
                               layer.compute);
      peepholes = reshapeTensor(
          rewriter, loc, peepholes,
          {layer.directions, rewriter.getIndexAttr(3), layer.hidden});
    }

    int64_t directions = *getConstantIntValue(layer.directions);
    for (int64_t i = 0; i < directions; ++i) {
      LayerDirection direction =
          createDirection(rewriter, loc, layer, i, /*separate=*/0);
      Value h = createState(rewriter, loc, layer, adaptor.getInitialH(),
                            direction.index);
      Value c = createState(rewriter, loc, layer, adaptor.getInitialC(),
                            direction.index);
      Value peephole =
          peepholes ? extractLeading(rewriter, loc, peepholes, direction.index)
                    : Value();
      SmallVector<Value> results =
          runDirection(rewriter, loc, layer, direction, outputs, {h, c},
                       [&](OpBuilder &b, Location loc, Value projected,
                           Value step, ValueRange states) {
                         return createStep(b, loc, layer, direction, peephole,
                                           projected, step, states);
                       });
      outputs = results[0];
      lastH = insertLeading(rewriter, loc, results[1], lastH, direction.index);
      lastC = insertLeading(rewriter, loc, results[2], lastC, direction.index);
    }
    SmallVector<Value> results{outputs, lastH, lastC};
    for (auto [result, original] : llvm::zip_equal(results, op.getResults())) {
      RankedTensorType type = cast<RankedTensorType>(original.getType());
      result = castElements(rewriter, loc, result, layer.compute,
                            type.getElementType());
      result = castChecked(rewriter, loc, op, result, type);
    }
    rewriter.replaceOp(op, results);
    return success();
  }

private:
  static SmallVector<Value> createStep(OpBuilder &b, Location loc,
                                       const Layer &layer,
                                       const LayerDirection &direction,
                                       Value peephole, Value projected,
                                       Value step, ValueRange states) {
    Value h = states[0], c = states[1];
    Value sums = createMatmul(b, loc, h, direction.recurrence, projected);
    sums = reshapeTensor(b, loc, sums,
                         {layer.batch, b.getIndexAttr(4), layer.hidden});
    SmallVector<Value> operands{sums, sums, sums, sums, c};
    SmallVector<AffineMap> maps{getGateMap(b, 0), getGateMap(b, 1),
                                getGateMap(b, 2), getGateMap(b, 3),
                                b.getMultiDimIdentityMap(2)};
    if (peephole)
      for (int64_t row : {0, 1, 2}) {
        operands.push_back(peephole);
        maps.push_back(getRowMap(b, row));
      }
    if (layer.lengths) {
      operands.append({layer.lengths, h});
      maps.append({AffineMap::get(2, 0, b.getAffineDimExpr(0)),
                   b.getMultiDimIdentityMap(2)});
    }
    // Beyond a sequence's length the output differs from the state.
    return createGates(
        b, loc, layer, operands, maps, 3,
        [&](OpBuilder &b, Location loc, ValueRange args) -> SmallVector<Value> {
          Value i = args[0], o = args[1], f = args[2], g = args[3];
          Value old = args[4];
          auto addPeephole = [&](Value gate, int64_t row, Value cell) -> Value {
            if (!peephole)
              return gate;
            Value product = arith::MulFOp::create(b, loc, args[5 + row], cell);
            return arith::AddFOp::create(b, loc, gate, product);
          };
          i = createSigmoid(b, loc, addPeephole(i, 0, old));
          f = createSigmoid(b, loc, addPeephole(f, 2, old));
          g = math::TanhOp::create(b, loc, g);
          Value kept = arith::MulFOp::create(b, loc, f, old);
          Value added = arith::MulFOp::create(b, loc, i, g);
          Value cell = arith::AddFOp::create(b, loc, kept, added);
          o = createSigmoid(b, loc, addPeephole(o, 1, cell));
          Value hidden = arith::MulFOp::create(
              b, loc, o, math::TanhOp::create(b, loc, cell));
          Value output = hidden;
          if (layer.lengths) {
            Value length = args[args.size() - 2], oldHidden = args.back();
            Value zero = createZero(b, loc, layer.compute);
            output = selectWithin(b, loc, length, step, hidden, zero);
            hidden = selectWithin(b, loc, length, step, hidden, oldHidden);
            cell = selectWithin(b, loc, length, step, cell, old);
          }
          return {output, hidden, cell};
        });
  }
};

struct LowerGRU : public OpConversionPattern<GRUOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(GRUOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Layer layer = createLayer(rewriter, op, adaptor, /*gates=*/3);
    SmallVector<OpFoldResult> stateExtents{layer.directions, layer.batch,
                                           layer.hidden};
    SmallVector<OpFoldResult> extents{layer.steps};
    llvm::append_range(extents, stateExtents);
    Value outputs = createEmpty(rewriter, loc, extents, layer.compute);
    Value last = createEmpty(rewriter, loc, stateExtents, layer.compute);
    bool resetAfter = op.getLinearBeforeReset();

    int64_t directions = *getConstantIntValue(layer.directions);
    for (int64_t i = 0; i < directions; ++i) {
      LayerDirection direction = createDirection(rewriter, loc, layer, i,
                                                 /*separate=*/resetAfter);
      Value h = createState(rewriter, loc, layer, adaptor.getInitialH(),
                            direction.index);
      Value gateWeights, candidateWeights;
      if (!resetAfter)
        std::tie(gateWeights, candidateWeights) =
            splitRecurrence(rewriter, loc, layer, direction.recurrence);
      SmallVector<Value> results = runDirection(
          rewriter, loc, layer, direction, outputs, h,
          [&](OpBuilder &b, Location loc, Value projected, Value step,
              ValueRange states) {
            if (resetAfter)
              return createStep(b, loc, layer, direction, projected, step,
                                states[0]);
            return createResetStep(b, loc, layer, gateWeights, candidateWeights,
                                   projected, step, states[0]);
          });
      outputs = results[0];
      last = insertLeading(rewriter, loc, results[1], last, direction.index);
    }
    SmallVector<Value> results{outputs, last};
    for (auto [result, original] : llvm::zip_equal(results, op.getResults())) {
      RankedTensorType type = cast<RankedTensorType>(original.getType());
      result = castElements(rewriter, loc, result, layer.compute,
                            type.getElementType());
      result = castChecked(rewriter, loc, op, result, type);
    }
    rewriter.replaceOp(op, results);
    return success();
  }

private:
  /// (1 - update) * candidate + update * old, and the output beyond a
  /// sequence's length.
  static SmallVector<Value> blend(OpBuilder &b, Location loc,
                                  const Layer &layer, Value update,
                                  Value candidate, Value old, Value length,
                                  Value step) {
    Value one = createOne(b, loc, layer.compute);
    Value rest = arith::SubFOp::create(b, loc, one, update);
    Value hidden = arith::AddFOp::create(
        b, loc, arith::MulFOp::create(b, loc, rest, candidate),
        arith::MulFOp::create(b, loc, update, old));
    if (!length)
      return {hidden, hidden};
    Value zero = createZero(b, loc, layer.compute);
    return {selectWithin(b, loc, length, step, hidden, zero),
            selectWithin(b, loc, length, step, hidden, old)};
  }

  /// Reset applied to the product of the hidden state: one matrix product.
  static SmallVector<Value> createStep(OpBuilder &b, Location loc,
                                       const Layer &layer,
                                       const LayerDirection &direction,
                                       Value projected, Value step, Value h) {
    OpFoldResult three = b.getIndexAttr(3);
    SmallVector<OpFoldResult> split{layer.batch, three, layer.hidden};
    Value zeros = createFilled(
        b, loc, {layer.batch, mulExtents(b, loc, three, layer.hidden)},
        createZero(b, loc, layer.compute));
    Value recurrent = createMatmul(b, loc, h, direction.recurrence, zeros);
    recurrent = reshapeTensor(b, loc, recurrent, split);
    projected = reshapeTensor(b, loc, projected, split);
    SmallVector<Value> operands{projected, projected, projected, recurrent,
                                recurrent, recurrent, h};
    SmallVector<AffineMap> maps;
    for (int64_t i = 0; i < 6; ++i)
      maps.push_back(getGateMap(b, i % 3));
    maps.push_back(b.getMultiDimIdentityMap(2));
    if (direction.bias) {
      operands.push_back(direction.bias);
      maps.push_back(
          AffineMap::get(2, 0,
                         {b.getAffineConstantExpr(1),
                          b.getAffineConstantExpr(2), b.getAffineDimExpr(1)},
                         b.getContext()));
    }
    if (layer.lengths) {
      operands.push_back(layer.lengths);
      maps.push_back(AffineMap::get(2, 0, b.getAffineDimExpr(0)));
    }
    return createGates(
        b, loc, layer, operands, maps, 2,
        [&](OpBuilder &b, Location loc, ValueRange args) {
          auto add = [&](Value lhs, Value rhs) -> Value {
            return arith::AddFOp::create(b, loc, lhs, rhs);
          };
          Value update = createSigmoid(b, loc, add(args[0], args[3]));
          Value reset = createSigmoid(b, loc, add(args[1], args[4]));
          Value inner = direction.bias ? add(args[5], args[7]) : args[5];
          Value product = arith::MulFOp::create(b, loc, reset, inner);
          Value candidate = math::TanhOp::create(b, loc, add(args[2], product));
          return blend(b, loc, layer, update, candidate, args[6],
                       layer.lengths ? args.back() : Value(), step);
        });
  }

  /// The columns of the transposed recurrence for the gates z and r, and for
  /// the candidate.
  static std::pair<Value, Value> splitRecurrence(OpBuilder &b, Location loc,
                                                 const Layer &layer,
                                                 Value recurrence) {
    OpFoldResult zero = b.getIndexAttr(0);
    OpFoldResult two = mulExtents(b, loc, layer.hidden, b.getIndexAttr(2));
    return {extractPart(b, loc, recurrence, {zero, zero}, {layer.hidden, two}),
            extractPart(b, loc, recurrence, {zero, two},
                        {layer.hidden, layer.hidden})};
  }

  /// Reset applied to the hidden state: the candidate's product comes after.
  static SmallVector<Value>
  createResetStep(OpBuilder &b, Location loc, const Layer &layer,
                  Value gateWeights, Value candidateWeights, Value projected,
                  Value step, Value h) {
    OpFoldResult zero = b.getIndexAttr(0);
    OpFoldResult two = mulExtents(b, loc, layer.hidden, b.getIndexAttr(2));
    Value gates =
        extractPart(b, loc, projected, {zero, zero}, {layer.batch, two});
    Value inner = extractPart(b, loc, projected, {zero, two},
                              {layer.batch, layer.hidden});
    gates = createMatmul(b, loc, h, gateWeights, gates);
    gates = reshapeTensor(b, loc, gates,
                          {layer.batch, b.getIndexAttr(2), layer.hidden});
    AffineMap identity = b.getMultiDimIdentityMap(2);
    Value reset = createGates(
        b, loc, layer, {gates, h}, {getGateMap(b, 1), identity}, 1,
        [](OpBuilder &b, Location loc, ValueRange args) -> SmallVector<Value> {
          Value r = createSigmoid(b, loc, args[0]);
          return {arith::MulFOp::create(b, loc, r, args[1])};
        })[0];
    inner = createMatmul(b, loc, reset, candidateWeights, inner);
    SmallVector<Value> operands{gates, inner, h};
    SmallVector<AffineMap> maps{getGateMap(b, 0), identity, identity};
    if (layer.lengths) {
      operands.push_back(layer.lengths);
      maps.push_back(AffineMap::get(2, 0, b.getAffineDimExpr(0)));
    }
    return createGates(
        b, loc, layer, operands, maps, 2,
        [&](OpBuilder &b, Location loc, ValueRange args) {
          Value update = createSigmoid(b, loc, args[0]);
          Value candidate = math::TanhOp::create(b, loc, args[1]);
          return blend(b, loc, layer, update, candidate, args[2],
                       layer.lengths ? args.back() : Value(), step);
        });
  }
};

} // namespace

void conversion::populateRecurrentPatterns(const TypeConverter &converter,
                                           RewritePatternSet &patterns) {
  patterns.add<LowerLSTM, LowerGRU>(converter, patterns.getContext());
}
