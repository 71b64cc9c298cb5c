#include "server/engine/load_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ostream>
#include <string>

#include "nlohmann/json.hpp"
#include "server/base/sha256.h"
#include "server/engine/bundle/bundle_reader.h"
#include "tests/engine/oracle.h"

namespace nemf {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

const EngineOptions kCpu = {"cpu", 1};

// A copy of the oracle's bundle, for a test to break.
class LoadModelTest : public ::testing::Test {
 protected:
  LoadModelTest() : directory_(::testing::TempDir() + "/nemf_bundle_" + TestName()) {
    std::filesystem::remove_all(directory_);
    std::filesystem::copy(testing::OracleDirectory() + "/bundles/tiny/1", directory_);
  }
  ~LoadModelTest() override { std::filesystem::remove_all(directory_); }

  static std::string TestName() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = info->name();
    std::replace(name.begin(), name.end(), '/', '_');
    return name;
  }
  std::string Path(const std::string& file) const { return directory_ + "/" + file; }
  void Write(const std::string& file, const std::string& content) const {
    std::ofstream(Path(file), std::ios::binary) << content;
  }
  void EditManifest(const std::function<void(json*)>& edit) const {
    json manifest = json::parse(ReadFile(Path("model.json")).value());
    edit(&manifest);
    Write("model.json", manifest.dump());
  }
  // Replaces a file and its digest in model.json.
  void Replace(const std::string& part, const std::string& content) const {
    Write(part + ".pt", content);
    EditManifest([&](json* root) { (*root)[part]["sha256"] = ToHex(Sha256({content})); });
  }
  // Loading fails with one line that names the file and says the rest.
  void ExpectFailure(absl::StatusCode code, const std::string& file,
                     const std::string& text) const {
    const absl::Status status = LoadModel(directory_, kCpu).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(file));
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("\n")));
  }

  const std::string directory_;
};

TEST_F(LoadModelTest, LoadsAGoodBundle) {
  const absl::StatusOr<LoadedModel> model = LoadModel(directory_, {"auto", 0});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->info.name, "tiny");
  EXPECT_EQ(model->info.version, "1");
  EXPECT_EQ(model->info.directory, directory_);
  EXPECT_EQ(model->engine->device(), "cpu");
  const json manifest = json::parse(ReadFile(Path("model.json")).value());
  EXPECT_EQ(model->info.encoder_sha256, manifest["encoder"]["sha256"]);
  EXPECT_EQ(model->info.field_sha256, manifest["field"]["sha256"]);
  EXPECT_EQ(json::parse(model->info.provenance), manifest["provenance"]);
}

