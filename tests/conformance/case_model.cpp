#include "tests/conformance/case_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <ostream>

#include "toolchain/base/files.h"

namespace mote::conformance {

namespace {

bool has_scale(DType type) {
  return type == DType::int8 || type == DType::uint8 || type == DType::int16;
}

// Asymmetric parameters (symmetric for int16) that cover the values and zero.
QuantParams activation_params(DType type, const std::vector<float>& values) {
  float low = 0, high = 0;
  for (float v : values) low = std::min(low, v), high = std::max(high, v);
  if (high == low) high = low + 1;
  const IntegerRange range = range_of(type);
  if (type == DType::int16) return {{std::max(high, -low) / 32767.0f}, {0}, 0};
  if (type == DType::int32) return {{std::max(high, -low) / 1048576.0f}, {0}, 0};
  const float scale = static_cast<float>((double{high} - low) / (range.high - range.low));
  const double zero_point = std::clamp(std::round(range.low - low / scale), range.low, range.high);
  return {{scale}, {static_cast<int32_t>(zero_point)}, 0};
}

// Away from zero to six bits.
float coarse(float value) {
  int exponent = 0;
  const float mantissa = std::frexp(value, &exponent);
  return std::ldexp(std::copysign(std::ceil(std::fabs(mantissa) * 64), mantissa), exponent - 6);
}

QuantParams weight_params(const Shape& shape, const std::vector<float>& values, int32_t axis, bool per_channel) {
  TensorType type{DType::int8, shape, {}};
  const size_t channels = per_channel ? static_cast<size_t>(shape[axis]) : 1;
  type.quant = {std::vector<float>(channels, 0), std::vector<int32_t>(channels, 0), per_channel ? axis : 0};
  for (size_t i = 0; i < values.size(); ++i) {
    float& largest = type.quant.scales[channel_of(type, i)];
    largest = std::max(largest, std::fabs(values[i]));
  }
  for (float& scale : type.quant.scales) scale = scale > 0 ? scale / 127 : 1.0f / 127;
  return type.quant;
}

class ModelMaker {
 public:
  ModelMaker(const OpDef& op, const OpCase& op_case, bool integer) : op_(op), case_(op_case), integer_(integer) {}

  Result<CaseModel> make() {
    model_.name = fmt::format("{}.{}", op_.name, case_.name);
    model_.op = &op_;
    model_.integer = integer_;
    model_.graph.name = model_.name;
    node_ = Node{&op_, op_.name, case_.attributes, {}, {}, ""};
    for (size_t i = 0; i < case_.inputs.size(); ++i) add_input(i);
    MOTE_CHECK(take_constants(model_.graph, node_));
    MOTE_CHECK(add_outputs());
    model_.graph.nodes = {node_};
    MOTE_CHECK(validate(model_.graph));
    return std::move(model_);
  }

 private:
  void add_input(size_t i) {
    const Shape& shape = case_.inputs[i];
    if (shape.rank < 0) {
      node_.inputs.push_back(kAbsent);
      model_.real_values.emplace_back();
      return;
    }
    Tensor tensor{fmt::format("input_{}", i), {DType::float32, shape, {}}, is_constant(i), false, {}};
    tensor.variable = input_role(op_, i) == InputRole::state;
    const std::vector<float> values = draw_values(i);
    if (integer_ && !case_.integer_types.empty())
      set_type(tensor.type, case_.integer_types[i]);
    else if (integer_ || is_stated(i))
      quantize_input(i, tensor.type, values);
    std::vector<uint8_t> stored = to_stored(tensor.type, values);
    if (input_role(op_, i) == InputRole::constant)
      model_.real_values.emplace_back();
    else
      model_.real_values.push_back(to_real(tensor.type, stored));
    node_.inputs.push_back(static_cast<int32_t>(model_.graph.tensors.size()));
    if (tensor.constant) {
      tensor.data = std::move(stored);
    } else if (!tensor.variable) {
      model_.graph.inputs.push_back(node_.inputs.back());
      model_.graph.input_names.push_back(tensor.name);
      model_.inputs.push_back(std::move(stored));
    }
    model_.graph.tensors.push_back(std::move(tensor));
  }

