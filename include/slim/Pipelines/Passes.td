//===- Passes.td - Passes that run the model -----------------*- tablegen -*-===//
#ifndef SLIM_PIPELINES_PASSES_TD
#define SLIM_PIPELINES_PASSES_TD

include "mlir/Pass/PassBase.td"

// What passes that run the model on data share.
class RunningPass<string flag> : Pass<flag, "::mlir::ModuleOp"> {
  list<Option> commonOptions = [
    Option<"data", "data", "std::string", /*default=*/"",
           "Samples: .npz, .safetensors, or token ids in .txt, .bin or .tokens">,
    Option<"samples", "samples", "int64_t", /*default=*/"0",
           "Use so many samples, from the first; 0 for all">,
    Option<"entry", "entry", "std::string", /*default=*/"",
           "The function to run; by default the only one">,
    Option<"sequenceLength", "sequence-length", "int64_t", /*default=*/"0",
           "Tokens of a sample, for files of token ids">,
    Option<"tokenBits", "token-bits", "unsigned", /*default=*/"32",
           "Size of raw token ids: 32 or 64">,
    Option<"secondMoment", "second-moment", "bool", /*default=*/"false",
           "Take E[x x^T] of the inputs of weights, for GPTQ and others">,
    Option<"jobs", "jobs", "unsigned", /*default=*/"0",
           "Samples that run at the same time; 0 for the number of CPUs">,
    Option<"progress", "progress", "bool", /*default=*/"false",
           "Show progress on stderr">,
  ];
  let options = commonOptions;
  let dependentDialects = ["::slim::SlimDialect"];
}

def CalibratePass : RunningPass<"calibrate"> {
  let summary = "Run the model on data and keep statistics of its activations";
  let description = [{
    Compiles the module as it is at this point of the pipeline, runs it in
    process on the samples of `data`, and writes what it has seen to `output`,
    from where passes with an option `calibration` read it. The module does not
    change. It is what `slim-calibrate` does to a file, between passes: after
    `smooth-activations` there are other activations to be seen.

    ```sh
    slimc model.onnx -o model.so --compress='
      calibrate{data=samples.npz output=before.safetensors second-moment=true},
      smooth-activations{calibration=before.safetensors},
      calibrate{data=samples.npz output=after.safetensors all-values=true histogram=true},
      quantize-int8{calibration=after.safetensors},
      quantize-activations{calibration=after.safetensors}'
    ```

    An interrupted run goes on where it was, from `output` with `.partial`
    appended.
  }];
  let options = commonOptions # [
    Option<"output", "output", "std::string", /*default=*/"",
           "Where the statistics go (safetensors)">,
    Option<"histogram", "histogram", "bool", /*default=*/"false",
           "Take histograms of what is observed, too">,
    Option<"histogramBins", "histogram-bins", "unsigned", /*default=*/"2048",
           "Bins of a histogram">,
    Option<"allValues", "all-values", "bool", /*default=*/"false",
           "Observe every floating-point activation by its range, too">,
  ];
  let statistics = [
    Statistic<"numObserved", "num-observed", "Names with statistics">,
  ];
}

def CompressSequentiallyPass : RunningPass<"compress-sequentially"> {
  let summary = "Compress layer after layer, with inputs as they then are";
  let description = [{
    Runs the model on the samples of `data` stage after stage: a stage is all ops
    whose inputs depend on weights of earlier stages only. When the inputs of a
    stage have been seen, the compression passes of `passes` run on the weights
    of the stage, with the stage's statistics; later stages are run with what
    these weights have become. So GPTQ makes up for the errors of earlier layers
    as its authors describe it (arXiv 2210.17323), and memory holds the
    activations and statistics of one stage instead of the whole model's.

    Each of `passes` is a compression pass; its options `include` and
    `calibration` are set for it. Weights without inputs, such as tables of
    embeddings, are in no stage: give them to a pass of their own.

    With `checkpoint` a run that was interrupted goes on after the last stage
    whose statistics were complete; the files of that name are removed at the
    end.

    Example:

    ```sh
    slim-opt model.mlir -pass-pipeline='builtin.module(
      compress-sequentially{data=samples.npz second-moment=true
        passes={quantize{format=int4 granularity=group algorithm=gptq}}},
      quantize{format=int8 include=embeddings})'
    ```
  }];
  let options = commonOptions # [
    Option<"passes", "passes", "std::string", /*default=*/"",
           "The pipeline for the weights of a stage">,
    Option<"checkpoint", "checkpoint", "std::string", /*default=*/"",
           "Beginning of the names of files with the statistics of stages">,
  ];
  let statistics = [
    Statistic<"numStages", "num-stages", "Stages">,
  ];
}

