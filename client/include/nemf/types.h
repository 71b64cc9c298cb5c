#ifndef NEMF_CLIENT_INCLUDE_NEMF_TYPES_H_
#define NEMF_CLIENT_INCLUDE_NEMF_TYPES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nemf/flow_field.h"
#include "nemf/image.h"

namespace nemf::client {

// Named search schedules, from the most work to the least. The server's default is kBalanced.
enum class Preset { kServerDefault, kReference, kBalanced, kFast };

// How far the encoder's coarse answer is refined. The server's default is kPatchMatchAndOptimize.
enum class Refinement { kServerDefault, kCoarse, kPatchMatch, kPatchMatchAndOptimize };

// How to match. Unset members keep the values of the preset.
struct MatchOptions {
  Preset preset = Preset::kServerDefault;
  Refinement refinement = Refinement::kServerDefault;
  // Seed of the random search. Equal requests with equal seeds get equal bytes.
  std::uint64_t seed = 0;
  std::optional<std::uint32_t> patchmatch_iterations;
  // Half-width of the random search in normalised units (an image spans 2); above 0, at most 2.
  std::optional<float> search_radius;
  std::optional<std::uint32_t> optimize_steps;  // gradient steps after PatchMatch
  // Largest spacing of the lattice that the search works on, query pixels, 1 to 64.
  std::optional<std::uint32_t> lattice_stride;
  // Lattice nodes around a pixel whose matches compete with the interpolated one, 0 to 4.
  std::optional<std::uint32_t> upsample_candidates;
  std::optional<std::uint32_t> search_candidates;  // random points per iteration, 1 to 16
  // Factor of the search radius from one iteration to the next; above 0, at most 1.
  std::optional<float> search_decay;
};

// The model to use. Empty members select the server's default model and its current version.
struct ModelSelector {
  std::string name;
  std::string version;
};

// The model that computed the answer, and the cost of the request as measured by the server.
struct Statistics {
  std::string model_name;
  std::string model_version;
  std::string device;  // "cpu" or "cuda:N"
  double decode_seconds = 0;
  double queue_seconds = 0;
  double encode_seconds = 0;
  double match_seconds = 0;
  std::uint64_t field_queries = 0;        // evaluations of the matching field
  std::uint32_t encoder_batch_pairs = 0;  // pairs in the encoder batch of this request
  bool cached = false;  // whether the encoded pair was reused from an earlier request
};

struct KeypointRequest {
  Image query;
  Image reference;
  std::vector<Point> keypoints;  // query pixels, finite and inside the query
  MatchOptions options;
  ModelSelector model;
};

struct KeypointMatch {
  Point query;            // the keypoint of the request
  Point reference;        // the match, reference pixels; may lie outside the image
  float score = 0;        // the matching field's logit; larger is better
  float confidence = 0;   // sigmoid(score), in [0, 1]
  bool in_bounds = true;  // whether `reference` lies inside the reference image
};

struct KeypointResponse {
  std::vector<KeypointMatch> matches;  // in the order of the request's keypoints
  Statistics statistics;
};

// Number format of a flow on the wire; the client always returns float. kFloat16 halves the bytes.
// It rounds displacements by at most 1/2048 of their value, and those beyond 65504 pixels become
// infinite.
enum class FlowType { kFloat32, kFloat16 };

struct FlowRequest {
  Image query;
  Image reference;
  MatchOptions options;
  ModelSelector model;
  bool with_confidence = false;  // requests FlowField.confidence
  // PatchMatch iterations after which to send a preview, strictly ascending; 0: the coarse flow.
  std::vector<std::uint32_t> preview_iterations = {};
  FlowType type = FlowType::kFloat32;
  // Requests FlowField.consistency. The server then also computes the backward flow, which about
  // doubles the work.
  bool with_consistency = false;
};

// An intermediate result of a flow.
struct FlowPreview {
  std::uint32_t iteration = 0;  // PatchMatch iterations done; 0: the coarse flow
  FlowField field;              // without confidence and consistency
};

struct FlowResponse {
  FlowField field;
  int reference_width = 0;   // pixels
  int reference_height = 0;  // pixels
  // With consistency: the sum of both flows' evaluations, and for each time the longer of the two.
  Statistics statistics;
  // With consistency: the matching time of each flow. They share the device. Otherwise 0.
  double forward_match_seconds = 0;
  double backward_match_seconds = 0;
};

struct FieldRequest {
  Image query;
  Image reference;
  Point point;  // query pixels, finite and inside the query
  // Size of the grid, each >= 2; 0: the server's default.
  std::uint32_t columns = 0;
  std::uint32_t rows = 0;
  ModelSelector model;
};

// Scores of one query point at the samples of a grid over the reference. Samples are evenly
// spaced; the outermost ones lie on the centres of the reference's outermost pixels. Larger values
// mean a better match.
struct FieldSample {
  int columns = 0;            // >= 2
  int rows = 0;               // >= 2
  std::vector<float> scores;  // row-major [rows][columns]: the matching field's logits
  // Row-major [rows][columns]: the encoder's coarse cost, interpolated bilinearly between its
  // cells.
  std::vector<float> cost;
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
