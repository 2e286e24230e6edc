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
  uint16_t bytes = 0;   // of a table
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

  // REQUIRES: at least 8 bytes.
  Position root() { return target(0); }

  // Whether there is a table, all of whose fields (table_fields) can be read at layout.at[...] without further checks;
  // a broken one is as if left out. False: absent or broken; then layout.at is all zeros.
  template <int32_t kFields>
  bool open(Position table, uint32_t fields, LayoutOf<kFields>& layout) {
    return is_open(table, layout) || open_new(table, fields, kFields, layout, layout.at);
  }

  // A table whose vtable has been checked; one that is absent or broken has no fields.
  struct Table {
    Position at = 0, vtable = 0;
    uint16_t vtable_bytes = 0, bytes = 0;
  };
  Table table(Position at) {
    Table result;
    if (at == 0) return result;
    const Position vtable = at - u32(at);  // the offset to the vtable is subtracted
    if (!inside(vtable, 4, 2) || !inside(vtable, u16(vtable), 2) || u16(vtable + 2) > size_ - at) {
      fail();
      return result;
    }
    result.at = at;
    result.vtable = vtable;
    result.vtable_bytes = u16(vtable);
    result.bytes = u16(vtable + 2);
    return result;
  }

  // Position of a field, 0 when the table leaves it out. `id`: also with kByteField.
  Position field(const Table& table, uint32_t id) { return behind(table.at, offset(table, id)); }
  Position field(Position at, uint32_t id) { return field(table(at), id); }

  // Scalars of a table.
  int32_t i32_field(Position table, uint32_t id, int32_t otherwise) { return i32_or(field(table, id), otherwise); }
  // A table or vector that a field points at.
  Position table_field(Position table, uint32_t id) { return table_behind(field(table, id)); }
  // The position is that of the length word; the elements, of 2^log2_bytes bytes each, follow it.
  Position vector_field(Position table, uint32_t id, int32_t log2_bytes) {
    return vector_behind(field(table, id), log2_bytes);
  }

  // The same with the position of the field, 0 = left out, in a table that open() has checked.
  static Position behind(Position table, uint16_t offset) { return offset != 0 ? table + offset : 0; }
  int32_t i32_or(Position at, int32_t otherwise) const { return at != 0 ? static_cast<int32_t>(u32(at)) : otherwise; }
  uint8_t u8_or(Position at, uint8_t otherwise) const { return at != 0 ? data_[at] : otherwise; }
  Position table_behind(Position at) { return at != 0 ? target(at) : 0; }
  Position vector_behind(Position at, int32_t log2_bytes) {
    if (at == 0) return 0;
    const Position vector = target(at);
    if (vector == 0 || u32(vector) <= (size_ - vector - 4) >> log2_bytes) return vector;
    return fail();
  }

  __attribute__((always_inline)) int32_t length(Position vector) const {
    return vector != 0 ? static_cast<int32_t>(u32(vector)) : 0;
  }
  // Element i of a vector of 4-byte integers. REQUIRES: 0 <= i < length.
  int32_t i32_at(Position vector, int32_t i) const {
    return static_cast<int32_t>(u32(vector + 4 + 4 * static_cast<uint32_t>(i)));
  }
  // Element i of a vector of tables. REQUIRES: 0 <= i < length.
  __attribute__((always_inline)) Position table_at(Position vector, int32_t i) {
    return target(vector + 4 + 4 * static_cast<uint32_t>(i));
  }

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

  bool is_open(Position at, const TableLayout& layout) const {
    return at != 0 && at - u32(at) == layout.vtable && layout.bytes <= size_ - at;
  }
  bool open_new(Position at, uint32_t fields, int32_t count, TableLayout& layout, uint16_t* offsets) {
    const Table found = table(at);
    layout.vtable = found.at != 0 ? found.vtable : 1;
    layout.bytes = found.bytes;
    for (int32_t i = 0; i < count; ++i, fields >>= 6) offsets[i] = offset(found, fields & 63);
    return found.at != 0;
  }

  // 0: left out, or broken.
  uint16_t offset(const Table& table, uint32_t id) {
    const uint32_t slot = 4 + 2 * (id & 31), bytes = (id & kByteField) != 0 ? 1 : 4;
    if (slot + 2 > table.vtable_bytes) return 0;
    const uint32_t at = u16(table.vtable + slot);
    if (at == 0) return 0;
    if (at >= 4 && at + bytes <= table.bytes && (at & (bytes - 1)) == 0) return static_cast<uint16_t>(at);
    fail();
    return 0;
  }

  // Follows the offset at `at`, a word that can be read, to a table or vector, of which the first word is there and
  // aligned.
  Position target(Position at) {
    const uint32_t offset = u32(at);
    if (offset - 1 >= size_ - 4 - at || (offset & 3) != 0) return fail();
    return at + offset;
  }

  const uint8_t* data_;
  uint32_t size_;
  Status status_ = Status::ok;
};

}  // namespace mote
