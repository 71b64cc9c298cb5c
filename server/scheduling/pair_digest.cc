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

}  // namespace

ImageDigest DigestOf(std::initializer_list<absl::string_view> parts) {
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Check(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr));
  for (const absl::string_view part : parts) {
    Check(EVP_DigestUpdate(context.get(), part.data(), part.size()));
  }
  ImageDigest digest;
  Check(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr));
  return digest;
}

PairDigest DigestOf(const ImageDigest& query, const ImageDigest& reference) {
  const auto bytes = [](const ImageDigest& digest) {
    return absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size());
  };
  return DigestOf({bytes(query), bytes(reference)});
}

}  // namespace nemf