  bool is_constant(size_t i) const {
    const InputRole role = input_role(op_, i);
    const bool parameter = role == InputRole::weights || role == InputRole::bias || role == InputRole::constant;
    return parameter || role == InputRole::statistic || (case_.constant_operands >> i & 1) != 0;
  }

  static void set_type(TensorType& type, const TensorType& stated) {
    type.dtype = stated.dtype;
    type.quant = stated.quant;
  }

  // int32 numbers in every form, which the case states.
  bool is_stated(size_t i) const {
    return input_role(op_, i) == InputRole::constant || input_role(op_, i) == InputRole::index;
  }

  // What the case states, zeros for state, else random numbers.
  std::vector<float> draw_values(size_t i) const {
    if (is_stated(i)) return {case_.constants[i].begin(), case_.constants[i].end()};
    Random random = Random(case_.seed).stream(i);
    std::vector<float> values(static_cast<size_t>(case_.inputs[i].elements()));
    if (input_role(op_, i) == InputRole::state) return values;
    if (input_role(op_, i) == InputRole::statistic) {  // also where it is a variance
      for (float& v : values) v = static_cast<float>(random.uniform(0.5, 1.5));
      return values;
    }
    for (float& v : values) v = static_cast<float>(random.uniform(case_.low, case_.high));
    return values;
  }

  void quantize_input(size_t i, TensorType& type, const std::vector<float>& values) {
    switch (input_role(op_, i)) {
      case InputRole::activation:
        if (case_.input_type == DType::float32) return;
        type.dtype = case_.input_type;
        if (!is_quantized(type.dtype)) return;
        // Operators that only choose or move elements need one scale for all of them.
        type.quant =
            i > data_input(op_) && one_scale() ? data_tensor().type.quant : activation_params(type.dtype, values);
        return;
      case InputRole::weights:
        type.dtype = DType::int8;
        type.quant = weight_params(type.shape, values, op_.quant.channel_axis, case_.per_channel);
        return;
      case InputRole::bias: {
        const TensorType &x = data_tensor().type, &w = tensor_of(1).type;
        type.dtype = x.dtype == DType::int16 ? DType::int64 : DType::int32;
        for (float scale : w.quant.scales) type.quant.scales.push_back(x.quant.scales[0] * scale);
        type.quant.zero_points.assign(type.quant.scales.size(), 0);
        return;
      }
      case InputRole::constant:
      case InputRole::index:
        type.dtype = DType::int32;
        return;
      case InputRole::number:
        type.dtype = case_.input_type;
        return;
      case InputRole::state:      // its scale is not bound to others: the case states it
      case InputRole::statistic:  // of operators without an integer form
        return;
    }
  }

  Result<void> add_outputs() {
    Graph& graph = model_.graph;
    MOTE_TRY(const auto shapes, op_.infer(node_.attributes, input_types(graph, node_)));
    int32_t elements = 0;
    for (const Shape& shape : shapes) elements += shape.elements();
    model_.expected = run_forward(node_, input_shapes(), model_.real_values, shapes);
    if (model_.expected.empty() && elements > 0) return defect("the float forward wrote outside its outputs");
    TensorType type;
    const bool number = op_.quant.output == OutputRule::number;
    if (number || integer_) type.dtype = case_.output_type;
    if (integer_ && !case_.integer_types.empty())
      set_type(type, case_.integer_types.back());
    else if (!number && is_quantized(type.dtype))
      type.quant = output_params();
    for (const Shape& shape : shapes) {
      type.shape = shape;
      node_.outputs.push_back(static_cast<int32_t>(graph.tensors.size()));
      graph.output_names.push_back(fmt::format("output_{}", node_.outputs.size() - 1));
      graph.tensors.push_back(Tensor{graph.output_names.back(), type, false, false, {}});
    }
    graph.outputs = node_.outputs;
    return {};
  }