def CorrectBiasPass : RunningPass<"correct-bias"> {
  let summary = "Take the mean error of quantized inputs out of biases";
  let description = [{
    Where the inputs x of a layer have become x', by rounding, clipping and what
    earlier layers err, its outputs are off by W (E[x] - E[x']) in the mean. This
    pass adds that to the bias of each linear op and convolution. E[x] comes from
    statistics of the model before its activations were quantized
    (`calibration`); E[x'] is seen by running the module on `data`, stage by
    stage, so that a layer's inputs are those that earlier layers give after they
    have been corrected (empirical bias correction: Nagel et al., arXiv
    1906.04721, section 4.2).

    The data should be those of the calibration. Ops whose bias is no weight or
    constant, and those of whose inputs `calibration` knows nothing, stay as they
    are.

    ```sh
    slimc model.onnx -o model.so --compress='
      calibrate{data=samples.npz output=seen.safetensors all-values=true histogram=true},
      quantize-int8{calibration=seen.safetensors},
      quantize-activations{calibration=seen.safetensors},
      correct-bias{data=samples.npz calibration=seen.safetensors}'
    ```
  }];
  let options = commonOptions # [
    Option<"calibration", "calibration", "std::string", /*default=*/"",
           "The file of the statistics before">,
  ];
  let statistics = [
    Statistic<"numCorrected", "num-corrected", "Biases corrected">,
  ];
}

def QuantizeBlocksPass : RunningPass<"quantize-blocks"> {
  let summary = "Learn codes that keep the outputs of blocks";
  let description = [{
    Quantizes weights as `quantize` does, and then learns codes and scales such
    that the output of each block stays near that of the dense model
    (AutoRound, arXiv 2309.05516; block reconstruction, BRECQ, arXiv 2102.05426).
    The `autoround` of `quantize` sees one layer and the second moment of its
    inputs; here the loss is the squared error behind attention, activations,
    norms and residuals, for the samples of `data` themselves.

    A block is a region between two values through which everything passes that
    depends on weights; the analysis finds them in any graph. They are divided as
    finely as can be: `block-weights` joins neighbours until a block has so many
    learned weights. Each is compiled in process once, forwards and with the
    gradients of `slim-differentiate`, its weights being arguments; equal blocks
    share the code.

    Codes and scales begin as `algorithm` picks them. Every step takes the
    gradient over `batch` samples, passed straight through the rounding, and
    moves the offset of each weight, within half a code, and the multiplier of
    each scale against it: by the sign where the last gradients agree, by less
    where they flip. The size of steps falls from 1 over `iterations` to nothing.
    The best weights on the way are kept, by the error over all samples,
    so that no block ends worse than it began. Later blocks see what earlier ones
    give with their new weights, unless `quantized-inputs` is false.

    Learned are the f32 weights that linear ops and convolutions of one block
    read; others that pass the filters (tables of embeddings) are left as
    `algorithm` makes them. An op on the way that has no derivative is an error,
    which names it: leave the weights before it out.

    With `checkpoint` the learned codes are written to that file after each block,
    and a run that was interrupted goes on after the last one, to the same
    result. Codes of another model, of other data or of a run with other options
    are not used. The file is removed at the end.

    The report has, for each learned weight, the number of its `block` and the
    block's relative output error, the norm of the difference over that of the
    output, before learning (`block_error_before`) and after (`block_error`).

    ```sh
    slimc model.onnx -o model.so --compress='
      calibrate{data=samples.npz output=seen.safetensors second-moment=true},
      quantize-blocks{data=samples.npz format=int4 group-size=128
        algorithm=gptq calibration=seen.safetensors}'
    ```
  }];
  let options = commonOptions # [
    Option<"include", "include", "std::string", /*default=*/"",
           "Only weights in whose name this regular expression is found">,
    Option<"exclude", "exclude", "std::string", /*default=*/"",
           "No weight in whose name this regular expression is found">,
    Option<"minElements", "min-elements", "int64_t", /*default=*/"1024",
           "Only weights of at least so many elements">,
    Option<"format", "format", "std::string", /*default=*/"\"int4\"",
           "The number format, as in 'quantize'">,
    Option<"granularity", "granularity", "std::string", /*default=*/"",
           "What shares a scale: tensor, channel, group or block">,
    Option<"groupSize", "group-size", "int64_t", /*default=*/"0",
           "Elements of a group; 128 if not given">,
    Option<"block", "block", "std::string", /*default=*/"",
           "Channels by elements of a block; 128x128 if not given">,
    Option<"scaleType", "scale-type", "std::string", /*default=*/"",
           "The type of scales: f32, f16, bf16, e8m0 or e4m3">,
    Option<"asymmetric", "asymmetric", "bool", /*default=*/"false",
           "Give integer codes a zero point for each scale">,
    Option<"algorithm", "algorithm", "std::string", /*default=*/"\"rtn\"",
           "Who picks the codes and scales to begin with">,
    ListOption<"algorithmOptions", "algorithm-options", "std::string",
               "What the algorithm is told: key=value, ...">,
    Option<"calibration", "calibration", "std::string", /*default=*/"",
           "The file of the layers' inputs' statistics, for the algorithm">,
    Option<"activations", "activations", "std::string", /*default=*/"\"none\"",
           "How inputs of linear ops are quantized: none or dynamic">,
    Option<"blockWeights", "block-weights", "int64_t", /*default=*/"1",
           "The least number of learned weights of a block">,
    Option<"iterations", "iterations", "int64_t", /*default=*/"200",
           "Steps for each block">,
    Option<"batch", "batch", "int64_t", /*default=*/"8",
           "Samples of a step">,
    Option<"quantizedInputs", "quantized-inputs", "bool", /*default=*/"true",
           "Let blocks see what quantized ones before them give">,
    Option<"seed", "seed", "uint64_t", /*default=*/"0",
           "Of the order of samples">,
    Option<"checkpoint", "checkpoint", "std::string", /*default=*/"",
           "The file that an interrupted run goes on from">,
  ];
  let statistics = [
    Statistic<"numCompressed", "num-compressed", "Weights compressed">,
    Statistic<"numSkipped", "num-skipped", "Weights left as they are">,
    Statistic<"numLearned", "num-learned", "Weights whose codes were learned">,
    Statistic<"numBlocks", "num-blocks", "Blocks with learned weights">,
    Statistic<"bytesBefore", "bytes-before",
              "Bytes of all weights before the pass">,
    Statistic<"bytesAfter", "bytes-after",
              "Bytes of all weights after the pass">,
  ];
}

def MeasureSensitivityPass : RunningPass<"measure-sensitivity"> {
  let summary = "Measure what a change of each weight does to the outputs";
  let description = [{
    Runs the model on the samples of `data` with one weight changed at a time and
    writes to `output`, for each weight, the change and the loss of the model's
    outputs, from where `quantize{budget=... sensitivity=...}` reads them. The
    module does not change. The `method` says what is tried and what is lost:

    - `output`: what `passes` make of the weight, and the squared error of the
      outputs, relative to them.
    - `hessian`: random signs of `size` times the weight's root mean square
      instead, so that the loss estimates the trace of the Gauss-Newton Hessian
      (Hutchinson's estimator; HAWQ-V2, arXiv 1911.03852).
    - `fisher`: the same, and the Kullback-Leibler divergence of the
      distributions that the outputs are logits of, so that it estimates the
      trace of Fisher's information.

    The model is compiled once; it runs once a sample for each weight and draw.
    Weights that no pass changes, and those whose elements are not f32, have no
    entry.

    ```sh
    slimc model.onnx -o model.so --compress='
      measure-sensitivity{data=samples.npz samples=16 output=model.sensitivity
        passes={quantize{format=int4 group-size=32}}},
      quantize{budget=4.5 formats=int3:32,int4:32,int8 sensitivity=model.sensitivity}'
    ```
  }];
  let options = commonOptions # [
    Option<"output", "output", "std::string", /*default=*/"",
           "Where the sensitivities go (JSON)">,
    Option<"method", "method", "std::string", /*default=*/"\"output\"",
           "What is measured: output, hessian or fisher">,
    Option<"passes", "passes", "std::string", /*default=*/"",
           "With method=output: the pipeline that changes the weights">,
    Option<"size", "size", "double", /*default=*/"0.05",
           "Otherwise: random changes relative to the weight">,
    Option<"draws", "draws", "unsigned", /*default=*/"1",
           "and how many of them are averaged">,
    Option<"include", "include", "std::string", /*default=*/"",
           "Only weights in whose name this regular expression is found">,
    Option<"exclude", "exclude", "std::string", /*default=*/"",
           "No weight in whose name this regular expression is found">,
    Option<"minElements", "min-elements", "int64_t", /*default=*/"1024",
           "Only weights of at least so many elements">,
  ];
  let statistics = [
    Statistic<"numMeasured", "num-measured", "Weights with a sensitivity">,
  ];
}

#endif // SLIM_PIPELINES_PASSES_TD
