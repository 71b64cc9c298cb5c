#ifndef NEMF_CLIENT_INCLUDE_NEMF_STATUS_H_
#define NEMF_CLIENT_INCLUDE_NEMF_STATUS_H_

#include <cassert>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace nemf::client {

// The canonical gRPC codes, with the same numbers.
enum class Code {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// Returns "INVALID_ARGUMENT" and so on; "UNKNOWN" for any other number.
const char* CodeName(Code code);

// The outcome of an operation: success, or an error code with a message.
class [[nodiscard]] Status {
 public:
  // Success.
  Status() = default;
  Status(Code code, std::string message,
         std::optional<std::chrono::milliseconds> retry_pushback = std::nullopt)
      : code_(code), message_(std::move(message)), retry_pushback_(retry_pushback) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // Returns the server's retry push-back, which an overloaded server sends with kResourceExhausted:
  // the delay before another attempt; negative: do not retry. Returns nullopt if the server sent
  // none.
  std::optional<std::chrono::milliseconds> retry_pushback() const { return retry_pushback_; }

  // Returns "INVALID_ARGUMENT: keypoints is empty, must have 1 to 10000 points", or "OK".
  std::string ToString() const;

 private:
  Code code_ = Code::kOk;
  std::string message_;
  std::optional<std::chrono::milliseconds> retry_pushback_;
};

// Either a value of type T or an error. Both convert to it implicitly, so that a function can
// return either.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  // Requires !error.ok().
  Result(Status error) : state_(std::move(error)) { assert(!std::get<Status>(state_).ok()); }

  bool ok() const { return std::holds_alternative<T>(state_); }

  // Returns success or the error.
  Status status() const { return ok() ? Status() : std::get<Status>(state_); }

  // Return the value. Throw std::bad_variant_access unless ok().
  T& value() & { return std::get<T>(state_); }
  const T& value() const& { return std::get<T>(state_); }
  T&& value() && { return std::get<T>(std::move(state_)); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_STATUS_H_
