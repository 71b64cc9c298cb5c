#include "client/nemf/convert.h"

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

#include "client/nemf/wire_floats.h"

namespace nemf::client {
namespace {

v1::RawImage::Format ToProto(PixelFormat format) {
  switch (format) {
    case PixelFormat::kRgb8:
      return v1::RawImage::RGB8;
    case PixelFormat::kBgr8:
      return v1::RawImage::BGR8;
    case PixelFormat::kGray8:
      return v1::RawImage::GRAY8;
  }
  return v1::RawImage::FORMAT_UNSPECIFIED;
}

v1::Preset ToProto(Preset preset) {
  switch (preset) {
    case Preset::kServerDefault:
      return v1::PRESET_UNSPECIFIED;
    case Preset::kReference:
      return v1::REFERENCE;
    case Preset::kBalanced:
      return v1::BALANCED;
    case Preset::kFast:
      return v1::FAST;
  }
  return v1::PRESET_UNSPECIFIED;
}

v1::Refinement ToProto(Refinement refinement) {
  switch (refinement) {
    case Refinement::kServerDefault:
      return v1::REFINEMENT_UNSPECIFIED;
    case Refinement::kCoarse:
      return v1::COARSE;
    case Refinement::kPatchMatch:
      return v1::PATCHMATCH;
    case Refinement::kPatchMatchAndOptimize:
      return v1::PATCHMATCH_AND_OPTIMIZE;
  }
  return v1::REFINEMENT_UNSPECIFIED;
}

void SetImage(const EncodedImage& image, v1::Image* out) { out->set_encoded(image.bytes); }

void SetImage(const RawImage& image, v1::Image* out) {
  v1::RawImage* raw = out->mutable_raw();
  raw->set_format(ToProto(image.format));
  raw->set_width(image.width);
  raw->set_height(image.height);
  raw->set_stride(image.stride);
  raw->set_data(image.data);
}

void SetOptions(const MatchOptions& options, v1::MatchOptions* out) {
  out->set_preset(ToProto(options.preset));
  out->set_refinement(ToProto(options.refinement));
  out->set_seed(options.seed);
  if (options.patchmatch_iterations) {
    out->set_patchmatch_iterations(*options.patchmatch_iterations);
  }
  if (options.search_radius) out->set_search_radius(*options.search_radius);
  if (options.optimize_steps) out->set_optimize_steps(*options.optimize_steps);
  if (options.lattice_stride) out->set_lattice_stride(*options.lattice_stride);
  if (options.upsample_candidates) out->set_upsample_candidates(*options.upsample_candidates);
  if (options.search_candidates) out->set_search_candidates(*options.search_candidates);
  if (options.search_decay) out->set_search_decay(*options.search_decay);
}

// Sets the fields that all requests share.
template <typename Request, typename Message>
void SetPair(const Request& request, Message* out) {
  std::visit([out](const auto& image) { SetImage(image, out->mutable_query()); }, request.query);
  std::visit([out](const auto& image) { SetImage(image, out->mutable_reference()); },
             request.reference);
  out->mutable_model()->set_name(request.model.name);
  out->mutable_model()->set_version(request.model.version);
}

v1::Point ToProto(const Point& point) {
  v1::Point out;
  out.set_x(point.x);
  out.set_y(point.y);
  return out;
}

Point FromProto(const v1::Point& point) { return {point.x(), point.y()}; }

}  // namespace

v1::TransferKeypointsRequest ToProto(const KeypointRequest& request) {
  v1::TransferKeypointsRequest out;
  SetPair(request, &out);
  SetOptions(request.options, out.mutable_options());
  for (const Point& point : request.keypoints) {
    *out.add_keypoints() = ToProto(point);
  }
  return out;
}

v1::ComputeFlowRequest ToProto(const FlowRequest& request) {
  v1::ComputeFlowRequest out;
  SetPair(request, &out);
  SetOptions(request.options, out.mutable_options());
  out.set_with_confidence(request.with_confidence);
  for (const std::uint32_t each : request.preview_iterations) out.add_preview_iterations(each);
  if (request.type == FlowType::kFloat16) out.set_type(v1::FLOAT16);
  out.set_with_consistency(request.with_consistency);
  return out;
}

v1::SampleFieldRequest ToProto(const FieldRequest& request) {
  v1::SampleFieldRequest out;
  SetPair(request, &out);
  *out.mutable_point() = ToProto(request.point);
  out.set_columns(request.columns);
  out.set_rows(request.rows);
  return out;
}

Result<KeypointResponse> FromProto(const v1::TransferKeypointsStreamResponse& response) {
  if (response.has_response()) return FromProto(response.response());
  if (response.error().code() == 0) {
    return Status(Code::kDataLoss, "an answer of the stream has neither matches nor an error");
  }
  const v1::StreamError& error = response.error();
  std::optional<std::chrono::milliseconds> pushback;
  if (error.has_retry_pushback_ms()) pushback.emplace(error.retry_pushback_ms());
  return Status(static_cast<Code>(error.code()), error.message(), pushback);
}

KeypointResponse FromProto(const v1::TransferKeypointsResponse& response) {
  KeypointResponse out;
  out.matches.reserve(response.matches_size());
  for (const v1::KeypointMatch& match : response.matches()) {
    out.matches.push_back({FromProto(match.query()), FromProto(match.reference()), match.score(),
                           match.confidence(), match.in_bounds()});
  }
  out.statistics = FromProto(response.statistics());
  return out;
}

Result<FieldResponse> FromProto(const v1::SampleFieldResponse& response) {
  const std::size_t nodes = std::size_t{response.columns()} * response.rows();
  const bool complete = response.columns() >= 2 && response.rows() >= 2 &&
                        response.scores().size() == nodes * sizeof(float) &&
                        response.cost().size() == nodes * sizeof(float);
  if (!complete) {
    return Status(Code::kDataLoss, "a field of " + std::to_string(response.columns()) + " x " +
                                       std::to_string(response.rows()) + " nodes with " +
                                       std::to_string(response.scores().size()) +
                                       " bytes of scores and " +
                                       std::to_string(response.cost().size()) + " of cost");
  }
  FieldResponse out;
  out.field.columns = static_cast<int>(response.columns());
  out.field.rows = static_cast<int>(response.rows());
  AppendItems(response.scores(), &out.field.scores);
  AppendItems(response.cost(), &out.field.cost);
  out.reference_width = static_cast<int>(response.reference_width());
  out.reference_height = static_cast<int>(response.reference_height());
  out.statistics = FromProto(response.statistics());
  return out;
}

Statistics FromProto(const v1::Statistics& statistics) {
  return {
      .model_name = statistics.model_name(),
      .model_version = statistics.model_version(),
      .device = statistics.device(),
      .decode_seconds = statistics.decode_seconds(),
      .queue_seconds = statistics.queue_seconds(),
      .encode_seconds = statistics.encode_seconds(),
      .match_seconds = statistics.match_seconds(),
      .field_queries = statistics.field_queries(),
      .encoder_batch_pairs = statistics.encoder_batch_pairs(),
      .cached = statistics.cached(),
  };
}

Status FromGrpc(const grpc::Status& status) {
  return status.ok() ? Status()
                     : Status(static_cast<Code>(status.error_code()), status.error_message());
}

Status FromGrpc(const grpc::Status& status, const grpc::ClientContext& context) {
  const Status plain = FromGrpc(status);
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find("grpc-retry-pushback-ms");
  if (plain.ok() || found == trailers.end()) return plain;
  const std::string text(found->second.data(), found->second.size());
  // gRPC's retries treat a value that is not a number as "do not retry".
  char* end = nullptr;
  const long long parsed = std::strtoll(text.c_str(), &end, 10);
  const bool is_number = !text.empty() && *end == '\0';
  return Status(plain.code(), plain.message(), std::chrono::milliseconds(is_number ? parsed : -1));
}

}  // namespace nemf::client
