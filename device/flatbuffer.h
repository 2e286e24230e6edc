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

// Fields of a table, six bits each, the first lowest: the number, and whether the field is one byte or four.
constexpr uint32_t kByteField = 32;
constexpr uint32_t table_fields(uint32_t a, uint32_t b = 0, uint32_t c = 0, uint32_t d = 0, uint32_t e = 0) {
  return a | b << 6 | c << 12 | d << 18 | e << 24;
}

// Where the fields of a table stand. A writer lets tables that are alike share their vtable, so that it is looked up
// once for many of them.
struct TableLayout {
  Position vtable = 1;  // one that no table can have: not looked up yet
  uint32_t bytes = 0;   // of a table
};
template <int32_t kFields>
struct LayoutOf : TableLayout {
  uint16_t at[kFields] = {};  // offset in the table, 0 = left out
};

class FlatBuffer {
 public:
  // REQUIRES: data aligned to at least 8 bytes, so that an aligned position is an aligned address.
  FlatBuffer(const void* data, uint32_t bytes) : data_(static_cast<const uint8_t*>(data)), size_(bytes) {}

  bool failed() const { return status_ != Status::ok; }
  Status status() const { return status_; }
  const uint8_t* data() const { return data_; }
  uint32_t size() const { return size_; }

  Position root() { return target(0); }

  // Whether there is a table, all of whose fields (table_fields) can be read at layout.at[...] without further checks.
  // False: absent or broken; then layout.at is all zeros.
  template <int32_t kFields>
  bool open(Position table, uint32_t fields, LayoutOf<kFields>& layout) {
    return open(table, fields, kFields, layout, layout.at);
  }

  // Position of a field of a table, 0 when the table is absent or leaves the field out. `id`: also with kByteField.
  Position field(Position table, uint32_t id) {
    LayoutOf<1> layout;
    return open(table, id, layout) ? behind(table, layout.at[0]) : 0;
  }

  // Scalars of a table.
  int32_t i32_field(Position table, uint32_t id, int32_t otherwise) { return i32_or(field(table, id), otherwise); }
  uint8_t u8_field(Position table, uint32_t id, uint8_t otherwise) {
    const Position at = field(table, id | kByteField);
    return at != 0 ? data_[at] : otherwise;
  }
  // A table or vector that a field points at.
  Position table_field(Position table, uint32_t id) { return table_behind(field(table, id)); }
  // The position is that of the length word; the elements, of 2^log2_bytes bytes each, follow it.
  Position vector_field(Position table, uint32_t id, int32_t log2_bytes) {
    return vector_behind(field(table, id), log2_bytes);
  }

  // The same with the position of the field, 0 = left out, in a table that open() has checked.
  static Position behind(Position table, uint16_t offset) { return offset != 0 ? table + offset : 0; }
  int32_t i32_or(Position at, int32_t otherwise) const { return at != 0 ? static_cast<int32_t>(u32(at)) : otherwise; }
  Position table_behind(Position at) { return at != 0 ? target(at) : 0; }
  Position vector_behind(Position at, int32_t log2_bytes) {
    if (at == 0) return 0;
    const Position vector = target(at);
    if (vector == 0 || u32(vector) <= (size_ - vector - 4) >> log2_bytes) return vector;
    return fail();
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

 protected:
  // REQUIRES: inside(at, 2, 2) and inside(at, 4, 4): one aligned load each.
  __attribute__((always_inline)) uint16_t u16(Position at) const {
    uint16_t value;
    __builtin_memcpy(&value, __builtin_assume_aligned(data_ + at, 2), 2);
    return value;
  }
  __attribute__((always_inline)) uint32_t u32(Position at) const {
    uint32_t value;
    __builtin_memcpy(&value, __builtin_assume_aligned(data_ + at, 4), 4);
    return value;
  }

 private:
  __attribute__((always_inline)) bool inside(uint32_t at, uint32_t bytes, uint32_t alignment) const {
    return (at & (alignment - 1)) == 0 && at <= size_ && bytes <= size_ - at;
  }

  bool open(Position table, uint32_t fields, int32_t count, TableLayout& layout, uint16_t* at) {
    if (table != 0) {
      const Position vtable = table - u32(table);  // the offset to the vtable is subtracted
      if ((vtable == layout.vtable || look_up(vtable, fields, count, layout, at)) && inside(table, layout.bytes, 4))
        return true;
      fail();
    }
    layout.vtable = 1;
    for (int32_t i = 0; i < count; ++i) at[i] = 0;
    return false;
  }

  bool look_up(Position vtable, uint32_t fields, int32_t count, TableLayout& layout, uint16_t* at) {
    if (!inside(vtable, 4, 2)) return false;
    const uint32_t vtable_bytes = u16(vtable);
    if (!inside(vtable, vtable_bytes, 2)) return false;
    layout.vtable = vtable;
    layout.bytes = u16(vtable + 2);
    for (int32_t i = 0; i < count; ++i, fields >>= 6) {
      const uint32_t slot = 4 + 2 * (fields & 31), bytes = (fields & kByteField) != 0 ? 1 : 4;
      at[i] = slot + 2 > vtable_bytes ? 0 : u16(vtable + slot);
      if (at[i] != 0 && (at[i] < 4 || at[i] + bytes > layout.bytes || (at[i] & (bytes - 1)) != 0)) return false;
    }
    return true;
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
