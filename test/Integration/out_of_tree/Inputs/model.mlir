slim.weight @w : tensor<4xf32> = dense<[0.05, -0.3, 0.5, -0.01]> : tensor<4xf32>
func.func @main() -> tensor<4xf32> {
  %w = slim.get_weight @w : tensor<4xf32>
  return %w : tensor<4xf32>
}
