#ifndef NEMF_SERVER_ENGINE_MATH_ADAM_H_
#define NEMF_SERVER_ENGINE_MATH_ADAM_H_

#include <cmath>

#include "server/engine/math/coordinates.h"
#include "server/engine/math/macros.h"

namespace nemf {

// The state of AdamW for one point.
struct AdamState {
  Vec2 first;   // running mean of the gradient
  Vec2 second;  // running mean of its square
};

// The constants of one step, the same for all points.
struct AdamStepSize {
  float rate;
  float keep;             // 1 - rate * weight decay
  float first_unbiased;   // 1 - beta1^(step + 1)
  float second_unbiased;  // 1 - beta2^(step + 1)
};

// Returns the learning rate of step 0, 1, ...: half a cosine over `steps` from `initial` to
// `final`, one step late (docs/algorithm.md, section 5.3).
NEMF_HD double LearningRate(int step, int steps, double initial, double final) {
  const double pi = 3.14159265358979323846;
  const double late = step > 0 ? step - 1 : 0;
  return final + (initial - final) * (1.0 + cos(pi * late / steps)) / 2.0;
}

NEMF_HD AdamStepSize MakeAdamStep(int step, double rate, double weight_decay) {
  return {static_cast<float>(rate), static_cast<float>(1.0 - rate * weight_decay),
          static_cast<float>(1.0 - pow(0.9, step + 1)),
          static_cast<float>(1.0 - pow(0.999, step + 1))};
}

// Updates AdamW along one axis (betas 0.9 and 0.999, epsilon 1e-8): decay first, then the Adam
// update.
NEMF_HD float AdamAxis(float value, float gradient, const AdamStepSize& step, float* first,
                       float* second) {
  *first = 0.9f * *first + 0.1f * gradient;
  *second = 0.999f * *second + 0.001f * (gradient * gradient);
  const float mean = *first / step.first_unbiased;
  const float spread = sqrtf(*second / step.second_unbiased) + 1e-8f;
  return value * step.keep - step.rate * mean / spread;
}

// Returns a point after one step against the gradient of its loss.
NEMF_HD Vec2 AdamUpdate(Vec2 point, Vec2 gradient, const AdamStepSize& step, AdamState* state) {
  return {AdamAxis(point.x, gradient.x, step, &state->first.x, &state->second.x),
          AdamAxis(point.y, gradient.y, step, &state->first.y, &state->second.y)};
}

// Returns d (-log sigmoid(score)) / d score.
NEMF_HD float LossSlope(float score) { return -1.0f / (1.0f + expf(score)); }

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_ADAM_H_
