//===- Passes.td - Code generation for CPUs ----------------*- tablegen -*-===//
#ifndef SLIM_CODEGEN_CPU_PASSES_TD
#define SLIM_CODEGEN_CPU_PASSES_TD

include "slim/CodeGen/CPU/FormingPasses.td"
include "slim/CodeGen/CPU/LoweringPasses.td"
include "slim/CodeGen/CPU/MemoryPasses.td"

#endif // SLIM_CODEGEN_CPU_PASSES_TD
