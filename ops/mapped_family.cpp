#include "ops/mapped_family.h"

namespace mote {

std::string text_of(const MappedDims& dims) {
  return fmt::format("{{{}, {}, {{{}}}, {{{}}}}}", dims.bytes, dims.rank, fmt::join(dims.input, ", "),
                     fmt::join(dims.output, ", "));
}

}  // namespace mote
