// The device sources that the program carries: headers of device/, ops/ and features/, start-up code, firmware
// templates.
#pragma once
#include <span>
#include <string_view>

namespace mote {

struct EmbeddedFile {
  std::string_view path;  // below the source root: "device/types.h"
  std::string_view text;
};

std::span<const EmbeddedFile> embedded_files();  // generated at build time by embed.cmake

}  // namespace mote
