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
  std::string id;  // as sent
  Result<KeypointResponse> response;
};

// Many pairs through one call; answers come as pairs finish, in any order. The server works on a
// bounded number of pairs and reads no more while answers are not taken, so one thread must take
// them with Next() while another sends: a single thread that only sends would wait for ever.
//
// One thread may be in Send() or CloseSends() and one in Next() at a time; Cancel() is free.
class TransferStream {
 public:
  TransferStream(TransferStream&&) noexcept;
  TransferStream& operator=(TransferStream&&) noexcept;
  // Cancels what is not finished.
  ~TransferStream();

  // Sends a pair; blocks while the server takes no more. False once the stream has ended: Finish()
  // says why.
  bool Send(const std::string& id, const KeypointRequest& request);

  // Says that there are no more pairs. To be called once, after the last Send().
  void CloseSends();

  // Blocks until the next answer; nothing at the end of the stream.
  std::optional<StreamAnswer> Next();

  // How the stream ended; success when every pair was answered (perhaps with an error of its own).
  // To be called once, after CloseSends() and after Next() gave nothing.
  Status Finish();

  // Makes all calls return soon. From any thread, at any time.
  void Cancel();

 private:
  friend class Client;
  class Impl;
  explicit TransferStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_TRANSFER_STREAM_H_
