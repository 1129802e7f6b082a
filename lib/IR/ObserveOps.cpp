//===- ObserveOps.cpp - Observing values ----------------------------------===//

#include "slim/IR/SlimOps.h"

using namespace slim;

bool ObserveOp::isKind(StringRef kind) {
  return kind == kRange || kind == kChannels || kind == kSecondMoment ||
         kind == kHistogram;
}

bool ObserveOp::observes(StringRef kind) {
  return llvm::any_of(getKinds().getAsValueRange<StringAttr>(),
                      [&](StringRef own) { return own == kind; });
}

LogicalResult ObserveOp::verify() {
  if (getName().empty())
    return emitOpError("has an empty name");
  if (getKinds().empty())
    return emitOpError("observes nothing: it has no kinds");
  SmallVector<StringRef> seen;
  for (StringRef kind : getKinds().getAsValueRange<StringAttr>()) {
    if (!isKind(kind))
      return emitOpError("has the unknown kind '")
             << kind
             << "'; known are range, channels, second_moment and histogram";
    if (llvm::is_contained(seen, kind))
      return emitOpError("has the kind '") << kind << "' twice";
    seen.push_back(kind);
  }
  auto type = cast<RankedTensorType>(getInput().getType());
  bool hasColumns = observes(kChannels) || observes(kSecondMoment);
  if (hasColumns && type.getRank() == 0)
    return emitOpError("observes columns of ") << type << ", which has none";
  auto groups = static_cast<int64_t>(getGroups());
  if (groups < 1)
    return emitOpError("must have 1 group or more, not ") << groups;
  if (groups == 1)
    return success();
  if (!hasColumns)
    return emitOpError("has groups but observes no columns");
  if (int64_t columns = type.getShape().back();
      !ShapedType::isDynamic(columns) && columns % groups != 0)
    return emitOpError() << groups << " groups do not divide " << columns
                         << " columns";
  return success();
}
