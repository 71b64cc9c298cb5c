#ifndef NEMF_CLIENT_INCLUDE_NEMF_TRANSFER_STREAM_H_
#define NEMF_CLIENT_INCLUDE_NEMF_TRANSFER_STREAM_H_

#include <memory>
#include <optional>
#include <string>

#include "nemf/status.h"
#include "nemf/types.h"

namespace nemf::client {

// The answer to one pair of a stream.
struct StreamAnswer {
  std::string id;  // as passed to Send()
  Result<KeypointResponse> response;
};

// A call that transfers the keypoints of many pairs. Answers arrive in the order in which pairs
// finish. The server limits the pairs of a stream that are in progress or not yet read, and stops
// reading at that limit. One thread must therefore call Next() while another sends: a single thread
// that sends everything first can block forever.
//
// Threads: one thread at a time may call Send() and CloseSends(), one Next(), and any Cancel().
class TransferStream {
 public:
  TransferStream(TransferStream&&) noexcept;
  TransferStream& operator=(TransferStream&&) noexcept;
  // Cancels the call unless Finish() has returned.
  ~TransferStream();

  // Sends one pair. `id` is repeated in the answer; it may be empty and need not be unique. Blocks
  // while the server does not read. Returns false if the stream has ended; Finish() returns why.
  bool Send(const std::string& id, const KeypointRequest& request);

  // Announces that no more pairs follow. Call it once, after the last Send().
  void CloseSends();

  // Blocks until the next answer. Returns nullopt at the end of the stream.
  std::optional<StreamAnswer> Next();

  // Returns the status of the whole call: success if every pair got an answer, even if some answers
  // are errors. Call it once, after CloseSends() and after Next() has returned nullopt.
  Status Finish();

  // Cancels the call: blocked members return soon. May be called from any thread at any time.
  void Cancel();

 private:
  friend class Client;
  class Impl;
  explicit TransferStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_TRANSFER_STREAM_H_
