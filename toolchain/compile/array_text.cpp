#include "toolchain/compile/array_text.h"

#include <fmt/format.h>

#include <cstring>

#include "ops/op.h"
#include "toolchain/compile/c_interface.h"

namespace mote {
namespace {

constexpr size_t kLineWidth = 120;

template <class T>
std::string number(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::is_same_v<T, float>) return cpp_float(value);
  if constexpr (std::is_same_v<T, int64_t>)
    return fmt::format("static_cast<int64_t>({}u)", static_cast<uint64_t>(value));
  if constexpr (std::is_same_v<T, int32_t>)
    if (value == INT32_MIN) return "INT32_MIN";  // its digits alone are beyond the type
  return fmt::format("{}", value);
}

std::string number_at(DType type, const uint8_t* bytes) {
  switch (type) {
    case DType::float32:
      return number<float>(bytes);
    case DType::int32:
      return number<int32_t>(bytes);
    case DType::int64:
      return number<int64_t>(bytes);
    case DType::int16:
      return number<int16_t>(bytes);
    case DType::float16:
      return number<uint16_t>(bytes);
    case DType::int8:
      return number<int8_t>(bytes);
    default:
      return number<uint8_t>(bytes);
  }
}

}  // namespace

std::string array_text(const std::string& name, DType type, std::span<const uint8_t> bytes, const std::string& prefix) {
  const auto size = static_cast<size_t>(element_bytes(type));
  std::string text = prefix.empty() ? fmt::format("alignas({})", kAlignment) : prefix, line = "   ";
  text += fmt::format(" constexpr {} {}[] = {{\n", c_type(type), name);
  for (size_t i = 0; i < bytes.size(); i += size) {
    const std::string each = " " + number_at(type, &bytes[i]) + ",";
    if (line.size() + each.size() > kLineWidth) {
      text += line + "\n";
      line = "   ";
    }
    line += each;
  }
  return text + line + "\n};\n";
}

}  // namespace mote
