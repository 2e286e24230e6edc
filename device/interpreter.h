// Runs a .tflite in place. Four regions: the model's bytes (const, may lie in flash), the arena (the caller's buffer),
// the resolver (the caller's table of kernels), and this object.
#pragma once
#include "device/planner.h"
#include "device/resolver.h"

namespace mote {

class Interpreter {
 public:
  // Validates the whole file and prepares every node; afterwards invoke() cannot fail. `model` and `arena` start at
  // multiples of kAlignment and must outlive this object; neither may move. Only subgraph 0 runs. A second init starts
  // afresh.
  Status init(const void* model, uint32_t model_bytes, const Resolver& resolver, void* arena, uint32_t arena_bytes) {
    *this = Interpreter();
    if (!is_aligned(model) || !is_aligned(arena)) return Status::misaligned;
    model_ = static_cast<const uint8_t*>(model);
    model_bytes_ = model_bytes;
    resolver_ = resolver;
    arena_ = static_cast<uint8_t*>(arena);
    ModelView view(model, model_bytes);
    if (view.failed()) return view.status();
    const Status status = prepare(view, arena_bytes);
    ready_ = status == Status::ok;
    return ready_ ? reset() : status;
  }

  // Gives the model's variables (the state that it keeps from one invoke to the next) their first value again, as after
  // init.
  Status reset() {
    if (!ready_) return Status::not_initialized;
    ModelView model = view();
    for (int32_t t = 0; keeps_state_ && t < model.tensor_count(); ++t) {
      const int32_t word = reinterpret_cast<const int32_t*>(arena_)[t];
      if (word < 0 || !model.is_variable(t)) continue;
      const TensorInfo info = model.tensor(t);
      const int32_t bytes = model.place(t).bytes;
      for (int32_t i = 0; i < bytes; ++i) arena_[word + i] = first_byte(info);
    }
    return Status::ok;
  }

  // One inference. Inputs may have been overwritten by it: fill them again before the next.
  Status invoke() {
    if (!ready_) return Status::not_initialized;
    for (int32_t i = 0; i < node_count_; ++i) run(i);
    return Status::ok;
  }

  // Node `index` alone (0 .. operator_count() - 1), for comparing layer by layer. Out of range: not_initialized.
  Status invoke_operator(int32_t index) {
    if (!ready_ || index < 0 || index >= node_count_) return Status::not_initialized;
    run(index);
    return Status::ok;
  }

  // Whether the model has variables, so that an inference depends on those before.
  bool keeps_state() const { return keeps_state_; }

  int32_t operator_count() const { return node_count_; }
  int32_t tensor_count() const { return ready_ ? view().tensor_count() : 0; }
  int32_t input_count() const { return ready_ ? view().length(view().graph_inputs()) : 0; }
  int32_t output_count() const { return ready_ ? view().length(view().graph_outputs()) : 0; }

  // Views of an initialised model; an empty one when the index is out of range.
  TensorView input(int32_t i) const { return listed(i, true); }
  TensorView output(int32_t i) const { return listed(i, false); }
  TensorView tensor(int32_t tensor_index) const {
    TensorView result;
    if (!ready_) return result;
    ModelView model = view();
    if (tensor_index < 0 || tensor_index >= model.tensor_count()) return result;
    const TensorInfo info = model.tensor(tensor_index);
    const int32_t word = reinterpret_cast<const int32_t*>(arena_)[tensor_index];
    if (model.failed() || word == kNowhere) return result;
    result.type = info.type;
    result.shape = info.shape;
    result.bytes = model.place(tensor_index).bytes;
    result.zero_point = info.quantization.zero_point;
    if (info.quantization.count > 0) __builtin_memcpy(&result.scale, info.quantization.scales, sizeof result.scale);
    result.data = word >= 0 ? arena_ + word : const_cast<uint8_t*>(model_ + static_cast<uint32_t>(~word));
    return result;
  }

  // Bytes of the arena in use, the least that init accepts for this model. After arena_too_small: bytes that suffice;
  // they are the least as soon as the arena holds the bookkeeping (tensor words, node records, op data, 16 bytes for
  // each activation while it is planned).
  uint32_t arena_used() const { return used_; }

  // The node at which init stopped, -1 when it was not a node's fault, and which operator a node needs.
  int32_t failed_operator() const { return failed_operator_; }
  OperatorId operator_id(int32_t index) const {
    if (model_ == nullptr) return OperatorId();
    ModelView model = view();
    return index >= 0 && index < model.operator_count() ? model.operator_id(index) : OperatorId();
  }

 private:
  static bool is_aligned(const void* p) {
    return p != nullptr && (reinterpret_cast<uintptr_t>(p) & (kAlignment - 1)) == 0;
  }
  ModelView view() const { return ModelView(model_, model_bytes_); }

