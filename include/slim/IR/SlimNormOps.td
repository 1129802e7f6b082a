//===- SlimNormOps.td - Normalizations ---------------------*- tablegen -*-===//
#ifndef SLIM_IR_SLIMNORMOPS_TD
#define SLIM_IR_SLIMNORMOPS_TD

include "slim/IR/SlimBase.td"

def Slim_SoftmaxOp : Slim_Op<"softmax",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "softmax along a dimension";
  let description = [{
    exp(x - max) / sum exp(x - max) along `axis`. The exponentials, their sum
    (accumulated in f32 or wider) and the quotient are rounded to the element
    type.

    Example:

    ```mlir
    %y = slim.softmax %x {axis = 1} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, I64Attr:$axis);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_LogSoftmaxOp : Slim_Op<"log_softmax",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "logarithm of the softmax along a dimension";
  let description = [{
    x - max - log(sum exp(x - max)) along `axis`.

    Example:

    ```mlir
    %y = slim.log_softmax %x {axis = 1} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, I64Attr:$axis);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_LayerNormOp : Slim_Op<"layer_norm",
    [AttrSizedOperandSegments,
     DeclareOpInterfaceMethods<ChannelOpInterface, ["getStatisticDims"]>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "layer normalization";
  let description = [{
    (x - mean) / sqrt(variance + epsilon) * scale + bias, with mean and
    (population) variance over the dimensions from `axis` on, computed in f32 or
    wider. Scale and bias broadcast to those dimensions. Also returns the mean
    and the reciprocal standard deviation, which training graphs and some ONNX
    models use.

    Example:

    ```mlir
    %y, %mean, %inv = slim.layer_norm %x scale %s bias %b
        {axis = 2, epsilon = 1.0e-12 : f32}
      : (tensor<?x?x384xf32>, tensor<384xf32>, tensor<384xf32>)
      -> (tensor<?x?x384xf32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>)
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input,
                       Optional<Slim_FloatTensor>:$scale,
                       Optional<Slim_FloatTensor>:$bias, I64Attr:$axis,
                       F32Attr:$epsilon);
  let results = (outs Slim_FloatTensor:$result, Slim_FloatTensor:$mean,
                      Slim_FloatTensor:$inv_std_dev);
  let assemblyFormat = [{
    $input (`scale` $scale^)? (`bias` $bias^)? attr-dict `:`
    functional-type(operands, results)
  }];
}

def Slim_RMSNormOp : Slim_Op<"rms_norm",
    [DeclareOpInterfaceMethods<ChannelOpInterface, ["getStatisticDims"]>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "root mean square normalization";
  let description = [{
    x / sqrt(mean(x^2) + epsilon) * scale, with the mean over the dimensions
    from `axis` on, computed in f32 or wider.

    Example:

    ```mlir
    %y = slim.rms_norm %x, %s {axis = 2, epsilon = 1.0e-5 : f32}
      : (tensor<?x?x576xf32>, tensor<576xf32>) -> tensor<?x?x576xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input,
                       Optional<Slim_FloatTensor>:$scale, I64Attr:$axis,
                       F32Attr:$epsilon);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_BatchNormOp : Slim_Op<"batch_norm",
    [DeclareOpInterfaceMethods<ChannelOpInterface>,
     DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "batch normalization with fixed statistics";
  let description = [{
    (x - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + bias[c], with c the
    index along dimension 1. After a convolution with constant parameters it
    folds into the convolution.

    Example:

    ```mlir
    %y = slim.batch_norm %x, %s, %b, %m, %v {epsilon = 1.0e-5 : f32}
      : (tensor<?x8x?x?xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>,
         tensor<8xf32>) -> tensor<?x8x?x?xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, Slim_FloatTensor:$scale,
                       Slim_FloatTensor:$bias, Slim_FloatTensor:$mean,
                       Slim_FloatTensor:$variance, F32Attr:$epsilon);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_GroupNormOp : Slim_Op<"group_norm",
    [DeclareOpInterfaceMethods<ChannelOpInterface, ["getStatisticDims"]>]> {
  let summary = "group normalization";
  let description = [{
    Divides the channels (dimension 1) into `groups` runs of equal length and
    normalizes each, with all spatial dimensions, to mean 0 and variance 1;
    then multiplies by scale[c] and adds bias[c]. As many groups as channels
    (instance normalization) are meant by `groups` = 0.

    Example:

    ```mlir
    %y = slim.group_norm %x, %s, %b {groups = 4, epsilon = 1.0e-5 : f32}
      : (tensor<?x8x?x?xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x?x?xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, Slim_FloatTensor:$scale,
                       Slim_FloatTensor:$bias, I64Attr:$groups,
                       F32Attr:$epsilon);
  let results = (outs Slim_FloatTensor:$result);
}

def Slim_LRNOp : Slim_Op<"local_response_norm"> {
  let summary = "local response normalization across channels";
  let description = [{
    x / (bias + alpha / size * sum of squares over the `size` channels around)
    ^ beta; the window of channel c is c - floor((size - 1) / 2) to
    c + ceil((size - 1) / 2), cut at the ends.

    Example:

    ```mlir
    %y = slim.local_response_norm %x {size = 5, alpha = 1.0e-4 : f32,
        beta = 0.75 : f32, bias = 1.0 : f32}
      : (tensor<?x8x?x?xf32>) -> tensor<?x8x?x?xf32>
    ```
  }];
  let arguments = (ins Slim_FloatTensor:$input, I64Attr:$size, F32Attr:$alpha,
                       F32Attr:$beta, F32Attr:$bias);
  let results = (outs Slim_FloatTensor:$result);
}

#endif // SLIM_IR_SLIMNORMOPS_TD
