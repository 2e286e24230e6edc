#include "toolchain/tflite/options.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string_view>

namespace mote {
namespace {

using flatbuffers::Table;
using flatbuffers::voffset_t;

voffset_t vtable_slot(int id) {
  return flatbuffers::FieldIndexToOffset(static_cast<voffset_t>(id));
}

class OptionsReader : public AttributeVisitor {
 public:
  OptionsReader(const Table& table, const flatbuffers::Verifier& verifier) : table_(table), verifier_(verifier) {}

  void field(int id, const char* name, bool& value) override {
    uint8_t stored = value;
    scalar(id, name, stored);
    value = stored != 0;
  }
  void field(int id, const char* name, Activation& value) override {
    int8_t stored = static_cast<int8_t>(value);
    scalar(id, name, stored);
    if (stored < 0 || stored > static_cast<int8_t>(Activation::sign_bit))
      return fail(fmt::format("option '{}' is {}, which is no activation function", name, stored));
    value = static_cast<Activation>(stored);
  }
  void field(int id, const char* name, int8_t& value) override { scalar(id, name, value); }
  void field(int id, const char* name, int32_t& value) override { scalar(id, name, value); }
  void field(int id, const char* name, float& value) override { scalar(id, name, value); }
  void field(int id, const char* name, Shape& value) override {
    visited_.insert(id);
    if (!table_.VerifyOffset(verifier_, vtable_slot(id))) return fail(outside(name));
    const auto* stored = table_.GetPointer<const flatbuffers::Vector<int32_t>*>(vtable_slot(id));
    if (stored == nullptr) return;
    if (!verifier_.VerifyVector(stored)) return fail(outside(name));
    if (stored->size() > kMaxRank)
      return fail(
          fmt::format("option '{}' has {} dimensions; at most {} are possible", name, stored->size(), kMaxRank));
    value = Shape{};
    value.rank = static_cast<int32_t>(stored->size());
    for (int32_t i = 0; i < value.rank; ++i) value.dims[i] = stored->Get(static_cast<flatbuffers::uoffset_t>(i));
  }

  void text(int id, const char*) override { visited_.insert(id); }

  const std::string& error() const { return error_; }

  // A field that is present, not zero, not visited and not `ignored`. Its type is unknown, so only its first byte,
  // little endian, is looked at.
  template <class Ignored>
  int unknown(const Ignored& ignored) const {
    const uint8_t* vtable = table_.GetVTable();
    const int fields =
        (flatbuffers::ReadScalar<voffset_t>(vtable) - vtable_slot(0)) / static_cast<int>(sizeof(voffset_t));
    for (int id = 0; id < fields; ++id) {
      if (visited_.contains(id) || ignored(id) || !table_.VerifyField<uint8_t>(verifier_, vtable_slot(id), 1)) continue;
      if (table_.GetField<uint8_t>(vtable_slot(id), 0) != 0) return id;
    }
    return -1;
  }

 private:
  template <class T>
  void scalar(int id, const char* name, T& value) {
    visited_.insert(id);
    if (!table_.VerifyField<T>(verifier_, vtable_slot(id), sizeof(T))) return fail(outside(name));
    value = table_.GetField<T>(vtable_slot(id), value);
  }
  static std::string outside(const char* name) { return fmt::format("option '{}' points outside the file", name); }
  void fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
  }

  const Table& table_;
  const flatbuffers::Verifier& verifier_;
  std::set<int> visited_;
  std::string error_;
};

// quantized_bias_type of layers with 16-bit activations, which the bias says itself.
bool is_said_by_a_tensor(const OpDef& op, int id) {
  const std::string_view name = op.name;
  return (name == "conv_2d" && id == 6) || (name == "fully_connected" && id == 4);
}

// FlatBuffers are written leaves first: pass 1 writes the vectors that pass 2's table refers to.
class VectorWriter : public AttributeVisitor {
 public:
  VectorWriter(flatbuffers::FlatBufferBuilder& builder, std::map<int, flatbuffers::Offset<void>>& vectors)
      : builder_(builder), vectors_(vectors) {}
  void field(int, const char*, bool&) override {}
  void field(int, const char*, Activation&) override {}
  void field(int, const char*, int8_t&) override {}
  void field(int, const char*, int32_t&) override {}
  void field(int, const char*, float&) override {}
  void field(int id, const char*, Shape& value) override {
    vectors_[id] = builder_.CreateVector(value.dims, static_cast<size_t>(value.rank)).Union();
  }

 private:
  flatbuffers::FlatBufferBuilder& builder_;
  std::map<int, flatbuffers::Offset<void>>& vectors_;
};

class TableWriter : public AttributeVisitor {
 public:
  TableWriter(flatbuffers::FlatBufferBuilder& builder, const std::map<int, flatbuffers::Offset<void>>& vectors)
      : builder_(builder), vectors_(vectors) {}
  void field(int id, const char*, bool& value) override { builder_.AddElement<uint8_t>(vtable_slot(id), value); }
  void field(int id, const char*, Activation& value) override {
    builder_.AddElement<int8_t>(vtable_slot(id), static_cast<int8_t>(value));
  }
  void field(int id, const char*, int8_t& value) override { builder_.AddElement(vtable_slot(id), value); }
  void field(int id, const char*, int32_t& value) override { builder_.AddElement(vtable_slot(id), value); }
  void field(int id, const char*, float& value) override { builder_.AddElement(vtable_slot(id), value); }
  void field(int id, const char*, Shape&) override { builder_.AddOffset(vtable_slot(id), vectors_.at(id)); }

 private:
  flatbuffers::FlatBufferBuilder& builder_;
  const std::map<int, flatbuffers::Offset<void>>& vectors_;
};

}  // namespace

Result<void> read_options(const OpDef& op, const Table* options, const flatbuffers::Verifier& verifier,
                          Attributes& attributes, int* unknown) {
  *unknown = -1;
  if (options == nullptr) return {};
  OptionsReader reader(*options, verifier);
  op.visit(reader, attributes);
  if (!reader.error().empty()) return input_error(reader.error());
  *unknown = reader.unknown([&op](int id) { return is_said_by_a_tensor(op, id); });
  return {};
}

flatbuffers::uoffset_t write_options(const OpDef& op, const Attributes& attributes,
                                     flatbuffers::FlatBufferBuilder& builder) {
  Attributes copy = attributes;  // visit takes attributes that it may change
  std::map<int, flatbuffers::Offset<void>> vectors;
  VectorWriter vector_writer(builder, vectors);
  op.visit(vector_writer, copy);
  TableWriter table_writer(builder, vectors);
  const auto start = builder.StartTable();
  op.visit(table_writer, copy);
  return builder.EndTable(start);
}

}  // namespace mote
