#include "toolchain/graph/fused_activation.h"

namespace mote {

namespace {

class ActivationField : public AttributeVisitor {
 public:
  explicit ActivationField(std::optional<Activation> replacement) : replacement_(replacement) {}
  std::optional<Activation> found;

  void field(int, const char*, Activation& value) override {
    found = value;
    if (replacement_) value = *replacement_;
  }
  void field(int, const char*, bool&) override {}
  void field(int, const char*, int8_t&) override {}
  void field(int, const char*, int32_t&) override {}
  void field(int, const char*, float&) override {}
  void field(int, const char*, Shape&) override {}

 private:
  std::optional<Activation> replacement_;
};

}  // namespace

std::optional<Activation> fused_activation(const Node& node) {
  if (node.op == nullptr) return std::nullopt;
  ActivationField visitor(std::nullopt);
  Attributes copy = node.attributes;
  node.op->visit(visitor, copy);
  return visitor.found;
}

bool set_fused_activation(Node& node, Activation activation) {
  if (node.op == nullptr) return false;
  ActivationField visitor(activation);
  node.op->visit(visitor, node.attributes);
  return visitor.found.has_value();
}

}  // namespace mote
