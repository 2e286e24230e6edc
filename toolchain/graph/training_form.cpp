#include "toolchain/graph/training_form.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <set>
#include <string_view>

#include "toolchain/base/plain_text.h"

namespace mote {
namespace {

static_assert(std::endian::native == std::endian::little, "the entry is little endian");

constexpr uint32_t kFormat = 1;

const Tensor* same_tensor(const Graph& graph, const Tensor& like) {
  for (const Tensor& tensor : graph.tensors)
    if (is_float_constant(tensor) && tensor.name == like.name && tensor.type.shape == like.type.shape) return &tensor;
  return nullptr;
}

void put(std::string& bytes, uint32_t value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Reads from the front; once something is missing, everything after it is.
class EntryReader {
 public:
  explicit EntryReader(std::string_view bytes) : left_(bytes) {}

  bool failed() const { return failed_; }
  bool at_end() const { return left_.empty(); }
  std::string_view text(uint64_t size) {
    failed_ = failed_ || size > left_.size();
    const std::string_view taken = left_.substr(0, failed_ ? 0 : size);
    left_.remove_prefix(taken.size());
    return taken;
  }
  uint32_t number() {
    uint32_t value = 0;
    const std::string_view bytes = text(sizeof(value));
    if (!failed_) std::memcpy(&value, bytes.data(), sizeof(value));
    return value;
  }

 private:
  std::string_view left_;
  bool failed_ = false;
};

Error damaged(const std::string& what) {
  return input_error(
      fmt::format("metadata '{}' is damaged: {}; take the file from its run again", kTrainingFormMetadata, what));
}

Result<Shape> read_shape(EntryReader& reader, const std::string& name) {
  Shape shape;
  const uint32_t rank = reader.number();
  if (rank > kMaxRank) return damaged(fmt::format("'{}' has {} dimensions; expected at most {}", name, rank, kMaxRank));
  shape.rank = static_cast<int32_t>(rank);
  uint64_t elements = 1;
  for (uint32_t d = 0; d < rank; ++d) {
    const uint32_t size = reader.number();
    elements *= size;
    if (size > INT32_MAX || elements > INT32_MAX) return damaged(fmt::format("'{}' is too large", name));
    shape.dims[d] = static_cast<int32_t>(size);
  }
  return shape;
}

Result<Tensor> read_tensor(EntryReader& reader, const Graph& graph) {
  Tensor tensor;
  tensor.name = reader.text(reader.number());
  if (!is_plain_text(tensor.name)) return damaged("a name in it is not printable UTF-8");
  tensor.constant = true;
  tensor.type.dtype = DType::float32;
  MOTE_TRY(tensor.type.shape, read_shape(reader, tensor.name));
  const uint32_t numbers_follow = reader.number();
  if (reader.failed()) return damaged("it ends within a tensor");
  if (numbers_follow == 0) {
    const Tensor* const same = same_tensor(graph, tensor);
    if (same == nullptr) return damaged(fmt::format("the model has no tensor '{}' of its shape", tensor.name));
    tensor.data = same->data;
    return tensor;
  }
  const std::string_view numbers = reader.text(static_cast<uint64_t>(tensor.type.bytes()));
  if (reader.failed()) return damaged(fmt::format("it ends within the numbers of '{}'", tensor.name));
  tensor.data.assign(numbers.begin(), numbers.end());
  return tensor;
}

}  // namespace

bool is_float_constant(const Tensor& tensor) {
  return tensor.constant && tensor.type.dtype == DType::float32;
}

void keep_training_form(const Graph& trained, Graph& exported) {
  uint32_t count = 0;
  std::string tensors;
  for (const Tensor& tensor : trained.tensors) {
    if (!is_float_constant(tensor)) continue;
    ++count;
    put(tensors, static_cast<uint32_t>(tensor.name.size()));
    tensors += tensor.name;
    const Shape& shape = tensor.type.shape;
    put(tensors, static_cast<uint32_t>(shape.rank));
    for (int32_t d = 0; d < shape.rank; ++d) put(tensors, static_cast<uint32_t>(shape[d]));
    const Tensor* const same = same_tensor(exported, tensor);
    const bool numbers_follow = same == nullptr || same->data != tensor.data;
    put(tensors, numbers_follow ? 1 : 0);
    if (numbers_follow) tensors.append(tensor.data.begin(), tensor.data.end());
  }
  std::string entry;
  put(entry, kFormat);
  put(entry, count);
  exported.metadata[kTrainingFormMetadata] = entry + tensors;
}

Result<std::optional<std::vector<Tensor>>> training_form(const Graph& graph) {
  const auto entry = graph.metadata.find(kTrainingFormMetadata);
  if (entry == graph.metadata.end()) return std::optional<std::vector<Tensor>>();
  EntryReader reader(entry->second);
  const uint32_t format = reader.number();
  if (!reader.failed() && format != kFormat)
    return input_error(fmt::format("metadata '{}' has format {}; this mote reads {}: use the mote that wrote the file",
                                   kTrainingFormMetadata, format, kFormat));
  const uint32_t count = reader.number();
  if (reader.failed()) return damaged("it ends within its head");
  std::vector<Tensor> tensors;
  std::set<std::string> names;  // once each, so that what is copied stays below the size of the file
  for (uint32_t i = 0; i < count; ++i) {
    MOTE_TRY(Tensor tensor, read_tensor(reader, graph));
    if (!names.insert(tensor.name).second) return damaged(fmt::format("'{}' is there twice", tensor.name));
    tensors.push_back(std::move(tensor));
  }
  if (!reader.at_end()) return damaged("something follows its last tensor");
  return std::optional(std::move(tensors));
}

}  // namespace mote
