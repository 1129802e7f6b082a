// RUN: slim-opt %s --slim-lower-checks | FileCheck %s

// Equal messages are stored once.
// CHECK-DAG: llvm.mlir.global internal constant @[[M0:slim_message_.*]]("first\00")
// CHECK-DAG: llvm.mlir.global internal constant @[[M1:slim_message_.*]]("second\00")
// CHECK-NOT: llvm.mlir.global
// CHECK-DAG: llvm.func @slim_rt_fail(!llvm.ptr)

// CHECK-LABEL: func @checks
// CHECK: cf.cond_br %{{.*}}, ^[[NEXT:.*]], ^[[FAIL:.*]]
// CHECK: ^[[NEXT]]:
// CHECK: cf.cond_br
// CHECK: return
// CHECK: ^[[FAIL]]:
// CHECK: %[[A:.*]] = llvm.mlir.addressof @[[M0]]
// CHECK: llvm.call @slim_rt_fail(%[[A]])
// CHECK: llvm.unreachable
func.func @checks(%a: i1, %b: i1) {
  cf.assert %a, "first"
  cf.assert %b, "second"
  cf.assert %b, "first"
  return
}
