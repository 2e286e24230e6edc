#include "ops/op_families.h"

#include <algorithm>
#include <cstring>

namespace mote {

std::string text_of(const StepGroups& groups) {
  std::string text;
  for (int32_t g = 0; g < groups.count; ++g)
    text += fmt::format("{}{{{}, {}, {}}}", g == 0 ? "" : ", ", groups.groups[g].size, groups.groups[g].step_a,
                        groups.groups[g].step_b);
  return "{" + text + "}";
}

namespace {

Result<std::vector<Shape>> infer_operands(std::span<const TensorType> inputs, std::initializer_list<DType> types) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  MOTE_CHECK(expect_type(inputs, 0, "first operand", types));
  MOTE_CHECK(expect_type(inputs, 1, "second operand", {inputs[0].dtype}));
  Shape output;
  if (!broadcast_shape(inputs[0].shape, inputs[1].shape, output))
    return input_error(fmt::format("its operands have shapes {} and {}; dimensions must be equal, or 1 in one of them",
                                   to_string(inputs[0].shape), to_string(inputs[1].shape)));
  return std::vector{output};
}

}  // namespace

Result<std::vector<Shape>> infer_binary(const Attributes&, std::span<const TensorType> inputs) {
  return infer_operands(inputs, {DType::float32, DType::int8});
}
Result<std::vector<Shape>> infer_binary_with_int16(const Attributes&, std::span<const TensorType> inputs) {
  return infer_operands(inputs, {DType::float32, DType::int8, DType::int16});
}

Result<std::vector<Shape>> infer_float_binary(const Attributes&, std::span<const TensorType> inputs) {
  return infer_operands(inputs, {DType::float32});
}
Result<std::vector<Shape>> infer_sum_or_product(Activation activation, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_clamping(activation));
  MOTE_TRY(auto shapes, infer_operands(inputs, {DType::float32, DType::int8, DType::int16, DType::int32}));
  if (inputs[0].dtype == DType::int32 && activation != Activation::none)
    return input_error("it has a fused activation; mote runs int32 without one");
  return shapes;
}

OpCase as_int32(OpCase item) {
  item.name += "_int32";
  item.input_type = item.output_type = DType::int32;
  item.low = -60, item.high = 70;
  return item;
}

std::vector<OpCase> binary_cases(const Attributes& attributes, float low, float high) {
  const Shape image = make_shape({1, 3, 4, 5});
  std::vector<OpCase> cases = {
      case_of("one", {make_shape({1, 1}), make_shape({1, 1})}, 1, low, high),
      case_of("same_shape", {image, image}, 2, low, high),
      case_of("constant_channels", {image, make_shape({5})}, 3, low, high),
      case_of("both_repeat", {make_shape({2, 1, 4, 1}), make_shape({3, 1, 2})}, 4, low, high),
      case_of("scalar_first", {Shape{}, make_shape({2, 7})}, 5, low, high),
  };
  for (OpCase& each : cases) each.attributes = attributes;
  cases[2].constant_operands = 2;
  return cases;
}

Activation random_activation(Random& random) {
  constexpr Activation kActivations[] = {Activation::none, Activation::relu, Activation::relu6,
                                         Activation::relu_n1_to_1};
  return kActivations[random.below(4)];
}

OpCase binary_random_case(Random& random, const Attributes& attributes, float low, float high) {
  const int32_t rank = 1 + static_cast<int32_t>(random.below(4));
  Shape a, b;
  a.rank = b.rank = rank;
  for (int32_t i = 0; i < rank; ++i) {
    a.dims[i] = b.dims[i] = rank > 2 ? 1 + random_dim(random) / 2 : random_dim(random);
    const uint32_t repeat = random.below(6);
    if (repeat == 0) a.dims[i] = 1;
    if (repeat == 1) b.dims[i] = 1;
  }
  OpCase result = case_of("random", {a, b}, static_cast<uint32_t>(random.bits()), low, high);
  result.attributes = attributes;
  result.constant_operands = random.below(3) == 0 ? 2 : 0;
  return result;
}

namespace {

// The int32 numbers of input 1.
Result<std::vector<int32_t>> constant_axes(std::span<const TensorType> inputs,
                                           std::span<const std::span<const uint8_t>> constants) {
  if (constants[1].empty() && inputs[1].shape.elements() > 0)
    return input_error("its axes (input 1) are computed while the model runs; mote needs constant axes");
  MOTE_CHECK(expect_type(inputs, 1, "axes", {DType::int32}));
  std::vector<int32_t> axes(static_cast<size_t>(inputs[1].shape.elements()));
  if (constants[1].size() != axes.size() * sizeof(int32_t)) return input_error("its axes (input 1) are cut short");
  if (!axes.empty()) std::memcpy(axes.data(), constants[1].data(), constants[1].size());
  return axes;
}

}  // namespace

