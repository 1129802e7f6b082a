//===- SlimObserveOps.td - Observing values ----------------*- tablegen -*-===//
#ifndef SLIM_IR_SLIMOBSERVEOPS_TD
#define SLIM_IR_SLIMOBSERVEOPS_TD

include "slim/IR/SlimBase.td"

def Slim_ObserveOp : Op<Slim_Dialect, "observe",
    [MemoryEffects<[MemWrite]>]> {
  let summary = "a place where calibration takes statistics";
  let description = [{
    Asks for statistics of `input` while the model runs on calibration data,
    under `name`. `kinds` are

    - `range`: minimum and maximum of all elements;
    - `channels`: for each column (element of the last dimension) the largest
      magnitude, and the means of x, |x| and x^2;
    - `second_moment`: the mean of x x^T over rows (all other dimensions). With
      `groups` the columns are divided evenly and each group has a matrix of its
      own;
    - `histogram`: counts of elements in equal bins of the range.

    The op computes nothing that the model sees: calibration turns it into
    additional results, and other lowerings drop it.

    Example:

    ```mlir
    slim.observe %x {name = "encoder.layer.0.output.dense.weight",
                     kinds = ["range", "channels"]} : tensor<?x?x1536xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, StrAttr:$name,
                       StrArrayAttr:$kinds,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    static constexpr ::llvm::StringLiteral kRange = "range";
    static constexpr ::llvm::StringLiteral kChannels = "channels";
    static constexpr ::llvm::StringLiteral kSecondMoment = "second_moment";
    static constexpr ::llvm::StringLiteral kHistogram = "histogram";

    /// Whether `kind` is one of them.
    static bool isKind(::llvm::StringRef kind);
    /// Whether this op asks for `kind`.
    bool observes(::llvm::StringRef kind);
  }];
}

#endif // SLIM_IR_SLIMOBSERVEOPS_TD
