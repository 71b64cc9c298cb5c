#include "server/scheduling/admission/forecast.h"

#include <algorithm>
#include <cmath>

#include "server/scheduling/admission/quantum_order.h"

namespace nemf {
namespace {

std::int64_t Weight(const OutstandingWork& work) {
  return WeighedQueries(static_cast<std::int64_t>(work.queries), work.priority);
}

// The work that goes before a job and the work that goes behind it.
struct Company {
  int pairs_before = 0;
  int pairs_behind = 0;
  double queries_before = 0;
  bool longer = false;  // rule 1 puts some job behind it
};

Company CompanyOf(const OutstandingWork& job, absl::Span<const OutstandingWork> others) {
  Company company;
  for (const OutstandingWork& other : others) {
    if (other.needs_encoding) {
      const bool before = job.needs_encoding && other.priority >= job.priority;
      ++(before ? company.pairs_before : company.pairs_behind);
    }
    if (Weight(other) <= Weight(job)) {
      company.queries_before += other.queries;
    } else {
      company.longer = true;
    }
  }
  return company;
}

}  // namespace

Forecast ForecastFor(const OutstandingWork& job, absl::Span<const OutstandingWork> others,
                     const Costs& costs) {
  const Company company = CompanyOf(job, others);
  Forecast forecast;
  forecast.own = costs.MatchSeconds(job.queries);
  if (job.needs_encoding) forecast.own += costs.encode.Predict(1);

  const double quanta = std::ceil(job.queries / costs.quantum);
  const double batches = std::ceil(quanta / kQuantaPerEncoderBatch);
  const int behind =
      static_cast<int>(std::min<double>(company.pairs_behind, batches * costs.encoder_batch));
  forecast.wait = costs.EncodeSeconds(company.pairs_before) + costs.EncodeSeconds(behind);

  forecast.wait += costs.MatchSeconds(company.queries_before);
  double quanta_of_others = others.empty() ? 0 : 1;  // the running one
  if (company.longer) {
    const double needed = std::ceil((company.queries_before + job.queries) / costs.quantum);
    quanta_of_others += std::floor(needed / (kAgeingPeriod - 1));
  }
  forecast.wait += quanta_of_others * costs.match.Predict(costs.quantum);
  return forecast;
}

double SecondsOf(absl::Span<const OutstandingWork> work, const Costs& costs) {
  int pairs = 0;
  double queries = 0;
  for (const OutstandingWork& each : work) {
    pairs += each.needs_encoding ? 1 : 0;
    queries += each.queries;
  }
  return costs.EncodeSeconds(pairs) + costs.MatchSeconds(queries);
}

}  // namespace nemf
