// Images: one file each (PNG, JPEG, BMP), or many in one (CIFAR, IDX as MNIST has it). Values are 0 to 255.
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_MAX_DIMENSIONS 16384
// Zeros, since a damaged JPEG may ask for a Huffman table that it did not define.
#define STBI_MALLOC(size) std::calloc(1, size)
#define STBI_REALLOC(memory, size) std::realloc(memory, size)
#define STBI_FREE(memory) std::free(memory)
#define STBI_ASSERT(x)  // damaged pictures fail some; all accesses behind them stay inside, and the program must go on
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#include <cstdlib>
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#include <stb/stb_image_resize.h>
#pragma GCC diagnostic pop

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/data/readers/reader.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

constexpr int64_t kMostPixels = 64 << 20;

// Takes images of any size into the project's.
class ImageSink {
 public:
  static Result<ImageSink> create(const ReadTask& task) {
    if (!task.config.image)
      return input_error(
          fmt::format("{}: an image: say in mote.toml to which size images are brought, such as image = "
                      "\"96x96\" (width x height) or image = \"28x28 gray\"",
                      task.file));
    ImageSink sink(*task.config.image);
    std::vector<HeaderName> names{{"gray", ""}};
    if (!sink.size_.gray) names = {{"r", ""}, {"g", ""}, {"b", ""}};
    MOTE_TRY(sink.chosen_, choose_channels(task, names));
    std::vector<HeaderName> chosen;
    for (const int32_t c : sink.chosen_) chosen.push_back(names[static_cast<size_t>(c)]);
    agree_on_channels(task, chosen, 32768);  // one count is one step
    return sink;
  }
  int components() const { return size_.gray ? 1 : 3; }

  // `pixels`: rows x columns x components().
  void add(const uint8_t* pixels, int width, int height, Series& series) {
    const int n = components();
    if (width != size_.width || height != size_.height) {
      resized_.resize(static_cast<size_t>(size_.width) * static_cast<size_t>(size_.height) * static_cast<size_t>(n));
      stbir_resize_uint8(pixels, width, height, 0, resized_.data(), size_.width, size_.height, 0, n);
      pixels = resized_.data();
    }
    const int64_t rows = int64_t{size_.width} * size_.height;
    for (int64_t i = 0; i < rows; ++i)
      for (const int32_t c : chosen_) series.values.push_back(pixels[i * n + c]);
    series.rows += rows;
  }

 private:
  explicit ImageSink(ImageSize size) : size_(size) {}
  ImageSize size_;
  std::vector<int32_t> chosen_;
  std::vector<uint8_t> resized_;
};

bool is_png(std::string_view head) {
  return head.starts_with("\x89PNG\r\n\x1A\n");
}
bool is_jpeg(std::string_view head) {
  return head.starts_with("\xFF\xD8\xFF");
}
bool is_bmp(std::string_view head) {  // the four bytes after the size are reserved and zero
  return head.size() >= 26 && head.starts_with("BM") && head.substr(6, 4) == std::string_view("\0\0\0\0", 4);
}

// A JPEG file as stb_image walks through it: what lies behind its end is 0.
struct JpegBytes {
  const std::vector<uint8_t>& bytes;
  uint8_t at(size_t i) const { return i < bytes.size() ? bytes[i] : uint8_t{0}; }
  int64_t word(size_t i) const { return at(i) << 8 | at(i + 1); }

  // Of the Huffman tables of a segment whose length stands at `length_at`. A table is read whole even where the segment
  // ends within it.
  bool tables_fit(size_t length_at) const {
    size_t table = length_at + 2;
    for (int64_t left = word(length_at) - 2; left > 0;) {
      size_t codes = 0;
      for (size_t i = 1; i <= 16; ++i) codes += at(table + i);
      if (codes > 256) return false;
      table += 17 + codes;
      left -= static_cast<int64_t>(17 + codes);
    }
    return true;
  }
};

// stb_image 2.27 writes behind its table when the lengths of a Huffman table add up to more codes than there are.
// Before the first scan one segment follows the other, whatever they hold; after it any place is looked at.
bool huffman_tables_fit(const std::vector<uint8_t>& bytes) {
  constexpr uint8_t kHuffman = 0xC4, kScan = 0xDA, kFirstWithLength = 0xC0, kFirstRestart = 0xD0, kLastWithout = 0xD9;
  const JpegBytes jpeg{bytes};
  bool scans = false;
  for (size_t at = 2; at + 1 < bytes.size();) {
    const uint8_t marker = bytes[at + 1];
    if (bytes[at] != 0xFF || marker == 0xFF) {  // padding between segments
      ++at;
      continue;
    }
    if (marker == kHuffman && !jpeg.tables_fit(at + 2)) return false;
    scans = scans || marker == kScan;
    const bool length = marker >= kFirstWithLength && (marker < kFirstRestart || marker > kLastWithout);
    at += scans || !length ? 1 : static_cast<size_t>(2 + std::max<int64_t>(jpeg.word(at + 2), 2));
  }
  return true;
}

