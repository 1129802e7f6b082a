// RUN: not slim-opt %s -prune-nm="n=4 m=4" 2>&1 | FileCheck %s --check-prefix=EQUAL
// RUN: not slim-opt %s -prune-nm="n=0 m=4" 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not slim-opt %s -prune-nm="m=1000" 2>&1 | FileCheck %s --check-prefix=LARGE

// EQUAL: error: prune-nm: options must satisfy 1 <= n < m <= 256, not n=4 m=4
// ZERO: error: prune-nm: options must satisfy 1 <= n < m <= 256, not n=0 m=4
// LARGE: error: prune-nm: options must satisfy 1 <= n < m <= 256, not n=2 m=1000
module {
}
