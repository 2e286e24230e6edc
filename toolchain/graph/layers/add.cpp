// Add(x, ...): the sum of the outputs named and of the one before, unless that is among them.
#include "ops/add/add.h"

#include "toolchain/graph/layers/join.h"

namespace mote {

namespace {
namespace add_form {

constexpr const char* kNames[] = {"Add"};
constexpr LayerParameter kParameters[] = {
    {"outputs", LayerParameter::Kind::names, nullptr},
    {"activation", LayerParameter::Kind::activation, "linear"},
};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  MOTE_TRY(const std::vector<int32_t> tensors,
           joined(builder, arguments.value(0), [&](const Shape& other) { return builder.shape() == other; }));
  int32_t sum = tensors[0];
  for (size_t i = 1; i < tensors.size(); ++i) {
    MOTE_CHECK(builder.add_joining_node("add", Attributes::of(AddAttributes{}), {sum, tensors[i]}));
    sum = builder.current();
  }
  return builder.add_activation(arguments.value(1).word);
}

constexpr LayerForm kForm = {kNames, {}, "the sum with earlier outputs, by name", kParameters, FirstInput::as_is, add};

}  // namespace add_form
}  // namespace

extern const LayerForm add_layer;
const LayerForm add_layer = add_form::kForm;

}  // namespace mote
