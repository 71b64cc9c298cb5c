#ifndef NEMF_SERVER_SCHEDULING_PAIR_DIGEST_H_
#define NEMF_SERVER_SCHEDULING_PAIR_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "server/engine/image.h"

namespace nemf {

// SHA-256 of the sizes and pixels of both images. Strong enough to stand for the pair itself: even
// a client that tries cannot make two pairs of one digest, and so see the answers to another's.
using PairDigest = std::array<std::uint8_t, 32>;

// About a millisecond for 512 x 512 pixels: not for the scheduler's own thread.
PairDigest DigestOf(const ImagePair& pair);

// For hash tables: any part of a digest is as good as random.
struct PairDigestHash {
  std::size_t operator()(const PairDigest& digest) const {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof(hash));
    return hash;
  }
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_PAIR_DIGEST_H_
