// Writes small .tflite files for tests of the device, field by field, right or wrong on purpose. Host only.
#pragma once
#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "device/types.h"

namespace mote::testing {

struct TestTensor {
  std::vector<int32_t> shape;
  DType type = DType::int8;
  std::vector<uint8_t> data = {};  // constant when not empty
  std::vector<float> scales = {};
  std::vector<int64_t> zero_points = {};
  int32_t axis = 0;
  bool variable = false;
};

struct TestNode {
  int32_t code = 0;  // BuiltinOperator
  std::vector<int32_t> inputs;
  std::vector<int32_t> outputs;
  // Adds the fields of the options table; empty: no table.
  std::function<void(flatbuffers::FlatBufferBuilder&)> options = {};
};

struct TestModel {
  std::vector<TestTensor> tensors;
  std::vector<TestNode> nodes;
  std::vector<int32_t> inputs;
  std::vector<int32_t> outputs;
  std::vector<int32_t> plan = {};  // OfflineMemoryAllocation: one offset per tensor
  uint32_t version = 3;
};

// Bytes at an address that is a multiple of 16.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(size_t size) : words_((size + 15) / 16), size_(size) {}
  AlignedBytes(const void* data, size_t size) : AlignedBytes(size) {
    if (size != 0) std::memcpy(this->data(), data, size);
  }
  uint8_t* data() { return reinterpret_cast<uint8_t*>(words_.data()); }
  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(words_.data()); }
  uint32_t size() const { return static_cast<uint32_t>(size_); }

 private:
  struct alignas(16) Word {
    uint8_t bytes[16];
  };
  std::vector<Word> words_;
  size_t size_ = 0;
};

