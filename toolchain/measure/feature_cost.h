// What a feature block costs on a board by itself, before there is a model.
#pragma once
#include <vector>

#include "features/feature.h"
#include "toolchain/measure/measure.h"

namespace mote {

// A model that gives back its input, behind the block: its output is the block's int8 numbers.
Result<std::vector<uint8_t>> passing_model(const FeatureBlock& block, float scale, int32_t zero_point);

struct FeatureCost {
  Latency latency;          // of the readings between two windows: contract().stride of them, all zeros
  int64_t flash_bytes = 0;  // code and tables
  int64_t ram_bytes = 0;    // readings, rows and scratch (features/stream.h)
};

// Of int8 features: four deviations to each side.
inline constexpr float kFeatureScale = 8.0f / 255;

// Builds and runs the block's firmware, as measure() does. The features of options.rows (readings), int8 with `scale`
// and `zero_point`, are in `outputs` when it is given. Errors: those of measure(), and input when the board has no room
// for the block, saying by how much.
Result<FeatureCost> measure_features(const FeatureBlock& block, const Board& board, MeasureOptions options,
                                     const Progress& progress = {}, std::vector<uint8_t>* outputs = nullptr,
                                     float scale = kFeatureScale, int32_t zero_point = 0);

}  // namespace mote
