//===- CompressionPass.td - What all compression passes share -*- tablegen -*-//
#ifndef SLIM_COMPRESS_COMPRESSIONPASS_TD
#define SLIM_COMPRESS_COMPRESSIONPASS_TD

include "mlir/Pass/PassBase.td"

// Small weights (the first convolution, depthwise filters) hold next to nothing
// of a model's bytes and are often the ones that hurt: EfficientNet-Lite0 loses
// more by its first depthwise filter of 288 elements than by all other weights
// in 8 bits together. So the default leaves them alone.
class CompressionPass<string flag> : Pass<flag, "::mlir::ModuleOp"> {
  list<Option> commonOptions = [
    Option<"include", "include", "std::string", /*default=*/"",
           "Only weights in whose name this regular expression is found">,
    Option<"exclude", "exclude", "std::string", /*default=*/"",
           "No weight in whose name this regular expression is found">,
    Option<"minElements", "min-elements", "int64_t", /*default=*/"1024",
           "Only weights of at least so many elements">,
  ];
  let options = commonOptions;
  list<Statistic> commonStatistics = [
    Statistic<"numCompressed", "num-compressed", "Weights compressed">,
    Statistic<"numSkipped", "num-skipped", "Weights left as they are">,
    Statistic<"bytesBefore", "bytes-before",
              "Bytes of all weights before the pass">,
    Statistic<"bytesAfter", "bytes-after",
              "Bytes of all weights after the pass">,
  ];
  let statistics = commonStatistics;
  let dependentDialects = ["::slim::SlimDialect"];
}

#endif // SLIM_COMPRESS_COMPRESSIONPASS_TD
