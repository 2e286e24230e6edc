// Where the host's reader and the device's engine both accept a file, they see the same model.
#include "tests/fuzz/fuzz.h"
#include "toolchain/tflite/reader.h"

namespace mote {
namespace {

void check_tensor(const TensorView& device, const Tensor& host) {
  FUZZ_CHECK(device.type == host.type.dtype);
  FUZZ_CHECK(device.shape == host.type.shape);
  FUZZ_CHECK(device.bytes == host.type.bytes());
  if (host.type.quant.scales.size() != 1) return;
  FUZZ_CHECK(device.scale == host.type.quant.scales[0]);
  FUZZ_CHECK(device.zero_point == host.type.quant.zero_points[0]);
}

}  // namespace
}  // namespace mote

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mote;
  if (size == 0) return 0;
  const auto graph = read_tflite("input", {data, size});
  if (!graph.ok()) return 0;
  ExactBuffer model(size), arena(1 << 18);
  std::memcpy(model.data(), data, size);
  Interpreter interpreter;
  if (interpreter.init(model.data(), static_cast<uint32_t>(size), all_kernels(), arena.data(),
                       static_cast<uint32_t>(arena.size())) != Status::ok)
    return 0;
  FUZZ_CHECK(interpreter.tensor_count() == static_cast<int32_t>(graph->tensors.size()));
  FUZZ_CHECK(interpreter.operator_count() == static_cast<int32_t>(graph->nodes.size()));
  FUZZ_CHECK(interpreter.input_count() == static_cast<int32_t>(graph->inputs.size()));
  FUZZ_CHECK(interpreter.output_count() == static_cast<int32_t>(graph->outputs.size()));
  for (int32_t i = 0; i < interpreter.input_count(); ++i)
    check_tensor(interpreter.input(i), graph->tensors[graph->inputs[i]]);
  for (int32_t i = 0; i < interpreter.output_count(); ++i)
    check_tensor(interpreter.output(i), graph->tensors[graph->outputs[i]]);
  return 0;
}
