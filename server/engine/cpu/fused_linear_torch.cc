#include "server/engine/cpu/fused_linear_torch.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace nemf::cpu {

namespace {

using Scalars = c10::List<std::optional<at::Scalar>>;
using Unary = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                         std::string_view, Scalars, std::optional<std::string_view>);
using Binary = at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                          const std::optional<at::Tensor>&, std::string_view);
using Reorder = at::Tensor(const at::Tensor&, std::optional<std::int64_t>);

template <typename Signature>
c10::TypedOperatorHandle<Signature> Find(const char* name, const char* overload) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).typed<Signature>();
}

// Computes y, then the element-wise operation of that name.
at::Tensor CallUnary(const at::Tensor& x, const at::Tensor& weight,
                     const std::optional<at::Tensor>& bias, std::string_view operation) {
  static const auto call = Find<Unary>("mkldnn::_linear_pointwise", "");
  return call.call(x, weight, bias, operation, Scalars(), std::nullopt);
}

}  // namespace

FusedLinear::FusedLinear(const at::Tensor& weight, const at::Tensor& bias, int rows) {
  static const auto reorder = Find<Reorder>("mkldnn::_reorder_linear_weight", "");
  weight_ = reorder.call(weight.contiguous(), rows);
  if (bias.defined()) bias_ = bias;
}

int FusedLinear::RowsMultiple() {
#ifdef __x86_64__
  static const bool widest = __builtin_cpu_supports("avx512bw");
  return widest ? 64 : 48;
#else
  return 64;
#endif
}

at::Tensor FusedLinear::Product(const at::Tensor& x) const {
  return CallUnary(x, weight_, bias_, "none");
}

at::Tensor FusedLinear::Relu(const at::Tensor& x) const {
  return CallUnary(x, weight_, bias_, "relu");
}

at::Tensor FusedLinear::Add(const at::Tensor& x, const at::Tensor& other) const {
  static const auto call = Find<Binary>("mkldnn::_linear_pointwise", "binary");
  return call.call(x, other, weight_, bias_, "add");
}

}  // namespace nemf::cpu
