//===- SlimRecurrentOps.td - Recurrent layers --------------*- tablegen -*-===//
#ifndef SLIM_IR_SLIMRECURRENTOPS_TD
#define SLIM_IR_SLIMRECURRENTOPS_TD

include "slim/IR/SlimBase.td"

def Slim_LSTMOp : Slim_CostedOp<"lstm", [AttrSizedOperandSegments]> {
  let summary = "long short-term memory layer";
  let description = [{
    Input [T, B, I], weights W [D, 4H, I] and R [D, 4H, H], bias [D, 8H] (of W,
    then of R), all in gate order i, o, f, c as in ONNX; initial states
    [D, B, H]; peephole weights [D, 3H] in order i, o, f; D is 2 for
    `bidirectional`. Per step, with the gates' pre-activations of x W^T + h R^T +
    biases: c' = sigmoid(f) c + sigmoid(i) tanh(c_gate); h' = sigmoid(o) tanh(c').
    `sequence_lengths` [B] (i32): beyond its length a sequence yields zeros and
    keeps its states. Results: all hidden states [T, D, B, H], the last hidden
    and cell states [D, B, H].

    Example:

    ```mlir
    %y, %h, %c = slim.lstm %x, %w, %r bias %b initial_h %h0 initial_c %c0
        {hidden_size = 64, direction = #slim.direction<forward>}
      : (tensor<?x1x32xf32>, tensor<1x256x32xf32>, tensor<1x256x64xf32>,
         tensor<1x512xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>)
      -> (tensor<?x1x1x64xf32>, tensor<1x1x64xf32>, tensor<1x1x64xf32>)
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, Slim_FloatTensor:$weight,
                       Slim_FloatTensor:$recurrence,
                       Optional<Slim_FloatTensor>:$bias,
                       Optional<Slim_FloatTensor>:$initial_h,
                       Optional<Slim_FloatTensor>:$initial_c,
                       Optional<Slim_FloatTensor>:$peephole,
                       Optional<RankedTensorOf<[I32]>>:$sequence_lengths,
                       I64Attr:$hidden_size, Slim_DirectionAttr:$direction);
  let results = (outs Slim_FloatTensor:$result, Slim_FloatTensor:$last_h,
                      Slim_FloatTensor:$last_c);
  let assemblyFormat = [{
    $input `,` $weight `,` $recurrence (`bias` $bias^)?
    (`initial_h` $initial_h^)? (`initial_c` $initial_c^)?
    (`peephole` $peephole^)? (`sequence_lengths` $sequence_lengths^)?
    attr-dict `:` functional-type(operands, results)
  }];
}

def Slim_GRUOp : Slim_CostedOp<"gru", [AttrSizedOperandSegments]> {
  let summary = "gated recurrent unit layer";
  let description = [{
    As `slim.lstm` with gates z, r, h: W [D, 3H, I], R [D, 3H, H], bias [D, 6H].
    z = sigmoid(x Wz^T + h Rz^T + biases), r likewise; the candidate is
    tanh(x Wh^T + (r h) Rh^T + biases), or, with `linear_before_reset`,
    tanh(x Wh^T + wb + r (h Rh^T + rb)); h' = (1 - z) candidate + z h.

    Example:

    ```mlir
    %y, %h = slim.gru %x, %w, %r
        {hidden_size = 64, direction = #slim.direction<forward>}
      : (tensor<?x1x32xf32>, tensor<1x192x32xf32>, tensor<1x192x64xf32>)
      -> (tensor<?x1x1x64xf32>, tensor<1x1x64xf32>)
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, Slim_FloatTensor:$weight,
                       Slim_FloatTensor:$recurrence,
                       Optional<Slim_FloatTensor>:$bias,
                       Optional<Slim_FloatTensor>:$initial_h,
                       Optional<RankedTensorOf<[I32]>>:$sequence_lengths,
                       I64Attr:$hidden_size, Slim_DirectionAttr:$direction,
                       DefaultValuedAttr<BoolAttr, "false">:$linear_before_reset);
  let results = (outs Slim_FloatTensor:$result, Slim_FloatTensor:$last_h);
  let assemblyFormat = [{
    $input `,` $weight `,` $recurrence (`bias` $bias^)?
    (`initial_h` $initial_h^)? (`sequence_lengths` $sequence_lengths^)?
    attr-dict `:` functional-type(operands, results)
  }];
}

#endif // SLIM_IR_SLIMRECURRENTOPS_TD
