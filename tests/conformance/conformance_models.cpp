// usage: conformance_models FOLDER    writes every operator's cases as one-operator .tflite files, for peers.py
#include <fmt/core.h>

#include "tests/conformance/model_folder.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: {} FOLDER\n", argv[0]);
    return 2;
  }
  const auto written = mote::conformance::write_models(argv[1], mote::conformance::all_case_models());
  if (written.ok()) return 0;
  fmt::print(stderr, "{}\n", written.error().message);
  return 3;
}
