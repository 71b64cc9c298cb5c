#ifndef NEMF_CLIENT_INCLUDE_NEMF_TYPES_H_
#define NEMF_CLIENT_INCLUDE_NEMF_TYPES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "nemf/field_sample.h"
#include "nemf/flow_field.h"

namespace nemf::client {

// A point in pixels: x to the right, y downwards; the centre of the top-left pixel is (0, 0).
struct Point {
  float x = 0;
  float y = 0;
};

// The content of a JPEG, PNG, WebP, BMP or TIFF file. The server decodes it and applies its EXIF
// orientation; pixel coordinates refer to the image after that.
struct EncodedImage {
  std::string bytes;
};

enum class PixelFormat { kRgb8, kBgr8, kGray8 };

// Pixels as they are, top row first.
struct RawImage {
  PixelFormat format = PixelFormat::kRgb8;
  std::uint32_t width = 0;   // pixels, >= 1
  std::uint32_t height = 0;  // pixels, >= 1
  // Bytes from the start of one row to the start of the next; 0: rows without padding.
  std::uint32_t stride = 0;
  std::string data;
};

using Image = std::variant<EncodedImage, RawImage>;

// Named schedules: how much work is spent on the search. The server's default is the balanced one.
enum class Preset { kServerDefault, kReference, kBalanced, kFast };

// How far the encoder's coarse answer is refined.
enum class Refinement { kServerDefault, kCoarse, kPatchMatch, kPatchMatchAndOptimize };

// Members left empty keep the preset's values.
struct MatchOptions {
  Preset preset = Preset::kServerDefault;
  Refinement refinement = Refinement::kServerDefault;  // the server's default is the full one
  // Equal requests with equal seeds get equal bytes.
  std::uint64_t seed = 0;
  std::optional<std::uint32_t> patchmatch_iterations;
  // Half-width of the random search in normalised units (an image spans 2); above 0, at most 2.
  std::optional<float> search_radius;
  std::optional<std::uint32_t> optimize_steps;
  // The search works on one in about so many query pixels along each axis, 1 to 64.
  std::optional<std::uint32_t> lattice_stride;
  // Nodes of that lattice around a pixel whose matches compete with the interpolated one, 0 to 4.
  std::optional<std::uint32_t> upsample_candidates;
  std::optional<std::uint32_t> search_candidates;  // random points an iteration, 1 to 16
  // Factor of the random search's radius from one iteration to the next; above 0, at most 1.
  std::optional<float> search_decay;
};

// Which model answers; empty members mean the server's default and the latest version.
struct ModelSelector {
  std::string name;
  std::string version;
};

// What a request cost and who answered it, as the server measured it.
struct Statistics {
  std::string model_name;
  std::string model_version;
  std::string device;  // "cpu" or "cuda:N"
  double decode_seconds = 0;
  double queue_seconds = 0;
  double encode_seconds = 0;
  double match_seconds = 0;
  std::uint64_t field_queries = 0;        // evaluations of the matching field
  std::uint32_t encoder_batch_pairs = 0;  // pairs in the encoder pass
  bool cached = false;  // the pair had been encoded for another request: there was no such pass
};

struct KeypointRequest {
  Image query;
  Image reference;
  std::vector<Point> keypoints;  // query pixels, finite and inside the query
  MatchOptions options;
  ModelSelector model;
};

struct KeypointMatch {
  Point query;            // as asked
  Point reference;        // reference pixels; it may lie outside the image
  float score = 0;        // a logit; larger is better
  float confidence = 0;   // sigmoid(score)
  bool in_bounds = true;  // whether `reference` lies inside the reference image
};

struct KeypointResponse {
  std::vector<KeypointMatch> matches;  // in the order of the request's keypoints
  Statistics statistics;
};

// What the numbers of a flow travel as; the client's are float in any case. kFloat16 takes half the
// bytes, rounds displacements to within 1/2048 of themselves, and makes infinite what rounds beyond
// 65504 pixels.
enum class FlowType { kFloat32, kFloat16 };

struct FlowRequest {
  Image query;
  Image reference;
  MatchOptions options;
  ModelSelector model;
  bool with_confidence = false;
  // PatchMatch iterations after which a preview is wanted, strictly ascending; 0: the coarse flow.
  std::vector<std::uint32_t> preview_iterations = {};
  FlowType type = FlowType::kFloat32;
  // Adds FlowField.consistency. The server computes the flow back as well: about twice the work.
  bool with_consistency = false;
};

// The flow as it stood while it was being computed.
struct FlowPreview {
  std::uint32_t iteration = 0;  // PatchMatch iterations done; 0: the coarse flow
  FlowField field;              // without confidence and consistency
};

struct FlowResponse {
  FlowField field;
  int reference_width = 0;   // pixels
  int reference_height = 0;  // pixels
  // With consistency, of both flows: the sum of their queries, and the longer one of each time.
  Statistics statistics;
  // With consistency, what matching took for each of them, which share the device; else 0.
  double forward_match_seconds = 0;
  double backward_match_seconds = 0;
};

struct FieldRequest {
  Image query;
  Image reference;
  Point point;  // query pixels, finite and inside the query
  // Nodes of the grid, each >= 2; 0: the server's default.
  std::uint32_t columns = 0;
  std::uint32_t rows = 0;
  ModelSelector model;
};

struct FieldResponse {
  FieldSample field;
  int reference_width = 0;   // pixels
  int reference_height = 0;  // pixels
  Statistics statistics;
};

enum class HealthState { kUnknown, kServing, kNotServing };

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_TYPES_H_
