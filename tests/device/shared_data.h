// The real models and reference outputs beside the project, when they are there (MOTE_DATA).
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/device/model_builder.h"

namespace mote::testing {

inline std::string shared_file(const std::string& name) {
  if (const char* root = std::getenv("MOTE_DATA")) return std::string(root) + "/" + name;
  if (const char* source = std::getenv("MOTE_SOURCE_DIR")) return std::string(source) + "/../shared/" + name;
  return name;
}

inline AlignedBytes read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  return AlignedBytes(bytes.data(), bytes.size());
}

#define MOTE_NEEDS_SHARED(name) \
  if (!std::filesystem::exists(::mote::testing::shared_file(name))) GTEST_SKIP() << "no " << name << " (set MOTE_DATA)"

}  // namespace mote::testing