Result<void> read_reduce_axes(Attributes& attributes, std::span<const TensorType> inputs,
                              std::span<const std::span<const uint8_t>> constants) {
  if (inputs.size() != 2 || inputs[1].shape.rank < 0) return {};  // infer says what is wrong
  MOTE_TRY(const std::vector<int32_t> axes, constant_axes(inputs, constants));
  auto value = attributes.as<ReduceAttributes>();
  const int32_t rank = inputs[0].shape.rank;
  if (!resolve_axes(axes.data(), static_cast<int32_t>(axes.size()), rank, value.axes))
    return input_error(fmt::format("its axes [{}] do not all lie in the {} dimensions of its input of shape {}",
                                   fmt::join(axes, ", "), rank, to_string(inputs[0].shape)));
  attributes = Attributes::of(value);
  return {};
}

namespace {

template <class P, class Text>
Result<std::string> relu_emit_as(Activation activation, const EmitCall& call, const Text& text) {
  P p{};
  const Status status = relu_setup(activation, tensor_info(call.input_types[0]), tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr {};\n  relu_run(p, {}, {});\n", text(p), call.inputs[0], call.outputs[0]);
}

}  // namespace

Result<std::string> relu_emit(Activation activation, const EmitCall& call) {
  const DType type = call.input_types[0].dtype;
  if (type == DType::float32)
    return relu_emit_as<ReluFloat32>(activation, call, [](const ReluFloat32& p) {
      return fmt::format("ReluFloat32 p = {{{}, {}}}", p.count, cpp_float(p.high));
    });
  const auto numbers = [](const auto& p) {
    return fmt::format("{}, {}, {}, {}, {}, {}, {}", p.count, p.multiplier, p.shift, p.input_zero_point,
                       p.output_zero_point, p.low, p.high);
  };
  if (type == DType::int16)
    return relu_emit_as<ReluInt16>(activation, call,
                                   [&](const ReluInt16& p) { return fmt::format("ReluInt16 p = {{{}}}", numbers(p)); });
  return relu_emit_as<ReluInt8>(
      activation, call, [&](const ReluInt8& p) { return fmt::format("ReluInt8 p = {{{}, {{}}}}", numbers(p)); });
}

Result<std::vector<Shape>> infer_reduce(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8}));
  return infer_reduce_with_int16(attributes, inputs);
}

Result<std::vector<Shape>> infer_reduce_with_int16(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8, DType::int16}));
  if (inputs[0].shape.elements() == 0)
    return input_error(fmt::format("its input of shape {} has no elements", to_string(inputs[0].shape)));
  return std::vector{reduced_shape(attributes.as<ReduceAttributes>(), inputs[0].shape)};
}

std::string text_of(const Reduction& reduction) {
  const auto groups = [](const ReduceGroups& g) {
    return fmt::format("{{{{{}}}, {{{}}}}}", fmt::join(g.size, ", "), fmt::join(g.stride, ", "));
  };
  return fmt::format("{{{}, {}}}", groups(reduction.kept), groups(reduction.reduced));
}

namespace {

OpCase reduce_case(const char* name, Shape input, std::vector<int32_t> axes, bool keep_dims, uint32_t seed) {
  OpCase result = case_of(name, {input, make_shape({static_cast<int32_t>(axes.size())})}, seed, -2, 3);
  result.attributes = Attributes::of(ReduceAttributes{keep_dims, 0});
  result.constants = {{}, std::move(axes)};
  return result;
}

}  // namespace

std::vector<OpCase> reduce_cases() {
  return {reduce_case("image", make_shape({1, 3, 4, 5}), {1, 2}, true, 1),
          reduce_case("last", make_shape({2, 3, 7}), {-1}, false, 2),
          reduce_case("apart", make_shape({3, 2, 4, 3}), {-1, 1, 3}, false, 3),
          reduce_case("everything", make_shape({2, 5, 3}), {0, 1, 2}, false, 4),
          reduce_case("first", make_shape({4, 9}), {0}, true, 5)};
}

