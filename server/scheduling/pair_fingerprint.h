#ifndef NEMF_SERVER_SCHEDULING_PAIR_FINGERPRINT_H_
#define NEMF_SERVER_SCHEDULING_PAIR_FINGERPRINT_H_

#include <cstdint>

#include "server/engine/image.h"

namespace nemf {

// A hash of both images: equal pairs have equal fingerprints within one process. It only saves
// comparing pixels; equality is SamePixels().
std::uint64_t PairFingerprint(const ImagePair& pair);

// Whether both images of both pairs are equal, pixel by pixel.
bool SamePixels(const ImagePair& a, const ImagePair& b);

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_PAIR_FINGERPRINT_H_
