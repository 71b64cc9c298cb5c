#include "server/service/correspondence/response_messages.h"

#include "server/service/correspondence/float_bytes.h"
#include "server/service/correspondence/flow_chunker.h"

namespace nemf {
namespace {

void SetPoint(Point point, v1::Point* message) {
  message->set_x(point.x);
  message->set_y(point.y);
}

}  // namespace

v1::Statistics ToStatistics(const MatchAnswer& answer) {
  const JobStatistics job = answer.statistics();
  v1::Statistics message;
  message.set_model_name(answer.model.name);
  message.set_model_version(answer.model.version);
  message.set_device(answer.model.device);
  message.set_decode_seconds(absl::ToDoubleSeconds(answer.decode_time));
  message.set_queue_seconds(absl::ToDoubleSeconds(job.queue_time));
  message.set_encode_seconds(absl::ToDoubleSeconds(job.encode_time));
  message.set_match_seconds(absl::ToDoubleSeconds(job.match_time));
  message.set_field_queries(static_cast<std::uint64_t>(job.field_queries));
  message.set_encoder_batch_pairs(static_cast<std::uint32_t>(job.encoder_batch_pairs));
  message.set_cached(job.cached);
  return message;
}

v1::TransferKeypointsResponse ToTransferResponse(const MatchAnswer& answer) {
  v1::TransferKeypointsResponse response;
  const std::vector<Point>& keypoints = std::get<KeypointsSpec>(answer.spec).keypoints;
  for (std::size_t i = 0; i < keypoints.size(); ++i) {
    const Match& match = answer.result.matches[i];
    v1::KeypointMatch* message = response.add_matches();
    SetPoint(keypoints[i], message->mutable_query());
    SetPoint(match.reference, message->mutable_reference());
    message->set_score(match.score);
    message->set_confidence(Confidence(match.score));
    message->set_in_bounds(match.in_bounds);
  }
  *response.mutable_statistics() = ToStatistics(answer);
  return response;
}

v1::SampleFieldResponse ToFieldResponse(const MatchAnswer& answer) {
  v1::SampleFieldResponse response;
  const ImageSize nodes = std::get<FieldSpec>(answer.spec).nodes;
  response.set_columns(static_cast<std::uint32_t>(nodes.width));
  response.set_rows(static_cast<std::uint32_t>(nodes.height));
  for (const Match& match : answer.result.matches) {
    AppendFloat(match.score, response.mutable_scores());
  }
  for (const float cost : answer.result.cost) AppendFloat(cost, response.mutable_cost());
  response.set_reference_width(static_cast<std::uint32_t>(answer.reference_size.width));
  response.set_reference_height(static_cast<std::uint32_t>(answer.reference_size.height));
  *response.mutable_statistics() = ToStatistics(answer);
  return response;
}

v1::FlowHeader ToFlowHeader(const MatchAnswer& answer, v1::FlowType type) {
  v1::FlowHeader message;
  message.set_width(static_cast<std::uint32_t>(answer.query_size.width));
  message.set_height(static_cast<std::uint32_t>(answer.query_size.height));
  message.set_reference_width(static_cast<std::uint32_t>(answer.reference_size.width));
  message.set_reference_height(static_cast<std::uint32_t>(answer.reference_size.height));
  message.set_type(type);
  return message;
}

v1::FlowTrailer ToFlowTrailer(const MatchAnswer& answer) {
  v1::FlowTrailer message;
  *message.mutable_statistics() = ToStatistics(answer);
  if (!answer.backward) return message;
  const auto seconds = [](const JobResult& result) {
    return absl::ToDoubleSeconds(result.statistics.match_time);
  };
  message.set_forward_match_seconds(seconds(answer.result));
  message.set_backward_match_seconds(seconds(*answer.backward));
  return message;
}

}  // namespace nemf
