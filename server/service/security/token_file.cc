#include "server/service/security/token_file.h"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace nemf {
namespace {

constexpr absl::Duration kLookEvery = absl::Seconds(1);

bool HasOnly(absl::string_view text, absl::string_view others) {
  return std::all_of(text.begin(), text.end(), [others](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           others.find(c) != absl::string_view::npos;
  });
}

bool IsToken(absl::string_view text) {
  return text.size() >= 16 && text.size() <= 512 && HasOnly(text, "-._~+/=");
}

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= 64 && HasOnly(text, "-._");
}

}  // namespace

absl::Status TokenTable::Add(absl::string_view line) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
  if (words.empty()) return absl::OkStatus();
  if (words.size() != 3) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", words.size(), " words, must have 3: TOKEN NAME ROLE"));
  }
  if (!IsToken(words[0])) {
    return absl::InvalidArgumentError(
        "the token must have 16 to 512 characters of A-Z a-z 0-9 - . _ ~ + / =");
  }
  if (!IsName(words[1])) {
    return absl::InvalidArgumentError("the name must have 1 to 64 characters of A-Z a-z 0-9 - . _");
  }
  if (words[2] != "client" && words[2] != "admin") {
    return absl::InvalidArgumentError("the role must be client or admin");
  }
  if (Find(words[0])) return absl::InvalidArgumentError("the token is in the file already");
  entries_.push_back({Sha256({words[0]}), {std::string(words[1]), words[2] == "admin"}});
  return absl::OkStatus();
}

absl::StatusOr<TokenTable> TokenTable::Parse(absl::string_view text) {
  TokenTable table;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (absl::Status status = table.Add(line.substr(0, line.find('#'))); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", status.message()));
    }
  }
  if (table.entries_.empty()) return absl::InvalidArgumentError("has no tokens");
  return table;
}

std::optional<TokenOwner> TokenTable::Find(absl::string_view token) const {
  const Sha256Digest digest = Sha256({token});
  const Entry* found = nullptr;
  for (const Entry& entry : entries_) {
    if (CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) == 0) found = &entry;
  }
  if (found == nullptr) return std::nullopt;
  return found->owner;
}

absl::StatusOr<std::unique_ptr<TokenFile>> TokenFile::Open(std::string path, Clock* clock,
                                                           Warn warn) {
  auto file = std::unique_ptr<TokenFile>(new TokenFile(std::move(path), clock, std::move(warn)));
  absl::MutexLock lock(&file->mutex_);
  if (absl::Status status = file->Load(); !status.ok()) return status;
  file->looked_ = clock->Now();
  return file;
}

TokenFile::Stamp TokenFile::LookAtFile() const {
  struct stat status = {};
  if (stat(path_.c_str(), &status) != 0) return {};
  return {static_cast<std::int64_t>(status.st_ino), status.st_size,
          status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec};
}

absl::Status TokenFile::Load() {
  // Stamped before reading: a change between the two is seen at the next check.
  stamp_ = LookAtFile();
  std::ifstream file(path_, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return absl::NotFoundError(absl::StrCat("token file ", path_, ": cannot be read"));
  absl::StatusOr<TokenTable> table = TokenTable::Parse(text);
  if (!table.ok()) {
    return absl::Status(table.status().code(),
                        absl::StrCat("token file ", path_, ": ", table.status().message()));
  }
  table_ = std::make_shared<const TokenTable>(*std::move(table));
  return absl::OkStatus();
}

std::shared_ptr<const TokenTable> TokenFile::Refresh(std::string* warning) {
  const absl::Time now = clock_->Now();
  absl::MutexLock lock(&mutex_);
  if (now - looked_ >= kLookEvery) {
    looked_ = now;
    if (LookAtFile() != stamp_) {
      if (absl::Status status = Load(); !status.ok()) {
        *warning = absl::StrCat(status.message(), "; the tokens before stay in use");
      }
    }
  }
  return table_;
}

std::optional<TokenOwner> TokenFile::Find(absl::string_view token) {
  std::string warning;
  const std::shared_ptr<const TokenTable> table = Refresh(&warning);
  if (!warning.empty() && warn_) warn_(warning);
  return table->Find(token);
}

}  // namespace nemf
