//===- Passes.td - All compression passes ------------------*- tablegen -*-===//
#ifndef SLIM_COMPRESS_PASSES_TD
#define SLIM_COMPRESS_PASSES_TD

include "slim/Compress/CastPasses.td"
include "slim/Compress/DecodePasses.td"
include "slim/Compress/InvariancePasses.td"
include "slim/Compress/LowRankPasses.td"
include "slim/Compress/PrunePasses.td"
include "slim/Compress/QuantizePasses.td"

#endif // SLIM_COMPRESS_PASSES_TD