// The bytes that a BMP file without compression must have: stb_image, which reads no other, takes for black what is not
// there. Filling at the end of the last row may lack.
int64_t bmp_bytes(const std::vector<uint8_t>& bytes, int width, int height) {
  const auto number = [&](size_t at, size_t count) {
    int64_t value = 0;
    for (size_t i = 0; i < count && at + i < bytes.size(); ++i) value |= int64_t{bytes[at + i]} << 8 * i;
    return value;
  };
  constexpr int64_t kShortHeader = 12;  // of OS/2, whose sizes have two bytes
  const int64_t bits = number(number(14, 4) == kShortHeader ? 24 : 28, 2) * width;
  return number(10, 4) + (bits + 31) / 32 * 4 * (height - 1) + (bits + 7) / 8;
}

Result<Series> read_picture(const ReadTask& task) {
  MOTE_TRY(ImageSink sink, ImageSink::create(task));
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(task.path));
  const auto wrong = [&](const std::string& what) {
    return input_error(fmt::format("{}: {}. Get the file again, or take it away", task.file, what));
  };
  if (bytes.size() > INT32_MAX) return wrong("an image of more than 2 GiB");
  if (is_jpeg({reinterpret_cast<const char*>(bytes.data()), bytes.size()}) && !huffman_tables_fit(bytes))
    return wrong("the image cannot be read: a Huffman table with more than 256 codes");
  int width = 0, height = 0, unused = 0;
  const auto size = static_cast<int>(bytes.size());
  if (stbi_info_from_memory(bytes.data(), size, &width, &height, &unused) == 0)
    return wrong(fmt::format("the image cannot be read: {}", stbi_failure_reason()));
  if (width <= 0 || height <= 0 || int64_t{width} * height > kMostPixels)
    return wrong(fmt::format("an image of {} x {} pixels", width, height));
  if (is_bmp({reinterpret_cast<const char*>(bytes.data()), bytes.size()}))
    if (const int64_t promised = bmp_bytes(bytes, width, height); promised > size)
      return wrong(fmt::format("the file is cut off: its header promises {} bytes, {} are there", promised, size));
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(bytes.data(), size, &width, &height, &unused, sink.components()), stbi_image_free);
  if (pixels == nullptr)
    return wrong(fmt::format("the image cannot be read: {}: the file is cut off or damaged", stbi_failure_reason()));
  Series series;
  sink.add(pixels.get(), width, height, series);
  series.width = width, series.height = height;
  return series;
}

// Label names, one per line, of a file beside the images.
std::vector<std::string> names_beside(const ReadTask& task, std::initializer_list<const char*> files) {
  for (const char* file : files) {
    std::ifstream stream(task.path.parent_path() / file);
    std::vector<std::string> names;
    for (std::string line; std::getline(stream, line);)
      if (!trimmed(line).empty()) names.emplace_back(trimmed(line));
    if (!names.empty()) return names;
  }
  return {};
}

bool wants_stored_labels(const ReadTask& task) {
  return !task.label_rules.empty() && task.label_rules[0].kind() == Rule::Kind::stored;
}

// Labels that the file has, one number per image; each image is a recording of its own.
Result<void> add_labels(const ReadTask& task, const std::vector<uint8_t>& labels, const std::vector<std::string>& names,
                        Series& series) {
  const auto images = static_cast<int64_t>(labels.size());
  const int64_t pixels = series.rows / images;
  const bool stored = wants_stored_labels(task);
  std::array<int32_t, 256> index;
  index.fill(-1);
  series.each_alone = true;
  for (int64_t i = 0; i < images; ++i) {
    const size_t number = labels[static_cast<size_t>(i)];
    if (stored && !names.empty() && number >= names.size())
      return input_error(
          fmt::format("{}: image {} has the label {}, but there are {} names", task.file, i, number, names.size()));
    if (stored && index[number] < 0) {
      index[number] = static_cast<int32_t>(series.labels.size());
      series.labels.push_back(names.empty() ? std::to_string(number) : names[number]);
    }
    series.stretches.push_back({i * pixels, (i + 1) * pixels, stored ? index[number] : 0, 0});
  }
  return {};
}

constexpr int kCifarSide = 32;
constexpr size_t kCifarPixels = kCifarSide * kCifarSide;

// Records of one label byte (CIFAR-100: two, the second is the finer one) and the planes red, green and blue.
Result<Series> read_cifar(const ReadTask& task) {
  MOTE_TRY(ImageSink sink, ImageSink::create(task));
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(task.path));
  size_t label_bytes = bytes.size() % (1 + 3 * kCifarPixels) == 0   ? 1
                       : bytes.size() % (2 + 3 * kCifarPixels) == 0 ? 2
                                                                    : 0;
  if (bytes.empty() || label_bytes == 0)
    return input_error(
        fmt::format("{}: {} bytes are no whole number of CIFAR images (3073 bytes each, CIFAR-100: 3074). "
                    "The file is cut off, or it is something else",
                    task.file, bytes.size()));
  const size_t record = label_bytes + 3 * kCifarPixels;
  const auto component = static_cast<size_t>(sink.components());
  Series series;
  std::vector<uint8_t> labels, pixels(kCifarPixels * component);
  for (size_t at = 0; at < bytes.size(); at += record) {
    labels.push_back(bytes[at + label_bytes - 1]);
    const uint8_t* const planes = &bytes[at + label_bytes];
    for (size_t i = 0; i < kCifarPixels; ++i) {
      const uint8_t r = planes[i], g = planes[kCifarPixels + i], b = planes[2 * kCifarPixels + i];
      if (component == 1)
        pixels[i] = stbi__compute_y(r, g, b);
      else
        pixels[3 * i] = r, pixels[3 * i + 1] = g, pixels[3 * i + 2] = b;
    }
    sink.add(pixels.data(), kCifarSide, kCifarSide, series);
  }
  const std::vector<std::string> names = label_bytes == 1 ? names_beside(task, {"labels.txt", "batches.meta.txt"})
                                                          : names_beside(task, {"labels.txt", "fine_label_names.txt"});
  MOTE_CHECK(add_labels(task, labels, names, series));
  return series;
}

