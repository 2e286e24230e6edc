#include "toolchain/quantize/int8_executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>

#include "device/interpreter.h"
#include "toolchain/base/quant_params.h"

namespace mote {
namespace {

constexpr uint32_t kFirstArenaGuess = 64 * 1024;
constexpr size_t kHostAlignment = 64;         // a cache line; more than the kAlignment that boards have
constexpr uint32_t kLargestArena = 1u << 30;  // far beyond any microcontroller: a file that asks for more is refused

// Uninitialised memory at a multiple of kHostAlignment.
class AlignedBytes {
 public:
  explicit AlignedBytes(size_t size)
      : data_(static_cast<uint8_t*>(::operator new (std::max<size_t>(size, 1), std::align_val_t{kHostAlignment}))),
        size_(size) {}
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  ~AlignedBytes() { ::operator delete (data_, std::align_val_t{kHostAlignment}); }
  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  uint32_t size() const { return static_cast<uint32_t>(size_); }

 private:
  uint8_t* data_;
  size_t size_;
};

// Every kernel of every operator in ops/ops.def, behind those of the host.
std::vector<const Kernel*> every_kernel(const HostKernels& host) {
  std::vector<const Kernel*> kernels(host.kernels.begin(), host.kernels.end());
  for (const OpDef* op : all_ops())
    for (const DeviceKernel& kernel : op->kernels) kernels.push_back(kernel.kernel);
  return kernels;
}

std::string what_failed(Status status) {
  switch (status) {
    case Status::ok:
      return "nothing";
    case Status::bad_model:
      return "the file is damaged or not a TFLite version 3 model";
    case Status::missing_operator:
      return "there is no kernel for this operator, version or data type";
    case Status::unsupported_type:
      return "a tensor has a data type that the kernel does not take";
    case Status::unsupported_shape:
      return "a shape breaks the operator's rule";
    case Status::unsupported_option:
      return "an option has a value that the kernel does not implement";
    case Status::bad_quantization:
      return "a scale or zero point is missing or outside what the operator allows";
    case Status::arena_too_small:
      return "it needs a tensor arena of more than 1 GiB";
    case Status::misaligned:
      return "model or arena is not aligned";
    case Status::not_initialized:
      return "invoked before a successful init";
  }
  return "unknown status";
}

RuntimeTensor runtime_tensor(const TensorView& view) {
  return {view.type,
          view.shape,
          view.scale,
          view.zero_point,
          {static_cast<uint8_t*>(view.data), static_cast<size_t>(view.bytes)}};
}

TensorType tensor_type(const TensorView& view) {
  TensorType type{view.type, view.shape, {}};
  if (view.scale != 0) type.quant = {{view.scale}, {view.zero_point}, 0};
  return type;
}

template <class T>
std::vector<float> dequantize_all(const RuntimeTensor& tensor) {
  std::vector<float> values(tensor.bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T stored;
    std::memcpy(&stored, tensor.bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = tensor.scale == 0 ? static_cast<float>(stored)
                                  : tensor.scale * (static_cast<float>(stored) - static_cast<float>(tensor.zero_point));
  }
  return values;
}

}  // namespace

std::vector<float> RuntimeTensor::dequantized() const {
  switch (dtype) {
    case DType::int8:
      return dequantize_all<int8_t>(*this);
    case DType::uint8:
    case DType::boolean:
      return dequantize_all<uint8_t>(*this);
    case DType::int16:
      return dequantize_all<int16_t>(*this);
    case DType::int32:
      return dequantize_all<int32_t>(*this);
    case DType::int64:
      return dequantize_all<int64_t>(*this);
    case DType::float32:
      return dequantize_all<float>(*this);
    default:
      return {};
  }
}

struct Int8Executor::State {
  std::string name;
  std::shared_ptr<const AlignedBytes> model;
  const HostKernels* host;
  std::vector<const Kernel*> kernels;
  uint32_t board_arena = 0;  // what the portable kernels need
  std::optional<AlignedBytes> arena;
  Interpreter interpreter;

  // With the kernels of the firmware, which says what it needs and what is wrong, then with those of the host.
  Result<void> init() {
    MOTE_CHECK(init_with(host_kernels().front()));
    board_arena = interpreter.arena_used();
    if (host->kernels.empty()) return {};
    return init_with(*host);
  }

