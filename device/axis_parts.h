// Tensors that lie one after the other along an axis of another: CONCATENATION, PACK, SPLIT, SPLIT_V, UNPACK. Of any
// type: elements are copied as bytes.
//
// Before the axis there are `rows` indices. For each of them, every part has a stretch of bytes; the stretches of all
// parts, one after the other, are a row of the whole.
#pragma once
#include "device/kernel.h"
#include "device/strided_copy.h"

namespace mote {

struct AxisParts {
  int32_t rows, whole;  // bytes of a row of the whole
  int32_t count;        // of parts, whose stretches in bytes follow in the arena
};

// visit(part, offset in the part, offset in the whole, bytes) for every stretch.
template <class Visit>
void for_each_stretch(const AxisParts& p, const int32_t* stretches, const Visit& visit) {
  int32_t start = 0;
  for (int32_t i = 0; i < p.count; ++i) {
    for (int32_t row = 0; row < p.rows; ++row) visit(i, row * stretches[i], row * p.whole + start, stretches[i]);
    start += stretches[i];
  }
}

// part(i): where part i starts; nullptr = leave it out.
template <class Part>
void join_parts(const AxisParts& p, const int32_t* stretches, const Part& part, void* whole) {
  for_each_stretch(p, stretches, [&](int32_t i, int32_t from, int32_t to, int32_t bytes) {
    __builtin_memcpy(static_cast<uint8_t*>(whole) + to, static_cast<const uint8_t*>(part(i)) + from,
                     static_cast<size_t>(bytes));
  });
}
template <class Part>
void split_parts(const AxisParts& p, const int32_t* stretches, const void* whole, const Part& part) {
  for_each_stretch(p, stretches, [&](int32_t i, int32_t to, int32_t from, int32_t bytes) {
    uint8_t* const start = static_cast<uint8_t*>(part(i));
    if (start != nullptr)
      __builtin_memcpy(start + to, static_cast<const uint8_t*>(whole) + from, static_cast<size_t>(bytes));
  });
}

// Where a negative axis counts from the end; -1: outside the rank.
constexpr int32_t resolved_axis(int32_t axis, int32_t rank) {
  return axis < -rank || axis >= rank ? -1 : axis < 0 ? axis + rank : axis;
}

// How far `part` reaches along the axis of `whole`; -1: it does not fit. Stacked parts lack the axis.
constexpr int32_t reach(const Shape& part, const Shape& whole, int32_t axis, bool stacked) {
  if (part.rank != whole.rank - (stacked ? 1 : 0)) return -1;
  for (int32_t i = 0; i < whole.rank; ++i) {
    const int32_t in_part = stacked && i > axis ? i - 1 : i;
    if (i != axis && part[in_part] != whole[i]) return -1;
  }
  return stacked ? 1 : part[axis];
}

// All checks. part(i): the TensorInfo of part i.
template <class Part>
Status parts_setup(const TensorInfo& whole, int32_t axis, bool stacked, int32_t count, const Part& part, AxisParts& p) {
  const int32_t size = element_bytes(whole.type), resolved = resolved_axis(axis, whole.shape.rank);
  if (size == 0) return Status::unsupported_type;
  if (resolved < 0) return Status::unsupported_option;
  if (whole.shape.elements() == 0) return Status::unsupported_shape;
  int64_t reached = 0;
  for (int32_t i = 0; i < count; ++i) {
    const TensorInfo info = part(i);
    if (info.type != whole.type) return Status::unsupported_type;
    const int32_t length = reach(info.shape, whole.shape, resolved, stacked);
    if (length < 0) return Status::unsupported_shape;
    reached += length;
  }
  if (reached != whole.shape[resolved]) return Status::unsupported_shape;
  p = AxisParts{1, size, count};
  for (int32_t i = 0; i < whole.shape.rank; ++i) (i < resolved ? p.rows : p.whole) *= whole.shape[i];
  return Status::ok;
}

inline int32_t stretch_of(const AxisParts& p, const TensorInfo& part) {
  return part.shape.elements() / p.rows * element_bytes(part.type);
}

template <class Part>
void keep_parts(PrepareContext& node, const AxisParts& p, const Part& part) {
  node.keep(p);
  int32_t* const stretches = node.keep_array<int32_t>(p.count);
  for (int32_t i = 0; stretches != nullptr && i < p.count; ++i) stretches[i] = stretch_of(p, part(i));
}

inline const int32_t* stretches_of(const AxisParts& p) {
  return reinterpret_cast<const int32_t*>(&p + 1);
}

// Kernels from what each operator has:
//
//   struct MyAttributes {
//     static constexpr bool kStacked = false;  // the parts lack the axis
//     int32_t axis;
//     ...
//   };
//
// and of those that split
//
//     static constexpr int32_t kData, kOperands;  // number of the whole among the inputs; how many others there are
//   bool take_operands(MyAttributes&, const Shape& whole, const Integers* operands);  // false: they do not fit

// Takes the node's parts as they are; each input is one.
template <class Attributes>
Status join_setup(PrepareContext& node, AxisParts& p) {
  if (node.input_count() < 1 || node.output_count() != 1) return Status::unsupported_shape;
  for (int32_t i = 0; i < node.input_count(); ++i)
    if (!node.has_input(i)) return Status::unsupported_shape;
  Attributes a;
  if (!node.read(a)) return Status::bad_model;
  if (!is_supported(a)) return Status::unsupported_option;
  const auto part = [&](int32_t i) { return node.input(i); };
  return parts_setup(node.output(0), a.axis, Attributes::kStacked, node.input_count(), part, p);
}

template <class Attributes>
Status prepare_join(PrepareContext& node) {
  AxisParts p;
  const Status status = join_setup<Attributes>(node, p);
  if (status == Status::ok) keep_parts(node, p, [&](int32_t i) { return node.input(i); });
  return status;
}

inline void invoke_join(const InvokeContext& node) {
  const AxisParts& p = node.data<AxisParts>();
  join_parts(
      p, stretches_of(p), [&](int32_t i) { return node.input<void>(i); }, node.output<void>(0));
}

template <class Attributes>
Status prepare_split(PrepareContext& node) {
  if (node.input_count() != 1 + Attributes::kOperands || node.output_count() < 1 || !node.has_input(Attributes::kData))
    return Status::unsupported_shape;
  const TensorInfo whole = node.input(Attributes::kData);
  Attributes a;
  Status status = read_attributes(node, Attributes::kData == 0 ? 1 : 0, whole.shape, a);
  if (status != Status::ok) return status;
  const auto part = [&](int32_t i) { return node.output(i); };
  AxisParts p;
  status = parts_setup(whole, a.axis, Attributes::kStacked, node.output_count(), part, p);
  if (status == Status::ok) keep_parts(node, p, part);
  return status;
}

template <class Attributes>
void invoke_split(const InvokeContext& node) {
  const AxisParts& p = node.data<AxisParts>();
  split_parts(p, stretches_of(p), node.input<void>(Attributes::kData), [&](int32_t i) { return node.output<void>(i); });
}

template <class Attributes>
constexpr Kernel join_kernel(int32_t code) {
  return Kernel{code, kAnyType, kAnyType, false, prepare_join<Attributes>, invoke_join};
}
template <class Attributes>
constexpr Kernel split_kernel(int32_t code) {
  return Kernel{code, kAnyType, kAnyType, false, prepare_split<Attributes>, invoke_split<Attributes>};
}

}  // namespace mote
