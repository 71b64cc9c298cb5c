#include "tests/bench/product_meter_torch.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>

#include "server/engine/cpu/fused_linear_torch.h"

namespace nemf::bench {

namespace {

constexpr int kSide = 2048;

template <typename Function>
double Rate(double seconds, Function product) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  for (double flops = 0;;) {
    product();
    flops += 2.0 * kSide * kSide * kSide;
    const double spent = std::chrono::duration<double>(Clock::now() - start).count();
    if (spent >= seconds) return flops / spent;
  }
}

}  // namespace

ProductRates MeasureProducts(int threads, double seconds) {
  const c10::InferenceMode no_gradients;
  at::set_num_threads(threads);
  at::manual_seed(3);
  static const at::Tensor a = at::randn({kSide, kSide});
  static const at::Tensor b = at::randn({kSide, kSide});
  static const cpu::FusedLinear layer(b, at::Tensor(), kSide);
  at::Tensor out = at::empty({kSide, kSide});
  ProductRates rates;
  rates.at_mm = Rate(seconds / 2, [&] { at::mm_out(out, a, b); });
  rates.onednn = Rate(seconds / 2, [&] { layer.Product(a); });
  return rates;
}

}  // namespace nemf::bench
