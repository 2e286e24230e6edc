#include <cstdio>
#include <cstdlib>

#include "bench/contestants.h"
#include "toolchain/graph/builder.h"
#include "toolchain/train/train.h"

namespace bench {

Run run_mote(const Data& data, int32_t epochs) {
  const std::string layers[] = {"Dense(64, relu)", "Dense(32, relu)", "Dense(3, softmax)"};
  auto graph = mote::build_graph(layers, mote::make_shape({static_cast<int32_t>(kInputs)}), 1);
  mote::MemoryExamples examples, no_validation;
  examples.inputs = data.inputs;
  examples.labels = data.labels;
  examples.input_elements = kInputs;
  mote::TrainConfig config;
  config.epochs = epochs;
  config.batch = static_cast<int32_t>(kBatch);
  config.schedule = mote::Schedule::constant;
  config.warmup_epochs = 0;
  const double start = processor_seconds();
  auto result = graph.ok() ? mote::train(std::move(*graph), examples, no_validation, config, {}) : graph.error();
  const double seconds = processor_seconds() - start;  // planning and set-up included
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(3);
  }
  return {seconds, result->examples_seen, result->history.back().loss};
}

}  // namespace bench
