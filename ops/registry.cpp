#include <array>

#include "ops/op.h"

// The template's test compiles this file with the template's list.
#ifndef MOTE_OPS_LIST
#define MOTE_OPS_LIST "ops/ops.def"
#endif
#define MOTE_TRAINING_OPS_LIST "ops/training_ops.def"

namespace mote {

#define MOTE_OP(name) extern const OpDef name##_def;
#include MOTE_OPS_LIST
#include MOTE_TRAINING_OPS_LIST
#undef MOTE_OP

std::span<const OpDef* const> all_ops() {
  static constexpr std::array ops = {
#define MOTE_OP(name) &name##_def,
#include MOTE_OPS_LIST
#undef MOTE_OP
  };
  return ops;
}

std::span<const OpDef* const> training_ops() {
  static constexpr std::array ops = {
#define MOTE_OP(name) &name##_def,
#include MOTE_TRAINING_OPS_LIST
#undef MOTE_OP
  };
  return ops;
}

const OpDef* find_op(const std::string& name) {
  for (const auto list : {all_ops(), training_ops()})
    for (const OpDef* op : list)
      if (op->name == name) return op;
  return nullptr;
}

const OpDef* find_op_by_code(int32_t tflite_code) {
  for (const OpDef* op : all_ops())
    if (op->tflite_code == tflite_code) return op;
  return nullptr;
}

}  // namespace mote
