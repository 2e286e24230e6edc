// Text in the .lzma format (LZMA1 behind a header of 13 bytes), which `xz` and Python's module lzma read too.
#pragma once
#include <string>
#include <string_view>

#include "toolchain/base/result.h"

namespace mote {

// Equal texts give equal bytes, for one version of liblzma.
Result<std::string> compress_lzma(std::string_view text);

// `bytes` come from anywhere: more than `most` bytes of text are refused, and the work takes 16 MiB of memory at most.
// `name` is what messages call them.
Result<std::string> decompress_lzma(const std::string& name, std::string_view bytes, size_t most);

}  // namespace mote
