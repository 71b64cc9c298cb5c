#include "tests/engine/naive_field.h"

#include <algorithm>
#include <cmath>

namespace nemf::testing {

namespace {

// A node's weight along an axis: max(0, 1 - |distance|), so 0 unless it is next to the point.
double Hat(double coordinate, int node, int grid) {
  const double position = (coordinate + 1.0) / 2.0 * (grid - 1);
  return std::max(0.0, 1.0 - std::abs(position - node));
}

std::vector<double> Apply(const Linear& layer, const std::vector<double>& in) {
  std::vector<double> out(layer.bias.begin(), layer.bias.end());
  for (int o = 0; o < layer.outputs; ++o) {
    for (int i = 0; i < layer.inputs; ++i) out[o] += layer.weight[o * layer.inputs + i] * in[i];
  }
  return out;
}

std::vector<double> Relu(std::vector<double> values) {
  for (double& value : values) value = std::max(value, 0.0);
  return values;
}

void Add(const std::vector<double>& more, std::vector<double>* sum) {
  for (std::size_t i = 0; i < sum->size(); ++i) (*sum)[i] += more[i];
}

}  // namespace

std::vector<double> NaiveInterpolation(const PhiView& phi, Point2 reference, Point2 query) {
  const int grid = phi.grid;
  std::vector<double> out(phi.channels);
  const float* cell = phi.data;
  for (int i = 0; i < grid; ++i) {
    for (int j = 0; j < grid; ++j) {
      for (int k = 0; k < grid; ++k) {
        for (int l = 0; l < grid; ++l) {
          const double weight = Hat(reference.y, i, grid) * Hat(reference.x, j, grid) *
                                Hat(query.y, k, grid) * Hat(query.x, l, grid);
          for (int c = 0; c < phi.channels; ++c) out[c] += weight * cell[c];
          cell += phi.channels;
        }
      }
    }
  }
  return out;
}

double NaiveField::Score(Vec2 embedded, Point2 read, Vec2 query) const {
  std::vector<double> gamma = Embed(embedded);
  const std::vector<double> second = Embed(query);
  gamma.insert(gamma.end(), second.begin(), second.end());
  const std::vector<double> phi = NaiveInterpolation(phi_, read, {query.x, query.y});
  std::vector<double> net = Apply(weights_.fc_p, gamma);
  for (int i = 0; i < weights_.shape.blocks; ++i) {
    Add(Apply(weights_.fc_c[i], phi), &net);
    Add(Apply(weights_.fc_1[i], Relu(Apply(weights_.fc_0[i], Relu(net)))), &net);
  }
  return Apply(weights_.fc_out, Relu(net))[0];
}

std::vector<double> NaiveField::Embed(Vec2 point) const {
  const FieldShape& shape = weights_.shape;
  std::vector<double> out;
  const float u[2] = {point.x * shape.scale + shape.offset, point.y * shape.scale + shape.offset};
  for (const float each : u) {
    for (const float f : shape.frequencies) out.push_back(std::sin(static_cast<double>(each * f)));
  }
  for (const float each : u) {
    for (const float f : shape.frequencies) out.push_back(std::cos(static_cast<double>(each * f)));
  }
  out.insert(out.end(), u, u + 2);
  return out;
}

}  // namespace nemf::testing
