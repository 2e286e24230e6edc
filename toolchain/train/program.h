// The static plan of one shard: every call of a training step with its buffers, laid out before the first step.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/graph/graph.h"
#include "toolchain/train/float_buffer.h"
#include "toolchain/train/schedule.h"

namespace mote {

// Where each tensor that training changes lies in the flat vectors of weights, gradients and optimiser state.
struct Parameter {
  int32_t tensor = 0;
  int64_t offset = 0;  // floats; each parameter starts at a cache line
  int64_t size = 0;
  bool matrix = false;     // rank 2 and more: subject to weight decay
  bool statistic = false;  // InputRole::statistic: no gradient and no optimiser step, but learn_statistics()
};
struct ParameterLayout {
  std::vector<Parameter> parameters;
  int64_t total = 0;

  static ParameterLayout of(const Graph& graph);
};
void load_parameters(const Graph& graph, const ParameterLayout& layout, float* weights);
void store_parameters(const float* weights, const ParameterLayout& layout, Graph& graph);

// The node that the loss replaces in the reverse pass: softmax and cross-entropy have one simple gradient together.
// kAbsent when the graph does not end in a softmax.
int32_t final_softmax(const Graph& graph);

class ShardProgram {
 public:
  // `graph` must outlive the program; so must `weights` and `gradients` (layout.total floats). gradients == nullptr:
  // forward only. `loss_tensor`: whose gradient the loss writes. `part_floats`: of the largest tensor of a part of the
  // rows, about. `memory`: for values, gradients of activations and workspace, shared by programs of the same arguments
  // that never run at the same time; nullptr = its own. Errors name the node that cannot be run or trained, and why.
  static Result<ShardProgram> create(const Graph& graph, const ParameterLayout& layout, const float* weights,
                                     float* gradients, int32_t loss_tensor, int32_t rows,
                                     int64_t part_floats = kPartFloats, std::shared_ptr<FloatArena> memory = nullptr);

  // Rows of the following calls, 1 .. the `rows` of create(), read in place from `input` until backward() is done.
  void set_batch(int32_t rows, const float* input);
  // What the following calls are: steps of training, with what `seed` draws, or inference.
  void set_training(bool training, uint64_t seed);
  void forward();
  // From loss_gradient() to the gradients of the parameters, which are overwritten. REQUIRES: forward() with the same
  // rows.
  void backward();

  // Moves the statistics among the weights by what the last training forward of each of these programs saw. They are
  // programs of one graph with the same weights, in the order of their rows in the batch.
  static void learn_statistics(std::span<ShardProgram* const> shards);

  int64_t planned_bytes() const { return saved_.bytes() + (shared_ ? 0 : arena_->bytes()); }  // of its own
  // Of the graph's output or of `loss_tensor`; others may be gone.
  const float* value(int32_t tensor) const { return values_[static_cast<size_t>(tensor)]; }
  float* loss_gradient() const { return loss_gradient_; }

 private:
  // A tensor or a gradient: where row 0 is, and how far row n is from it. Those that have one row, and those that are
  // used up within a part, stay in place for every part.
  struct Place {
    float* data = nullptr;
    int64_t pitch = 0;  // floats

    float* at(int32_t row) const { return data + row * pitch; }
  };
  struct Part {
    int32_t first, rows;  // of the batch
    int32_t seen;         // rows of the parts before
  };
  struct Sum {  // a second gradient of a tensor with several consumers, added to the first
    Place from, to;
    int64_t fixed;    // floats of a tensor without a batch, or 0
    int64_t per_row;  // floats per row of an activation
  };
  struct NodeCall {
    const OpDef* op = nullptr;
    std::vector<bool> rowwise;  // of each input, then of each output: dimension 0 is the batch
    std::vector<Place> input_places, output_places, input_gradient_places, output_gradient_places;
    std::vector<Shape> input_shapes, output_shapes;
    std::vector<const float*> inputs, output_gradients;
    std::vector<float*> outputs, input_gradients;
    std::vector<Sum> sums;
    ChannelLine line;                // that input 0 passes
    NodeCall* line_taker = nullptr;  // who takes this one's
    std::vector<float*> statistics;  // of each input, nullptr where it is none; empty = the operator learns none
    FloatCall call;
  };

  ShardProgram() = default;
  Result<void> plan_values(const ParameterLayout& layout, const float* weights);
  Result<void> plan_calls();
  void plan_line(size_t maker);
  void plan_gradients(const ParameterLayout& layout, float* gradients);
  void find_reached();
  void find_batched();
  void find_needs();
  Result<void> find_backward();
  void plan_gradients_of(int32_t node, const Stage& stage);
  Place plan_input_gradient(NodeCall& call, int32_t input, const Stage& stage);
  Place borrow_gradient(int32_t tensor, const Stage& stage);
  float* borrow(int64_t floats, bool local);
  void give_back(const float* data);
  void end_stage();
  void plan_memory(const ParameterLayout& layout);
  Place place_of(float* data, int32_t tensor) const;
  Place value_place(int32_t tensor) const;
  Part whole() const { return {0, rows_, 0}; }
  void move_to(NodeCall& call, Part part) const;
  template <class Run>
  void run(const std::vector<Stage>& stages, bool upwards, const Run& run_step);

  const Graph* graph_ = nullptr;
  int32_t loss_tensor_ = kAbsent;
  int32_t planned_rows_ = 0, rows_ = 0;
  std::shared_ptr<FloatArena> arena_;
  bool shared_ = false;
  FloatArena saved_;              // FloatCall::saved of all nodes
  std::vector<Shape> shapes_;     // of every tensor at planned_rows_
  std::vector<bool> batched_;     // tensors that the graph's input changes: dimension 0 is the batch
  std::vector<float*> values_;    // of every tensor
  std::vector<Place> gradients_;  // of every tensor; nullptr = not needed
  struct Loan {
    float* data;
    int64_t size;  // floats
    bool local;    // used up within a part
  };
  // While planning: memory of gradients. What was given back serves others at once if both are local, else only later
  // stages: other parts still have to pass.
  std::vector<Loan> borrowed_, given_back_, free_;
  std::vector<bool> reached_;  // tensors that a change of some parameter would change
  std::vector<bool> written_;  // while planning: the tensor's gradient already has a writer
  std::vector<NodeNeeds> needs_;
  StepSchedule schedule_;
  float* loss_gradient_ = nullptr;
  std::vector<NodeCall> calls_;
  std::vector<FloatCall> shard_calls_;                 // of one node, for learn_statistics()
  std::vector<std::pair<size_t, size_t>> uses_input_;  // calls and their inputs that are the graph's input
};

}  // namespace mote
