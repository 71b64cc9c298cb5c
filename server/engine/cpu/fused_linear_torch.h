#ifndef NEMF_SERVER_ENGINE_CPU_FUSED_LINEAR_TORCH_H_
#define NEMF_SERVER_ENGINE_CPU_FUSED_LINEAR_TORCH_H_

#include <ATen/ATen.h>

#include <optional>

namespace nemf::cpu {

// A linear layer on the CPU, y = x weight^T + bias, fused with the operation that follows it.
// oneDNN computes the products, through the operators that LibTorch's own compiler uses. In float32
// oneDNN uses the widest vectors of the machine; LibTorch's usual products use narrower ones on
// some. A row of y has the same bits whatever the other rows are, if their number is a multiple of
// RowsMultiple(). Runs on the calling thread if LibTorch's thread count is 1 there. Safe from any
// thread.
class FusedLinear {
 public:
  FusedLinear() = default;
  // weight [outputs][inputs]; bias [outputs] or undefined. The weight is arranged for products of
  // `rows` rows. Throws if LibTorch was built without oneDNN.
  FusedLinear(const at::Tensor& weight, const at::Tensor& bias, int rows);

  // 64 with AVX-512, otherwise 48: without it oneDNN computes six rows at a time, and the remainder
  // by other instructions.
  static int RowsMultiple();

  // Returns y for x [rows][inputs], contiguous, as a new tensor [rows][outputs].
  at::Tensor Product(const at::Tensor& x) const;
  // Returns relu(y).
  at::Tensor Relu(const at::Tensor& x) const;
  // Returns y + other; other [rows][outputs], contiguous.
  at::Tensor Add(const at::Tensor& x, const at::Tensor& other) const;

 private:
  at::Tensor weight_;  // in oneDNN's own arrangement
  std::optional<at::Tensor> bias_;
};

}  // namespace nemf::cpu

#endif  // NEMF_SERVER_ENGINE_CPU_FUSED_LINEAR_TORCH_H_
