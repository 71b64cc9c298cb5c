#include "server/engine/checks/thread_determinism.h"

#include <random>
#include <utility>

namespace nemf {
namespace {

Image Noise(ImageSize size, std::mt19937* random) {
  Image image{size, std::vector<std::uint8_t>(std::size_t{3} * size.width * size.height)};
  for (std::uint8_t& value : image.rgb) value = static_cast<std::uint8_t>((*random)() & 0xff);
  return image;
}

}  // namespace

bool GivesSameBitsOnOneThread(Encoder* encoder, int threads) {
  std::mt19937 random(1);
  for (int i = 0; i < 2; ++i) {
    Image query = Noise({97, 61}, &random);
    const ImagePair pair = MakeImagePair(std::move(query), Noise({64, 80}, &random));
    const absl::StatusOr<Encoding> one = encoder->Run(pair, 1);
    const absl::StatusOr<Encoding> all = encoder->Run(pair, threads);
    if (!one.ok() || !all.ok()) return false;
    if (one->phi != all->phi || one->coarse != all->coarse || one->cost != all->cost) return false;
  }
  return true;
}

}  // namespace nemf