  // The tensor words stand at the start of the arena, the node records behind them.
  const NodeRecord* records() const { return reinterpret_cast<const NodeRecord*>(arena_ + records_); }

  void run(int32_t i) const {
    const NodeRecord& record = records()[i];
    resolver_.kernels[record.kernel]->invoke(
        InvokeContext(model_, arena_, reinterpret_cast<const int32_t*>(arena_), record));
  }

  TensorView listed(int32_t i, bool inputs) const {
    if (!ready_) return TensorView();
    ModelView model = view();
    const Position list = inputs ? model.graph_inputs() : model.graph_outputs();
    return i >= 0 && i < model.length(list) ? tensor(model.index_at(list, i)) : TensorView();
  }

  Status prepare(ModelView& model, uint32_t arena_bytes) {
    if (model.operator_count() > ArenaPlanner::kMaxNodes) return Status::bad_model;
    node_count_ = model.operator_count();
    const uint32_t tensors = static_cast<uint32_t>(model.tensor_count());
    ArenaAllocator allocator(arena_, arena_bytes);
    auto* words = reinterpret_cast<int32_t*>(allocator.allocate(4 * tensors, 4));
    records_ = allocator.used();
    auto* records = reinterpret_cast<NodeRecord*>(
        allocator.allocate(static_cast<uint32_t>(sizeof(NodeRecord)) * static_cast<uint32_t>(node_count_), 4));
    ArenaPlanner planner(model, resolver_, allocator, records != nullptr ? words : nullptr, records);
    planner.begin();
    uint32_t scratch = 0;  // bytes when no nodes share any
    for (int32_t i = 0; i < node_count_; ++i) {
      const Status status = prepare_node(model, i, records, allocator, planner, scratch);
      if (status != Status::ok) {
        failed_operator_ = i;
        return status;
      }
    }
    planner.end();

    const uint32_t base = align_up(allocator.used(), kAlignment);
    const uint32_t bookkeeping = saturating_sum(align_up(allocator.used(), 4), planner.tenant_bytes());
    used_ = saturating_sum(saturating_sum(base, planner.activation_bytes()), scratch);
    if (used_ < bookkeeping) used_ = bookkeeping;
    if (model.failed()) return model.status();
    if (!allocator.fits()) {
      for (int32_t t = 0; t < model.tensor_count(); ++t)
        if (model.is_variable(t)) used_ = saturating_sum(used_, ArenaPlanner::needs(model.place(t).bytes));
      return Status::arena_too_small;
    }
    const uint32_t end = planner.plan(base);
    keeps_state_ = planner.keeps_state();
    if (model.failed() || end == 0) return model.failed() ? model.status() : Status::bad_model;
    used_ = end > bookkeeping ? end : bookkeeping;
    return used_ <= arena_bytes ? Status::ok : Status::arena_too_small;
  }

  Status prepare_node(ModelView& model, int32_t i, NodeRecord* records, ArenaAllocator& allocator,
                      ArenaPlanner& planner, uint32_t& scratch) {
    const OperatorId id = model.operator_id(i);
    const NodePosition node = model.node(i);
    PrepareContext context(model, node, allocator);
    if (model.failed()) return model.status();
    int32_t kernel = 0;
    const Status found = find_kernel(id.code, context, kernel);
    if (found != Status::ok) return model.failed() ? model.status() : found;
    const Status prepared = resolver_.kernels[kernel]->prepare(context);
    if (model.failed() || prepared != Status::ok) return model.failed() ? model.status() : prepared;
    const uint32_t bytes = static_cast<uint32_t>(context.scratch_bytes());
    if (records != nullptr) records[i] = NodeRecord{node.inputs, node.outputs, context.kept(), bytes, kernel};
    scratch = saturating_sum(scratch, align_up(bytes, kAlignment));
    planner.after_node(i, node);
    return Status::ok;
  }

  Status find_kernel(int32_t code, const PrepareContext& node, int32_t& kernel) const {
    Status status = Status::missing_operator;
    const DType input = node.has_input(0) ? node.input_type() : kAnyType;
    const DType output = node.output_count() > 0 ? node.output_type() : kAnyType;
    for (kernel = 0; kernel < resolver_.count; ++kernel) {
      const Kernel& candidate = *resolver_.kernels[kernel];
      if (candidate.code != code) continue;
      if (candidate.takes(input, output)) return Status::ok;
      status = Status::unsupported_type;
    }
    return status;
  }

  const uint8_t* model_ = nullptr;
  uint8_t* arena_ = nullptr;
  Resolver resolver_;
  uint32_t model_bytes_ = 0;
  uint32_t records_ = 0;
  uint32_t used_ = 0;
  int32_t node_count_ = 0;
  int32_t failed_operator_ = -1;
  bool ready_ = false;
  bool keeps_state_ = false;
};

}  // namespace mote
