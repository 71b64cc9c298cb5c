#include "server/service/model_admin/models_service.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/models/model_scan.h"
#include "server/service/rpc/rpc_context.h"
#include "server/service/rpc/status_conversion.h"

namespace nemf {
namespace {

v1::ModelVersion::State ToMessage(VersionState state) {
  switch (state) {
    case VersionState::kAvailable:
      return v1::ModelVersion::AVAILABLE;
    case VersionState::kLoading:
      return v1::ModelVersion::LOADING;
    case VersionState::kReady:
      return v1::ModelVersion::READY;
    case VersionState::kRetiring:
      return v1::ModelVersion::RETIRING;
    case VersionState::kFailed:
      return v1::ModelVersion::FAILED;
  }
  return v1::ModelVersion::STATE_UNSPECIFIED;
}

// A reason may quote bytes of a broken file, but a message must be UTF-8.
std::string Printable(absl::string_view text) {
  std::string printable(text.substr(0, kMaxStatusMessageBytes));
  for (char& byte : printable) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(byte))) byte = '?';
  }
  return printable;
}

v1::ModelVersion ToMessage(const VersionStatus& version) {
  v1::ModelVersion message;
  message.set_version(version.version);
  message.set_state(ToMessage(version.state));
  message.set_reason(Printable(version.reason));
  message.set_bytes(static_cast<std::uint64_t>(version.bytes));
  if (version.loaded_at == absl::InfinitePast()) return message;
  message.set_device(version.device);
  message.set_loaded_seconds(absl::ToDoubleSeconds(version.loaded_at - absl::UnixEpoch()));
  message.set_load_seconds(absl::ToDoubleSeconds(version.load_time));
  message.set_encoder_sha256(version.info.encoder_sha256);
  message.set_field_sha256(version.info.field_sha256);
  message.set_provenance_json(version.info.provenance);
  return message;
}

v1::Model ToMessage(const ModelStatus& model) {
  v1::Model message;
  message.set_name(model.name);
  message.set_is_default(model.is_default);
  message.set_current_version(model.current_version);
  message.set_pinned_version(model.pinned_version);
  for (const VersionStatus& version : model.versions) {
    *message.add_versions() = ToMessage(version);
  }
  return message;
}

absl::Status CheckName(const std::string& name) {
  if (!name.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("name is empty, must be the name of a model");
}

absl::Status CheckVersion(const std::string& version) {
  if (version.empty() || ParseVersion(version)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("version = \"", version, "\", must be a whole number from 1, or empty"));
}

// One call of any method, from its arrival to its end. Must be finished exactly once.
class ModelsCall {
 public:
  ModelsCall(const RpcEnvironment* environment, const char* method,
             grpc::CallbackServerContext* context, const std::string& name = "",
             const std::string& version = "")
      : scope_(environment, method, context), reactor_(context->DefaultReactor()) {
    if (!name.empty()) cost_.model = absl::StrCat(name, "/", version);
  }

  const absl::Status& admission() const { return scope_.admission(); }
  grpc::ServerUnaryReactor* reactor() const { return reactor_; }

  grpc::ServerUnaryReactor* Finish(const absl::Status& status) {
    scope_.Record(status, cost_);
    reactor_->Finish(ToGrpcStatus(status));
    return reactor_;
  }

 private:
  const RpcContext scope_;
  CallCost cost_;  // the model alone
  grpc::ServerUnaryReactor* const reactor_;
};

// Returns the callback for the catalog's answer to a change; it runs on the catalog's thread.
template <typename Response>
ModelCatalog::Done FinishWith(std::shared_ptr<ModelsCall> call, Response* response) {
  return [call = std::move(call), response](const absl::StatusOr<ModelStatus>& model) {
    if (model.ok()) *response->mutable_model() = ToMessage(*model);
    call->Finish(model.status());
  };
}

}  // namespace

absl::Status ModelsService::CheckMayControl(const grpc::CallbackServerContext& context) const {
  if (!allow_control_) {
    return absl::PermissionDeniedError(
        "models cannot be loaded or unloaded here: the server runs without --allow-model-control");
  }
  return environment_->access->MayAdministerModels(context);
}

template <typename Request>
absl::Status ModelsService::CheckChange(const grpc::CallbackServerContext& context,
                                        const Request& request) const {
  absl::Status status = CheckMayControl(context);
  status.Update(CheckName(request.name()));
  status.Update(CheckVersion(request.version()));
  return status;
}

grpc::ServerUnaryReactor* ModelsService::List(grpc::CallbackServerContext* context,
                                              const v1::ListModelsRequest*,
                                              v1::ListModelsResponse* response) {
  ModelsCall call(environment_, "Models.List", context);
  if (!call.admission().ok()) return call.Finish(call.admission());
  for (const ModelStatus& model : catalog_->List()) {
    v1::Model* message = response->add_models();
    *message = ToMessage(model);
    for (v1::ModelVersion& version : *message->mutable_versions()) version.clear_provenance_json();
  }
  return call.Finish(absl::OkStatus());
}

grpc::ServerUnaryReactor* ModelsService::Get(grpc::CallbackServerContext* context,
                                             const v1::GetModelRequest* request,
                                             v1::GetModelResponse* response) {
  ModelsCall call(environment_, "Models.Get", context, request->name());
  absl::Status status = call.admission();
  status.Update(CheckName(request->name()));
  if (!status.ok()) return call.Finish(status);
  const absl::StatusOr<ModelStatus> model = catalog_->Get(request->name());
  if (model.ok()) *response->mutable_model() = ToMessage(*model);
  return call.Finish(model.status());
}

grpc::ServerUnaryReactor* ModelsService::Load(grpc::CallbackServerContext* context,
                                              const v1::LoadModelRequest* request,
                                              v1::LoadModelResponse* response) {
  auto call = std::make_shared<ModelsCall>(environment_, "Models.Load", context, request->name(),
                                           request->version());
  absl::Status status = call->admission();
  status.Update(CheckChange(*context, *request));
  if (!status.ok()) return call->Finish(status);
  // The call may be finished before Load() returns.
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  catalog_->Load(request->name(), request->version(), FinishWith(std::move(call), response));
  return reactor;
}

grpc::ServerUnaryReactor* ModelsService::Unload(grpc::CallbackServerContext* context,
                                                const v1::UnloadModelRequest* request,
                                                v1::UnloadModelResponse* response) {
  auto call = std::make_shared<ModelsCall>(environment_, "Models.Unload", context, request->name(),
                                           request->version());
  absl::Status status = call->admission();
  status.Update(CheckChange(*context, *request));
  if (!status.ok()) return call->Finish(status);
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  catalog_->Unload(request->name(), request->version(), FinishWith(std::move(call), response));
  return reactor;
}

}  // namespace nemf
