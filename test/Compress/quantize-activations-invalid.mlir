// RUN: not slim-opt %s -quantize-activations 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not slim-opt %s -quantize-activations="calibration=%t.none" 2>&1 | FileCheck %s --check-prefix=FILE
// RUN: not slim-opt %s -quantize-activations="calibration=%s" 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not slim-opt %s -quantize-activations="range=widest" 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not slim-opt %s -quantize-activations="percentile=20" 2>&1 | FileCheck %s --check-prefix=PERCENT
// RUN: not slim-opt %s -quantize-activations="exclude=(" 2>&1 | FileCheck %s --check-prefix=REGEX

// NONE: error: quantize-activations: option 'calibration' must name a file of statistics; slim-calibrate writes one
// FILE: error: quantize-activations: cannot read '{{.*}}.none': No such file or directory
// FORMAT: error: quantize-activations: {{.*}}quantize-activations-invalid.mlir
// RANGE: error: quantize-activations: option 'range' must be one of entropy, minmax, mse, percentile, not 'widest'
// PERCENT: error: quantize-activations: option 'percentile' must be above 50 and at most 100
// REGEX: error: quantize-activations: option 'exclude': '(' is not a regular expression
module {}
