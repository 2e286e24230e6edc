#include "ops/batch_matmul/batch_matmul.h"

#include "ops/op_families.h"

namespace mote {

namespace {
namespace batch_matmul_op {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  MOTE_CHECK(expect_type(inputs, 0, "first matrix", {DType::float32, DType::int8, DType::int16}));
  MOTE_CHECK(expect_type(inputs, 1, "second matrix", {inputs[0].dtype}));
  const auto a = attributes.as<BatchMatmulAttributes>();
  Shape output;
  if (!batch_matmul_shape(a, inputs[0].shape, inputs[1].shape, output))
    return input_error(
        fmt::format("its matrices have shapes {}{} and {}{}; expected as many columns as the other has rows, and "
                    "dimensions before them that are equal, or 1 in one of them",
                    to_string(inputs[0].shape), a.adj_x ? " transposed" : "", to_string(inputs[1].shape),
                    a.adj_y ? " transposed" : ""));
  return std::vector{output};
}

OpCost cost(const Attributes& attributes, std::span<const Shape> inputs, std::span<const Shape> outputs) {
  const bool transposed = attributes.as<BatchMatmulAttributes>().adj_x;
  return {int64_t{outputs[0].elements()} * inputs[0][inputs[0].rank - (transposed ? 2 : 1)], 0};
}

void forward(const FloatCall& call) {
  BatchMatmulFloat32 p{};
  StepGroups batches;
  batch_matmul_setup(call.attributes->as<BatchMatmulAttributes>(), float_info(call.input_shapes[0]),
                     float_info(call.input_shapes[1]), float_info(call.output_shapes[0]), p, batches);
  batch_matmul_run(p, batches.groups, call.inputs[0], call.inputs[1], call.outputs[0]);
}

std::string text_of(const BatchMatmulGeometry& g) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}, {}, {}}}", g.rows, g.depth, g.columns, g.row_step_a, g.step_a, g.step_b,
                     g.column_step_b, g.groups);
}
std::string parameters_text(const BatchMatmulInt8& p) {
  return fmt::format("BatchMatmulInt8 p = {{{}, {}, {}, {}, {}}}", text_of(p.g), mote::text_of(p.scale), p.zero_a,
                     p.zero_b, p.zero_output);
}
std::string parameters_text(const BatchMatmulInt16& p) {
  return fmt::format("BatchMatmulInt16 p = {{{}, {}}}", text_of(p.g), mote::text_of(p.scale));
}
std::string parameters_text(const BatchMatmulFloat32& p) {
  return fmt::format("BatchMatmulFloat32 p = {{{}}}", text_of(p.g));
}

template <class P>
Result<std::string> emit_as(const EmitCall& call) {
  P p{};
  StepGroups batches;
  const Status status =
      batch_matmul_setup(call.attributes->as<BatchMatmulAttributes>(), tensor_info(call.input_types[0]),
                         tensor_info(call.input_types[1]), tensor_info(call.output_types[0]), p, batches);
  if (status != Status::ok) return refused(status);
  return fmt::format(
      "  static constexpr {};\n  static constexpr StepGroup groups[] = {};\n"
      "  batch_matmul_run(p, groups, {}, {}, {});\n",
      parameters_text(p), mote::text_of(batches), call.inputs[0], call.inputs[1], call.outputs[0]);
}

Result<std::string> emit(const EmitCall& call) {
  const DType type = call.input_types[0].dtype;
  return type == DType::float32 ? emit_as<BatchMatmulFloat32>(call)
         : type == DType::int16 ? emit_as<BatchMatmulInt16>(call)
                                : emit_as<BatchMatmulInt8>(call);
}

OpCase make_case(const char* name, bool adj_x, bool adj_y, Shape a, Shape b, uint32_t seed) {
  OpCase result = case_of(name, {a, b}, seed, -1, 1.5f);
  result.attributes = Attributes::of(BatchMatmulAttributes{adj_x, adj_y, false});
  return result;
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = {
      make_case("one", false, false, make_shape({1, 1}), make_shape({1, 1}), 1),
      make_case("matrices", false, false, make_shape({3, 5}), make_shape({5, 4}), 2),
      make_case("second_transposed", false, true, make_shape({1, 6, 4}), make_shape({1, 6, 4}), 3),
      make_case("first_transposed", true, false, make_shape({2, 5, 3}), make_shape({2, 5, 2}), 4),
      make_case("both_transposed", true, true, make_shape({2, 4, 3}), make_shape({2, 5, 4}), 5),
      make_case("batches_repeat", false, false, make_shape({2, 1, 3, 4}), make_shape({3, 4, 2}), 6),
      make_case("constant", false, false, make_shape({2, 3, 7}), make_shape({7, 3}), 7)};
  all.back().constant_operands = 2;
  for (size_t i : {1, 2, 5}) all.push_back(as_int16(all[i]));
  return all;
}

OpCase random_case(Random& random) {
  const bool adj_x = random.below(2) == 0, adj_y = random.below(2) == 0;
  const int32_t rows = random_dim(random), depth = random_dim(random), columns = random_dim(random);
  const int32_t batch = 1 + static_cast<int32_t>(random.below(3));
  const uint32_t repeat = random.below(3);
  const int32_t batch_a = repeat == 0 ? 1 : batch, batch_b = repeat == 1 ? 1 : batch;
  const Shape a = adj_x ? make_shape({batch_a, depth, rows}) : make_shape({batch_a, rows, depth});
  const Shape b = adj_y ? make_shape({batch_b, columns, depth}) : make_shape({batch_b, depth, columns});
  const OpCase result = make_case("random", adj_x, adj_y, a, b, static_cast<uint32_t>(random.bits()));
  return random.below(4) == 0 ? as_int16(result) : result;
}

constexpr DeviceKernel kKernels[] = {{"batch_matmul_int8", &batch_matmul_int8},
                                     {"batch_matmul_int16", &batch_matmul_int16},
                                     {"batch_matmul_float32", &batch_matmul_float32}};

constexpr OpDef kDef = {
    .name = "batch_matmul",
    .tflite_name = "BATCH_MATMUL",
    .tflite_code = 126,
    .tflite_options = 101,
    .tflite_version = version_3_for_int16,
    .default_attributes = default_attributes<BatchMatmulAttributes>,
    .visit = visit_attributes<BatchMatmulAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = cost,
    .forward = forward,
    .backward = nullptr,
    .not_trainable = "no layer makes it",
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = false,
    .device_header = "ops/batch_matmul/batch_matmul.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace batch_matmul_op
}  // namespace

extern const OpDef batch_matmul_def;
const OpDef batch_matmul_def = batch_matmul_op::kDef;

}  // namespace mote
