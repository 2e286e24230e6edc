// What the host code of an operator family has in common: element-wise of one input (device/unary.h), of two
// (device/broadcast.h), reductions (device/reduce.h). Host only.
//
// For emitted code, each operator declares, beside its OpDef and for each of its parameter structs,
//   static std::string text_of(const MyParameters& p);   // "MyParameters p = {1, 2}"
#pragma once
#include <fmt/ranges.h>

#include "device/activation.h"
#include "device/arg_extremum.h"
#include "device/broadcast.h"
#include "device/float_math.h"
#include "device/pool.h"
#include "device/reduce.h"
#include "device/requantize.h"
#include "device/rows.h"
#include "device/scaled_sum.h"
#include "device/unary.h"
#include "ops/op.h"
#include "ops/relu/relu.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

inline std::string text_of(const Multiplier& m) {
  return fmt::format("{{{}, {}}}", m.multiplier, m.shift);
}

// Versions of TFLite's operators: 1, and 2 for int8, is the usual.
inline int32_t version_1(const Attributes&, std::span<const TensorType>, std::span<const TensorType>) {
  return 1;
}
inline int32_t version_2_for_int8(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  return inputs[0].dtype == DType::int8 ? 2 : 1;
}
inline int32_t version_2_for_int16(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  return inputs[0].dtype == DType::int16 ? 2 : 1;
}
inline int32_t version_3_for_int16(const Attributes& a, std::span<const TensorType> inputs,
                                   std::span<const TensorType> outputs) {
  return inputs[0].dtype == DType::int16 ? 3 : version_2_for_int8(a, inputs, outputs);
}
// As version_2_for_int8, and 3 for a broadcast of more than 4 dimensions.
inline int32_t version_3_for_broadcast(const Attributes& a, std::span<const TensorType> inputs,
                                       std::span<const TensorType> outputs) {
  const bool broadcast = inputs[0].shape != inputs[1].shape;
  return broadcast && outputs[0].shape.rank > 4 ? 3 : version_2_for_int8(a, inputs, outputs);
}

inline OpCost no_cost(const Attributes&, std::span<const Shape>, std::span<const Shape>) {
  return {};
}

inline Result<std::vector<Shape>> infer_float_elementwise(const Attributes& attributes,
                                                          std::span<const TensorType> inputs) {
  MOTE_TRY(const auto shapes, infer_elementwise(attributes, inputs));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32}));
  return shapes;
}

inline std::string cpp_number(float value) {
  return cpp_float(value);
}
inline std::string cpp_number(int8_t value) {
  return fmt::format("{}", value);
}
inline std::string cpp_number(int16_t value) {
  return fmt::format("{}", value);
}

inline TensorInfo float_info(const Shape& shape) {
  TensorInfo info;
  info.shape = shape;
  return info;
}

inline OpCase case_of(const char* name, std::vector<Shape> inputs, uint32_t seed, float low, float high) {
  OpCase result;
  result.name = name;
  result.inputs = std::move(inputs);
  result.seed = seed;
  result.low = low;
  result.high = high;
  return result;
}

// --- one input ---

template <DType... kTypes>
Result<std::vector<Shape>> infer_elementwise_of(const Attributes&, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  MOTE_CHECK(expect_type(inputs, 0, "input", {kTypes...}));
  return std::vector{inputs[0].shape};
}

template <class Values, class P>
void unary_forward(const FloatCall& call) {
  P p{};
  const TensorInfo info = float_info(call.input_shapes[0]);
  unary_checked_setup(call.attributes->as<Values>(), info, info, p);
  unary_run(p, call.inputs[0], call.outputs[0]);
}

// dx = dy * slope(attributes, x, y)
template <class Values, float (*slope)(const Values&, float x, float y)>
void unary_backward(const FloatCall& call) {
  if (call.input_gradients[0] == nullptr) return;
  const Values values = call.attributes->as<Values>();
  for (int32_t i = 0; i < call.output_shapes[0].elements(); ++i)
    call.input_gradients[0][i] = call.output_gradients[0][i] * slope(values, call.inputs[0][i], call.outputs[0][i]);
}