template <class T>
std::vector<uint8_t> bytes_of(const std::vector<T>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

constexpr flatbuffers::voffset_t slot(int id) {
  return static_cast<flatbuffers::voffset_t>(4 + 2 * id);
}

class ModelBuilder {
 public:
  AlignedBytes build(const TestModel& model) {
    std::vector<Table> tensors, nodes, codes;
    buffers_.push_back(buffer({}));
    for (const TestTensor& t : model.tensors) tensors.push_back(tensor(t));
    for (const TestNode& n : model.nodes) {
      codes.push_back(code(n.code));
      nodes.push_back(node(n, static_cast<uint32_t>(codes.size() - 1)));
    }
    const Table metadata = model.plan.empty() ? 0 : plan(model.plan);
    const auto tensor_list = vector(tensors), node_list = vector(nodes), code_list = vector(codes);
    const auto input_list = builder_.CreateVector(model.inputs), output_list = builder_.CreateVector(model.outputs);
    const auto graph = table([&] {
      builder_.AddOffset(slot(0), tensor_list);
      builder_.AddOffset(slot(1), input_list);
      builder_.AddOffset(slot(2), output_list);
      builder_.AddOffset(slot(3), node_list);
    });
    const auto graph_list = vector({graph}), buffer_list = vector(buffers_);
    const auto metadata_list = vector(metadata.o != 0 ? std::vector<Table>{metadata} : std::vector<Table>{});
    const auto root = table([&] {
      builder_.AddElement<uint32_t>(slot(0), model.version, 0);
      builder_.AddOffset(slot(1), code_list);
      builder_.AddOffset(slot(2), graph_list);
      builder_.AddOffset(slot(4), buffer_list);
      builder_.AddOffset(slot(6), metadata_list);
    });
    builder_.Finish(root, "TFL3");
    return AlignedBytes(builder_.GetBufferPointer(), builder_.GetSize());
  }

 private:
  using Table = flatbuffers::Offset<void>;

  Table table(const std::function<void()>& fields) {
    const auto start = builder_.StartTable();
    fields();
    return Table(builder_.EndTable(start));
  }
  flatbuffers::Offset<flatbuffers::Vector<Table>> vector(const std::vector<Table>& tables) {
    return builder_.CreateVector(tables);
  }
  Table buffer(const std::vector<uint8_t>& data) {
    builder_.ForceVectorAlignment(data.size(), 1, 16);
    const auto bytes = builder_.CreateVector(data);
    return table([&] {
      if (!data.empty()) builder_.AddOffset(slot(0), bytes);
    });
  }
  Table code(int32_t value) {
    return table([&] {
      builder_.AddElement<int8_t>(slot(0), static_cast<int8_t>(value < 127 ? value : 127), 0);
      builder_.AddElement<int32_t>(slot(3), value, 0);
    });
  }
  Table tensor(const TestTensor& t) {
    uint32_t index = 0;
    if (!t.data.empty()) {
      buffers_.push_back(buffer(t.data));
      index = static_cast<uint32_t>(buffers_.size() - 1);
    }
    const auto shape = builder_.CreateVector(t.shape);
    const auto scales = builder_.CreateVector(t.scales);
    const auto zero_points = builder_.CreateVector(t.zero_points);
    const Table quantization = table([&] {
      if (!t.scales.empty()) builder_.AddOffset(slot(2), scales);
      if (!t.zero_points.empty()) builder_.AddOffset(slot(3), zero_points);
      builder_.AddElement<int32_t>(slot(6), t.axis, 0);
    });
    return table([&] {
      builder_.AddOffset(slot(0), shape);
      builder_.AddElement<int8_t>(slot(1), static_cast<int8_t>(t.type), 0);
      builder_.AddElement<uint32_t>(slot(2), index, 0);
      builder_.AddOffset(slot(4), quantization);
      builder_.AddElement<uint8_t>(slot(5), t.variable ? 1 : 0, 0);
    });
  }
  Table node(const TestNode& n, uint32_t code_index) {
    const auto inputs = builder_.CreateVector(n.inputs), outputs = builder_.CreateVector(n.outputs);
    const Table options = n.options ? table([&] { n.options(builder_); }) : Table();
    return table([&] {
      builder_.AddElement<uint32_t>(slot(0), code_index, 0);
      builder_.AddOffset(slot(1), inputs);
      builder_.AddOffset(slot(2), outputs);
      if (n.options) builder_.AddOffset(slot(4), options);
    });
  }
  Table plan(const std::vector<int32_t>& offsets) {
    std::vector<int32_t> words = {1, 1, static_cast<int32_t>(offsets.size())};
    words.insert(words.end(), offsets.begin(), offsets.end());
    buffers_.push_back(buffer(bytes_of(words)));
    const auto index = static_cast<uint32_t>(buffers_.size() - 1);
    const auto name = builder_.CreateString("OfflineMemoryAllocation");
    return table([&] {
      builder_.AddOffset(slot(0), name);
      builder_.AddElement<uint32_t>(slot(1), index, 0);
    });
  }

  flatbuffers::FlatBufferBuilder builder_;
  std::vector<Table> buffers_;
};

// SVDF of one filter that adds up its last three int8 inputs, [1, 1] -> [1, 1]; its state is tensor 3.
inline TestModel running_sum() {
  TestModel model;
  model.tensors = {{{1, 1}, DType::int8, {}, {1.0f}, {0}},
                   {{1, 1}, DType::int8, {1}, {1.0f}, {0}},
                   {{1, 3}, DType::int16, bytes_of(std::vector<int16_t>{1, 1, 1}), {1.0f}, {0}},
                   {{1, 3}, DType::int16, {}, {1.0f}, {0}, 0, true},
                   {{1, 1}, DType::int8, {}, {1.0f}, {0}}};
  model.nodes = {{27, {0, 1, 2, -1, 3}, {4}, [](auto& b) { b.template AddElement<int32_t>(slot(0), 1, 0); }}};
  model.inputs = {0};
  model.outputs = {4};
  return model;
}

inline AlignedBytes build(const TestModel& model) {
  return ModelBuilder().build(model);
}

// int8 [1, 4] -> fully connected with relu -> [1, 3] -> softmax -> [1, 3], all parameters constant.
inline TestModel small_classifier() {
  TestModel model;
  model.tensors = {
      {{1, 4}, DType::int8, {}, {0.05f}, {-3}},
      {{3, 4},
       DType::int8,
       bytes_of(std::vector<int8_t>{10, -20, 30, 5, 7, 7, -90, 1, -127, 127, 3, 44}),
       {0.02f},
       {0}},
      {{3}, DType::int32, bytes_of(std::vector<int32_t>{100, -200, 300}), {0.001f}, {0}},
      {{1, 3}, DType::int8, {}, {0.1f}, {-128}},
      {{1, 3}, DType::int8, {}, {1.0f / 256}, {-128}},
  };
  model.nodes = {{9, {0, 1, 2}, {3}, [](auto& b) { b.template AddElement<int8_t>(slot(0), 1, 0); }},
                 {25, {3}, {4}, [](auto& b) { b.template AddElement<float>(slot(0), 1.0f, 0.0f); }}};
  model.inputs = {0};
  model.outputs = {4};
  return model;
}

}  // namespace mote::testing
