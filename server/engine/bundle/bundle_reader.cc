#include "server/engine/bundle/bundle_reader.h"

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/base/sha256.h"

namespace nemf {

namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr int kMaxGrid = 64;  // Phi has grid^4 cells
constexpr int kMaxSize = 4096;
constexpr std::size_t kMaxProvenanceBytes = 64 << 10;  // It travels in answers.

BundleFile ReadBundleFile(const json& part) {
  return {part.at("file").get<std::string>(), part.at("sha256").get<std::string>()};
}

EncoderShape ReadEncoder(const json& part) {
  EncoderShape shape;
  shape.input_size = part.at("input_size").get<int>();
  shape.grid = part.at("grid").get<int>();
  shape.channels = part.at("channels").get<int>();
  shape.mean = part.at("mean").get<std::array<float, 3>>();
  shape.std = part.at("std").get<std::array<float, 3>>();
  return shape;
}

FieldShape ReadField(const json& part) {
  FieldShape shape;
  shape.channels = part.at("channels").get<int>();
  shape.hidden = part.at("hidden").get<int>();
  shape.blocks = part.at("blocks").get<int>();
  shape.frequencies = part.at("frequencies").get<std::vector<float>>();
  shape.scale = part.at("scale").get<float>();
  shape.offset = part.at("offset").get<float>();
  return shape;
}

absl::Status CheckRange(absl::string_view name, int value, int low, int high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, " = ", value, ", must be in [", low, ", ", high, "]"));
}

// A bundle's file lies in the bundle's directory, so that a bundle cannot reach outside.
absl::Status CheckFileName(const std::string& name) {
  if (!name.empty() && name.find('/') == std::string::npos) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("file = \"", name, "\", must be a plain name"));
}

// SinCos() is accurate up to 5000 radians; a point leaves its image, [-1, 1], by little.
absl::Status CheckEmbedding(const FieldShape& field) {
  if (field.frequencies.empty() || field.frequencies.size() > 64) {
    return absl::InvalidArgumentError("field.frequencies must have 1 to 64 entries");
  }
  for (const float frequency : field.frequencies) {
    const float largest =
        std::abs(frequency) * (1.5f * std::abs(field.scale) + std::abs(field.offset));
    if (!(largest <= 5000)) {
      return absl::InvalidArgumentError(
          absl::StrCat("field.frequencies: ", frequency, " makes angles beyond 5000 radians"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckManifest(const Manifest& manifest) {
  absl::Status status;
  status.Update(CheckFileName(manifest.encoder_file.name));
  status.Update(CheckFileName(manifest.field_file.name));
  status.Update(CheckRange("encoder.input_size", manifest.encoder.input_size, 1, kMaxSize));
  status.Update(CheckRange("encoder.grid", manifest.encoder.grid, 1, kMaxGrid));
  status.Update(CheckRange("encoder.channels", manifest.encoder.channels, 1, kMaxSize));
  for (const float value : manifest.encoder.std) {
    if (!(value > 0)) status.Update(absl::InvalidArgumentError("encoder.std must be > 0"));
  }
  if (manifest.field.channels != manifest.encoder.channels) {
    status.Update(absl::InvalidArgumentError(
        absl::StrCat("field.channels = ", manifest.field.channels,
                     ", must be encoder.channels = ", manifest.encoder.channels)));
  }
  status.Update(CheckRange("field.hidden", manifest.field.hidden, 1, kMaxSize));
  status.Update(CheckRange("field.blocks", manifest.field.blocks, 1, 64));
  status.Update(CheckEmbedding(manifest.field));
  if (manifest.provenance.size() > kMaxProvenanceBytes) {
    status.Update(absl::InvalidArgumentError(absl::StrCat(
        "provenance = ", manifest.provenance.size(), " bytes, must be <= ", kMaxProvenanceBytes)));
  }
  return status;
}

}  // namespace

absl::StatusOr<Manifest> ParseManifest(const std::string& text) {
  Manifest manifest;
  try {
    const json root = json::parse(text);
    const int format = root.at("format").get<int>();
    if (format != kFormat) {
      return absl::InvalidArgumentError(absl::StrCat("format = ", format, ", must be ", kFormat));
    }
    manifest.name = root.at("name").get<std::string>();
    manifest.version = root.at("version").get<std::string>();
    manifest.encoder_file = ReadBundleFile(root.at("encoder"));
    manifest.encoder = ReadEncoder(root.at("encoder"));
    manifest.field_file = ReadBundleFile(root.at("field"));
    manifest.field = ReadField(root.at("field"));
    if (root.contains("provenance")) manifest.provenance = root.at("provenance").dump();
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
  const absl::Status status = CheckManifest(manifest);
  if (!status.ok()) return status;
  return manifest;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  std::string content(size, '\0');
  file.read(content.data(), static_cast<std::streamsize>(size));
  if (!file) return absl::DataLossError(absl::StrCat(path, ": cannot be read"));
  return content;
}

absl::StatusOr<std::string> ReadVerifiedFile(const std::string& directory, const BundleFile& file) {
  const std::string path = absl::StrCat(directory, "/", file.name);
  absl::StatusOr<std::string> content = ReadFile(path);
  if (!content.ok()) return content;
  const std::string found = ToHex(Sha256({*content}));
  if (found != file.sha256) {
    return absl::DataLossError(
        absl::StrCat(path, ": SHA-256 is ", found, ", model.json says ", file.sha256));
  }
  return content;
}

}  // namespace nemf
