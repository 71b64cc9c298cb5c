#include "server/base/sha256.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

#include "absl/strings/escaping.h"

namespace nemf {
namespace {

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

// OpenSSL fails here only if memory is exhausted or SHA-256 is not compiled in.
void CheckSuccess(int success) {
  if (success != 1) std::abort();
}

}  // namespace

Sha256Digest Sha256(std::initializer_list<absl::string_view> parts) {
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  CheckSuccess(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr));
  for (const absl::string_view part : parts) {
    CheckSuccess(EVP_DigestUpdate(context.get(), part.data(), part.size()));
  }
  Sha256Digest digest;
  CheckSuccess(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr));
  return digest;
}

std::string ToHex(const Sha256Digest& digest) { return absl::BytesToHexString(BytesOf(digest)); }

}  // namespace nemf