template <class Values, class P>
Result<std::string> unary_emit_as(const EmitCall& call) {
  P p{};
  const Status status = unary_checked_setup(call.attributes->as<Values>(), tensor_info(call.input_types[0]),
                                            tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  if constexpr (std::is_same_v<typename P::Stored, int8_t>) {
    if (is_tabulated(p)) {
      int8_t table[kTableEntries];
      fill_table(p, table);
      return fmt::format("  static constexpr int8_t table[] = {{{}}};\n  table_run({}, table, {}, {});\n",
                         fmt::join(table, ", "), p.count, call.inputs[0], call.outputs[0]);
    }
  }
  return fmt::format("  static constexpr {};\n  unary_run(p, {}, {});\n", text_of(p), call.inputs[0], call.outputs[0]);
}

// Types that no form is for are refused by its setup.
template <class Values, class Int8, class Float32, class Int16 = Int8>
Result<std::string> unary_emit(const EmitCall& call) {
  const DType type = call.input_types[0].dtype;
  return type == DType::float32 ? unary_emit_as<Values, Float32>(call)
         : type == DType::int16 ? unary_emit_as<Values, Int16>(call)
                                : unary_emit_as<Values, Int8>(call);
}

// One element, odd sizes, and enough elements for a table.
inline std::vector<OpCase> unary_cases(const Attributes& attributes, float low, float high) {
  std::vector<OpCase> cases = {case_of("one", {make_shape({1, 1})}, 1, low, high),
                               case_of("image", {make_shape({1, 3, 4, 5})}, 2, low, high),
                               case_of("many", {make_shape({1, 257})}, 3, low, high)};
  for (OpCase& each : cases) each.attributes = attributes;
  return cases;
}

inline int32_t random_dim(Random& random) {
  return 1 + static_cast<int32_t>(random.below(9));
}

inline OpCase unary_random_case(Random& random, const Attributes& attributes, float low, float high) {
  const int32_t rows = random_dim(random), columns = random_dim(random);
  const float zoom = exp_float(static_cast<float>(random.uniform(-2, 2)));  // other scales
  OpCase result =
      case_of("random", {make_shape({rows, columns})}, static_cast<uint32_t>(random.bits()), low * zoom, high * zoom);
  result.attributes = attributes;
  return result;
}

// Of relu and relu6.
Result<std::string> relu_emit(Activation activation, const EmitCall& call);

// --- rows of the last dimension ---

inline Result<std::vector<Shape>> infer_rows(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_TRY(const auto shapes, infer_elementwise(attributes, inputs));
  if (inputs[0].shape.rank < 1 || inputs[0].shape.last() < 1)
    return input_error(fmt::format("its input has shape {}; expected at least one number in the last dimension",
                                   to_string(inputs[0].shape)));
  return shapes;
}

template <class Values, class P>
void rows_forward(const FloatCall& call) {
  P p{};
  const TensorInfo info = float_info(call.input_shapes[0]);
  rows_checked_setup(call.attributes->as<Values>(), info, info, p);
  rows_run(p, call.inputs[0], call.outputs[0]);
}

template <class Values, class P>
Result<std::string> rows_emit_as(const EmitCall& call) {
  P p{};
  const Status status = rows_checked_setup(call.attributes->as<Values>(), tensor_info(call.input_types[0]),
                                           tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr {};\n  rows_run(p, {}, {});\n", text_of(p), call.inputs[0], call.outputs[0]);
}

template <class Values, class Int8, class Float32>
Result<std::string> rows_emit(const EmitCall& call) {
  return call.input_types[0].dtype == DType::float32 ? rows_emit_as<Values, Float32>(call)
                                                     : rows_emit_as<Values, Int8>(call);
}

// --- two inputs ---

std::string text_of(const StepGroups& groups);

template <class T>
std::string text_of(const ScaledSumOf<T>& p) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}, {}, {}}}", text_of(p.a), text_of(p.b), text_of(p.output), p.zero_a,
                     p.zero_b, p.zero_output, p.low, p.high);
}

// Of float32 and int8; with int16; with int16 and int32, for which there is no fused activation.
Result<std::vector<Shape>> infer_binary(const Attributes&, std::span<const TensorType> inputs);
Result<std::vector<Shape>> infer_binary_with_int16(const Attributes&, std::span<const TensorType> inputs);
Result<std::vector<Shape>> infer_sum_or_product(Activation activation, std::span<const TensorType> inputs);
// Of float32 alone.
Result<std::vector<Shape>> infer_float_binary(const Attributes&, std::span<const TensorType> inputs);

template <class Values, class P>
void binary_forward(const FloatCall& call) {
  P p{};
  StepGroups broadcast;
  binary_checked_setup(call.attributes->as<Values>(), float_info(call.input_shapes[0]),
                       float_info(call.input_shapes[1]), float_info(call.output_shapes[0]), p, broadcast);
  binary_run(p, broadcast.groups, call.inputs[0], call.inputs[1], call.outputs[0]);
}

// The limits of a fused activation.
inline Clamp limits_of(Activation activation) {
  const FloatRange range = float_activation_range(activation);
  return {range.low, range.high};
}

// Whether the fused activation lets a change of this output through. (The slope at its limits is 0.)
inline bool inside(Activation activation, float y) {
  const FloatRange range = float_activation_range(activation);
  return y > range.low && y < range.high;
}

