#include "server/scheduling/pair_digest.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace nemf {
namespace {

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

// OpenSSL fails here only where it has no memory or no SHA-256; there is nothing to go on with.
void Check(int success) {
  if (success != 1) std::abort();
}

void Update(EVP_MD_CTX* context, const Image& image) {
  const std::int64_t size[] = {image.size.width, image.size.height};
  Check(EVP_DigestUpdate(context, size, sizeof(size)));
  Check(EVP_DigestUpdate(context, image.rgb.data(), image.rgb.size()));
}

}  // namespace

PairDigest DigestOf(const ImagePair& pair) {
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Check(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr));
  Update(context.get(), pair.query);
  Update(context.get(), pair.reference);
  PairDigest digest;
  Check(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr));
  return digest;
}

}  // namespace nemf
