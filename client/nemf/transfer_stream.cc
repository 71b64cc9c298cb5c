#include "nemf/transfer_stream.h"

#include <utility>

#include "client/nemf/convert.h"
#include "client/nemf/transfer_stream_impl.h"

namespace nemf::client {

TransferStream::TransferStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TransferStream::TransferStream(TransferStream&&) noexcept = default;
TransferStream& TransferStream::operator=(TransferStream&&) noexcept = default;
TransferStream::~TransferStream() = default;

bool TransferStream::Send(const std::string& id, const KeypointRequest& request) {
  v1::TransferKeypointsStreamRequest message;
  message.set_id(id);
  *message.mutable_request() = ToProto(request);
  return impl_->call->Write(message, grpc::WriteOptions());
}

void TransferStream::CloseSends() { impl_->call->WritesDone(); }

std::optional<StreamAnswer> TransferStream::Next() {
  v1::TransferKeypointsStreamResponse message;
  if (!impl_->call->Read(&message)) return std::nullopt;
  return StreamAnswer{message.id(), FromProto(message)};
}

Status TransferStream::Finish() {
  impl_->finished = true;
  return FromGrpc(impl_->call->Finish());
}

void TransferStream::Cancel() { impl_->context.TryCancel(); }

}  // namespace nemf::client
