// consumer SERVER QUERY REFERENCE X Y: prints the match of the query pixel (X, Y) and its score.

#include <nemf/client.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

nemf::client::EncodedImage ReadImage(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::string(std::istreambuf_iterator<char>(file), {})};
}

int Fail(const nemf::client::Status& status) {
  std::cerr << status.ToString() << "\n";
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return EXIT_FAILURE;
  const auto client = nemf::client::Client::Connect({.target = argv[1]});
  if (!client.ok()) return Fail(client.status());
  nemf::client::KeypointRequest request;
  request.query = ReadImage(argv[2]);
  request.reference = ReadImage(argv[3]);
  request.keypoints = {{std::strtof(argv[4], nullptr), std::strtof(argv[5], nullptr)}};
  const auto response = client->TransferKeypoints(request);
  if (!response.ok()) return Fail(response.status());
  std::cout.precision(9);
  for (const nemf::client::KeypointMatch& match : response->matches) {
    std::cout << match.reference.x << " " << match.reference.y << " " << match.score << "\n";
  }
}
