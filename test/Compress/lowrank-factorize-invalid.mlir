// RUN: not slim-opt %s -lowrank-factorize 2>&1 | FileCheck %s --check-prefix=ONE
// RUN: not slim-opt %s -lowrank-factorize="rank=4 ratio=0.5" 2>&1 | FileCheck %s --check-prefix=ONE
// RUN: not slim-opt %s -lowrank-factorize="rank=-4" 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: not slim-opt %s -lowrank-factorize="energy=1.5" 2>&1 | FileCheck %s --check-prefix=ENERGY
// RUN: not slim-opt %s -lowrank-factorize="ratio=-1" 2>&1 | FileCheck %s --check-prefix=RATIO
// RUN: not slim-opt %s -lowrank-factorize="rank=4 align=0" 2>&1 | FileCheck %s --check-prefix=ALIGN

// ONE: error: lowrank-factorize: exactly one of the options 'rank', 'energy' and 'ratio' must be given
// RANK: error: lowrank-factorize: option 'rank' must be positive
// ENERGY: error: lowrank-factorize: option 'energy' must be above 0 and at most 1
// RATIO: error: lowrank-factorize: option 'ratio' must be above 0 and at most 1
// ALIGN: error: lowrank-factorize: option 'align' must be positive
module {
}
