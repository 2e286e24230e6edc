// One layer form of the [model] list, and what it needs to add itself to a graph. A new form is one file in this folder
// and one line in layers.def.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "toolchain/graph/graph.h"

namespace mote {

// A value as written: a number, a word, or sizes in parentheses or brackets; bound to a parameter, in the form that its
// kind has.
struct LayerValue {
  enum class Kind { number, word, sizes };
  Kind kind = Kind::number;
  double number = 0;
  std::string word;
  std::vector<int32_t> sizes;
  std::vector<std::string> words;
  size_t column = 1;  // in the layer's text, from 1
};

struct LayerParameter {
  enum class Kind {
    count,       // a whole number > 0
    share,       // a number in [0, 1)
    factor,      // a number in (0, 1]
    extent,      // along the steps, or rows and columns: a whole number > 0 or two -> sizes
    sizes,       // whole numbers > 0, or one -1; as last positional parameter it takes all that follow: Reshape(10, 30)
    margins,     // as sizes, from 0 on
    names,       // of earlier outputs; takes all positional arguments that follow -> words
    activation,  // a name of activation_names() -> word
    padding,     // valid, same or causal -> word
    flag,        // true or false -> number 1 or 0
  };
  const char* name;
  Kind kind;
  const char* fallback;  // nullptr: must be given; "none": a value without number, word and sizes
};

// The arguments of one layer, complete, in the order of LayerForm::parameters, of the right kinds.
class LayerArguments {
 public:
  explicit LayerArguments(std::vector<LayerValue> values) : values_(std::move(values)) {}
  int32_t count(size_t i) const { return static_cast<int32_t>(values_[i].number); }
  float number(size_t i) const { return static_cast<float>(values_[i].number); }
  bool flag(size_t i) const { return values_[i].number != 0; }
  const std::vector<int32_t>& sizes(size_t i) const { return values_[i].sizes; }
  const LayerValue& value(size_t i) const { return values_[i]; }

 private:
  std::vector<LayerValue> values_;
};

class GraphBuilder;

// How a network that starts with the layer takes an example.
enum class FirstInput : uint8_t {
  as_is,
  flat,      // one row of numbers
  sequence,  // [steps, channels] as an image of one row
};

struct LayerForm {
  // As in Keras. A name that ends in 1D takes [steps, channels] only, one in 2D [height, width, channels] only.
  std::span<const char* const> names;
  std::span<const char* const> aliases;  // other names that are understood
  const char* summary;                   // one line for the documentation
  std::span<const LayerParameter> parameters;
  FirstInput first_input;
  // Adds the layer's nodes; nullptr for an architecture.
  Result<void> (*add)(GraphBuilder&, const LayerArguments&);
  // Of an architecture: the layers that it stands for. In them, "start" names what the first one reads.
  Result<std::vector<std::string>> (*expand)(const GraphBuilder&, const LayerArguments&) = nullptr;
};

// All forms, in the order of layers.def.
std::span<const LayerForm* const> all_layer_forms();

struct ParsedLayer {
  const LayerForm* form = nullptr;
  std::string written;  // the form's name that was used, in its own spelling
  std::string output;   // "x" in "x = Dense(4)"; else empty
  size_t output_column = 1;
  std::optional<LayerValue> from;  // from=x
  LayerArguments arguments{{}};
};

// "Dense(64, relu)", "dense(units=64)", "Flatten" or "Flatten()", "x = Dense(4, from=y)". A positional word goes to the
// next parameter that has it among its words: "Conv1D(16, 5, relu)". Errors name the column and the nearest known name.
Result<ParsedLayer> parse_layer(const std::string& text);

// An argument as written.
struct LayerArgument {
  std::string name;  // empty = positional
  size_t column;
  LayerValue value;
};

// The arguments by parameter, with the fallbacks of those that are not given.
Result<LayerArguments> bind_arguments(const LayerForm& form, const std::string& written,
                                      const std::vector<LayerArgument>& arguments, size_t end_column);

// The value alone, as a fallback is written.
Result<LayerValue> parse_value(const std::string& text);

// An input error that points into the layer's text: "column 11: ...".
Error layer_error(size_t column, const std::string& message);

std::span<const char* const> activation_names();

// Height and width of a window, a step or a distance.
struct Extent {
  int32_t height = 1, width = 1;
};

// Appends nodes to a chain: each layer reads the output of the one before.
//
// A sequence [steps, channels] is kept as an image of one row, [batch, 1, steps, channels], from the first layer that
// slides a window along it: so that a chain of such layers needs one reshape at most.
class GraphBuilder {
 public:
  GraphBuilder(Graph& graph, const Shape& example, FirstInput first);

