#ifndef NEMF_SERVER_SERVICE_MODEL_ADMIN_MODELS_SERVICE_H_
#define NEMF_SERVER_SERVICE_MODEL_ADMIN_MODELS_SERVICE_H_

#include "nemf/v1/models.grpc.pb.h"
#include "server/models/model_catalog.h"
#include "server/service/rpc/rpc_environment.h"

namespace nemf {

// The Models RPCs (see the proto) over a catalog. No method blocks: Load and Unload answer on the
// catalog's thread.
class ModelsService final : public v1::Models::CallbackService {
 public:
  // Environment and catalog outlive the service. `allow_control`: whether clients that the
  // environment's AccessControl accepts may load and unload models; otherwise no client may.
  ModelsService(const RpcEnvironment* environment, ModelCatalog* catalog, bool allow_control)
      : environment_(environment), catalog_(catalog), allow_control_(allow_control) {}

  grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* context,
                                 const v1::ListModelsRequest* request,
                                 v1::ListModelsResponse* response) override;
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context,
                                const v1::GetModelRequest* request,
                                v1::GetModelResponse* response) override;
  grpc::ServerUnaryReactor* Load(grpc::CallbackServerContext* context,
                                 const v1::LoadModelRequest* request,
                                 v1::LoadModelResponse* response) override;
  grpc::ServerUnaryReactor* Unload(grpc::CallbackServerContext* context,
                                   const v1::UnloadModelRequest* request,
                                   v1::UnloadModelResponse* response) override;

 private:
  // Returns OK if the caller may load and unload models; otherwise PERMISSION_DENIED or
  // UNAUTHENTICATED. The only place that checks this.
  absl::Status CheckMayControl(const grpc::CallbackServerContext& context) const;
  // Returns OK if the caller may change models and names a valid model and version.
  template <typename Request>
  absl::Status CheckChange(const grpc::CallbackServerContext& context,
                           const Request& request) const;

  const RpcEnvironment* const environment_;
  ModelCatalog* const catalog_;
  const bool allow_control_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_MODEL_ADMIN_MODELS_SERVICE_H_
