#ifndef NEMF_SERVER_SERVICE_MODEL_ADMIN_MODELS_SERVICE_H_
#define NEMF_SERVER_SERVICE_MODEL_ADMIN_MODELS_SERVICE_H_

#include "nemf/v1/models.grpc.pb.h"
#include "server/models/model_catalog.h"
#include "server/service/rpc/rpc_environment.h"

namespace nemf {

// The Models RPCs (see the proto) over a catalog. Nothing here blocks: Load and Unload answer from
// the catalog's thread.
class ModelsService final : public v1::Models::CallbackService {
 public:
  // Both outlive the service. `allow_control`: whether models may be loaded and unloaded by those
  // whom the environment's AccessControl lets do it; else by nobody.
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
  // Whether this caller may load and unload models on this server: PERMISSION_DENIED,
  // UNAUTHENTICATED. The only place that asks.
  absl::Status CheckMayControl(const grpc::CallbackServerContext& context) const;
  // Whether the caller may ask for a change, and what it names is a model and a version.
  template <typename Request>
  absl::Status CheckChange(const grpc::CallbackServerContext& context,
                           const Request& request) const;

  const RpcEnvironment* const environment_;
  ModelCatalog* const catalog_;
  const bool allow_control_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_MODEL_ADMIN_MODELS_SERVICE_H_
