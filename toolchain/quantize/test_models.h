// Small graphs and data for the tests of this folder.
#pragma once
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "toolchain/base/random.h"
#include "toolchain/graph/builder.h"

namespace mote {

inline Graph dense(const std::vector<std::string>& layers, int32_t inputs, uint64_t seed = 1) {
  Result<Graph> graph = build_graph(layers, make_shape({inputs}), seed);
  EXPECT_TRUE(graph.ok()) << graph.error().message;
  return std::move(*graph);
}

inline std::vector<float> normal_rows(int64_t values, uint64_t seed) {
  Random random(seed);
  std::vector<float> rows;
  for (int64_t i = 0; i < values; ++i) rows.push_back(static_cast<float>(random.normal()));
  return rows;
}

inline std::span<const int8_t> stored_int8(const Tensor& tensor) {
  return {reinterpret_cast<const int8_t*>(tensor.data.data()), tensor.data.size()};
}
inline std::span<const int32_t> stored_int32(const Tensor& tensor) {
  return {reinterpret_cast<const int32_t*>(tensor.data.data()), tensor.data.size() / 4};
}

}  // namespace mote
