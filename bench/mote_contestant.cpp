#include <cstdio>
#include <cstdlib>

#include "bench/contestants.h"
#include "toolchain/graph/builder.h"
#include "toolchain/train/train.h"

namespace bench {

namespace {

template <class T>
T value_or_exit(mote::Result<T> result) {
  if (result.ok()) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(3);
}

mote::Graph build(const Network& network) {
  return value_or_exit(mote::build_graph(network.layers, mote::make_shape(network.input), 1));
}

}  // namespace

int64_t training_macs(const Network& network) {
  const mote::Graph graph = build(network);
  int64_t first = 0;
  for (const mote::Node& node : graph.nodes)
    if (first == 0) first = mote::node_cost(graph, node).macs;
  return 3 * graph.macs() - first;
}

Run run_mote(const Network& network, const Data& data, int threads) {
  mote::Graph graph = build(network);
  mote::MemoryExamples examples, no_validation;
  examples.inputs = data.inputs;
  examples.input_elements = network.elements();
  mote::TrainConfig config;
  if (network.classes > 0) {
    examples.labels = data.labels;
  } else {
    examples.targets = data.inputs;
    config.loss = mote::Loss::mse;
  }
  config.epochs = network.epochs;
  config.batch = static_cast<int32_t>(kBatch);
  config.schedule = mote::Schedule::constant;
  config.warmup_epochs = 0;
  config.threads = threads;
  const double start = seconds_now(threads);
  const mote::TrainResult result = value_or_exit(mote::train(std::move(graph), examples, no_validation, config, {}));
  return {seconds_now(threads) - start, result.examples_seen, result.history.back().loss};  // planning included
}

}  // namespace bench
