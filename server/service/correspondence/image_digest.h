#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_IMAGE_DIGEST_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_IMAGE_DIGEST_H_

#include "nemf/v1/correspondence.pb.h"
#include "server/base/sha256.h"
#include "server/scheduling/job.h"

namespace nemf {

// Returns the digest of an image that DecodeImage() accepts: of its file, or of its raw pixels with
// their layout. One picture in two files, or in rows of another stride, has two digests.
Sha256Digest DigestOf(const v1::Image& image);

// Returns the digest of a pair from those of its images.
PairDigest PairDigestOf(const Sha256Digest& query, const Sha256Digest& reference);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_IMAGE_DIGEST_H_
