// RUN: not slim-opt %s -smooth-activations 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not slim-opt %s -smooth-activations="calibration=%t.missing" 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not slim-opt %s -smooth-activations="calibration=x method=magic" 2>&1 | FileCheck %s --check-prefix=METHOD
// RUN: not slim-opt %s -smooth-activations="calibration=x strength=1.5" 2>&1 | FileCheck %s --check-prefix=STRENGTH
// RUN: not slim-opt %s -smooth-activations="calibration=x format=int5" 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not slim-opt %s -smooth-activations="calibration=x format=kmeans4" 2>&1 | FileCheck %s --check-prefix=LEARNED

// NONE: error: smooth-activations: option 'calibration' must name the file of statistics that calibration has written
// MISSING: error: smooth-activations: option 'calibration': {{.*}}missing
// METHOD: error: smooth-activations: option 'method' must be smoothquant or awq, not 'magic'
// STRENGTH: error: smooth-activations: option 'strength' must be from 0 to 1
// FORMAT: error: smooth-activations: option 'format': there is no format 'int5'
// LEARNED: error: smooth-activations: option 'format': 'kmeans4' has no numbers before they are learned
module {}
