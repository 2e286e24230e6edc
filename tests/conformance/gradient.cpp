#include "tests/conformance/gradient.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include "toolchain/base/simd/simd.h"

namespace mote::conformance {

namespace {

constexpr double kSteps[] = {1.0 / 64, 1.0 / 256, 1.0 / 512}, kTolerance = 2e-4;

// One node's tensors, its projection r, and what both ways of differentiating need.
class Differentiator {
 public:
  Differentiator(const CaseModel& model, bool training)
      : node_(model.graph.nodes[0]),
        values_(model.real_values),
        output_shapes_(output_shapes(model.graph)),
        training_(training) {
    for (const TensorType& type : input_types(model.graph, node_)) shapes_.push_back(type.shape);
    Random random(77);
    projection_.resize(model.expected.size());
    for (float& r : projection_) r = static_cast<float>(random.uniform(-1, 1));
  }

  // All input gradients in one call, into memory that held NaN; `only` >= 0 asks for that input alone.
  std::vector<std::vector<float>> backward(int only) const {
    std::vector<float> saved, output = run_forward(node_, shapes_, values_, output_shapes_, training_, &saved);
    std::vector<std::vector<float>> gradients(values_.size());
    std::vector<const float*> inputs;
    std::vector<float*> wanted;
    for (size_t i = 0; i < values_.size(); ++i) {
      const InputRole role = input_role(*node_.op, i);
      const bool differentiable = !values_[i].empty() && role != InputRole::statistic && role != InputRole::state;
      gradients[i].assign(differentiable ? values_[i].size() : 0, std::numeric_limits<float>::quiet_NaN());
      inputs.push_back(values_[i].empty() ? nullptr : values_[i].data());
      wanted.push_back(!differentiable || (only >= 0 && static_cast<size_t>(only) != i) ? nullptr
                                                                                        : gradients[i].data());
    }
    const std::vector<float*> outputs = places_in_a_row(output.data(), output_shapes_);
    std::vector<float> projection = projection_;
    const std::vector<float*> places = places_in_a_row(projection.data(), output_shapes_);
    const std::vector<const float*> gradients_out(places.begin(), places.end());
    FloatCall call{&node_.attributes, shapes_, output_shapes_, inputs, outputs, gradients_out, wanted, nullptr};
    std::vector<float> workspace(node_.op->float_workspace ? static_cast<size_t>(node_.op->float_workspace(call)) : 0);
    call.workspace = workspace.data();
    give_saved(node_, call, saved);
    call.training = training_;
    run_backward(*node_.op, call);
    return gradients;
  }

  double numeric(size_t input, size_t element, double step) {
    const auto at = [&](double offset) { return projected(input, element, offset); };
    return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
  }

 private:
  double projected(size_t input, size_t element, double offset) {
    const SimdOverride scalar(*simd_levels()[0]);  // adds in double
    float& value = values_[input][element];
    const float before = value;
    value = static_cast<float>(before + offset);
    // The step that float rounding made of `offset` differs by at most 2^-25: inside the tolerance.
    const std::vector<float> output = run_forward(node_, shapes_, values_, output_shapes_, training_);
    value = before;
    double sum = 0;
    for (size_t k = 0; k < output.size(); ++k) sum += double{projection_[k]} * output[k];
    return sum;
  }

  const Node& node_;
  std::vector<std::vector<float>> values_;
  std::vector<Shape> shapes_;
  std::vector<Shape> output_shapes_;
  std::vector<float> projection_;
  bool training_;
};

enum class Verdict { agrees, differs, kink };

bool close(double a, double b) {
  return std::fabs(a - b) <= kTolerance * (1 + std::fabs(a) + std::fabs(b));
}

Verdict judge(const std::array<double, 3>& numeric, double backward) {
  for (double n : numeric)
    if (close(n, backward)) return Verdict::agrees;
  return close(numeric[0], numeric[1]) && close(numeric[1], numeric[2]) ? Verdict::differs : Verdict::kink;
}

}  // namespace

std::string compare_gradients(const CaseModel& model, bool training) {
  Differentiator differentiator(model, training);
  const auto gradients = differentiator.backward(-1);
  size_t checked = 0, kinks = 0;
  for (size_t input = 0; input < gradients.size(); ++input) {
    const auto alone = differentiator.backward(static_cast<int>(input))[input];
    const size_t stride = gradients[input].size() / 200 + 1;  // of a large tensor, a sample
    for (size_t element = 0; element < gradients[input].size(); ++element) {
      if (alone[element] != gradients[input][element])
        return fmt::format("input {} element {}: {} when asked alone, {} with the others", input, element,
                           alone[element], gradients[input][element]);
      if (element % stride != 0) continue;
      ++checked;
      std::array<double, 3> numeric;
      for (size_t k = 0; k < 3; ++k) numeric[k] = differentiator.numeric(input, element, kSteps[k]);
      const Verdict verdict = judge(numeric, gradients[input][element]);
      kinks += verdict == Verdict::kink;
      if (verdict == Verdict::differs)
        return fmt::format("input {} element {}: backward gives {}, differences give {}", input, element,
                           gradients[input][element], numeric[1]);
    }
  }
  if (kinks > 2 && kinks * 5 > checked)
    return fmt::format("{} of {} elements stand at kinks: choose other values", kinks, checked);
  return "";
}

}  // namespace mote::conformance
