#ifndef NEMF_CLIENT_NEMF_MODEL_CALLS_H_
#define NEMF_CLIENT_NEMF_MODEL_CALLS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "nemf/models.h"
#include "nemf/status.h"
#include "nemf/v1/models.grpc.pb.h"

namespace nemf::client {

Model FromProto(const v1::Model& model);

// Calls the Models service. Any number of threads may call any member at the same time.
class ModelCalls {
 public:
  // `prepare` sets the deadline and the metadata of each call.
  ModelCalls(const std::shared_ptr<grpc::Channel>& channel,
             std::function<void(grpc::ClientContext*)> prepare);

  Result<std::vector<Model>> List() const;
  Result<Model> Get(const std::string& name) const;
  Result<Model> Load(const std::string& name, const std::string& version) const;
  Result<Model> Unload(const std::string& name, const std::string& version) const;

 private:
  std::unique_ptr<v1::Models::Stub> stub_;
  std::function<void(grpc::ClientContext*)> prepare_;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_MODEL_CALLS_H_