// Slopes of an operator of two inputs.
struct BinarySlopes {
  float a, b;
};

// da = sum of dy * slope_a over what a is repeated for; the same for b.
template <BinarySlopes (*slopes)(const Attributes&, float a, float b, float y)>
void binary_backward(const FloatCall& call) {
  const float *const a = call.inputs[0], *const b = call.inputs[1];
  float *const da = call.input_gradients[0], *const db = call.input_gradients[1];
  if (da != nullptr) std::fill_n(da, call.input_shapes[0].elements(), 0.0f);
  if (db != nullptr) std::fill_n(db, call.input_shapes[1].elements(), 0.0f);
  const float *y = call.outputs[0], *dy = call.output_gradients[0];
  const StepGroups broadcast = broadcast_groups(call.input_shapes[0], call.input_shapes[1], call.output_shapes[0]);
  for_each_step(broadcast.groups, broadcast.count, a, b, [&](const float& x0, const float& x1) {
    const BinarySlopes slope = slopes(*call.attributes, x0, x1, *y++);
    if (da != nullptr) da[&x0 - a] += *dy * slope.a;
    if (db != nullptr) db[&x1 - b] += *dy * slope.b;
    ++dy;
  });
}

template <class Values, class P>
Result<std::string> binary_emit_as(const EmitCall& call) {
  P p{};
  StepGroups broadcast;
  const Status status =
      binary_checked_setup(call.attributes->as<Values>(), tensor_info(call.input_types[0]),
                           tensor_info(call.input_types[1]), tensor_info(call.output_types[0]), p, broadcast);
  if (status != Status::ok) return refused(status);
  return fmt::format(
      "  static constexpr {};\n  static constexpr StepGroup groups[] = {};\n"
      "  binary_run(p, groups, {}, {}, {});\n",
      text_of(p), text_of(broadcast), call.inputs[0], call.inputs[1], call.outputs[0]);
}

// Of int32 numbers. `type`: how the device header calls the parameters.
template <class Values, class P>
Result<std::string> int32_emit(const char* type, const EmitCall& call) {
  P p{};
  StepGroups broadcast;
  const Status status =
      binary_checked_setup(call.attributes->as<Values>(), tensor_info(call.input_types[0]),
                           tensor_info(call.input_types[1]), tensor_info(call.output_types[0]), p, broadcast);
  if (status != Status::ok) return refused(status);
  return fmt::format(
      "  static constexpr {} p = {{{}}};\n  static constexpr StepGroup groups[] = {};\n"
      "  binary_run(p, groups, {}, {}, {});\n",
      type, p.groups, text_of(broadcast), call.inputs[0], call.inputs[1], call.outputs[0]);
}

// A case of int32 numbers without a scale.
OpCase as_int32(OpCase item);

template <class Values, class Int8, class Float32, class Int16 = Int8>
Result<std::string> binary_emit(const EmitCall& call) {
  const DType type = call.input_types[0].dtype;
  return type == DType::float32 ? binary_emit_as<Values, Float32>(call)
         : type == DType::int16 ? binary_emit_as<Values, Int16>(call)
                                : binary_emit_as<Values, Int8>(call);
}

// One element, equal shapes, a constant of the last dimension, repetition on both sides, a scalar.
std::vector<OpCase> binary_cases(const Attributes& attributes, float low, float high);
// Up to four dimensions of 1 to 9, each of which may repeat on either side.
Activation random_activation(Random& random);
OpCase binary_random_case(Random& random, const Attributes& attributes, float low, float high);

// --- reductions ---

Result<void> read_reduce_axes(Attributes& attributes, std::span<const TensorType> inputs,
                              std::span<const std::span<const uint8_t>> constants);
Result<std::vector<Shape>> infer_reduce(const Attributes& attributes, std::span<const TensorType> inputs);
Result<std::vector<Shape>> infer_reduce_with_int16(const Attributes& attributes, std::span<const TensorType> inputs);

template <class P>
P float_reduction(const FloatCall& call) {
  P p{};
  reduce_checked_setup(call.attributes->as<ReduceAttributes>(), float_info(call.input_shapes[0]),
                       float_info(call.output_shapes[0]), p);
  return p;
}

template <class P>
void reduce_forward(const FloatCall& call) {
  reduce_run(float_reduction<P>(call), call.inputs[0], call.outputs[0]);
}

// dx = dy * slope(x, y)
template <class Slope>
void reduce_backward(const FloatCall& call, const Slope& slope) {
  const Reduction r = make_reduction(call.input_shapes[0], call.attributes->as<ReduceAttributes>().axes);
  const float *const x = call.inputs[0], *y = call.outputs[0], *dy = call.output_gradients[0];
  const auto visit = [&](const float* first) {
    fold(r.reduced, first, 0.0f, [&](float, const float& element) {
      call.input_gradients[0][&element - x] = *dy * slope(element, *y);
      return 0.0f;
    });
    ++y, ++dy;
  };
  for_each_output(r.kept, x, visit);
}

