//===- SlimAttributes.td - Attributes of the slim dialect --*- tablegen -*-===//
#ifndef SLIM_IR_SLIMATTRIBUTES_TD
#define SLIM_IR_SLIMATTRIBUTES_TD

include "slim/IR/SlimDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Slim_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Slim_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Slim_ExternalAttr : Slim_Attr<"External", "external"> {
  let summary = "Data of a weight that lie in a file";
  let description = [{
    Names a range of bytes of a file: the elements of a weight, row-major,
    little-endian and without padding, i4 and other sub-byte types one element
    a byte as in MLIR's `dense_resource`. The file is mapped when the data are
    needed and stays untouched. A relative path is relative to the directory
    of the module's own file, or to the working directory where the module has
    none.

    Example:

    ```mlir
    slim.weight @w : tensor<384x384xf32> = #slim.external<"model.onnx", 1024>
    ```
  }];
  let parameters = (ins StringRefParameter<"path of the file">:$path,
                        "uint64_t":$offset);
  let assemblyFormat = "`<` $path `,` $offset `>`";
}

class Slim_I32Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::slim";
  let genSpecializedAttr = 0;
}

class Slim_EnumAttr<EnumInfo info, string attrMnemonic>
    : EnumAttr<Slim_Dialect, info, attrMnemonic> {
  let assemblyFormat = "`<` $value `>`";
}

def Slim_PadMode : Slim_I32Enum<"PadMode", "what lies beyond a tensor's edge", [
    I32EnumAttrCase<"Constant", 0, "constant">,
    I32EnumAttrCase<"Reflect", 1, "reflect">,
    I32EnumAttrCase<"Edge", 2, "edge">,
    I32EnumAttrCase<"Wrap", 3, "wrap">]>;
def Slim_PadModeAttr : Slim_EnumAttr<Slim_PadMode, "pad_mode">;

def Slim_ScatterMode : Slim_I32Enum<"ScatterMode",
    "how a scattered value meets the one that is there", [
    I32EnumAttrCase<"Replace", 0, "replace">,
    I32EnumAttrCase<"Add", 1, "add">,
    I32EnumAttrCase<"Mul", 2, "mul">,
    I32EnumAttrCase<"Max", 3, "max">,
    I32EnumAttrCase<"Min", 4, "min">]>;
def Slim_ScatterModeAttr
    : Slim_EnumAttr<Slim_ScatterMode, "scatter_mode">;

def Slim_ResizeMode : Slim_I32Enum<"ResizeMode", "interpolation", [
    I32EnumAttrCase<"Nearest", 0, "nearest">,
    I32EnumAttrCase<"Linear", 1, "linear">,
    I32EnumAttrCase<"Cubic", 2, "cubic">]>;
def Slim_ResizeModeAttr
    : Slim_EnumAttr<Slim_ResizeMode, "resize_mode">;

def Slim_CoordinateMode : Slim_I32Enum<"CoordinateMode",
    "where an output sample lies in the input", [
    I32EnumAttrCase<"HalfPixel", 0, "half_pixel">,
    I32EnumAttrCase<"PytorchHalfPixel", 1, "pytorch_half_pixel">,
    I32EnumAttrCase<"AlignCorners", 2, "align_corners">,
    I32EnumAttrCase<"Asymmetric", 3, "asymmetric">,
    I32EnumAttrCase<"HalfPixelSymmetric", 4, "half_pixel_symmetric">]>;
def Slim_CoordinateModeAttr
    : Slim_EnumAttr<Slim_CoordinateMode, "coordinate_mode">;

def Slim_NearestMode : Slim_I32Enum<"NearestMode", "rounding of a coordinate", [
    I32EnumAttrCase<"RoundPreferFloor", 0, "round_prefer_floor">,
    I32EnumAttrCase<"RoundPreferCeil", 1, "round_prefer_ceil">,
    I32EnumAttrCase<"Floor", 2, "floor">,
    I32EnumAttrCase<"Ceil", 3, "ceil">]>;
def Slim_NearestModeAttr
    : Slim_EnumAttr<Slim_NearestMode, "nearest_mode">;

def Slim_Direction : Slim_I32Enum<"Direction", "order of time steps", [
    I32EnumAttrCase<"Forward", 0, "forward">,
    I32EnumAttrCase<"Reverse", 1, "reverse">,
    I32EnumAttrCase<"Bidirectional", 2, "bidirectional">]>;
def Slim_DirectionAttr : Slim_EnumAttr<Slim_Direction, "direction">;

#endif // SLIM_IR_SLIMATTRIBUTES_TD
