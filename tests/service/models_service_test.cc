#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "nemf/v1/models.grpc.pb.h"
#include "server/service/grpc_server.h"

namespace nemf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A catalog of one model that notes what it is asked, and answers changes from another thread.
class NotingCatalog final : public ModelCatalog {
 public:
  ~NotingCatalog() override {
    for (std::thread& thread : threads_) thread.join();
  }

  std::vector<ModelStatus> List() const override { return {Small()}; }
  absl::StatusOr<ModelStatus> Get(absl::string_view name) const override {
    if (name != "small") return absl::NotFoundError("there is no such model");
    return Small();
  }
  void Load(const std::string& name, const std::string& version, Done done) override {
    Answer(absl::StrCat("load ", name, "/", version), std::move(done));
  }
  void Unload(const std::string& name, const std::string& version, Done done) override {
    Answer(absl::StrCat("unload ", name, "/", version), std::move(done));
  }

  absl::Status refusal;
  std::vector<std::string> changes;  // to be read when no call is in flight

 private:
  static ModelStatus Small() {
    VersionStatus broken{.version = "3",
                         .state = VersionState::kFailed,
                         .reason = "field.pt\xff: wrong " + std::string(5000, 'x')};
    VersionStatus good{.version = "2",
                       .state = VersionState::kReady,
                       .bytes = 77,
                       .device = "cpu",
                       .loaded_at = absl::FromUnixSeconds(1000),
                       .load_time = absl::Seconds(2)};
    good.info.encoder_sha256 = "ab";
    good.info.field_sha256 = "cd";
    good.info.provenance = "{}";
    return {.name = "small",
            .is_default = true,
            .current_version = "2",
            .pinned_version = "2",
            .versions = {broken, good}};
  }

  void Answer(std::string change, Done done) {
    threads_.emplace_back([this, change = std::move(change), done = std::move(done)] {
      changes.push_back(change);
      if (refusal.ok()) return done(Small());
      done(refusal);
    });
  }

  std::vector<std::thread> threads_;
};

