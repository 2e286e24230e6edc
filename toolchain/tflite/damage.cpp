#include "toolchain/tflite/damage.h"

#include <fmt/format.h>

#include "schema_generated.h"

namespace mote {
namespace {

constexpr size_t kSmallestFile = 16;  // root offset, identifier, and a table with its vtable

// Verifies again piece by piece to name the first bad one; each piece is looked at only after what holds it was
// accepted.
class DamageFinder {
 public:
  explicit DamageFinder(std::span<const uint8_t> bytes) : bytes_(bytes), verifier_(bytes.data(), bytes.size()) {}

  std::string find() {
    const auto offset = flatbuffers::ReadScalar<flatbuffers::uoffset_t>(bytes_.data());
    const auto* model = reinterpret_cast<const schema::Model*>(bytes_.data() + offset);
    if (offset >= bytes_.size() || !start_of(model)) return at("the model table", offset);
    vector(model, schema::Model::VT_OPERATOR_CODES, "operator code", &schema::Model::operator_codes);
    vector(model, schema::Model::VT_BUFFERS, "buffer", &schema::Model::buffers);
    vector(model, schema::Model::VT_SUBGRAPHS, "subgraph", &schema::Model::subgraphs);
    vector(model, schema::Model::VT_METADATA, "metadata entry", &schema::Model::metadata);
    vector(model, schema::Model::VT_SIGNATURE_DEFS, "signature", &schema::Model::signature_defs);
    return found_.empty() ? at("the model table", offset) : found_;
  }

 private:
  static std::string at(const std::string& what, size_t offset) { return fmt::format("{} at byte {}", what, offset); }
  size_t position(const void* pointer) const {
    return static_cast<size_t>(static_cast<const uint8_t*>(pointer) - bytes_.data());
  }

  template <class T>
  bool start_of(const T* table) {
    return reinterpret_cast<const flatbuffers::Table*>(table)->VerifyTableStart(verifier_);
  }

  template <class Parent, class Child>
  void vector(const Parent* parent, flatbuffers::voffset_t slot, const std::string& what,
              const flatbuffers::Vector<flatbuffers::Offset<Child>>* (Parent::*get)() const) {
    if (!found_.empty()) return;
    if (!reinterpret_cast<const flatbuffers::Table*>(parent)->VerifyOffset(verifier_, slot) ||
        !verifier_.VerifyVector((parent->*get)())) {
      found_ = fmt::format("the list of {}s, in the table at byte {}", what, position(parent));
      return;
    }
    const auto* children = (parent->*get)();
    for (flatbuffers::uoffset_t i = 0; children != nullptr && i < children->size() && found_.empty(); ++i) {
      const Child* child = children->Get(i);
      if (child->Verify(verifier_)) continue;
      const std::string name = fmt::format("{} {}", what, i);
      if constexpr (std::is_same_v<Child, schema::SubGraph>) inside(child);
      if (found_.empty()) found_ = at(name, position(child));
    }
  }

  void inside(const schema::SubGraph* subgraph) {
    if (!start_of(subgraph)) return;
    vector(subgraph, schema::SubGraph::VT_TENSORS, "tensor", &schema::SubGraph::tensors);
    vector(subgraph, schema::SubGraph::VT_OPERATORS, "operator", &schema::SubGraph::operators);
  }

  std::span<const uint8_t> bytes_;
  flatbuffers::Verifier verifier_;  // one for all pieces: it also bounds the work, by the number of tables it accepts
  std::string found_;
};

}  // namespace

Result<void> check_structure(std::span<const uint8_t> bytes) {
  if (bytes.size() < kSmallestFile)
    return input_error(fmt::format("it has {} bytes; a .tflite file has more", bytes.size()));
  if (!schema::ModelBufferHasIdentifier(bytes.data()))
    return input_error("it is no .tflite file: the bytes 4 to 7 are not \"TFL3\"");
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  if (schema::VerifyModelBuffer(verifier)) return {};
  return input_error(fmt::format("it is damaged or cut off: {} is misaligned or reaches outside its {} bytes",
                                 DamageFinder(bytes).find(), bytes.size()));
}

}  // namespace mote
