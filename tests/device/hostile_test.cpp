// Broken files get a Status and nothing else. The fuzzer (tests/fuzz) looks further; this keeps the plain cases in
// every build.
#include <gtest/gtest.h>

#include <random>

#include "tests/device/all_kernels.h"
#include "tests/device/engine_fuzz.h"
#include "tests/device/model_builder.h"

namespace mote {
namespace {

using testing::AlignedBytes;

AlignedBytes planned_classifier() {
  testing::TestModel model = testing::small_classifier();
  model.plan = {0, -1, -1, 16, 16};
  return testing::build(model);
}

TEST(HostileModel, EveryTruncationIsRefused) {
  const AlignedBytes model = planned_classifier();
  AlignedBytes arena(1024);
  int refused = 0;
  for (uint32_t size = 0; size < model.size(); ++size) {
    const AlignedBytes cut(model.data(), size);
    testing::engine_fuzz_one(cut.data(), size);
    Interpreter interpreter;
    // The last bytes of a file may be padding.
    refused += interpreter.init(cut.data(), size, testing::all_kernels(), arena.data(), arena.size()) != Status::ok;
  }
  EXPECT_GE(refused, static_cast<int>(model.size()) - 16);
}

TEST(HostileModel, EveryFlippedBitIsSurvived) {
  const AlignedBytes model = planned_classifier();
  for (uint32_t i = 0; i < model.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      AlignedBytes flipped = model;
      flipped.data()[i] = static_cast<uint8_t>(flipped.data()[i] ^ (1 << bit));
      testing::engine_fuzz_one(flipped.data(), flipped.size());
    }
}

TEST(HostileModel, RandomWordsAreSurvived) {
  const AlignedBytes model = planned_classifier();
  std::mt19937 random(5);
  const uint32_t interesting[] = {
      0, 1, 4, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC, model.size(), model.size() - 4};
  for (int round = 0; round < 5000; ++round) {
    AlignedBytes broken = model;
    for (int k = 0; k < 1 + round % 3; ++k) {
      const uint32_t word = random() % 2 ? interesting[random() % 9] : static_cast<uint32_t>(random() % model.size());
      std::memcpy(broken.data() + random() % (model.size() - 4) / 4 * 4, &word, 4);
    }
    testing::engine_fuzz_one(broken.data(), broken.size());
  }
}

}  // namespace
}  // namespace mote