class ModelsServiceTest : public ::testing::Test {
 protected:
  void Start(bool allow_model_control) {
    GrpcServerOptions options;
    options.listen.port = 0;
    options.allow_model_control = allow_model_control;
    auto server = GrpcServer::Start(
        options, [](auto&, auto&) { return absl::NotFoundError("none"); },
        [this](const CallRecord& record) {
          absl::MutexLock lock(&mutex_);
          records_.push_back(absl::StrCat(record.method, " ", record.cost.model, " ",
                                          absl::StatusCodeToString(record.status.code())));
        },
        Clock::System(), nullptr, &catalog_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = v1::Models::NewStub(
        grpc::CreateChannel(server_->address().ToString(), grpc::InsecureChannelCredentials()));
  }
  void TearDown() override {
    if (server_ != nullptr) server_->Shutdown(absl::InfiniteDuration());
  }

  grpc::Status Get(const std::string& name, v1::GetModelResponse* response) {
    grpc::ClientContext context;
    v1::GetModelRequest request;
    request.set_name(name);
    return stub_->Get(&context, request, response);
  }
  grpc::Status Load(const std::string& name, const std::string& version) {
    grpc::ClientContext context;
    v1::LoadModelRequest request;
    request.set_name(name);
    request.set_version(version);
    return stub_->Load(&context, request, &loaded_);
  }
  grpc::Status Unload(const std::string& name, const std::string& version) {
    grpc::ClientContext context;
    v1::UnloadModelRequest request;
    request.set_name(name);
    request.set_version(version);
    v1::UnloadModelResponse response;
    return stub_->Unload(&context, request, &response);
  }
  std::vector<std::string> records() {
    absl::MutexLock lock(&mutex_);
    return records_;
  }

  NotingCatalog catalog_;
  absl::Mutex mutex_;
  std::vector<std::string> records_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<v1::Models::Stub> stub_;
  v1::LoadModelResponse loaded_;
};

TEST_F(ModelsServiceTest, GetTellsTheWholeModel) {
  Start(/*allow_model_control=*/false);
  v1::GetModelResponse response;
  const grpc::Status status = Get("small", &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  const v1::Model& model = response.model();
  EXPECT_EQ(model.name(), "small");
  EXPECT_TRUE(model.is_default());
  EXPECT_EQ(model.current_version(), "2");
  EXPECT_EQ(model.pinned_version(), "2");
  ASSERT_EQ(model.versions_size(), 2);
  const v1::ModelVersion& broken = model.versions(0);
  EXPECT_EQ(broken.state(), v1::ModelVersion::FAILED);
  EXPECT_THAT(broken.reason(), ::testing::StartsWith("field.pt?: wrong x"));
  EXPECT_EQ(broken.reason().size(), 1024u);
  EXPECT_EQ(broken.loaded_seconds(), 0);
  const v1::ModelVersion& good = model.versions(1);
  EXPECT_EQ(good.state(), v1::ModelVersion::READY);
  EXPECT_EQ(good.bytes(), 77u);
  EXPECT_EQ(good.device(), "cpu");
  EXPECT_EQ(good.loaded_seconds(), 1000);
  EXPECT_EQ(good.load_seconds(), 2);
  EXPECT_EQ(good.encoder_sha256(), "ab");
  EXPECT_EQ(good.field_sha256(), "cd");
  EXPECT_EQ(good.provenance_json(), "{}");
  EXPECT_THAT(records(), ElementsAre("Models.Get small/ OK"));
}

TEST_F(ModelsServiceTest, ListLeavesProvenanceOut) {
  Start(/*allow_model_control=*/false);
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  ASSERT_TRUE(stub_->List(&context, {}, &response).ok());
  ASSERT_EQ(response.models_size(), 1);
  EXPECT_EQ(response.models(0).versions(1).device(), "cpu");
  EXPECT_EQ(response.models(0).versions(1).provenance_json(), "");
}

TEST_F(ModelsServiceTest, GetNamesTheBrokenRule) {
  Start(/*allow_model_control=*/false);
  v1::GetModelResponse response;
  EXPECT_EQ(Get("", &response).error_message(), "name is empty, must be the name of a model");
  EXPECT_EQ(Get("other", &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ModelsServiceTest, NobodyChangesModelsUnlessTheOperatorAllowsIt) {
  Start(/*allow_model_control=*/false);
  for (const grpc::Status& status : {Load("small", "3"), Unload("small", "")}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_THAT(status.error_message(), HasSubstr("--allow-model-control"));
  }
  EXPECT_THAT(catalog_.changes, IsEmpty());
}

TEST_F(ModelsServiceTest, LoadAndUnloadAskTheCatalog) {
  Start(/*allow_model_control=*/true);
  EXPECT_TRUE(Load("small", "3").ok());
  EXPECT_EQ(loaded_.model().name(), "small");
  EXPECT_TRUE(Unload("small", "").ok());
  EXPECT_THAT(catalog_.changes, ElementsAre("load small/3", "unload small/"));
  catalog_.refusal = absl::ResourceExhaustedError("no room");
  const grpc::Status status = Load("small", "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "no room");
  EXPECT_THAT(records(), ElementsAre("Models.Load small/3 OK", "Models.Unload small/ OK",
                                     "Models.Load small/ RESOURCE_EXHAUSTED"));
}

TEST_F(ModelsServiceTest, LoadAndUnloadNameTheBrokenRule) {
  Start(/*allow_model_control=*/true);
  EXPECT_EQ(Load("", "").error_message(), "name is empty, must be the name of a model");
  for (const char* version : {"latest", "01", "-1", "3 "}) {
    EXPECT_EQ(Load("small", version).error_message(),
              absl::StrCat("version = \"", version, "\", must be a whole number from 1, or empty"));
    EXPECT_EQ(Unload("small", version).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  EXPECT_THAT(catalog_.changes, IsEmpty());
}

}  // namespace
}  // namespace nemf
