//===- Report.cpp - What compression did to each weight -------------------===//
#include "slim/Compress/Report.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Remarks.h"
#include "slim/IR/SlimDialect.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace slim;

void slim::appendToReport(ModuleOp module, ArrayRef<ReportEntry> entries) {
  if (entries.empty())
    return;
  Builder builder(module.getContext());
  SmallVector<Attribute> report;
  if (auto previous =
          module->getAttrOfType<ArrayAttr>(SlimDialect::kReportAttr))
    llvm::append_range(report, previous);
  for (const ReportEntry &entry : entries) {
    NamedAttrList attributes;
    attributes.append("pass", builder.getStringAttr(entry.pass));
    attributes.append("weight", builder.getStringAttr(entry.weight));
    attributes.append(
        "status", builder.getStringAttr(entry.applied ? "applied" : "skipped"));
    attributes.append("message", builder.getStringAttr(entry.message));
    attributes.append("shape", builder.getDenseI64ArrayAttr(entry.shape));
    attributes.append("bytes_before",
                      builder.getI64IntegerAttr(entry.bytesBefore));
    attributes.append("bytes_after",
                      builder.getI64IntegerAttr(entry.bytesAfter));
    if (entry.applied)
      attributes.append("relative_error",
                        builder.getF64FloatAttr(entry.relativeError));
    attributes.append(entry.details.begin(), entry.details.end());
    report.push_back(attributes.getDictionary(module.getContext()));
  }
  module->setAttr(SlimDialect::kReportAttr, builder.getArrayAttr(report));
}

void slim::emitReportRemark(Location loc, const ReportEntry &entry) {
  // The engine keeps references to the names until it has emitted.
  auto opts = remark::RemarkOpts::name(entry.applied ? "Compressed" : "Skipped")
                  .category(entry.pass)
                  .function(entry.weight);
  if (!entry.applied) {
    remark::missed(loc, opts)
        << remark::reason("{0}: {1}", entry.weight.str(), entry.message);
    return;
  }
  remark::passed(loc, opts)
      << remark::add("{0}: {1}", entry.weight.str(), entry.message)
      << remark::metric("BytesBefore", entry.bytesBefore)
      << remark::metric("BytesAfter", entry.bytesAfter)
      << remark::metric("RelativeError", entry.relativeError);
}

/// `attr` as JSON; what JSON has no form for becomes its MLIR text.
static llvm::json::Value toJson(Attribute attr) {
  return TypeSwitch<Attribute, llvm::json::Value>(attr)
      .Case([](StringAttr string) { return string.getValue(); })
      .Case([](BoolAttr flag) { return flag.getValue(); })
      .Case([](IntegerAttr integer) { return integer.getInt(); })
      .Case([](FloatAttr number) -> llvm::json::Value {
        double value = number.getValueAsDouble();
        if (std::isfinite(value))
          return value;
        return nullptr;
      })
      .Case([](DenseI64ArrayAttr integers) {
        return llvm::json::Array(integers.asArrayRef());
      })
      .Case([](ArrayAttr array) {
        llvm::json::Array values;
        for (Attribute element : array)
          values.push_back(toJson(element));
        return values;
      })
      .Case([](DictionaryAttr dictionary) {
        llvm::json::Object object;
        for (NamedAttribute entry : dictionary)
          object[entry.getName().getValue()] = toJson(entry.getValue());
        return object;
      })
      .Default([](Attribute other) {
        std::string text;
        llvm::raw_string_ostream(text) << other;
        return text;
      });
}

llvm::json::Array slim::getReport(ModuleOp module) {
  llvm::json::Array entries;
  if (auto report = module->getAttrOfType<ArrayAttr>(SlimDialect::kReportAttr))
    for (Attribute entry : report)
      entries.push_back(toJson(entry));
  return entries;
}
