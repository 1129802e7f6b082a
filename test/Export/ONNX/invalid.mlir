// What cannot be exported: one error at its place, and no file.
// RUN: rm -rf %t && split-file %s %t
// RUN: not slim-export %t/im2col.mlir -o %t/out.onnx 2>&1 | FileCheck %s --check-prefix=IM2COL
// RUN: not slim-export %t/shift.mlir -o %t/out.onnx 2>&1 | FileCheck %s --check-prefix=SHIFT
// RUN: not slim-export %t/type.mlir -o %t/out.onnx 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: not slim-export %t/two.mlir -o %t/out.onnx 2>&1 | FileCheck %s --check-prefix=TWO
// RUN: not slim-export %t/two.mlir --entry=c -o %t/out.onnx 2>&1 | FileCheck %s --check-prefix=ENTRY
// RUN: not slim-export %t/data.mlir -o %t/out.onnx 2>&1 | FileCheck %s --check-prefix=DATA
// RUN: not slim-export %t/data.mlir --external-data -o %t/out.onnx 2>&1 | FileCheck %s --check-prefix=DATA
// RUN: not slim-export %t/two.mlir --entry=a -o %t/none/out.onnx 2>&1 | FileCheck %s --check-prefix=PATH
// RUN: not ls %t/out.onnx %t/out.onnx.data
// RUN: slim-export %t/two.mlir --entry=a -o %t/out.onnx
// RUN: ls %t | FileCheck %s --check-prefix=FILES --implicit-check-not=temp

// FILES: out.onnx

//--- im2col.mlir
// IM2COL: slim-export: error: {{.*}}im2col.mlir:4:8: 'slim.im2col' has no form in ONNX: export before the passes that make it, or compile the module with slimc
// IM2COL-NOT: error
func.func @main(%x: tensor<1x8x10x10xf32>) -> tensor<100x72xf32> {
  %r = slim.im2col %x {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x8x10x10xf32>) -> tensor<100x72xf32>
  return %r : tensor<100x72xf32>
}

//--- shift.mlir
// SHIFT: slim-export: error: {{.*}}shift.mlir:4:8: 'slim.shift_left' cannot be exported to ONNX: a shift of signed integers
// SHIFT-NOT: error
func.func @main(%x: tensor<4xi32>) -> tensor<4xi32> {
  %r = slim.shift_left %x, %x : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  return %r : tensor<4xi32>
}

//--- type.mlir
// TYPE: slim-export: error: {{.*}}has an argument of type 'tensor<4xi3>', which ONNX lacks
func.func @main(%x: tensor<4xi3>) -> tensor<4xi3> {
  return %x : tensor<4xi3>
}

//--- two.mlir
// TWO: slim-export: error: {{.*}}has several functions; --entry names the one to export: 'a', 'b'
// ENTRY: slim-export: error: {{.*}}has no function 'c' to export
// PATH: slim-export: error: {{.*}}cannot write '{{.*}}out.onnx'
func.func @a(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func @b(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

//--- data.mlir
// DATA: slim-export: error: {{.*}}'slim.weight' op{{.*}}no data
// DATA-NOT: {{error|ERROR}}
slim.weight @w : tensor<400xf32>
func.func @main(%x: tensor<400xf32>) -> tensor<400xf32> {
  %w = slim.get_weight @w : tensor<400xf32>
  %r = slim.add %x, %w : (tensor<400xf32>, tensor<400xf32>) -> tensor<400xf32>
  return %r : tensor<400xf32>
}