  int32_t current() const { return current_; }               // tensor that the next node reads
  const Shape& shape() const { return shape_of(current_); }  // of current(), batch first
  const Shape& shape_of(int32_t tensor) const { return graph_.tensors[tensor].type.shape; }
  bool is_sequence() const { return sequences_.contains(current_); }
  Shape example() const;  // shape of one example of current(): [steps, channels] for a sequence

  // Adds a layer under a name for its tensors and nodes: "dense_1".
  Result<void> add_layer(const ParsedLayer& layer, const std::string& name);

  // A trainable float32 tensor "<layer>/<suffix>", zero until initialise(). fan_in = 0: it stays zero (a bias).
  int32_t add_parameter(const std::string& suffix, const Shape& shape, int64_t fan_in, int64_t fan_out);
  // A float32 tensor of equal numbers.
  int32_t add_equal(const std::string& suffix, const Shape& shape, float value, bool trainable);
  // Of such a tensor, until the next one is added.
  std::span<float> values(int32_t tensor) { return graph_.tensors[static_cast<size_t>(tensor)].floats(); }
  int32_t add_integers(const std::string& suffix, const Shape& shape, const std::vector<int32_t>& values);
  // A float32 variable, zero at first; dimension 0 is the batch.
  int32_t add_state(const std::string& suffix, const Shape& shape);

  // A node that reads current() and then `inputs`; its output becomes current(). The operator checks the shapes.
  Result<void> add_node(const char* op, const Attributes& attributes, std::span<const int32_t> inputs = {});
  // A node that reads `inputs` alone.
  Result<void> add_joining_node(const char* op, const Attributes& attributes, std::vector<int32_t> inputs);

  // By name, with its usual slope; "linear" adds nothing.
  Result<void> add_activation(const std::string& name);
  // Zeros around the image.
  Result<void> add_padding(Extent before, Extent after);
  Result<void> add_reshape(const std::vector<int32_t>& example);

  // Makes current() [batch, elements of one example]; nothing to do when it is.
  Result<void> flatten();
  // Makes a sequence of current() if it is one of two dimensions; else it must be an image.
  Result<void> to_windows();
  // Makes current() [batch, steps, channels].
  Result<void> to_steps();
  // Of a parameter of kind extent: {1, n} on a sequence, {n, n} or {a, b} on an image.
  Result<Extent> extent(const LayerValue& value) const;

  // The tensor of an earlier output, or "input"; as a sequence if current() is one.
  Result<int32_t> named(const std::string& name, size_t column);

  // Draws the weights. Call after fusion: He or Glorot depends on the activation behind each weight.
  void initialise(uint64_t seed);

 private:
  struct Fans {
    int64_t in, out;
  };
  std::string unique_name(const std::string& suffix) const;
  Result<void> check_dimensions(const std::string& written);
  Result<void> expand(const ParsedLayer& layer, const std::string& name);

  Graph& graph_;
  std::string layer_;
  int32_t current_ = 0;
  std::vector<Fans> fans_;                  // of the trainable tensors, in order
  std::map<std::string, int32_t> outputs_;  // by the names that layers gave them
  std::set<int32_t> sequences_;             // tensors that are images of one row
};

}  // namespace mote