OpCase reduce_random_case(Random& random) {
  Shape input;
  input.rank = 1 + static_cast<int32_t>(random.below(4));
  std::vector<int32_t> axes;
  for (int32_t i = 0; i < input.rank; ++i) {
    input.dims[i] = input.rank > 2 ? 1 + random_dim(random) / 2 : random_dim(random);
    if (random.below(2) == 0) axes.push_back(random.below(2) == 0 ? i : i - input.rank);
  }
  if (axes.empty()) axes.push_back(-1);
  return reduce_case("random", input, axes, random.below(2) == 0, static_cast<uint32_t>(random.bits()));
}

Result<void> read_arg_axis(Attributes& attributes, std::span<const TensorType> inputs,
                           std::span<const std::span<const uint8_t>> constants) {
  if (inputs.size() != 2 || inputs[1].shape.rank < 0) return {};  // infer says what is wrong
  MOTE_TRY(const std::vector<int32_t> axes, constant_axes(inputs, constants));
  auto value = attributes.as<ArgAttributes>();
  const int32_t rank = inputs[0].shape.rank;
  if (!single_axis(axes.data(), static_cast<int32_t>(axes.size()), rank, value.axis))
    return input_error(fmt::format("its axis is [{}]; expected one of the {} dimensions of its input of shape {}",
                                   fmt::join(axes, ", "), rank, to_string(inputs[0].shape)));
  attributes = Attributes::of(value);
  return {};
}

Result<std::vector<Shape>> infer_arg(const Attributes& attributes, std::span<const TensorType> inputs) {
  const auto options = attributes.as<ArgAttributes>();
  if (options.output_type != static_cast<int8_t>(DType::int32))
    return input_error(
        fmt::format("its indices have data type number {}; mote gives int32 (number 2)", options.output_type));
  const ReduceAttributes reduced = {false, static_cast<uint8_t>(1 << options.axis)};
  return infer_reduce(Attributes::of(reduced), inputs);
}

namespace {

OpCase arg_case(const char* name, Shape input, int32_t axis, uint32_t seed) {
  OpCase result = case_of(name, {input, make_shape({1})}, seed, -2, 3);
  result.attributes = Attributes::of(ArgAttributes{static_cast<int8_t>(DType::int32), 0});
  result.constants = {{}, {axis}};
  result.output_type = DType::int32;
  return result;
}

}  // namespace

std::vector<OpCase> arg_cases() {
  return {arg_case("classes", make_shape({1, 12}), -1, 1), arg_case("middle", make_shape({2, 9, 3}), 1, 2),
          arg_case("batch", make_shape({5, 2}), 0, 3), arg_case("many_equal", make_shape({3, 400}), 1, 4)};
}

OpCase arg_random_case(Random& random) {
  const Shape input = make_shape({random_dim(random), random_dim(random), random_dim(random)});
  return arg_case("random", input, static_cast<int32_t>(random.below(6)) - 3, static_cast<uint32_t>(random.bits()));
}

Result<std::vector<Shape>> infer_pool(const Attributes& attributes, std::span<const TensorType> inputs) {
  const auto a = attributes.as<PoolAttributes>();
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8, DType::int16}));
  MOTE_CHECK(expect_clamping(a.activation));
  const Shape& x = inputs[0].shape;
  if (x.rank != 4 || x[0] < 1 || x[3] < 1)
    return input_error(fmt::format("the input has shape {}, expected [batch, height, width, channels]", to_string(x)));
  MOTE_TRY(const WindowAxis height, infer_window("height", x[1], a.filter_h, a.stride_h, 1, a.padding, a.border_h));
  MOTE_TRY(const WindowAxis width, infer_window("width", x[2], a.filter_w, a.stride_w, 1, a.padding, a.border_w));
  return std::vector{make_shape({x[0], height.output, width.output, x[3]})};
}

std::optional<Overlap> overlap_of_pool(const Attributes& attributes, std::span<const TensorType> inputs,
                                       const TensorType& output, PackedFor) {
  PoolGeometry g{};
  pool_geometry(attributes.as<PoolAttributes>(), inputs[0].shape, g);
  return overlap_of_rows(g.y, inputs[0], output);
}

bool covers_once(const PoolGeometry& g) {
  const auto covered = [](const WindowAxis& axis) {
    return axis.stride == axis.filter && axis.before == 0 && axis.output * axis.stride == axis.input;
  };
  return covered(g.y) && covered(g.x);
}

