#ifndef NEMF_SERVER_SCHEDULING_PAIR_DIGEST_H_
#define NEMF_SERVER_SCHEDULING_PAIR_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "absl/strings/string_view.h"

namespace nemf {

// SHA-256 of what an image was sent as. Strong enough to stand for the image itself: even a client
// that tries cannot make two images of one digest, and so see the answers to another's.
using ImageDigest = std::array<std::uint8_t, 32>;

// Of both images of a pair, as strong as theirs.
using PairDigest = std::array<std::uint8_t, 32>;

// Of the bytes of all parts, one after the other. They are to tell where each part ends: equal
// sequences of bytes are equal images here. Two gigabytes a second.
ImageDigest DigestOf(std::initializer_list<absl::string_view> parts);

PairDigest DigestOf(const ImageDigest& query, const ImageDigest& reference);

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
