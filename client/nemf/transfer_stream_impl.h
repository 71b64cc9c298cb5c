#ifndef NEMF_CLIENT_NEMF_TRANSFER_STREAM_IMPL_H_
#define NEMF_CLIENT_NEMF_TRANSFER_STREAM_IMPL_H_

#include <memory>
#include <string>

#include "client/nemf/channel.h"
#include "grpcpp/client_context.h"
#include "nemf/transfer_stream.h"
#include "nemf/v1/correspondence.grpc.pb.h"

namespace nemf::client {

// The call behind a TransferStream.
class TransferStream::Impl {
 public:
  using Call = grpc::ClientReaderWriterInterface<v1::TransferKeypointsStreamRequest,
                                                 v1::TransferKeypointsStreamResponse>;

  // Starts the call. `stub` is not used afterwards. `token` may be empty.
  Impl(v1::Correspondence::StubInterface* stub, const std::string& token) {
    SetToken(token, &context);
    call = stub->TransferKeypointsStream(&context);
  }

  // gRPC requires Finish() before a call is destroyed. Cancelling first keeps it from waiting for
  // the server.
  ~Impl() {
    if (finished) return;
    context.TryCancel();
    call->Finish();
  }

  grpc::ClientContext context;
  std::unique_ptr<Call> call;
  bool finished = false;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_TRANSFER_STREAM_IMPL_H_
