// The encoder's resize against LibTorch's over the whole image, bit for bit, and its memory.

#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>

#include "server/engine/encoder/encoder_module_torch.h"

namespace nemf {
namespace {

at::Tensor RandomBytes(std::int64_t height, std::int64_t width, std::mt19937* random) {
  at::Tensor image = at::empty({height, width, 3}, at::kByte);
  std::uint8_t* data = image.data_ptr<std::uint8_t>();
  for (std::int64_t i = 0; i < image.numel(); ++i) data[i] = (*random)() & 0xff;
  return image;
}

// The definition: the whole image as floats, in one call.
at::Tensor ResizeWhole(const at::Tensor& image, std::int64_t size) {
  const at::Tensor rgb =
      image.permute({2, 0, 1}).unsqueeze(0).to(at::kFloat).contiguous().div_(255);
  return at::upsample_bicubic2d(rgb, {size, size}, /*align_corners=*/true);
}

bool SameBits(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() &&
         std::memcmp(a.contiguous().data_ptr(), b.contiguous().data_ptr(), a.nbytes()) == 0;
}

struct Case {
  std::int64_t height, width, size;
};

class ResizeTest : public ::testing::TestWithParam<Case> {};

TEST_P(ResizeTest, HasTheBitsOfTheWholeImage) {
  const c10::InferenceMode no_gradients;
  const auto [height, width, size] = GetParam();
  std::mt19937 random(static_cast<unsigned>(height * 31 + width));
  const at::Tensor image = RandomBytes(height, width, &random);
  EXPECT_TRUE(SameBits(ResizeImage(image, size), ResizeWhole(image, size)));
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, ResizeTest,
    ::testing::Values(Case{1, 1, 16}, Case{1, 9, 16}, Case{9, 1, 16}, Case{5, 7, 16},
                      Case{16, 16, 16}, Case{17, 15, 16}, Case{64, 64, 16}, Case{65, 64, 16},
                      Case{64, 65, 16}, Case{1, 65, 16}, Case{65, 1, 16}, Case{2, 1001, 16},
                      Case{1001, 2, 16}, Case{777, 333, 16}, Case{4000, 3, 37}, Case{3, 4000, 37},
                      Case{1, 32768, 16}, Case{32768, 1, 16}, Case{65500, 20, 2},
                      Case{20, 65500, 2}, Case{1531, 2049, 256}, Case{3001, 2003, 256},
                      Case{1025, 900, 256}, Case{400, 4099, 256}),
    [](const auto& info) {
      return std::to_string(info.param.height) + "x" + std::to_string(info.param.width) + "_to_" +
             std::to_string(info.param.size);
    });

TEST(ResizeTest, HasTheBitsOfTheWholeImageForRandomSizes) {
  const c10::InferenceMode no_gradients;
  const auto seed = std::random_device()();
  std::mt19937 random(seed);
  for (int n = 0; n < 40; ++n) {
    const auto side = [&] { return static_cast<std::int64_t>(1 + random() % 700); };
    const std::int64_t height = side(), width = side(), size = 2 + random() % 90;
    const at::Tensor image = RandomBytes(height, width, &random);
    EXPECT_TRUE(SameBits(ResizeImage(image, size), ResizeWhole(image, size)))
        << height << "x" << width << " to " << size << ", seed " << seed;
  }
}

// Counts what LibTorch holds on the CPU, at most, while it lives.
class CountingAllocator final : public c10::Allocator {
 public:
  CountingAllocator() : inner_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this, kPriority); }
  ~CountingAllocator() override { c10::SetCPUAllocator(inner_, kPriority); }

  c10::DataPtr allocate(std::size_t bytes) override {
    held_ += bytes;
    peak_ = std::max(peak_, held_);
    auto* block = new Block{this, inner_->allocate(bytes), bytes};
    return {block->memory.get(), block, &Release, c10::Device(c10::kCPU)};
  }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }
  std::size_t peak() const { return peak_; }

 private:
  struct Block {
    CountingAllocator* owner;
    c10::DataPtr memory;
    std::size_t bytes;
  };
  static constexpr std::uint8_t kPriority = 100;

  static void Release(void* context) {
    auto* block = static_cast<Block*>(context);
    block->owner->held_ -= block->bytes;
    delete block;
  }

  c10::Allocator* const inner_;
  std::size_t held_ = 0;
  std::size_t peak_ = 0;
};

// Full-size floats are twelve bytes a pixel.
TEST(ResizeTest, MakesNoFloatsOfAWholeLargeImage) {
  const c10::InferenceMode no_gradients;
  for (const auto& [height, width] : {std::pair(8000, 8000), std::pair(2000, 32000)}) {
    const at::Tensor image = at::zeros({height, width, 3}, at::kByte);
    CountingAllocator counter;
    ResizeImage(image, 256);
    EXPECT_GT(counter.peak(), 0);
    EXPECT_LT(counter.peak(), std::size_t{12} * height * width / 10);
  }
}

}  // namespace
}  // namespace nemf
