// A GRU as operators of TFLite, which has none of its own. Those that read the input do it for all steps at once; each
// step then has eleven nodes, the first, whose state is zero, five:
//
//   zr = logistic(zr_x + Ug h),  z, r = split(zr),  c = tanh(c_x + Uc (r h)),  h = c + z (h - c)
//
// The last line is z h + (1 - z) c with one product less. Constants are those of the GRU, shared by all steps.
#include <fmt/format.h>

#include <cstring>
#include <iterator>

#include "ops/add/add.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/gru/gru.h"
#include "ops/mul/mul.h"
#include "ops/pack/pack.h"
#include "ops/slice/slice.h"
#include "ops/split/split.h"
#include "ops/sub/sub.h"
#include "ops/unpack/unpack.h"
#include "toolchain/graph/passes/matching.h"
#include "toolchain/graph/passes/passes.h"

namespace mote {

namespace {

class Unroller {
 public:
  Unroller(Graph& graph, const Node& gru)
      : graph_(graph),
        gru_(gru),
        batch_(shape_of(gru.inputs[kGruX])[0]),
        steps_(shape_of(gru.inputs[kGruX])[1]),
        units_(shape_of(gru.inputs[kGruCandidateWeights])[0]) {}

  std::vector<Node> run() {
    const std::vector<int32_t> gates = from_input("zr_x", kGruGateWeights, kGruGateBias, 2 * units_);
    const std::vector<int32_t> candidates = from_input("c_x", kGruCandidateWeights, kGruCandidateBias, units_);
    const bool sequences = gru_.attributes.as<GruAttributes>().return_sequences;
    if (steps_ > 1) axis_ = add_integers("axis", {1});
    std::vector<int32_t> states;
    for (int32_t t = 0; t < steps_; ++t) {
      const auto i = static_cast<size_t>(t);
      prefix_ = fmt::format("{}/{}/", gru_.name, t);
      const bool last = t + 1 == steps_ && !sequences;
      const int32_t h = last ? gru_.outputs[0] : add_tensor("h", row(units_));
      if (t == 0)
        first_step(gates[0], candidates[0], h);
      else
        step(gates[i], candidates[i], states.back(), h);
      states.push_back(h);
    }
    if (sequences) add_node("pack", gru_.name, PackAttributes{steps_, 1}, states, gru_.outputs);
    return std::move(nodes_);
  }

 private:
  const Shape& shape_of(int32_t tensor) const { return graph_.tensors[static_cast<size_t>(tensor)].type.shape; }
  Shape row(int32_t columns) const { return make_shape({batch_, columns}); }
  int32_t constant(size_t input) const { return gru_.inputs[input]; }

  int32_t add_tensor(const std::string& name, const Shape& shape) {
    graph_.tensors.push_back({prefix_ + name, {DType::float32, shape, {}}, false, false, {}});
    return static_cast<int32_t>(graph_.tensors.size()) - 1;
  }

  int32_t add_integers(const std::string& name, const std::vector<int32_t>& values) {
    const Shape shape = make_shape({static_cast<int32_t>(values.size())});
    Tensor tensor{gru_.name + "/" + name, {DType::int32, shape, {}}, true, false, {}};
    tensor.data.resize(values.size() * sizeof(int32_t));
    std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<int32_t>(graph_.tensors.size()) - 1;
  }

  template <class Values>
  void add_node(const char* op, const std::string& name, const Values& attributes, std::vector<int32_t> inputs,
                std::vector<int32_t> outputs) {
    nodes_.push_back({find_op(op), name, Attributes::of(attributes), std::move(inputs), std::move(outputs), ""});
  }

  // A node of the step at hand into `output`.
  template <class Values>
  int32_t into(int32_t output, const char* op, const Values& attributes, std::vector<int32_t> inputs) {
    add_node(op, graph_.tensors[static_cast<size_t>(output)].name, attributes, std::move(inputs), {output});
    return output;
  }
  template <class Values>
  int32_t make(const char* name, int32_t columns, const char* op, const Values& attributes,
               std::vector<int32_t> inputs) {
    return into(add_tensor(name, row(columns)), op, attributes, std::move(inputs));
  }
  int32_t make_activation(const char* name, int32_t columns, const char* op, int32_t input) {
    const int32_t output = add_tensor(name, row(columns));
    nodes_.push_back({find_op(op), prefix_ + name, find_op(op)->default_attributes(), {input}, {output}, ""});
    return output;
  }

