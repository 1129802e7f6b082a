// RUN: slim-opt %s --slim-outline-kernels | FileCheck %s

// CHECK: func.func private @slim_kernel_fill_0(%{{.*}}: f32, %{{.*}}: memref<?xf32>)
// CHECK: func.func private @slim_kernel_fill(%[[V:.*]]: f32, %[[M:.*]]: memref<64xf32>) attributes {passthrough = ["noinline"]}
// CHECK-NEXT: linalg.fill ins(%[[V]] : f32) outs(%[[M]] : memref<64xf32>)
// CHECK-NEXT: return

// CHECK-LABEL: func.func @main
// CHECK: call @slim_kernel_fill(%{{.*}}, %[[A:.*]])
// CHECK: call @slim_kernel_fill(%{{.*}}, %[[B:.*]])
// CHECK: call @slim_kernel_fill_0
// CHECK: linalg.fill {{.*}} outs(%{{.*}} : memref<4xf32>)
func.func @main(%v: f32, %a: memref<64xf32>, %b: memref<64xf32>, %c: memref<?xf32>, %d: memref<4xf32>) {
  linalg.fill ins(%v : f32) outs(%a : memref<64xf32>)
  linalg.fill ins(%v : f32) outs(%b : memref<64xf32>)
  linalg.fill ins(%v : f32) outs(%c : memref<?xf32>)
  linalg.fill ins(%v : f32) outs(%d : memref<4xf32>)
  return
}
