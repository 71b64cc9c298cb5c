#include "server/service/images/image_source.h"

#include <cstdint>

namespace nemf {
namespace {

template <typename Words>
absl::string_view BytesOfWords(const Words& values) {
  return {reinterpret_cast<const char*>(&values), sizeof(values)};
}

}  // namespace

Sha256Digest DigestOf(const ImageSource& image) {
  // The first word keeps files and raw pixels apart.
  if (const auto* raw = std::get_if<RawPixels>(&image)) {
    const std::uint32_t head[] = {1, raw->width, raw->height, raw->stride,
                                  static_cast<std::uint32_t>(raw->format)};
    return Sha256({BytesOfWords(head), raw->bytes});
  }
  constexpr std::uint32_t kFile[] = {0};
  const auto* file = std::get_if<ImageFile>(&image);
  return Sha256({BytesOfWords(kFile), file != nullptr ? file->bytes : absl::string_view()});
}

Sha256Digest PairDigestOf(const Sha256Digest& query, const Sha256Digest& reference) {
  return Sha256({BytesOf(query), BytesOf(reference)});
}

}  // namespace nemf
