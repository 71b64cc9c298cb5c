#ifndef NEMF_SERVER_ENGINE_MATH_PHILOX_H_
#define NEMF_SERVER_ENGINE_MATH_PHILOX_H_

#include <cstdint>

#include "server/engine/math/macros.h"

namespace nemf {

struct PhiloxWords {
  std::uint32_t word[4];
};

// One round of Philox4x32 with the round key (key0, key1).
NEMF_HD PhiloxWords PhiloxRound(PhiloxWords c, std::uint32_t key0, std::uint32_t key1) {
  const std::uint64_t product0 = 0xD2511F53ULL * c.word[0];
  const std::uint64_t product1 = 0xCD9E8D57ULL * c.word[2];
  return {{static_cast<std::uint32_t>(product1 >> 32) ^ c.word[1] ^ key0,
           static_cast<std::uint32_t>(product1),
           static_cast<std::uint32_t>(product0 >> 32) ^ c.word[3] ^ key1,
           static_cast<std::uint32_t>(product0)}};
}

// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four
// random words for a counter and a key; the key's words are the low and the high half of `key`.
NEMF_HD PhiloxWords Philox(PhiloxWords counter, std::uint64_t key) {
  std::uint32_t key0 = static_cast<std::uint32_t>(key);
  std::uint32_t key1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    counter = PhiloxRound(counter, key0, key1);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

// Maps a random word to [-1, 1), in steps of 2^-23, without rounding.
NEMF_HD float SignedUnit(std::uint32_t word) {
  return 2.0f * (static_cast<float>(word >> 8) * (1.0f / 16777216.0f)) - 1.0f;
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_PHILOX_H_
