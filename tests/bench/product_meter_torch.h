#ifndef NEMF_TESTS_BENCH_PRODUCT_METER_TORCH_H_
#define NEMF_TESTS_BENCH_PRODUCT_METER_TORCH_H_

namespace nemf::bench {

// The rate of large square float32 matrix products on `threads` threads, in floating-point
// operations per second, over about `seconds`.
struct ProductRates {
  double at_mm = 0;   // LibTorch's usual product
  double onednn = 0;  // the one that the engine uses
};
ProductRates MeasureProducts(int threads, double seconds);

}  // namespace nemf::bench

#endif  // NEMF_TESTS_BENCH_PRODUCT_METER_TORCH_H_
