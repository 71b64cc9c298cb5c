#include "server/service/image_digest.h"

#include <cstdint>

namespace nemf {
namespace {

template <typename Values>
absl::string_view BytesOf(const Values& values) {
  return {reinterpret_cast<const char*>(&values), sizeof(values)};
}

}  // namespace

ImageDigest DigestOf(const v1::Image& image) {
  // The first word keeps files and raw pixels apart; a file is all the rest.
  constexpr std::uint32_t kEncoded[] = {0};
  if (image.has_encoded()) return DigestOf({BytesOf(kEncoded), image.encoded()});
  const v1::RawImage& raw = image.raw();
  const std::uint32_t head[] = {1, raw.width(), raw.height(), raw.stride(),
                                static_cast<std::uint32_t>(raw.format())};
  return DigestOf({BytesOf(head), raw.data()});
}

}  // namespace nemf
