#include "toolchain/base/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
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

Error wrong(const std::string& name, const std::string& what, const std::string& array = "array") {
  return input_error(fmt::format("{}: {}; write it with numpy.save(path, {})", name, what, array));
}

struct NpyHeader {
  std::string descr;
  bool fortran;
  std::vector<int64_t> shape;
  size_t end;  // where the data begin
};

Result<NpyHeader> parse_header(const std::string& name, std::span<const uint8_t> bytes) {
  if (bytes.size() < 10 || !std::equal(kMagic.begin(), kMagic.end(), bytes.begin()))
    return wrong(name, "not a .npy file");
  const bool long_header = bytes[6] >= 2;
  const size_t prefix = long_header ? 12 : 10;
  if (bytes[6] < 1 || bytes[6] > 3 || bytes.size() < prefix)
    return wrong(name, fmt::format(".npy version {} (1 to 3 expected)", bytes[6]));
  size_t size = bytes[8] + 256u * bytes[9];
  if (long_header) size += (static_cast<size_t>(bytes[10]) << 16) + (static_cast<size_t>(bytes[11]) << 24);
  if (bytes.size() - prefix < size) return wrong(name, "the header is cut off");
  const std::span<const uint8_t> inside = bytes.subspan(prefix, size);
  const std::string header(inside.begin(), inside.end());
  const auto descr = header_value(header, "descr"), order = header_value(header, "fortran_order"),
             dims = header_value(header, "shape");
  if (!descr || !order || !dims) return wrong(name, "the header lacks descr, fortran_order or shape");
  const auto shape = parse_shape(*dims);
  if (!shape) return wrong(name, fmt::format("shape ({}) is not a list of sizes", *dims));
  return NpyHeader{*descr, order->starts_with("True"), *shape, prefix + size};
}

Result<void> check_size(const std::string& name, const NpyHeader& header, std::span<const uint8_t> bytes,
                        int64_t element) {
  const int64_t size = element_count(header.shape) * element;
  const auto available = static_cast<int64_t>(bytes.size() - header.end);
  if (available == size) return {};
  return wrong(name, fmt::format("{} bytes of data, the header promises {}", available, size));
}

// IEEE 754 binary16: 1 sign, 5 exponent, 10 mantissa bits.
struct Half {
  uint16_t bits;
  explicit operator float() const {
    const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    const float size = exponent == 0    ? std::ldexp(static_cast<float>(mantissa), -24)
                       : exponent == 31 ? (mantissa == 0 ? INFINITY : NAN)
                                        : std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
    return bits >> 15 != 0 ? -size : size;
  }
};

// `step` in bytes.
template <class T, bool kSwapped>
void gather_floats(const uint8_t* from, int64_t step, int64_t count, float* out, int64_t out_step) {
  for (int64_t i = 0; i < count; ++i) {
    std::array<uint8_t, sizeof(T)> bytes;
    std::memcpy(bytes.data(), from + i * step, sizeof(T));
    if (kSwapped) std::reverse(bytes.begin(), bytes.end());
    out[i * out_step] = static_cast<float>(std::bit_cast<T>(bytes));
  }
}

struct NumberType {
  const char* text;  // of descr, without its byte order
  int64_t bytes;
  NpyNumbers::Gather gather[2];  // little-endian, big-endian
};
template <class T>
constexpr NumberType number_type(const char* text) {
  return {text, sizeof(T), {gather_floats<T, false>, gather_floats<T, true>}};
}
constexpr NumberType kNumbers[] = {
    number_type<int8_t>("i1"),  number_type<int16_t>("i2"),  number_type<int32_t>("i4"),  number_type<int64_t>("i8"),
    number_type<uint8_t>("u1"), number_type<uint16_t>("u2"), number_type<uint32_t>("u4"), number_type<uint64_t>("u8"),
    number_type<uint8_t>("b1"), number_type<Half>("f2"),     number_type<float>("f4"),    number_type<double>("f8")};

}  // namespace

int64_t NpyArray::row_elements() const {
  int64_t n = 1;
  for (size_t i = 1; i < shape.size(); ++i) n *= shape[i];
  return n;
}

Result<NpyArray> parse_npy(const std::string& name, const std::vector<uint8_t>& bytes) {
  MOTE_TRY(const NpyHeader header, parse_header(name, bytes));
  if (header.fortran)
    return wrong(name, "Fortran order (C order expected)", "numpy.ascontiguousarray(array)");
  NpyArray array;
  array.shape = header.shape;
  const bool is_double = header.descr == "<f8";
  const TypeName* type = nullptr;
  for (const TypeName& candidate : kTypes)
    if (header.descr == candidate.text) type = &candidate;
  if (!type && !is_double)
    return wrong(name,
                 fmt::format("data type {} (little-endian float32, float64, int8, uint8, int16, int32, int64 or bool "
                             "expected)",
                             header.descr),
                 "array.astype('float32')");
  array.dtype = is_double ? DType::float32 : type->dtype;
  MOTE_CHECK(check_size(name, header, bytes, is_double ? 8 : element_bytes(array.dtype)));
  const std::span<const uint8_t> data = std::span(bytes).subspan(header.end);
  array.data = is_double ? doubles_to_floats(data.data(), element_count(array.shape))
                         : std::vector<uint8_t>(data.begin(), data.end());
  return array;
}

Result<NpyNumbers> NpyNumbers::parse(const std::string& name, std::span<const uint8_t> bytes) {
  MOTE_TRY(NpyHeader header, parse_header(name, bytes));
  NpyNumbers numbers;
  const std::string& type = header.descr;
  const std::string kind = type.size() == 3 && std::strchr("<>|=", type[0]) != nullptr ? type.substr(1) : "";
  for (const auto& [text, size, gather] : kNumbers)
    if (kind == text) numbers.element_bytes_ = size, numbers.gather_ = type[0] == '>' ? gather[1] : gather[0];
  if (numbers.gather_ == nullptr)
    return wrong(name, fmt::format("data type {} (integers, bool, float16, float32 or float64 expected)", type),
                 "array.astype('float32')");
  MOTE_CHECK(check_size(name, header, bytes, numbers.element_bytes_));
  numbers.data_ = bytes.subspan(header.end);
  numbers.steps_.resize(header.shape.size());
  int64_t step = 1;
  for (size_t i = 0; i < header.shape.size(); ++i) {  // the last dimension changes fastest; in Fortran order the first
    const size_t dimension = header.fortran ? i : header.shape.size() - 1 - i;
    numbers.steps_[dimension] = step;
    step *= header.shape[dimension];
  }
  numbers.shape_ = std::move(header.shape);
  return numbers;
}

void NpyNumbers::gather(int64_t first, int64_t step, int64_t count, float* out, int64_t out_step) const {
  gather_(data_.data() + first * element_bytes_, step * element_bytes_, count, out, out_step);
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
