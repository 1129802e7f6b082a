slim.weight @w : tensor<3x4xf32> = dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [0.5, 0.25, 0.0, 1.0]]> : tensor<3x4xf32>
slim.weight @b : tensor<3xf32> = dense<[10.0, 20.0, 30.0]> : tensor<3xf32>
func.func @main(%x: tensor<?x4xf32> {slim.name = "x", slim.dim_names = ["batch", ""]})
    -> (tensor<?x3xf32> {slim.name = "y"}) {
  %w = slim.get_weight @w : tensor<3x4xf32>
  %b = slim.get_weight @b : tensor<3xf32>
  %y = slim.linear %x, %w, %b
    : (tensor<?x4xf32>, tensor<3x4xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
