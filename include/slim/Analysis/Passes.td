//===- Passes.td - Passes that report on models ------------*- tablegen -*-===//
#ifndef SLIM_ANALYSIS_PASSES_TD
#define SLIM_ANALYSIS_PASSES_TD

include "mlir/Pass/PassBase.td"

def PrintCostPass : Pass<"slim-print-cost", "::mlir::ModuleOp"> {
  let summary = "print parameters, weight bytes, operations and traffic";
  let description = [{
    Prints for each function, and for the module as a whole:

    - params: the elements of all weights that the function reads, each counted
      once, a compressed weight with the shape that it decodes to;
    - weight bytes: what these take in a model file, scales and positions of
      compressed weights included;
    - flops: floating-point and integer operations, a multiply-add being two;
    - bytes moved: what ops read and write if nothing stays in a cache;
    - open ops: how many ops are missing from the last two because an extent
      is dynamic.

    With `per-op` the function's figures are followed by the same for each kind
    of op. The report goes to the standard error stream; the module stays as it
    is.

    Example:

    ```
    function  params  weight bytes   flops  bytes moved  open ops
    @main       2080          8320    8256        10640         0
    ```
  }];
  let options = [
    Option<"json", "json", "bool", /*default=*/"false",
           "Print one JSON object instead of a table">,
    Option<"perOp", "per-op", "bool", /*default=*/"false",
           "Print the figures of each kind of op, too">,
  ];
}

def PrintChannelGroupsPass
    : Pass<"slim-print-channel-groups", "::mlir::ModuleOp"> {
  let summary = "print which channels go together";
  let description = [{
    Prints the groups that structured pruning chooses among: how many sets of
    channels a group has, whether they may be removed, and for each weight and
    constant how many channels a set has along which dimension. With `values`
    also those of activations. The report goes to the standard error stream; the
    module stays as it is.

    Example, the attention heads and the neurons of an encoder's layer:

    ```
    group 2: 12 sets
      @query dim 1: 32 of 384
      @query.bias dim 0: 32 of 384
      @key dim 1: 32 of 384
      @key.bias dim 0: 32 of 384
      @value dim 1: 32 of 384
      @value.bias dim 0: 32 of 384
      @output dim 0: 32 of 384
    group 3: 1536 sets
      @up dim 1: 1 of 1536
      @up.bias dim 0: 1 of 1536
      @down dim 0: 1 of 1536
    group 4: 384 sets, kept whole by func.return
      ...
    ```
  }];
  let options = [
    Option<"values", "values", "bool", /*default=*/"false",
           "Print the axes of activations, too">,
  ];
}

#endif // SLIM_ANALYSIS_PASSES_TD
