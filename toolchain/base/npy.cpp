#include "toolchain/base/npy.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "toolchain/base/files.h"

namespace mote {

namespace {

constexpr std::array<uint8_t, 6> kMagic = {0x93, 'N', 'U', 'M', 'P', 'Y'};
constexpr int64_t kMaxElements = int64_t{1} << 40;

struct TypeName {
  const char* text;
  DType dtype;
};
constexpr TypeName kTypes[] = {{"<f4", DType::float32}, {"|i1", DType::int8},  {"|u1", DType::uint8},
                               {"<i2", DType::int16},   {"<i4", DType::int32}, {"<i8", DType::int64},
                               {"|b1", DType::boolean}};

// The value of 'key' in NumPy's header, a Python dictionary literal: {'descr': '<f4', 'fortran_order': False, 'shape':
// (3, 4), }
std::optional<std::string> header_value(const std::string& header, const std::string& key) {
  size_t at = header.find("'" + key + "'");
  if (at == std::string::npos) return std::nullopt;
  at = header.find(':', at);
  if (at == std::string::npos) return std::nullopt;
  at = header.find_first_not_of(' ', at + 1);
  if (at == std::string::npos) return std::nullopt;
  const char open = header[at];
  const char close = open == '(' ? ')' : open == '\'' ? '\'' : ',';
  const size_t begin = (open == '(' || open == '\'') ? at + 1 : at;
  const size_t end = header.find(close, begin);
  if (end == std::string::npos) return std::nullopt;
  return header.substr(begin, end - begin);
}

std::optional<std::vector<int64_t>> parse_shape(const std::string& text) {
  std::vector<int64_t> shape;
  int64_t elements = 1;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    if (*at == ' ' || *at == ',') {
      ++at;
      continue;
    }
    int64_t dimension = 0;
    const auto [next, problem] = std::from_chars(at, end, dimension);
    if (problem != std::errc() || dimension < 0) return std::nullopt;
    if (dimension != 0 && elements > kMaxElements / dimension) return std::nullopt;
    elements *= dimension;
    shape.push_back(dimension);
    at = next;
  }
  return shape;
}

int64_t element_count(const std::vector<int64_t>& shape) {
  int64_t n = 1;
  for (const int64_t dimension : shape) n *= dimension;
  return n;
}

std::vector<uint8_t> doubles_to_floats(const uint8_t* data, int64_t count) {
  std::vector<uint8_t> out(static_cast<size_t>(count) * sizeof(float));
  for (int64_t i = 0; i < count; ++i) {
    double value;
    std::memcpy(&value, data + i * 8, sizeof value);
    const float narrow = static_cast<float>(value);
    std::memcpy(out.data() + i * 4, &narrow, sizeof narrow);
  }
  return out;
}

}  // namespace

int64_t NpyArray::row_elements() const {
  int64_t n = 1;
  for (size_t i = 1; i < shape.size(); ++i) n *= shape[i];
  return n;
}

Result<NpyArray> parse_npy(const std::string& name, const std::vector<uint8_t>& bytes) {
  const auto wrong = [&](const std::string& what) {
    return input_error(fmt::format("{}: {}; write it with numpy.save(path, array) in C order", name, what));
  };
  if (bytes.size() < 10 || !std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) return wrong("not a .npy file");
  const bool long_header = bytes[6] >= 2;
  const size_t prefix = long_header ? 12 : 10;
  if (bytes[6] < 1 || bytes[6] > 3 || bytes.size() < prefix)
    return wrong(fmt::format(".npy version {} (1 to 3 expected)", bytes[6]));
  size_t header_size = bytes[8] + 256u * bytes[9];
  if (long_header) header_size += (static_cast<size_t>(bytes[10]) << 16) + (static_cast<size_t>(bytes[11]) << 24);
  if (bytes.size() - prefix < header_size) return wrong("the header is cut off");
  const std::string header(bytes.begin() + prefix, bytes.begin() + prefix + header_size);
  const auto descr = header_value(header, "descr"), order = header_value(header, "fortran_order"),
             dims = header_value(header, "shape");
  if (!descr || !order || !dims) return wrong("the header lacks descr, fortran_order or shape");
  if (order->starts_with("True")) return wrong("Fortran order (C order expected)");
  const auto shape = parse_shape(*dims);
  if (!shape) return wrong(fmt::format("shape ({}) is not a list of sizes", *dims));

  NpyArray array;
  array.shape = *shape;
  const int64_t count = element_count(array.shape);
  const bool is_double = *descr == "<f8";
  const TypeName* type = nullptr;
  for (const TypeName& candidate : kTypes)
    if (*descr == candidate.text) type = &candidate;
  if (!type && !is_double)
    return wrong(fmt::format(
        "data type {} (little-endian float32, float64, int8, uint8, int16, int32, int64 or bool expected)", *descr));
  array.dtype = is_double ? DType::float32 : type->dtype;
  const int64_t size = count * (is_double ? 8 : element_bytes(array.dtype));
  const uint8_t* data = bytes.data() + prefix + header_size;
  const int64_t available = static_cast<int64_t>(bytes.size() - prefix - header_size);
  if (available != size) return wrong(fmt::format("{} bytes of data, the header promises {}", available, size));
  array.data = is_double ? doubles_to_floats(data, count) : std::vector<uint8_t>(data, data + size);
  return array;
}

Result<NpyArray> read_npy(const std::filesystem::path& path) {
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(path));
  return parse_npy(path.string(), bytes);
}

Result<void> write_npy(const std::filesystem::path& path, const NpyArray& array) {
  const char* type = nullptr;
  for (const TypeName& candidate : kTypes)
    if (candidate.dtype == array.dtype) type = candidate.text;
  if (!type) return defect(fmt::format("{}: .npy cannot hold {}", path.string(), to_string(array.dtype)));
  if (static_cast<int64_t>(array.data.size()) != element_count(array.shape) * element_bytes(array.dtype))
    return defect(fmt::format("{}: {} bytes do not fill the array's shape", path.string(), array.data.size()));
  std::string dims;
  for (const int64_t dimension : array.shape) dims += std::to_string(dimension) + ",";
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, dims);
  header.append(63 - (10 + header.size()) % 64, ' ');  // data starts at a multiple of 64 bytes
  header += '\n';
  std::string file(kMagic.begin(), kMagic.end());
  file += {'\x01', '\x00', static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  file += header;
  file.append(reinterpret_cast<const char*>(array.data.data()), array.data.size());
  return write_file(path, file);
}

}  // namespace mote