void for_each_windows(const PoolGeometry& g, const std::function<void(const PoolWindows&, int32_t)>& body) {
  PoolWindows w;
  w.step = g.x.stride * g.channels;
  w.disjoint = g.y.stride >= g.y.filter && g.x.stride >= g.x.filter;
  int32_t output = 0;
  for (int32_t row = 0; row < g.batches * g.y.output; ++row) {
    const int32_t image = row / g.y.output, origin_y = row % g.y.output * g.y.stride - g.y.before;
    const TapRange ys = taps_inside(g.y, origin_y);
    for (int32_t x = 0; x < g.x.output; x += w.count, output += w.count * g.channels) {
      const int32_t origin_x = x * g.x.stride - g.x.before;
      const TapRange xs = taps_inside(g.x, origin_x);
      const int32_t columns = xs.last - xs.first;
      const int32_t first = ((image * g.y.input + origin_y + ys.first) * g.x.input + origin_x + xs.first) * g.channels;
      w.window = {first, ys.last - ys.first, columns, (g.x.input - columns) * g.channels, g.channels};
      const int32_t whole = (g.x.input - g.x.filter - origin_x) / g.x.stride + 1;  // from here on, if this one is
      w.count = columns == g.x.filter ? std::min(whole, g.x.output - x) : 1;
      body(w, output);
    }
  }
}

std::optional<RowRule> rows_of_pool(const Attributes& attributes, std::span<const TensorType> inputs, const TensorType&,
                                    int32_t) {
  PoolGeometry g{};
  pool_geometry(attributes.as<PoolAttributes>(), inputs[0].shape, g);
  return RowRule{g.y};
}

std::string cpp_geometry(const EmitCall& call, const PoolGeometry& g) {
  return fmt::format("{{{}, {}, {}, {}}}", cpp_rows(call, g.y), cpp_axis(g.x), g.batches, g.channels);
}

namespace {

OpCase pool_case(const char* name, PoolAttributes attributes, Shape input, uint32_t seed) {
  OpCase result = case_of(name, {input}, seed, -3, 8);
  result.attributes = Attributes::of(attributes);
  return result;
}

}  // namespace

std::vector<OpCase> pool_cases() {
  constexpr auto same = static_cast<int8_t>(Padding::same), valid = static_cast<int8_t>(Padding::valid);
  constexpr Activation none = Activation::none;
  std::vector<OpCase> all = {
      pool_case("one", {valid, 1, 1, 1, 1, none}, make_shape({1, 1, 1, 1}), 1),
      pool_case("halves", {valid, 2, 2, 2, 2, none}, make_shape({2, 6, 4, 3}), 2),
      pool_case("same", {same, 1, 1, 3, 3, none}, make_shape({1, 5, 4, 3}), 3),
      pool_case("same_stride_2", {same, 2, 2, 3, 3, Activation::relu}, make_shape({1, 7, 8, 5}), 4),
      pool_case("gaps", {valid, 3, 4, 2, 1, none}, make_shape({1, 9, 9, 2}), 5),
      pool_case("window_larger_than_the_image", {same, 2, 2, 5, 5, none}, make_shape({1, 3, 2, 4}), 6),
      pool_case("relu6", {same, 2, 2, 2, 2, Activation::relu6}, make_shape({1, 8, 8, 4}), 7),
      pool_case("relu_n1_to_1", {same, 2, 2, 2, 2, Activation::relu_n1_to_1}, make_shape({1, 8, 8, 4}), 8),
      pool_case("whole_image", {valid, 5, 25, 5, 25, none}, make_shape({1, 25, 5, 16}), 9),
      pool_case("along_one_axis", {valid, 1, 2, 1, 2, none}, make_shape({1, 30, 1, 6}), 10)};
  for (size_t i : {1, 3, 6, 8}) all.push_back(as_int16(all[i]));
  return all;
}

OpCase pool_random_case(Random& random) {
  constexpr Activation kActivations[] = {Activation::none, Activation::relu, Activation::relu6,
                                         Activation::relu_n1_to_1};
  const auto small = [&] { return 1 + static_cast<int32_t>(random.below(3)); };
  const int32_t height = random_dim(random), width = random_dim(random);
  const auto filter = [&](int32_t image) {
    return 1 + static_cast<int32_t>(random.below(static_cast<uint32_t>(image)));
  };
  const PoolAttributes a{static_cast<int8_t>(random.below(2)), small(), small(), filter(width), filter(height),
                         kActivations[random.below(4)]};
  const OpCase result =
      pool_case("random", a, make_shape({small(), height, width, small()}), static_cast<uint32_t>(random.bits()));
  return random.below(4) == 0 ? as_int16(result) : result;
}

}  // namespace mote
