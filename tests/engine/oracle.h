#ifndef NEMF_TESTS_ENGINE_ORACLE_H_
#define NEMF_TESTS_ENGINE_ORACLE_H_

#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "server/engine/image.h"

namespace nemf::testing {

// The folder that make_oracle.py wrote.
std::string OracleDirectory();

// The arrays in it.
class Oracle {
 public:
  // Throws if the folder is not there.
  Oracle();

  std::vector<int> Shape(const std::string& name) const;
  std::vector<float> Floats(const std::string& name) const;
  // [K, 2].
  std::vector<Point> Points(const std::string& name) const;
  // [H, W, 3] bytes.
  Image ReadImage(const std::string& name) const;
  ImagePair Pair(const std::string& name) const;
  std::uint64_t seed() const { return index_.at("seed").get<std::uint64_t>(); }

 private:
  std::string Read(const std::string& name) const;

  nlohmann::json index_;
};

}  // namespace nemf::testing

#endif  // NEMF_TESTS_ENGINE_ORACLE_H_
