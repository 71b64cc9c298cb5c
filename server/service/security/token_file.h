#ifndef NEMF_SERVER_SERVICE_SECURITY_TOKEN_FILE_H_
#define NEMF_SERVER_SERVICE_SECURITY_TOKEN_FILE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/sha256.h"

namespace nemf {

// The owner of a token.
struct TokenOwner {
  std::string name;
  bool admin = false;  // may administer models, in addition to what a client may do
};

// The bearer tokens of a file: one a line, with its owner and role. `#` begins a comment:
//
//   # token                           name    role
//   3q2+7wcj0Yh1xk9RZb0uQnV5          alice   client
//   Jx0fVtq8b6W2dLw4sYk1mOaT          ops     admin
//
// A token has 16 to 512 characters of A-Z a-z 0-9 - . _ ~ + / =; a name 1 to 64 of A-Z a-z 0-9 - .
// _ A name may have several tokens, so that one can be replaced by another.
class TokenTable {
 public:
  // Parses a file's text. INVALID_ARGUMENT names the line and the rule, never a token.
  static absl::StatusOr<TokenTable> Parse(absl::string_view text);

  // Returns the token's owner, or nullopt if it is not in the table. Takes the same time for every
  // token: it compares all digests in constant time.
  std::optional<TokenOwner> Find(absl::string_view token) const;

 private:
  struct Entry {
    Sha256Digest digest;
    TokenOwner owner;
  };

  absl::Status Add(absl::string_view line);

  std::vector<Entry> entries_;
};

// A TokenTable that follows its file: Find() checks at most once a second whether the file has
// changed, and then reads it. A file that cannot be read or parsed leaves the table as it was and
// is reported to `warn` once. Thread-safe.
class TokenFile {
 public:
  using Warn = std::function<void(const std::string& message)>;

  // Reads the file; errors name it. The clock outlives the object.
  static absl::StatusOr<std::unique_ptr<TokenFile>> Open(std::string path, Clock* clock, Warn warn);

  std::optional<TokenOwner> Find(absl::string_view token);

 private:
  // Identifies the state of a file; changes if it is written or replaced.
  struct Stamp {
    std::int64_t inode = 0;
    std::int64_t bytes = 0;
    std::int64_t modified_ns = 0;
    bool operator==(const Stamp&) const = default;
  };

  TokenFile(std::string path, Clock* clock, Warn warn)
      : path_(std::move(path)), clock_(clock), warn_(std::move(warn)) {}

  Stamp LookAtFile() const;
  absl::Status Load() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns the table to use now; sets *warning if there is one.
  std::shared_ptr<const TokenTable> Refresh(std::string* warning);

  const std::string path_;
  Clock* const clock_;
  const Warn warn_;
  absl::Mutex mutex_;
  std::shared_ptr<const TokenTable> table_ ABSL_GUARDED_BY(mutex_);
  Stamp stamp_ ABSL_GUARDED_BY(mutex_);  // of the file when it was last read
  absl::Time looked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_SECURITY_TOKEN_FILE_H_
