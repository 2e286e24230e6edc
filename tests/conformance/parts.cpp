#include "tests/conformance/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "toolchain/base/simd/simd.h"

namespace mote::conformance {

namespace {

constexpr int32_t kTimes = 7, kPart = 3;

// What input 0 passes on its way to the operator: nothing, a line that the operator takes, or one that was applied.
enum class Line { none, taken, applied };

// A tensor with a row for each example, or one for all of them.
struct Rows {
  Shape shape;
  bool batched = false;
  std::vector<float> values;

  Shape part(int32_t rows) const {
    Shape result = shape;
    if (batched) result.dims[0] = rows;
    return result;
  }
  float* at(int32_t row) { return values.data() + (batched ? row * (shape.elements() / shape[0]) : 0); }
};

Rows rows_of(Shape shape, bool batched, int32_t times, Random& random) {
  if (batched) shape.dims[0] *= times;
  Rows rows{shape, batched, std::vector<float>(static_cast<size_t>(shape.elements()))};
  for (float& value : rows.values) value = static_cast<float>(random.uniform(0.1, 1));  // variances are positive
  return rows;
}

// One node with its tensors and their gradients.
class Batch {
 public:
  Batch(const CaseModel& model, bool training, int32_t times, Line line)
      : node_(model.graph.nodes[0]), training_(training) {
    Random random(5);
    const std::vector<TensorType> types = input_types(model.graph, node_);
    for (size_t i = 0; i < types.size(); ++i) {
      const bool absent = model.real_values[i].empty();
      inputs_.push_back(absent ? Rows{} : rows_of(types[i].shape, has_rows(*node_.op, types, i), times, random));
      gradients_.push_back(inputs_.back());
      std::ranges::fill(gradients_.back().values, std::numeric_limits<float>::quiet_NaN());
    }
    for (const Shape& shape : output_shapes(model.graph)) {
      outputs_.push_back(rows_of(shape, true, times, random));
      output_gradients_.push_back(rows_of(shape, true, times, random));
    }
    if (line != Line::none) add_line(line, random);
  }

  int32_t rows() const { return outputs_[0].shape[0]; }

  void run(int32_t part) {
    std::vector<float> saved;
    for (const bool backward : {false, true})
      for (const bool observing : {true, false})
        for (int32_t row = 0; row < rows(); row += part)
          step(row, std::min(part, rows() - row), backward, observing, saved);
  }

  std::string difference(const Batch& other) const {
    for (size_t i = 0; i < outputs_.size(); ++i)
      if (const auto found = compare(outputs_[i], other.outputs_[i]); !found.empty())
        return fmt::format("output {}, {}", i, found);
    for (size_t i = 0; i < gradients_.size(); ++i)
      if (const auto found = compare(gradients_[i], other.gradients_[i]); !found.empty())
        return fmt::format("gradient of input {}, {}", i, found);
    return "";
  }

 private:
  // Some channels turned, some clipped.
  void add_line(Line how, Random& random) {
    const int32_t channels = inputs_[0].shape.last();
    for (int32_t c = 0; c < 2 * channels; ++c) line_numbers_.push_back(static_cast<float>(random.uniform(-2, 2)));
    line_ = {line_numbers_.data(), line_numbers_.data() + channels, {-0.5f, 0.75f}};
    takes_ = how == Line::taken;
    std::vector<float>& x = inputs_[0].values;
    const Channels size{static_cast<int64_t>(x.size()) / channels, channels};
    if (how == Line::applied) simd().scale_shift(size, x.data(), line_.scale, line_.shift, line_.limits, x.data());
  }

  bool wanted(size_t input) const {
    return !inputs_[input].values.empty() && input_role(*node_.op, input) != InputRole::statistic;
  }

  void step(int32_t row, int32_t rows, bool backward, bool observing, std::vector<float>& saved) {
    const OpDef& op = *node_.op;
    const auto observe = backward ? op.observe_gradient : op.observe;
    if (observing && observe == nullptr) return;
    std::vector<Shape> input_shapes, output_shapes;
    std::vector<const float*> inputs, output_gradients;
    std::vector<float*> outputs, gradients;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const bool absent = inputs_[i].values.empty();
      input_shapes.push_back(absent ? Shape{-1, {}} : inputs_[i].part(rows));
      inputs.push_back(absent ? nullptr : inputs_[i].at(row));
      gradients.push_back(wanted(i) ? gradients_[i].at(row) : nullptr);
    }
    for (size_t i = 0; i < outputs_.size(); ++i) {
      output_shapes.push_back(outputs_[i].part(rows));
      outputs.push_back(outputs_[i].at(row));
      output_gradients.push_back(output_gradients_[i].at(row));
    }
    FloatCall call{&node_.attributes, input_shapes,     output_shapes, inputs,
                   outputs,           output_gradients, gradients,     nullptr};
    if (takes_) call.line = &line_;
    std::vector<float> workspace(op.float_workspace ? static_cast<size_t>(op.float_workspace(call)) : 0);
    call.workspace = workspace.data();
    call.training = training_;
    call.row = row;
    call.last = row + rows == this->rows();
    if (saved.empty() && op.float_saved) saved.resize(static_cast<size_t>(op.float_saved(call)));
    call.saved = saved.data();
    (observing ? observe : backward ? op.backward : op.forward)(call);
  }

  static std::string compare(const Rows& a, const Rows& b) {
    for (size_t i = 0; i < a.values.size(); ++i)
      if (!(std::fabs(a.values[i] - b.values[i]) <= 1e-4f * (1 + std::fabs(a.values[i]))) &&
          !(std::isnan(a.values[i]) && std::isnan(b.values[i])))
        return fmt::format("element {}: {}, then {}", i, a.values[i], b.values[i]);
    return "";
  }

  const Node& node_;
  bool training_;
  std::vector<Rows> inputs_, gradients_, outputs_, output_gradients_;
  std::vector<float> line_numbers_;
  ChannelLine line_;
  bool takes_ = false;
};

}  // namespace

bool has_rows(const OpDef& op, std::span<const TensorType> inputs, size_t input) {
  const InputRole role = input_role(op, input);
  return (role == InputRole::activation && inputs[input].shape == inputs[data_input(op)].shape) ||
         (role == InputRole::state && inputs[input].shape.rank >= 0);
}

std::string compare_parts(const CaseModel& model, bool training) {
  Batch once(model, training, kTimes, Line::none), parts(model, training, kTimes, Line::none);
  once.run(once.rows());
  parts.run(kPart);
  return once.difference(parts);
}

std::string compare_line(const CaseModel& model) {
  if (input_types(model.graph, model.graph.nodes[0])[0].shape.rank == 0) return "";  // it has no channels
  Batch applied(model, true, 1, Line::applied), taken(model, true, 1, Line::taken);
  applied.run(applied.rows());
  taken.run(taken.rows());
  return applied.difference(taken);
}

}  // namespace mote::conformance
