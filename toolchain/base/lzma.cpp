#include "toolchain/base/lzma.h"

#include <fmt/format.h>
#include <lzma.h>

#include <array>
#include <memory>

namespace mote {
namespace {

constexpr uint32_t kDictionaryBytes = 1 << 16;   // a reader needs as much memory
constexpr uint64_t kReaderMemory = 16ull << 20;  // a dictionary of 8 MiB, which other writers use, and some
constexpr uint32_t kPreset = 9 | LZMA_PRESET_EXTREME;

class LzmaStream {
 public:
  ~LzmaStream() { lzma_end(&stream_); }
  lzma_stream* get() { return &stream_; }

  // Puts all of `input` through, until the end, an error, or more than `most` bytes of output.
  lzma_ret run(std::string_view input, size_t most, std::string& output) {
    std::array<uint8_t, 4096> chunk;
    stream_.next_in = reinterpret_cast<const uint8_t*>(input.data());
    stream_.avail_in = input.size();
    lzma_ret status = LZMA_OK;
    while (status == LZMA_OK && output.size() <= most) {
      stream_.next_out = chunk.data();
      stream_.avail_out = chunk.size();
      status = lzma_code(&stream_, LZMA_FINISH);
      output.append(reinterpret_cast<const char*>(chunk.data()), chunk.size() - stream_.avail_out);
    }
    return status;
  }
  size_t unread() const { return stream_.avail_in; }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

}  // namespace

Result<std::string> compress_lzma(std::string_view text) {
  lzma_options_lzma options;
  LzmaStream stream;
  std::string bytes;
  const bool known = !lzma_lzma_preset(&options, kPreset);
  options.dict_size = kDictionaryBytes;
  options.pb = 0;  // characters of a text stand at any position
  if (!known || lzma_alone_encoder(stream.get(), &options) != LZMA_OK ||
      stream.run(text, bytes.max_size(), bytes) != LZMA_STREAM_END)
    return defect(fmt::format("liblzma cannot compress a text of {} bytes", text.size()));
  return bytes;
}

Result<std::string> decompress_lzma(const std::string& name, std::string_view bytes, size_t most) {
  LzmaStream stream;
  std::string text;
  if (lzma_alone_decoder(stream.get(), kReaderMemory) != LZMA_OK) return defect("liblzma has no decoder");
  const lzma_ret status = stream.run(bytes, most, text);
  if (text.size() > most)
    return input_error(fmt::format("{}: decompresses to more than {} bytes, which mote refuses", name, most));
  if (status == LZMA_MEMLIMIT_ERROR)
    return input_error(fmt::format("{}: takes more than {} MiB of memory to decompress, which mote refuses", name,
                                   kReaderMemory >> 20));
  if (status != LZMA_STREAM_END)
    return input_error(fmt::format("{}: is cut off, or not compressed in the .lzma format", name));
  if (stream.unread() > 0)
    return input_error(fmt::format("{}: has {} bytes behind the end of its .lzma stream", name, stream.unread()));
  return text;
}

}  // namespace mote