  // First with room to spare, to learn what is needed, then with exactly that.
  Result<void> init_with(const HostKernels& chosen) {
    kernels = every_kernel(chosen);
    Status status = try_arena(kFirstArenaGuess);
    if (status == Status::arena_too_small && interpreter.arena_used() <= kLargestArena)
      status = try_arena(interpreter.arena_used());
    if (status == Status::ok && interpreter.arena_used() != arena->size()) status = try_arena(interpreter.arena_used());
    if (status == Status::ok) return {};
    const int32_t failed = interpreter.failed_operator();
    const std::string where = failed < 0 ? "" : fmt::format(", operator {} (counted from 0)", failed);
    return input_error(fmt::format("model '{}'{}: {}; `mote inspect` lists its operators and what is supported", name,
                                   where, what_failed(status)));
  }

  Status try_arena(uint32_t bytes) {
    arena.emplace(bytes);
    interpreter = Interpreter();
    return interpreter.init(model->data(), model->size(), {kernels.data(), static_cast<int32_t>(kernels.size())},
                            arena->data(), arena->size());
  }
};

Int8Executor::Int8Executor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Int8Executor::Int8Executor(Int8Executor&&) noexcept = default;
Int8Executor& Int8Executor::operator=(Int8Executor&&) noexcept = default;
Int8Executor::~Int8Executor() = default;

Result<Int8Executor> Int8Executor::create(std::string name, std::vector<uint8_t> model) {
  return create(std::move(name), std::move(model), host_kernels().back());
}

Result<Int8Executor> Int8Executor::create(std::string name, std::vector<uint8_t> model, const HostKernels& kernels) {
  auto aligned = std::make_shared<AlignedBytes>(model.size());
  std::copy(model.begin(), model.end(), aligned->data());
  auto state = std::make_unique<State>();
  state->name = std::move(name);
  state->model = std::move(aligned);
  state->host = &kernels;
  MOTE_CHECK(state->init());
  return Int8Executor(std::move(state));
}

Result<Int8Executor> Int8Executor::clone() const {
  auto state = std::make_unique<State>();
  state->name = state_->name;
  state->model = state_->model;
  state->host = state_->host;
  MOTE_CHECK(state->init());
  return Int8Executor(std::move(state));
}

int32_t Int8Executor::input_count() const {
  return state_->interpreter.input_count();
}
int32_t Int8Executor::output_count() const {
  return state_->interpreter.output_count();
}
int32_t Int8Executor::operator_count() const {
  return state_->interpreter.operator_count();
}
TensorType Int8Executor::input_type(int32_t index) const {
  return tensor_type(state_->interpreter.input(index));
}
TensorType Int8Executor::output_type(int32_t index) const {
  return tensor_type(state_->interpreter.output(index));
}
uint32_t Int8Executor::arena_bytes() const {
  return state_->board_arena;
}
RuntimeTensor Int8Executor::input(int32_t index) {
  return runtime_tensor(state_->interpreter.input(index));
}
RuntimeTensor Int8Executor::output(int32_t index) {
  return runtime_tensor(state_->interpreter.output(index));
}
RuntimeTensor Int8Executor::tensor(int32_t index) {
  return runtime_tensor(state_->interpreter.tensor(index));
}

bool Int8Executor::keeps_state() const {
  return state_->interpreter.keeps_state();
}
void Int8Executor::reset() {
  state_->interpreter.reset();
}

Result<void> Int8Executor::invoke() {
  const Status status = state_->interpreter.invoke();
  if (status == Status::ok) return {};
  return defect(fmt::format("model '{}': invoke failed: {}", state_->name, what_failed(status)));
}

Result<void> Int8Executor::invoke(const std::function<void(int32_t)>& after) {
  for (int32_t i = 0; i < operator_count(); ++i) {
    const Status status = state_->interpreter.invoke_operator(i);
    if (status != Status::ok)
      return defect(fmt::format("model '{}', operator {}: invoke failed: {}", state_->name, i, what_failed(status)));
    after(i);
  }
  return {};
}

void Int8Executor::set_input(int32_t index, std::span<const float> values) {
  const RuntimeTensor target = input(index);
  if (target.dtype == DType::float32) {
    std::memcpy(target.bytes.data(), values.data(), std::min(values.size_bytes(), target.bytes.size()));
    return;
  }
  if (target.dtype == DType::int16) {
    for (size_t i = 0; i < std::min(values.size(), target.bytes.size() / sizeof(int16_t)); ++i) {
      const int16_t stored = quantize_int16(values[i], target.scale);
      std::memcpy(target.bytes.data() + i * sizeof stored, &stored, sizeof stored);
    }
    return;
  }
  const size_t count = std::min(values.size(), target.bytes.size());
  for (size_t i = 0; i < count; ++i)
    target.bytes[i] = static_cast<uint8_t>(quantize_int8(values[i], target.scale, target.zero_point));
}

}  // namespace mote
