#include "tests/engine/oracle.h"

#include <cstring>
#include <string>

#include "server/engine/bundle/bundle_reader.h"

namespace nemf::testing {

std::string OracleDirectory() { return NEMF_ORACLE_DIR; }

Oracle::Oracle()
    : index_(nlohmann::json::parse(ReadFile(OracleDirectory() + "/index.json").value())) {}

std::string Oracle::Read(const std::string& name) const {
  const std::string file = index_.at("arrays").at(name).at("file").get<std::string>();
  return ReadFile(OracleDirectory() + "/" + file).value();
}

std::vector<int> Oracle::Shape(const std::string& name) const {
  return index_.at("arrays").at(name).at("shape").get<std::vector<int>>();
}

std::vector<float> Oracle::Floats(const std::string& name) const {
  const std::string bytes = Read(name);
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
  return out;
}

std::vector<Point> Oracle::Points(const std::string& name) const {
  const std::vector<float> values = Floats(name);
  std::vector<Point> out;
  for (std::size_t i = 0; i < values.size(); i += 2) out.push_back({values[i], values[i + 1]});
  return out;
}

Image Oracle::ReadImage(const std::string& name) const {
  const std::vector<int> shape = Shape(name);
  const std::string bytes = Read(name);
  return {{shape[1], shape[0]}, {bytes.begin(), bytes.end()}};
}

ImagePair Oracle::Pair(const std::string& name) const {
  return MakeImagePair(ReadImage(name + "_query"), ReadImage(name + "_reference"));
}

}  // namespace nemf::testing