  QuantParams output_params() const {
    switch (op_.quant.output) {
      case OutputRule::same_as_input:
      case OutputRule::joined:
        return data_tensor().type.quant;
      case OutputRule::fixed:
        if (case_.output_type == DType::int16) return {{1.0f / 32768}, {0}, 0};
        return {{op_.quant.fixed_scale}, {op_.quant.fixed_zero_point}, 0};
      case OutputRule::free:
      case OutputRule::boundary:
      case OutputRule::number:
        break;
    }
    // Vectors of another length add in another order: what is stored of a case must not depend on the machine.
    float low = 0, high = 0;
    for (float value : model_.expected) low = std::min(low, value), high = std::max(high, value);
    return activation_params(case_.output_type, {coarse(low), coarse(high)});
  }

  bool is_quantized(DType type) const {
    return has_scale(type) || (type == DType::int32 && op_.quant.output == OutputRule::boundary);
  }

  bool one_scale() const {
    return op_.quant.output == OutputRule::same_as_input || op_.quant.output == OutputRule::joined;
  }

  const Tensor& data_tensor() const { return tensor_of(data_input(op_)); }
  const Tensor& tensor_of(size_t input) const { return model_.graph.tensors[node_.inputs[input]]; }

  std::vector<Shape> input_shapes() const {
    std::vector<Shape> shapes;
    for (const TensorType& type : input_types(model_.graph, node_)) shapes.push_back(type.shape);
    return shapes;
  }

  const OpDef& op_;
  const OpCase& case_;
  bool integer_;
  CaseModel model_;
  Node node_;
};

class TextVisitor : public AttributeVisitor {
 public:
  std::string text;
  void field(int id, const char* name, bool& v) override { add(id, name, v); }
  void field(int id, const char* name, Activation& v) override { add(id, name, static_cast<int>(v)); }
  void field(int id, const char* name, int8_t& v) override { add(id, name, int{v}); }
  void field(int id, const char* name, int32_t& v) override { add(id, name, v); }
  void field(int id, const char* name, float& v) override { add(id, name, v); }
  void field(int id, const char* name, Shape& v) override { add(id, name, to_string(v)); }

