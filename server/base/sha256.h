#ifndef NEMF_SERVER_BASE_SHA256_H_
#define NEMF_SERVER_BASE_SHA256_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"

namespace nemf {

using Sha256Digest = std::array<std::uint8_t, 32>;

// Returns the SHA-256 of the concatenation of `parts`. The boundaries between parts do not enter
// the digest. About two gigabytes a second.
Sha256Digest Sha256(std::initializer_list<absl::string_view> parts);

// Returns the digest in lower-case hexadecimal.
std::string ToHex(const Sha256Digest& digest);

// Returns a view of the digest's 32 bytes, valid as long as `digest`.
inline absl::string_view BytesOf(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Hashes a digest for hash tables: any of its bytes are uniformly distributed.
struct Sha256DigestHash {
  std::size_t operator()(const Sha256Digest& digest) const {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof(hash));
    return hash;
  }
};

}  // namespace nemf

#endif  // NEMF_SERVER_BASE_SHA256_H_
