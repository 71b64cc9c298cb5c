#include "server/service/correspondence/image_digest.h"

#include <cstdint>

namespace nemf {
namespace {

template <typename Words>
absl::string_view BytesOfWords(const Words& values) {
  return {reinterpret_cast<const char*>(&values), sizeof(values)};
}

}  // namespace

Sha256Digest DigestOf(const v1::Image& image) {
  // The first word keeps files and raw pixels apart; a file is all the rest.
  constexpr std::uint32_t kEncoded[] = {0};
  if (image.has_encoded()) return Sha256({BytesOfWords(kEncoded), image.encoded()});
  const v1::RawImage& raw = image.raw();
  const std::uint32_t head[] = {1, raw.width(), raw.height(), raw.stride(),
                                static_cast<std::uint32_t>(raw.format())};
  return Sha256({BytesOfWords(head), raw.data()});
}

PairDigest PairDigestOf(const Sha256Digest& query, const Sha256Digest& reference) {
  return Sha256({BytesOf(query), BytesOf(reference)});
}

}  // namespace nemf
