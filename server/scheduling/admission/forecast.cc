#include "server/scheduling/admission/forecast.h"

#include <algorithm>
#include <cmath>

#include "server/scheduling/admission/quantum_order.h"

namespace nemf {
namespace {

std::int64_t Weight(const OutstandingWork& work) {
  return WeighedQueries(static_cast<std::int64_t>(work.queries), work.priority);
}

// What stands before a job and what behind it.
struct Company {
  int pairs_before = 0;
  int pairs_behind = 0;
  double queries_before = 0;
  bool longer = false;  // a job that rule 1 puts behind it is or will be matched
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

double Costs::EncodeSeconds(int pairs) const {
  const int whole = pairs / encoder_batch;
  const int rest = pairs % encoder_batch;
  return whole * encode.Predict(encoder_batch) + (rest > 0 ? encode.Predict(rest) : 0);
}

double Costs::MatchSeconds(double queries) const {
  return std::ceil(queries / chunk_queries) * match.fixed() + queries * match.per_item();
}

Forecast ForecastFor(const OutstandingWork& job, absl::Span<const OutstandingWork> others,
                     const Costs& costs) {
  const Company company = CompanyOf(job, others);
  Forecast forecast;
  forecast.own = costs.MatchSeconds(job.queries);
  if (job.needs_encoding) forecast.own += costs.encode.Predict(1);

  const auto own_chunks = static_cast<int>(std::ceil(job.queries / costs.chunk_queries));
  const int passes_behind = (company.pairs_behind + costs.encoder_batch - 1) / costs.encoder_batch;
  forecast.wait = costs.EncodeSeconds(company.pairs_before);
  if (passes_behind > own_chunks) {
    forecast.wait += own_chunks * costs.encode.Predict(costs.encoder_batch);
  } else {
    forecast.wait += costs.EncodeSeconds(company.pairs_behind);
  }

  forecast.wait += costs.MatchSeconds(company.queries_before);
  std::int64_t chunks_of_others = others.empty() ? 0 : 1;  // the running one
  if (company.longer) {
    const double chunks = (company.queries_before + job.queries) / costs.chunk_queries;
    chunks_of_others += static_cast<std::int64_t>(std::ceil(chunks)) / (kAgeingPeriod - 1);
  }
  forecast.wait += static_cast<double>(chunks_of_others) * costs.match.Predict(costs.chunk_queries);
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
