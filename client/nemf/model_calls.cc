#include "client/nemf/model_calls.h"

#include <utility>

#include "client/nemf/convert.h"

namespace nemf::client {
namespace {

VersionState FromProto(v1::ModelVersion::State state) {
  switch (state) {
    case v1::ModelVersion::AVAILABLE:
      return VersionState::kAvailable;
    case v1::ModelVersion::LOADING:
      return VersionState::kLoading;
    case v1::ModelVersion::READY:
      return VersionState::kReady;
    case v1::ModelVersion::RETIRING:
      return VersionState::kRetiring;
    case v1::ModelVersion::FAILED:
      return VersionState::kFailed;
    default:
      return VersionState::kUnknown;
  }
}

std::chrono::system_clock::time_point FromUnixSeconds(double seconds) {
  const std::chrono::duration<double> since_epoch(seconds);
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(since_epoch));
}

ModelVersion FromProto(const v1::ModelVersion& version) {
  ModelVersion out = {.version = version.version(),
                      .state = FromProto(version.state()),
                      .reason = version.reason(),
                      .bytes = version.bytes(),
                      .loaded = std::nullopt};
  if (version.loaded_seconds() == 0) return out;
  out.loaded = {.device = version.device(),
                .loaded_at = FromUnixSeconds(version.loaded_seconds()),
                .load_seconds = version.load_seconds(),
                .encoder_sha256 = version.encoder_sha256(),
                .field_sha256 = version.field_sha256(),
                .provenance_json = version.provenance_json()};
  return out;
}

// Returns the model of the response, or the error of the call.
template <typename Response>
Result<Model> Answer(const grpc::Status& status, const Response& response) {
  if (!status.ok()) return FromGrpc(status);
  return client::FromProto(response.model());
}

}  // namespace

const char* VersionStateName(VersionState state) {
  switch (state) {
    case VersionState::kAvailable:
      return "AVAILABLE";
    case VersionState::kLoading:
      return "LOADING";
    case VersionState::kReady:
      return "READY";
    case VersionState::kRetiring:
      return "RETIRING";
    case VersionState::kFailed:
      return "FAILED";
    case VersionState::kUnknown:
      break;
  }
  return "UNKNOWN";
}

Model FromProto(const v1::Model& model) {
  Model out = {.name = model.name(),
               .is_default = model.is_default(),
               .current_version = model.current_version(),
               .pinned_version = model.pinned_version(),
               .versions = {}};
  for (const v1::ModelVersion& version : model.versions()) {
    out.versions.push_back(FromProto(version));
  }
  return out;
}

ModelCalls::ModelCalls(const std::shared_ptr<grpc::Channel>& channel,
                       std::function<void(grpc::ClientContext*)> prepare)
    : stub_(v1::Models::NewStub(channel)), prepare_(std::move(prepare)) {}

Result<std::vector<Model>> ModelCalls::List() const {
  grpc::ClientContext context;
  prepare_(&context);
  v1::ListModelsResponse response;
  const grpc::Status status = stub_->List(&context, v1::ListModelsRequest(), &response);
  if (!status.ok()) return FromGrpc(status);
  std::vector<Model> models;
  for (const v1::Model& model : response.models()) models.push_back(FromProto(model));
  return models;
}

Result<Model> ModelCalls::Get(const std::string& name) const {
  grpc::ClientContext context;
  prepare_(&context);
  v1::GetModelRequest request;
  request.set_name(name);
  v1::GetModelResponse response;
  const grpc::Status status = stub_->Get(&context, request, &response);
  return Answer(status, response);
}

Result<Model> ModelCalls::Load(const std::string& name, const std::string& version) const {
  grpc::ClientContext context;
  prepare_(&context);
  v1::LoadModelRequest request;
  request.set_name(name);
  request.set_version(version);
  v1::LoadModelResponse response;
  const grpc::Status status = stub_->Load(&context, request, &response);
  return Answer(status, response);
}

Result<Model> ModelCalls::Unload(const std::string& name, const std::string& version) const {
  grpc::ClientContext context;
  prepare_(&context);
  v1::UnloadModelRequest request;
  request.set_name(name);
  request.set_version(version);
  v1::UnloadModelResponse response;
  const grpc::Status status = stub_->Unload(&context, request, &response);
  return Answer(status, response);
}

}  // namespace nemf::client
