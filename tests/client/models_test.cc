// The client's calls of the Models service, from the library and from the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nemf/client.h"
#include "nlohmann/json.hpp"
#include "tests/client/cli_test.h"
#include "tests/client/fake_server.h"

namespace nemf {
namespace {

using ::nemf::testing::FakeHandlers;
using ::nemf::testing::FakeServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A model with a version that is served and one that is broken.
void FillSmall(v1::Model* model) {
  model->set_name("small");
  model->set_is_default(true);
  model->set_current_version("2");
  model->set_pinned_version("2");
  v1::ModelVersion* broken = model->add_versions();
  broken->set_version("3");
  broken->set_state(v1::ModelVersion::FAILED);
  broken->set_reason("field.pt: wrong");
  broken->set_bytes(2'000'000);
  v1::ModelVersion* good = model->add_versions();
  good->set_version("2");
  good->set_state(v1::ModelVersion::READY);
  good->set_bytes(1'500'000);
  good->set_device("cpu");
  good->set_loaded_seconds(1'000'000'000.5);
  good->set_load_seconds(2.5);
  good->set_encoder_sha256("ab");
  good->set_field_sha256("cd");
  good->set_provenance_json(R"({"seed": 1})");
}

class ModelsTest : public ::testing::Test {
 protected:
  client::Client Connect() const {
    return client::Client::Connect({.target = server_.target(), .max_attempts = 1}).value();
  }
  cli::Outcome Run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "models");
    arguments.insert(arguments.end(), {"--server", server_.target()});
    return cli::RunCli(arguments);
  }

  std::vector<std::string> calls_;
  grpc::Status status_;
  FakeServer server_{
      FakeHandlers{.models = [this](const std::string& method, const std::string& name,
                                    const std::string& version, v1::Model* model) {
        calls_.push_back(method + " " + name + "/" + version);
        FillSmall(model);
        return status_;
      }}};
};

TEST_F(ModelsTest, TheLibraryTellsTheWholeModel) {
  const client::Result<client::Model> model = Connect().GetModel("small");
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  EXPECT_EQ(model->name, "small");
  EXPECT_TRUE(model->is_default);
  EXPECT_EQ(model->current_version, "2");
  EXPECT_EQ(model->pinned_version, "2");
  ASSERT_EQ(model->versions.size(), 2u);
  const client::ModelVersion& broken = model->versions[0];
  EXPECT_EQ(broken.state, client::VersionState::kFailed);
  EXPECT_EQ(broken.reason, "field.pt: wrong");
  EXPECT_EQ(broken.bytes, 2'000'000u);
  EXPECT_FALSE(broken.loaded.has_value());
  const client::ModelVersion& good = model->versions[1];
  EXPECT_EQ(good.state, client::VersionState::kReady);
  ASSERT_TRUE(good.loaded.has_value());
  EXPECT_EQ(good.loaded->device, "cpu");
  EXPECT_EQ(good.loaded->loaded_at.time_since_epoch(),
            std::chrono::milliseconds(1'000'000'000'500));
  EXPECT_EQ(good.loaded->load_seconds, 2.5);
  EXPECT_EQ(good.loaded->encoder_sha256, "ab");
  EXPECT_EQ(good.loaded->field_sha256, "cd");
  EXPECT_EQ(good.loaded->provenance_json, R"({"seed": 1})");
}

TEST_F(ModelsTest, TheLibraryAsksWhatItIsTold) {
  const client::Client client = Connect();
  EXPECT_EQ(client.ListModels().value().size(), 1u);
  EXPECT_TRUE(client.LoadModel("small").ok());
  EXPECT_TRUE(client.LoadModel("small", "3").ok());
  EXPECT_TRUE(client.UnloadModel("small", "2").ok());
  EXPECT_THAT(calls_, ElementsAre("List /", "Load small/", "Load small/3", "Unload small/2"));
}

TEST_F(ModelsTest, TheLibraryPassesOnErrors) {
  status_ = grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not here");
  const client::Client client = Connect();
  for (const client::Status& status :
       {client.ListModels().status(), client.GetModel("a").status(), client.LoadModel("a").status(),
        client.UnloadModel("a").status()}) {
    EXPECT_EQ(status.ToString(), "PERMISSION_DENIED: not here");
  }
}

TEST_F(ModelsTest, TheCommandLineListsByDefault) {
  const cli::Outcome outcome = Run({});
  EXPECT_EQ(outcome.code, cli::kSuccess) << outcome.err;
  EXPECT_EQ(outcome.out,
            "small/3  FAILED         2.0 MB  field.pt: wrong\n"
            "small/2  READY          1.5 MB  cpu  current, default  pinned\n");
  EXPECT_THAT(calls_, ElementsAre("List /"));
}

TEST_F(ModelsTest, TheCommandLinePrintsJson) {
  const auto list = nlohmann::json::parse(Run({"list", "--json"}).out);
  EXPECT_EQ(list["models"][0]["name"], "small");
  const auto model = nlohmann::json::parse(Run({"get", "small", "--json"}).out);
  EXPECT_EQ(model["current"], "2");
  EXPECT_EQ(model["versions"][0]["state"], "FAILED");
  EXPECT_EQ(model["versions"][0]["reason"], "field.pt: wrong");
  EXPECT_FALSE(model["versions"][0].contains("device"));
  EXPECT_EQ(model["versions"][1]["loaded"], "2001-09-09T01:46:40Z");
  EXPECT_EQ(model["versions"][1]["provenance"]["seed"], 1);
}

TEST_F(ModelsTest, TheCommandLineLoadsAndUnloads) {
  EXPECT_EQ(Run({"load", "small/3"}).code, cli::kSuccess);
  EXPECT_EQ(Run({"load", "small"}).code, cli::kSuccess);
  EXPECT_EQ(Run({"unload", "small/2", "--json"}).code, cli::kSuccess);
  EXPECT_THAT(calls_, ElementsAre("Load small/3", "Load small/", "Unload small/2"));
  status_ = grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "it is broken");
  const cli::Outcome outcome = Run({"load", "small/3"});
  EXPECT_EQ(outcome.code, cli::kRequestError);
  EXPECT_THAT(outcome.err, HasSubstr("FAILED_PRECONDITION: it is broken"));
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST_F(ModelsTest, TheCommandLineSaysWhatIsMissing) {
  const std::vector<std::pair<std::vector<std::string>, const char*>> bad = {
      {{"load"}, "load: NAME[/VERSION] is required"},
      {{"list", "small"}, "did you mean get small?"},
      {{"get", "small/2"}, "without a version"},
      {{"drop", "small"}, "drop"}};
  for (const auto& [arguments, what] : bad) {
    const cli::Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.code, cli::kUsageError);
    EXPECT_THAT(outcome.err, HasSubstr(what));
  }
  EXPECT_THAT(calls_, IsEmpty());
}

}  // namespace
}  // namespace nemf