template <class P>
Result<std::string> reduce_emit_as(const EmitCall& call) {
  P p{};
  const Status status = reduce_checked_setup(call.attributes->as<ReduceAttributes>(), tensor_info(call.input_types[0]),
                                             tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr {};\n  reduce_run(p, {}, {});\n", text_of(p), call.inputs[0], call.outputs[0]);
}

template <class Int8, class Float32, class Int16 = Int8>
Result<std::string> reduce_emit(const EmitCall& call) {
  const DType type = call.input_types[0].dtype;
  return type == DType::float32 ? reduce_emit_as<Float32>(call)
         : type == DType::int16 ? reduce_emit_as<Int16>(call)
                                : reduce_emit_as<Int8>(call);
}

std::string text_of(const Reduction& reduction);

// The mean of an image, the last dimension, several axes kept, negative axes, all of them.
std::vector<OpCase> reduce_cases();
OpCase reduce_random_case(Random& random);

// --- pools ---

Result<std::vector<Shape>> infer_pool(const Attributes& attributes, std::span<const TensorType> inputs);
std::optional<RowRule> rows_of_pool(const Attributes& attributes, std::span<const TensorType> inputs,
                                    const TensorType& output, int32_t rows);
std::optional<Overlap> overlap_of_pool(const Attributes& attributes, std::span<const TensorType> inputs,
                                       const TensorType& output, PackedFor);

// Parameters of the float form, of checked attributes.
template <class P>
P float_pool(const FloatCall& call) {
  P p{};
  pool_setup(call.attributes->as<PoolAttributes>(), float_info(call.input_shapes[0]), float_info(call.output_shapes[0]),
             p);
  return p;
}

// Every element of the image lies in one window.
bool covers_once(const PoolGeometry& g);

// body(windows, first element of their first output pixel) for all output pixels in order; windows that lie in the
// image as a whole come together, a row of them at a time.
void for_each_windows(const PoolGeometry& g, const std::function<void(const PoolWindows&, int32_t)>& body);

// kernel(windows, channels, first element of x, line, limits, first element of y).
template <class P, auto kKernel>
void pool_forward(const FloatCall& call) {
  const P p = float_pool<P>(call);
  for_each_windows(p.g, [&](const PoolWindows& w, int32_t at) {
    (simd().*kKernel)(w, p.g.channels, call.inputs[0] + w.window.first, call.line, {p.low, p.high},
                      call.outputs[0] + at);
  });
}

std::string cpp_geometry(const EmitCall& call, const PoolGeometry& g);

template <class P>
Result<std::string> pool_emit_as(const char* name, const EmitCall& call) {
  P p{};
  const Status status = pool_setup(call.attributes->as<PoolAttributes>(), tensor_info(call.input_types[0]),
                                   tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  {} {} p = {{{}, {}, {}}};\n  pool_run(p, {}, {});\n", cpp_parameters(call), name,
                     cpp_geometry(call, p.g), cpp_number(p.low), cpp_number(p.high), call.inputs[0], call.outputs[0]);
}

// Both paddings, steps unlike the window, windows larger than the image, activations, whole images.
std::vector<OpCase> pool_cases();
OpCase pool_random_case(Random& random);

// --- index of an extremum ---

Result<void> read_arg_axis(Attributes& attributes, std::span<const TensorType> inputs,
                           std::span<const std::span<const uint8_t>> constants);
Result<std::vector<Shape>> infer_arg(const Attributes& attributes, std::span<const TensorType> inputs);

template <bool kGreatest>
void arg_forward(const FloatCall& call) {
  Arg p{};
  TensorInfo output = float_info(call.output_shapes[0]);
  output.type = DType::int32;
  arg_setup(call.attributes->as<ArgAttributes>(), float_info(call.input_shapes[0]), output, p);
  arg_run<kGreatest>(p, call.inputs[0], call.outputs[0]);
}

template <bool kGreatest>
Result<std::string> arg_emit(const EmitCall& call) {
  Arg p{};
  const Status status = arg_setup(call.attributes->as<ArgAttributes>(), tensor_info(call.input_types[0]),
                                  tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr Arg p = {{{}, {}, {}}};\n  arg_run<{}>(p, {}, {});\n", p.outer, p.size,
                     p.inner, kGreatest, call.inputs[0], call.outputs[0]);
}

std::vector<OpCase> arg_cases();
OpCase arg_random_case(Random& random);

}  // namespace mote
