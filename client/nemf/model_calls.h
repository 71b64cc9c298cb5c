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

// The calls of the Models service. As thread-safe as its stub: any number of threads at once.
class ModelCalls {
 public:
  // `prepare` gives each call its deadline and metadata, and outlives this.
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
