// RUN: not slim-opt %s -prune-unstructured="sparsity=1.5" 2>&1 | FileCheck %s --check-prefix=ABOVE
// RUN: not slim-opt %s -prune-unstructured="sparsity=-0.1" 2>&1 | FileCheck %s --check-prefix=BELOW
// RUN: not slim-opt %s -prune-unstructured="sparsity=half" 2>&1 | FileCheck %s --check-prefix=NUMBER

// ABOVE: error: prune-unstructured: option 'sparsity' must be between 0 and 1, not 1.5
// BELOW: error: prune-unstructured: option 'sparsity' must be between 0 and 1, not -1.000000e-01
// NUMBER: 'half' value invalid for
module {
}