bool is_idx(std::string_view head) {  // two zero bytes, the type of the numbers, the number of dimensions
  return head.size() >= 8 && head[0] == 0 && head[1] == 0 && head[2] >= 8 && head[2] <= 14 && head[3] >= 1 &&
         head[3] <= 4;
}

int64_t big_endian(const std::vector<uint8_t>& bytes, size_t at) {
  return int64_t{bytes[at]} << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
}

// The sizes of an array of bytes in IDX form.
Result<std::vector<int64_t>> idx_shape(const std::string& file, const std::vector<uint8_t>& bytes, size_t dimensions,
                                       const char* what) {
  if (bytes.size() < 4 + 4 * dimensions || bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 8 || bytes[3] != dimensions)
    return input_error(
        fmt::format("{}: expected {} (IDX of bytes with {} dimension{}); let source name the files with "
                    "images only",
                    file, what, dimensions, dimensions == 1 ? "" : "s"));
  std::vector<int64_t> shape;
  int64_t size = 1;
  for (size_t i = 0; i < dimensions; ++i) {
    shape.push_back(big_endian(bytes, 4 + 4 * i));
    if (shape[i] == 0 || shape[i] > INT32_MAX / size)
      return input_error(fmt::format("{}: {} images are more than can be, or none", file, shape[0]));
    size *= shape[i];
  }
  const auto found = static_cast<int64_t>(bytes.size() - 4 - 4 * dimensions);
  if (found != size)
    return input_error(
        fmt::format("{}: {} bytes of data, its header promises {}. Get the file again", file, found, size));
  return shape;
}

// train-images-idx3-ubyte -> train-labels-idx1-ubyte.
std::string labels_beside(std::string name) {
  for (const auto& [from, to] : {std::pair{"images", "labels"}, std::pair{"idx3", "idx1"}})
    if (const size_t at = name.rfind(from); at != std::string::npos)
      name.replace(at, std::string_view(from).size(), to);
  return name;
}

Result<Series> read_idx(const ReadTask& task) {
  MOTE_TRY(ImageSink sink, ImageSink::create(task));
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(task.path));
  MOTE_TRY(const std::vector<int64_t> shape, idx_shape(task.file, bytes, 3, "grey images"));
  const auto images = static_cast<size_t>(shape[0]), size = static_cast<size_t>(shape[1] * shape[2]);
  std::vector<uint8_t> labels(images, 0), colours(size * 3);
  if (wants_stored_labels(task)) {
    const std::string name = labels_beside(task.path.filename().string());
    MOTE_TRY(const std::vector<uint8_t> beside, read_file(task.path.parent_path() / name));
    MOTE_TRY(const std::vector<int64_t> count, idx_shape(name, beside, 1, "labels"));
    if (count[0] != shape[0])
      return input_error(fmt::format("{}: {} labels for the {} images of {}", name, count[0], shape[0], task.file));
    std::copy(beside.begin() + 8, beside.end(), labels.begin());
  }
  Series series;
  for (size_t i = 0; i < images; ++i) {
    const uint8_t* pixels = &bytes[16 + i * size];
    if (sink.components() == 3) {
      for (size_t k = 0; k < colours.size(); ++k) colours[k] = pixels[k / 3];
      pixels = colours.data();
    }
    sink.add(pixels, static_cast<int>(shape[2]), static_cast<int>(shape[1]), series);
  }
  MOTE_CHECK(add_labels(task, labels, names_beside(task, {"labels.txt"}), series));
  return series;
}

}  // namespace

extern const Reader png_reader, jpeg_reader, bmp_reader, cifar_reader, idx_reader;
const Reader png_reader{"a PNG image", "image", "png", is_png, true, read_picture};
const Reader jpeg_reader{"a JPEG image", "image", "jpg jpeg jpe", is_jpeg, true, read_picture};
const Reader bmp_reader{"a BMP image", "image", "bmp", is_bmp, true, read_picture};
const Reader cifar_reader{"CIFAR images", "many images", "bin", nullptr, false, read_cifar};
const Reader idx_reader{"IDX images", "many images", "idx3-ubyte idx1-ubyte idx", is_idx, true, read_idx};

}  // namespace mote
