// One layer form of the [model] list, and what it needs to add itself to a graph. A new form is one file in this folder
// and one line in layers.def.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "toolchain/graph/graph.h"

namespace mote {

// A value as written: a number, a word, or sizes in parentheses or brackets.
struct LayerValue {
  enum class Kind { number, word, sizes };
  Kind kind = Kind::number;
  double number = 0;
  std::string word;
  std::vector<int32_t> sizes;
  size_t column = 1;  // in the layer's text, from 1
};

struct LayerParameter {
  enum class Kind {
    count,  // a whole number > 0
    sizes,  // whole numbers > 0, or one -1; as last positional parameter it takes all that follow: Reshape(10, 30)
    word,   // a name
  };
  const char* name;
  Kind kind;
  const char* fallback;  // nullptr: must be given
};

// The arguments of one layer, complete, in the order of LayerForm::parameters, of the right kinds.
class LayerArguments {
 public:
  explicit LayerArguments(std::vector<LayerValue> values) : values_(std::move(values)) {}
  int32_t count(size_t i) const { return static_cast<int32_t>(values_[i].number); }
  const std::vector<int32_t>& sizes(size_t i) const { return values_[i].sizes; }
  const LayerValue& value(size_t i) const { return values_[i]; }

 private:
  std::vector<LayerValue> values_;
};

class GraphBuilder;

struct LayerForm {
  const char* name;     // as in Keras: "Dense"
  const char* summary;  // one line for the documentation
  std::span<const LayerParameter> parameters;
  bool whole_example;  // takes the example flat: a network starting with it has a flat input
  Result<void> (*add)(GraphBuilder&, const LayerArguments&);
};

// All forms, in the order of layers.def.
std::span<const LayerForm* const> all_layer_forms();

struct ParsedLayer {
  const LayerForm* form = nullptr;
  LayerArguments arguments{{}};
};

// "Dense(64, relu)", "dense(units=64)", "Flatten" or "Flatten()". Errors name the column and the nearest known name.
Result<ParsedLayer> parse_layer(const std::string& text);

// An input error that points into the layer's text: "column 11: ...".
Error layer_error(size_t column, const std::string& message);

// Appends nodes to a chain: each layer reads the output of the one before.
class GraphBuilder {
 public:
  GraphBuilder(Graph& graph, const Shape& input_with_batch);

  int32_t current() const { return current_; }                                // tensor that the next node reads
  const Shape& shape() const { return graph_.tensors[current_].type.shape; }  // of current(), batch first

  // Names of the tensors and nodes added from now on start with this: "dense_1".
  void begin_layer(const std::string& name) { layer_ = name; }

  // A trainable float32 tensor "<layer>/<suffix>", zero until initialise(). fan_in = 0: it stays zero (a bias).
  int32_t add_parameter(const std::string& suffix, const Shape& shape, int64_t fan_in, int64_t fan_out);

  // A node that reads current() and then `parameters`; its output becomes current(). The operator checks the shapes.
  Result<void> add_node(const char* op, const Attributes& attributes, std::span<const int32_t> parameters = {});

  // "linear", "relu", "softmax"...: appends the node, or nothing for linear.
  Result<void> add_activation(const LayerValue& name);

  // Makes current() [batch, elements of one example]; nothing to do when it is.
  Result<void> flatten();

  // Draws the weights. Call after fusion: He or Glorot depends on the activation behind each weight.
  void initialise(uint64_t seed);

 private:
  struct Fans {
    int64_t in, out;
  };
  std::string unique_name(const std::string& suffix) const;

  Graph& graph_;
  std::string layer_;
  int32_t current_ = 0;
  std::vector<Fans> fans_;  // of the trainable tensors, in order
};

}  // namespace mote