 private:
  template <class T>
  void add(int id, const char* name, const T& value) {
    text += fmt::format("{}:{}={};", id, name, value);
  }
};

// Of an operator that converts, the case states the types; float32 throughout would not be a case of it.
bool converts(const OpDef& op) {
  return op.quant.output == OutputRule::boundary || op.quant.inputs[0] == InputRole::number;
}

bool has_form(const OpDef& op, bool integer) {
  return integer ? runs_integers(op) : !converts(op);
}

void add_model(std::vector<CaseModel>& models, const OpDef& op, const OpCase& op_case, bool integer) {
  auto model = make_case_model(op, op_case, integer);
  // A case that its own operator refuses shows as a model without nodes; the shape test reports it.
  models.push_back(
      model.ok()
          ? std::move(*model)
          : CaseModel{
                fmt::format("{}.{}: {}", op.name, op_case.name, model.error().message), &op, integer, {}, {}, {}, {}});
}

}  // namespace

void PrintTo(const CaseModel& model, std::ostream* out) {
  *out << model.name << (model.integer ? " (integer)" : " (float32)");
}

std::string attributes_text(const OpDef& op, Attributes attributes) {
  TextVisitor visitor;
  op.visit(visitor, attributes);
  return visitor.text;
}

TensorType output_type(const Graph& graph) {
  return graph.tensors[graph.outputs[0]].type;
}

std::vector<Shape> output_shapes(const Graph& graph) {
  std::vector<Shape> shapes;
  for (int32_t output : graph.outputs) shapes.push_back(graph.tensors[output].type.shape);
  return shapes;
}

std::vector<float*> places_in_a_row(float* first, const std::vector<Shape>& shapes) {
  std::vector<float*> places;
  for (const Shape& shape : shapes) {
    places.push_back(first);
    first += shape.elements();
  }
  return places;
}

void give_saved(const Node& node, FloatCall& call, std::vector<float>& saved) {
  if (node.op->float_saved != nullptr) saved.resize(static_cast<size_t>(node.op->float_saved(call)));
  call.saved = saved.data();
  call.seed = 20261122;
}

std::vector<float> run_forward(const Node& node, const std::vector<Shape>& shapes,
                               const std::vector<std::vector<float>>& values, const std::vector<Shape>& outputs,
                               bool training, std::vector<float>* saved) {
  constexpr size_t kGuard = 16;
  constexpr float kSentinel = -12345.678f;
  size_t elements = 0;
  for (const Shape& shape : outputs) elements += static_cast<size_t>(shape.elements());
  std::vector<float> guarded(elements + 2 * kGuard, kSentinel);
  std::vector<const float*> inputs;
  for (const auto& v : values) inputs.push_back(v.empty() ? nullptr : v.data());
  float* const output = guarded.data() + kGuard;
  const std::vector<float*> places = places_in_a_row(output, outputs);
  FloatCall call{&node.attributes, shapes, outputs, inputs, places, {}, {}, nullptr};
  std::vector<float> workspace(node.op->float_workspace ? static_cast<size_t>(node.op->float_workspace(call)) : 0);
  call.workspace = workspace.data();
  std::vector<float> own;
  give_saved(node, call, saved != nullptr ? *saved : own);
  call.training = training;
  run_forward(*node.op, call);
  const auto intact = [&](size_t from) {
    return std::all_of(&guarded[from], &guarded[from] + kGuard, [](float v) { return v == kSentinel; });
  };
  if (!intact(0) || !intact(kGuard + elements)) return {};
  return {output, output + elements};
}

Result<CaseModel> make_case_model(const OpDef& op, const OpCase& op_case, bool integer) {
  return ModelMaker(op, op_case, integer).make();
}

int32_t invokes_of(const CaseModel& model) {
  return keeps_state(model.graph) ? 3 : 1;
}

std::vector<CaseModel> all_case_models() {
  std::vector<CaseModel> models;
  for (const OpDef* op : ops_with_cases())
    for (const OpCase& op_case : op->cases()) {
      for (bool integer : {false, true})
        if (has_form(*op, integer)) add_model(models, *op, op_case, integer);
    }
  return models;
}

std::vector<CaseModel> training_case_models(uint64_t seed, int32_t count) {
  std::vector<CaseModel> models;
  uint64_t stream = 0;
  for (const OpDef* op : training_ops()) {
    for (const OpCase& op_case : op->cases()) add_model(models, *op, op_case, false);
    Random random = Random(seed).stream(stream++);
    for (int32_t i = 0; i < count; ++i) {
      OpCase op_case = op->random_case(random);
      op_case.name = fmt::format("random_{}", i);
      add_model(models, *op, op_case, false);
    }
  }
  return models;
}

std::vector<CaseModel> random_case_models(uint64_t seed, int32_t count, bool integer) {
  std::vector<CaseModel> models;
  uint64_t stream = 0;
  for (const OpDef* op : ops_with_cases()) {
    Random random = Random(seed).stream(stream++);
    for (int32_t i = 0; i < count; ++i) {
      OpCase op_case = op->random_case(random);
      op_case.name = fmt::format("random_{}", i);
      if (has_form(*op, integer)) add_model(models, *op, op_case, integer);
    }
  }
  return models;
}

std::string case_fingerprint(const CaseModel& model) {
  std::string text = fmt::format("{} {}", model.op->name, attributes_text(*model.op, model.graph.nodes[0].attributes));
  for (const Tensor& tensor : model.graph.tensors) {
    text += fmt::format("|{} {}", to_string(tensor.type.dtype), to_string(tensor.type.shape));
    for (size_t i = 0; i < tensor.type.quant.scales.size(); ++i)
      text += fmt::format(" {:a}*{}", tensor.type.quant.scales[i], tensor.type.quant.zero_points[i]);
    text.append(tensor.data.begin(), tensor.data.end());
  }
  for (const auto& input : model.inputs) text.append(input.begin(), input.end());
  return fingerprint(text);
}

}  // namespace mote::conformance