  // What the products with the input, and the bias, give each step: [batch, columns] each.
  std::vector<int32_t> from_input(const char* name, size_t weights, size_t bias, int32_t columns) {
    FullyConnectedAttributes keep;
    keep.keep_num_dims = true;
    prefix_ = gru_.name + "/";
    const int32_t all = add_tensor(name, make_shape({batch_, steps_, columns}));
    into(all, "fully_connected", keep, {constant(kGruX), constant(weights), constant(bias)});
    std::vector<int32_t> parts;
    for (int32_t t = 0; t < steps_; ++t) parts.push_back(add_tensor(fmt::format("{}/{}", t, name), row(columns)));
    add_node("unpack", gru_.name + "/" + name + "/steps", UnpackAttributes{steps_, 1}, {all}, parts);
    return parts;
  }

  int32_t from_state(const char* name, int32_t columns, int32_t state, size_t weights) {
    return make(name, columns, "fully_connected", FullyConnectedAttributes{}, {state, constant(weights), kAbsent});
  }

  void first_step(int32_t gates, int32_t candidate, int32_t h) {
    SliceAttributes update;
    update.size[0] = kWholeDimension;
    update.size[1] = units_;
    const int32_t begin = add_integers("begin", {0, 0}), size = add_integers("size", {kWholeDimension, units_});
    const int32_t z_x = make("z_x", units_, "slice", update, {gates, begin, size});
    const int32_t z = make_activation("z", units_, "logistic", z_x);
    const int32_t c = make_activation("c", units_, "tanh", candidate);
    const int32_t zc = make("zc", units_, "mul", MulAttributes{}, {z, c});
    into(h, "sub", SubAttributes{}, {c, zc});
  }

  void step(int32_t gates, int32_t candidate, int32_t before, int32_t h) {
    const int32_t zr_h = from_state("zr_h", 2 * units_, before, kGruGateRecurrent);
    const int32_t zr_sum = make("zr_sum", 2 * units_, "add", AddAttributes{}, {gates, zr_h});
    const int32_t zr = make_activation("zr", 2 * units_, "logistic", zr_sum);
    const int32_t z = add_tensor("z", row(units_)), r = add_tensor("r", row(units_));
    add_node("split", prefix_ + "split", SplitAttributes{2, 1}, {axis_, zr}, {z, r});
    const int32_t rh = make("rh", units_, "mul", MulAttributes{}, {r, before});
    const int32_t c_h = from_state("c_h", units_, rh, kGruCandidateRecurrent);
    const int32_t c_sum = make("c_sum", units_, "add", AddAttributes{}, {candidate, c_h});
    const int32_t c = make_activation("c", units_, "tanh", c_sum);
    const int32_t d = make("d", units_, "sub", SubAttributes{}, {before, c});
    const int32_t zd = make("zd", units_, "mul", MulAttributes{}, {z, d});
    into(h, "add", AddAttributes{}, {c, zd});
  }

  Graph& graph_;
  const Node& gru_;
  int32_t batch_, steps_, units_;
  int32_t axis_ = kAbsent;  // that of SPLIT
  std::string prefix_;      // of names
  std::vector<Node> nodes_;
};

}  // namespace

void unroll_grus(Graph& graph) {
  std::vector<Node> nodes = std::move(graph.nodes);
  graph.nodes.clear();
  for (Node& node : nodes) {
    if (!is_op(node, "gru")) {
      graph.nodes.push_back(std::move(node));
      continue;
    }
    std::vector<Node> steps = Unroller(graph, node).run();
    graph.nodes.insert(graph.nodes.end(), std::make_move_iterator(steps.begin()), std::make_move_iterator(steps.end()));
  }
}

}  // namespace mote
