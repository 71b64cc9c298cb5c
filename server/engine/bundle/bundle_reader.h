#ifndef NEMF_SERVER_ENGINE_BUNDLE_BUNDLE_READER_H_
#define NEMF_SERVER_ENGINE_BUNDLE_BUNDLE_READER_H_

#include <array>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/engine/bundle/field_weights.h"

namespace nemf {

// A file of a bundle, by its name in the bundle's directory.
struct BundleFile {
  std::string name;
  std::string sha256;  // lower-case hexadecimal
};

// The encoder's sizes and its input's normalisation: (rgb / 255 - mean) / std.
struct EncoderShape {
  int input_size = 0;  // side of its square input, pixels
  int grid = 0;        // side of its grids
  int channels = 0;    // of Phi
  std::array<float, 3> mean = {};
  std::array<float, 3> std = {};
};

// The content of model.json. A bundle is a directory with model.json and two TorchScript modules:
//   encoder.pt: query, reference [B, 3, S, S] -> phi [B, C, h, w, h, w] (reference row, column,
//     query row, column), coarse [B, 2, h, w] (normalised reference x, y on the query's grid),
//     cost [B, h*w, h*w]
//   field.pt: points [N, 4] (reference x, y, query x, y), phi [N, C] -> scores [N]
struct Manifest {
  std::string name;
  std::string version;
  BundleFile encoder_file;
  EncoderShape encoder;
  BundleFile field_file;
  FieldShape field;
  std::string provenance;  // a JSON text of at most 64 KiB; may be empty
};

// Parses the text of a model.json. Returns INVALID_ARGUMENT that names the first wrong entry.
absl::StatusOr<Manifest> ParseManifest(const std::string& text);

// Returns the content of a file: NOT_FOUND if it cannot be opened, DATA_LOSS if it cannot be read.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Returns the content of a bundle's file, as ReadFile() does: DATA_LOSS if its SHA-256 differs.
absl::StatusOr<std::string> ReadVerifiedFile(const std::string& directory, const BundleFile& file);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_BUNDLE_BUNDLE_READER_H_
