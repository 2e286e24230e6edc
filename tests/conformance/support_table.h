// The support table of the documentation, from ops.def and layers.def.
#pragma once
#include <filesystem>
#include <string>

namespace mote::conformance {

// docs/support.md, whole. `source`: the project's root, to see which operators have an ISA variant.
std::string support_markdown(const std::filesystem::path& source);

}  // namespace mote::conformance
