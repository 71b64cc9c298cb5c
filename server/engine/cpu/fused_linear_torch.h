#ifndef NEMF_SERVER_ENGINE_CPU_FUSED_LINEAR_TORCH_H_
#define NEMF_SERVER_ENGINE_CPU_FUSED_LINEAR_TORCH_H_

#include <ATen/ATen.h>

#include <optional>

namespace nemf::cpu {

// A linear layer on the CPU, y = x weight^T + bias, fused with what follows it. The products are
// oneDNN's, through the operators that LibTorch's own compiler uses: in float32 it takes the widest
// vectors of the machine, where LibTorch's usual products take narrower ones on some. A row of the
// answer keeps its bits whatever rows go with it, as long as their number is a multiple of
// RowsMultiple().
// Runs on the calling thread if LibTorch's thread count is 1 there; any number of threads may call.
class FusedLinear {
 public:
  FusedLinear() = default;
  // weight [outputs][inputs]; bias [outputs] or undefined. `rows` is the row count to arrange the
  // weight for. Throws if LibTorch was built without oneDNN.
  FusedLinear(const at::Tensor& weight, const at::Tensor& bias, int rows);

  // 64 with AVX-512, else 48: without it oneDNN makes six rows at a time, and what is left over by
  // other instructions.
  static int RowsMultiple();

  // y for x [rows][inputs], contiguous -> a new tensor [rows][outputs].
  at::Tensor Product(const at::Tensor& x) const;
  // relu(y).
  at::Tensor Relu(const at::Tensor& x) const;
  // y + other; other [rows][outputs], contiguous.
  at::Tensor Add(const at::Tensor& x, const at::Tensor& other) const;

 private:
  at::Tensor weight_;  // in oneDNN's own arrangement
  std::optional<at::Tensor> bias_;
};

}  // namespace nemf::cpu

#endif  // NEMF_SERVER_ENGINE_CPU_FUSED_LINEAR_TORCH_H_