TEST_F(LoadModelTest, RefusesProvenanceWithoutBound) {
  EditManifest([](json* root) { (*root)["provenance"] = std::string(70'000, 'x'); });
  ExpectFailure(absl::StatusCode::kInvalidArgument, "model.json",
                "provenance = 70002 bytes, must be <= 65536");
}

TEST_F(LoadModelTest, RefusesADeviceItCannotUse) {
  const absl::Status status = LoadModel(directory_, {"cuda:0", 0}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no CUDA support"));
}

TEST_F(LoadModelTest, RefusesBrokenOptions) {
  EXPECT_EQ(LoadModel(directory_, {"gpu", 0}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(LoadModelTest, MissingFiles) {
  for (const char* file : {"field.pt", "encoder.pt", "model.json"}) {
    const std::string content = ReadFile(Path(file)).value();
    std::filesystem::remove(Path(file));
    ExpectFailure(absl::StatusCode::kNotFound, Path(file), "cannot be opened");
    Write(file, content);
  }
}

TEST_F(LoadModelTest, ADirectoryInPlaceOfAFile) {
  std::filesystem::remove(Path("field.pt"));
  std::filesystem::create_directory(Path("field.pt"));
  ExpectFailure(absl::StatusCode::kNotFound, "field.pt", "cannot be opened");
}

TEST_F(LoadModelTest, FlippedBits) {
  for (const char* file : {"field.pt", "encoder.pt"}) {
    const std::string content = ReadFile(Path(file)).value();
    std::string broken = content;
    broken[broken.size() / 2] ^= 1;
    Write(file, broken);
    ExpectFailure(absl::StatusCode::kDataLoss, Path(file), "SHA-256 is ");
    Write(file, content);
  }
}

TEST_F(LoadModelTest, TruncatedFilesWithTheirDigests) {
  for (const char* part : {"field", "encoder"}) {
    const std::string file = std::string(part) + ".pt";
    const std::string content = ReadFile(Path(file)).value();
    Replace(part, content.substr(0, content.size() / 2));
    ExpectFailure(absl::StatusCode::kInvalidArgument, Path(file), "cannot load");
    Replace(part, content);
  }
}

TEST_F(LoadModelTest, EmptyFiles) {
  Replace("field", "");
  ExpectFailure(absl::StatusCode::kInvalidArgument, "field.pt", "cannot load");
}

TEST_F(LoadModelTest, ManifestThatIsNotJson) {
  for (const char* text : {"", "{", "[]", "null", "{}"}) {
    Write("model.json", text);
    ExpectFailure(absl::StatusCode::kInvalidArgument, "model.json", "");
  }
}

TEST_F(LoadModelTest, SwappedModules) {
  const std::string field = ReadFile(Path("field.pt")).value();
  const std::string encoder = ReadFile(Path("encoder.pt")).value();
  Replace("encoder", field);
  ExpectFailure(absl::StatusCode::kInvalidArgument, "encoder.pt", "cannot run the encoder");
  Replace("field", encoder);
  ExpectFailure(absl::StatusCode::kInvalidArgument, "field.pt",
                "parameter decoder.fc_p.weight is missing");
}

TEST_F(LoadModelTest, FieldThatComputesSomethingElse) {
  EditManifest([](json* root) { (*root)["field"]["frequencies"][1] = 1.5; });
  ExpectFailure(absl::StatusCode::kFailedPrecondition, "field.pt", "scores differ");
}

struct BrokenEntry {
  std::string text;  // in the message
  std::string file;
  std::function<void(json*)> edit;
};

// What ctest calls the case.
void PrintTo(const BrokenEntry& entry, std::ostream* out) { *out << entry.text; }

class ManifestEntry : public LoadModelTest, public ::testing::WithParamInterface<BrokenEntry> {};

TEST_P(ManifestEntry, IsNamedWhenBroken) {
  EditManifest(GetParam().edit);
  ExpectFailure(absl::StatusCode::kInvalidArgument, GetParam().file, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Entries, ManifestEntry,
    ::testing::Values(
        BrokenEntry{"format = 2, must be 1", "model.json", [](json* r) { (*r)["format"] = 2; }},
        BrokenEntry{"'name' not found", "model.json", [](json* r) { r->erase("name"); }},
        BrokenEntry{"type must be string", "model.json", [](json* r) { (*r)["version"] = 1; }},
        BrokenEntry{"'encoder' not found", "model.json", [](json* r) { r->erase("encoder"); }},
        BrokenEntry{"must be a plain name", "model.json",
                    [](json* r) { (*r)["field"]["file"] = "../field.pt"; }},
        BrokenEntry{"encoder.input_size = 0", "model.json",
                    [](json* r) { (*r)["encoder"]["input_size"] = 0; }},
        BrokenEntry{"encoder.grid = 1000", "model.json",
                    [](json* r) { (*r)["encoder"]["grid"] = 1000; }},
        BrokenEntry{"encoder.std must be > 0", "model.json",
                    [](json* r) { (*r)["encoder"]["std"][1] = 0; }},
        BrokenEntry{"field.channels = 9", "model.json",
                    [](json* r) { (*r)["field"]["channels"] = 9; }},
        BrokenEntry{"field.hidden = 0", "model.json", [](json* r) { (*r)["field"]["hidden"] = 0; }},
        BrokenEntry{"field.blocks = 0", "model.json", [](json* r) { (*r)["field"]["blocks"] = 0; }},
        BrokenEntry{"field.frequencies must have", "model.json",
                    [](json* r) { (*r)["field"]["frequencies"] = json::array(); }},
        BrokenEntry{"beyond 5000 radians", "model.json",
                    [](json* r) { (*r)["field"]["frequencies"][0] = 1e5; }},
        BrokenEntry{"decoder.fc_p.weight has shape", "field.pt",
                    [](json* r) { (*r)["field"]["frequencies"].push_back(2.0); }},
        BrokenEntry{"decoder.fc_c.3.weight is missing", "field.pt",
                    [](json* r) { (*r)["field"]["blocks"] = 4; }},
        BrokenEntry{"output phi has shape", "encoder.pt",
                    [](json* r) { (*r)["encoder"]["grid"] = 5; }}));

}  // namespace
}  // namespace nemf
