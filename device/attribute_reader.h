// Reads an operator's attributes from its FlatBuffer options table: the device's visitor of the same visit() that the
// host's AttributeVisitor (ops/op.h) serves. A field that the table leaves out keeps its value, which is the schema's
// default.
#pragma once
#include "device/model_view.h"

namespace mote {

class AttributeReader {
 public:
  AttributeReader(ModelView& model, Position options) : model_(model), options_(model.table(options)) {}

  // `name` is for the host's visitors; always inlined so that its text is not linked.
  __attribute__((always_inline)) void field(int id, const char*, bool& value) { value = byte(id, value) != 0; }
  __attribute__((always_inline)) void field(int id, const char*, Activation& value) {
    value = static_cast<Activation>(byte(id, static_cast<uint8_t>(value)));
  }
  __attribute__((always_inline)) void field(int id, const char*, int8_t& value) {
    value = static_cast<int8_t>(byte(id, static_cast<uint8_t>(value)));
  }
  __attribute__((always_inline)) void field(int id, const char*, int32_t& value) { value = word(id, value); }
  __attribute__((always_inline)) void field(int id, const char*, float& value) {
    const int32_t bits = word(id, static_cast<int32_t>(float_bits(value)));
    __builtin_memcpy(&value, &bits, sizeof value);
  }
  __attribute__((always_inline)) void field(int id, const char*, Shape& value) { read_shape(id, value); }
  __attribute__((always_inline)) void text(int, const char*) {}

 private:
  int32_t word(int id, int32_t otherwise) { return model_.i32_or(model_.field(options_, id), otherwise); }
  uint8_t byte(int id, uint8_t otherwise) { return model_.u8_or(model_.field(options_, id | kByteField), otherwise); }

  void read_shape(int id, Shape& value) {
    const Position dims = model_.vector_behind(model_.field(options_, id), 2);
    if (dims == 0) return;
    if (model_.length(dims) > kMaxRank) {
      model_.fail();
      return;
    }
    value.rank = model_.length(dims);
    for (int32_t i = 0; i < value.rank; ++i) value.dims[i] = model_.i32_at(dims, i);
  }

  ModelView& model_;
  FlatBuffer::Table options_;
};

}  // namespace mote
