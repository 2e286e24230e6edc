// Runs a float graph on batches of examples: training metrics, calibration, per-layer errors.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "toolchain/graph/graph.h"

namespace mote {

class FloatExecutor {
 public:
  // Called after each node for each of its outputs, and first for every graph input: `tensor` indexes Graph::tensors.
  using Observer = std::function<void(int32_t tensor, std::span<const float> values)>;

  // Preallocates every activation for `batch` examples; run() allocates nothing. `graph` must outlive the executor; its
  // constants are read in place on every run, so an optimiser's updates show at once.
  // Fails when the graph is invalid, an operator is foreign, or a constant that a float operator reads is not float32.
  static Result<FloatExecutor> create(const Graph& graph, int32_t batch);
  FloatExecutor(FloatExecutor&&) noexcept;
  FloatExecutor& operator=(FloatExecutor&&) noexcept;
  ~FloatExecutor();

  int32_t batch() const;
  std::span<float> input(int32_t i);                   // batch() x elements of one example, to be filled before run()
  std::span<const float> output(int32_t i) const;      // valid after run()
  std::span<const float> tensor(int32_t index) const;  // any activation or float32 constant
  void run(const Observer& observer = {});

 private:
  struct State;
  explicit FloatExecutor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The shape of every tensor when activations carry `batch` examples (dimension 0), as the operators' rules give them.
Result<std::vector<Shape>> shapes_at_batch(const Graph& graph, int32_t batch);

}  // namespace mote
