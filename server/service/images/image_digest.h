#ifndef NEMF_SERVER_SERVICE_IMAGES_IMAGE_DIGEST_H_
#define NEMF_SERVER_SERVICE_IMAGES_IMAGE_DIGEST_H_

#include "server/base/sha256.h"
#include "server/service/images/image_source.h"

namespace nemf {

// Returns the digest of an image: of its file, or of its raw pixels with their layout. One picture
// in two files, or in rows of another stride, has two digests.
Sha256Digest DigestOf(const ImageSource& image);

// Returns the digest of a pair from those of its images.
Sha256Digest PairDigestOf(const Sha256Digest& query, const Sha256Digest& reference);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_IMAGES_IMAGE_DIGEST_H_
