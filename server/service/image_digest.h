#ifndef NEMF_SERVER_SERVICE_IMAGE_DIGEST_H_
#define NEMF_SERVER_SERVICE_IMAGE_DIGEST_H_

#include "nemf/v1/correspondence.pb.h"
#include "server/scheduling/pair_digest.h"

namespace nemf {

// Of an image that DecodeImage() accepts: of its file, or of its raw pixels and how they lie. So
// one picture in two files, or in rows of another stride, is two images.
ImageDigest DigestOf(const v1::Image& image);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_IMAGE_DIGEST_H_
