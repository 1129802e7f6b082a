//===- ElementType.cpp - Element types of tensors -------------------------===//

#include "slim/Data/ElementType.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"

#include <cstring>

using namespace llvm;
using namespace slim;

static const ElementType elementTypes[] = {
    {SLIM_F32, "f32", 4, ElementType::Float, "<f4"},
    {SLIM_F64, "f64", 8, ElementType::Float, "<f8"},
    {SLIM_F16, "f16", 2, ElementType::Float, "<f2"},
    {SLIM_BF16, "bf16", 2, ElementType::Float, "|V2"},
    {SLIM_I8, "i8", 1, ElementType::Signed, "|i1"},
    {SLIM_I16, "i16", 2, ElementType::Signed, "<i2"},
    {SLIM_I32, "i32", 4, ElementType::Signed, "<i4"},
    {SLIM_I64, "i64", 8, ElementType::Signed, "<i8"},
    {SLIM_U8, "u8", 1, ElementType::Unsigned, "|u1"},
    {SLIM_U16, "u16", 2, ElementType::Unsigned, "<u2"},
    {SLIM_U32, "u32", 4, ElementType::Unsigned, "<u4"},
    {SLIM_U64, "u64", 8, ElementType::Unsigned, "<u8"},
    {SLIM_BOOL, "bool", 1, ElementType::Bool, "|b1"},
    {SLIM_F8E4M3FN, "f8E4M3FN", 1, ElementType::Float, "|V1"},
    {SLIM_F8E5M2, "f8E5M2", 1, ElementType::Float, "|V1"},
};

const ElementType *slim::lookupElementType(int32_t type) {
  const ElementType *found = find_if(
      elementTypes, [&](const ElementType &t) { return t.type == type; });
  return found == std::end(elementTypes) ? nullptr : found;
}

static const fltSemantics &semanticsOf(slim_type type) {
  switch (type) {
  case SLIM_F32:
    return APFloat::IEEEsingle();
  case SLIM_F64:
    return APFloat::IEEEdouble();
  case SLIM_F16:
    return APFloat::IEEEhalf();
  case SLIM_BF16:
    return APFloat::BFloat();
  case SLIM_F8E4M3FN:
    return APFloat::Float8E4M3FN();
  case SLIM_F8E5M2:
    return APFloat::Float8E5M2();
  default:
    llvm_unreachable("not a floating-point type");
  }
}

/// The bits of an element, zero-extended.
static uint64_t loadBits(unsigned size, const char *element) {
  uint64_t bits = 0;
  std::memcpy(&bits, element, size);
  return bits;
}

double slim::toDouble(const ElementType &type, const char *element) {
  uint64_t bits = loadBits(type.size, element);
  switch (type.kind) {
  case ElementType::Float: {
    // The two common types without APFloat.
    if (type.type == SLIM_F32) {
      float value;
      std::memcpy(&value, element, sizeof(value));
      return value;
    }
    if (type.type == SLIM_F64) {
      double value;
      std::memcpy(&value, element, sizeof(value));
      return value;
    }
    APFloat value(semanticsOf(type.type), APInt(8 * type.size, bits));
    bool losesInfo;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    return value.convertToDouble();
  }
  case ElementType::Signed:
    return static_cast<double>(SignExtend64(bits, 8 * type.size));
  case ElementType::Unsigned:
  case ElementType::Bool:
    return static_cast<double>(bits);
  }
  llvm_unreachable("unknown kind");
}

void slim::fromDouble(const ElementType &type, double value, char *element) {
  uint64_t bits;
  if (type.kind == ElementType::Float) {
    APFloat rounded(value);
    bool losesInfo;
    rounded.convert(semanticsOf(type.type), APFloat::rmNearestTiesToEven,
                    &losesInfo);
    bits = rounded.bitcastToAPInt().getZExtValue();
  } else if (type.kind == ElementType::Signed) {
    bits = static_cast<uint64_t>(static_cast<int64_t>(value));
  } else {
    bits = static_cast<uint64_t>(value);
  }
  std::memcpy(element, &bits, type.size);
}

std::string slim::formatShape(ArrayRef<int64_t> shape) {
  return "[" +
         join(map_range(shape, [](int64_t extent) { return itostr(extent); }),
              ", ") +
         "]";
}
