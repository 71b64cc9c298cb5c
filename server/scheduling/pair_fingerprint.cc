#include "server/scheduling/pair_fingerprint.h"

#include "absl/hash/hash.h"

namespace nemf {
namespace {

bool SameImage(const Image& a, const Image& b) {
  return a.size.width == b.size.width && a.size.height == b.size.height && a.rgb == b.rgb;
}

}  // namespace

std::uint64_t PairFingerprint(const ImagePair& pair) {
  const Image& q = pair.query;
  const Image& r = pair.reference;
  return absl::HashOf(q.size.width, q.size.height, q.rgb, r.size.width, r.size.height, r.rgb);
}

bool SamePixels(const ImagePair& a, const ImagePair& b) {
  return &a == &b || (SameImage(a.query, b.query) && SameImage(a.reference, b.reference));
}

}  // namespace nemf
