// Bounds-checked reading of a FlatBuffer that may be hostile. Nothing outside the given bytes is ever read.
//
// The first broken offset, vtable or vector sets failed() and reads as 0 or "absent", so callers check once at the end
// of a group of reads. Loops end because a vector's length has been checked against the bytes that are there. Format:
// https://flatbuffers.dev/internals, little endian, which all supported targets are.
#pragma once
#include <stdint.h>

#include "device/status.h"

namespace mote {

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model data is read in place: little-endian targets only"
#endif

// Where something starts in the file; 0 = absent (word 0 is the root offset, so no field or vector is there).
using Position = uint32_t;

class FlatBuffer {
 public:
  // REQUIRES: data aligned to at least 8 bytes, so that an aligned position is an aligned address.
  FlatBuffer(const void* data, uint32_t bytes) : data_(static_cast<const uint8_t*>(data)), size_(bytes) {}

  bool failed() const { return status_ != Status::ok; }
  Status status() const { return status_; }
  const uint8_t* data() const { return data_; }
  uint32_t size() const { return size_; }

  Position root() { return target(0); }

  // Position of field `id` of a table, 0 when the table is absent or leaves the field out; `bytes` = size of the field.
  Position field(Position table, int32_t id, uint32_t bytes) {
    if (table == 0) return 0;
    const uint32_t vtable = table - u32(table);  // the offset to the vtable is subtracted
    if (!inside(vtable, 4, 2)) return fail();
    const uint32_t vtable_bytes = u16(vtable);
    const uint32_t table_bytes = u16(vtable + 2);
    const uint32_t slot = 4 + 2 * static_cast<uint32_t>(id);
    if (!inside(vtable, vtable_bytes, 2) || !inside(table, table_bytes, 4)) return fail();
    if (slot + 2 > vtable_bytes) return 0;
    const uint32_t offset = u16(vtable + slot);
    if (offset == 0) return 0;
    if (offset < 4 || offset + bytes > table_bytes || (offset & (alignment_of(bytes) - 1)) != 0) return fail();
    return table + offset;
  }

  // Scalars of a table.
  int32_t i32_field(Position table, int32_t id, int32_t otherwise) {
    const Position at = field(table, id, 4);
    return at != 0 ? static_cast<int32_t>(u32(at)) : otherwise;
  }
  uint8_t u8_field(Position table, int32_t id, uint8_t otherwise) {
    const Position at = field(table, id, 1);
    return at != 0 ? data_[at] : otherwise;
  }
  // A table or vector that a field points at.
  Position table_field(Position table, int32_t id) {
    const Position at = field(table, id, 4);
    return at != 0 ? target(at) : 0;
  }
  // The position is that of the length word; the elements follow it.
  Position vector_field(Position table, int32_t id, uint32_t element_bytes) {
    const Position at = field(table, id, 4);
    if (at == 0) return 0;
    const Position vector = target(at);
    if (vector == 0) return 0;
    if (u32(vector) > (size_ - vector - 4) / element_bytes) return fail();
    return vector;
  }

  int32_t length(Position vector) const { return vector != 0 ? static_cast<int32_t>(u32(vector)) : 0; }
  // Element i of a vector of 4-byte integers. REQUIRES: 0 <= i < length.
  int32_t i32_at(Position vector, int32_t i) const {
    return static_cast<int32_t>(u32(vector + 4 + 4 * static_cast<uint32_t>(i)));
  }
  // Element i of a vector of tables. REQUIRES: 0 <= i < length.
  Position table_at(Position vector, int32_t i) { return target(vector + 4 + 4 * static_cast<uint32_t>(i)); }

  // The first cause stays.
  Position fail(Status why = Status::bad_model) {
    if (!failed()) status_ = why;
    return 0;
  }

 private:
  static uint32_t alignment_of(uint32_t bytes) { return bytes < 4 ? bytes : 4; }
  bool inside(uint32_t at, uint32_t bytes, uint32_t alignment) const {
    return (at & (alignment - 1)) == 0 && at <= size_ && bytes <= size_ - at;
  }
  // REQUIRES: inside(at, 2, 2) and inside(at, 4, 4): one aligned load each.
  uint32_t u16(Position at) const {
    uint16_t value;
    __builtin_memcpy(&value, __builtin_assume_aligned(data_ + at, 2), 2);
    return value;
  }
  uint32_t u32(Position at) const {
    uint32_t value;
    __builtin_memcpy(&value, __builtin_assume_aligned(data_ + at, 4), 4);
    return value;
  }

  // Follows the offset at `at` to a table or vector, of which the first word is there and aligned.
  Position target(Position at) {
    if (!inside(at, 4, 4)) return fail();
    const uint32_t offset = u32(at);
    if (offset == 0 || offset > size_ || !inside(at + offset, 4, 4)) return fail();
    return at + offset;
  }

  const uint8_t* data_;
  uint32_t size_;
  Status status_ = Status::ok;
};

}  // namespace mote
