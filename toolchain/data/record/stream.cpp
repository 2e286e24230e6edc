#include "toolchain/data/record/stream.h"

#include <algorithm>

#include <fmt/format.h>

#include "toolchain/base/plain_text.h"
#include "toolchain/data/csv.h"
#include "toolchain/data/record/byte_decoder.h"
#include "toolchain/data/text.h"
#include "toolchain/data/time_column.h"

namespace mote {
namespace {

constexpr size_t kSampleBytes = 60;
constexpr double kTwoTo32 = 4294967296.0;  // millis() and micros() begin again here

}  // namespace

bool is_channel_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && is_plain_text(name) &&
         name.find_first_of("\",;") == std::string_view::npos;
}

std::vector<std::string> numbered_channels(size_t count) {
  std::vector<std::string> names;
  for (size_t i = 1; i <= count; ++i) names.push_back(fmt::format("ch{}", i));
  return names;
}

int32_t name_channels(const std::vector<std::string>& names, bool with_time, StreamFormat& format) {
  int32_t time = -1;
  format.channels.clear();
  format.clock.reset();
  for (size_t i = 0; i < names.size(); ++i) {
    const HeaderName split = split_unit(names[i]);
    if (with_time && time < 0 && names.size() > 1 && names_time(names[i])) {
      time = static_cast<int32_t>(i);
      const double unit = header_unit(names[i]);
      format.clock = DeviceClock{split.name, unit, unit == 1e-3 || unit == 1e-6 ? kTwoTo32 : 0, 0};
    } else {
      format.channels.push_back({split.name, split.unit});
    }
  }
  return time;
}

std::string printable(std::string_view bytes) {
  std::string text;
  for (const char c : bytes.substr(0, kSampleBytes)) text += c >= ' ' && c <= '~' ? c : '.';
  return text + (bytes.size() > kSampleBytes ? "..." : "");
}

ReadingStream::ReadingStream(std::vector<std::string> names)
    : names_(std::move(names)), text_(make_text_decoder(names_)), frames_(make_frame_decoder(names_)) {}
ReadingStream::~ReadingStream() = default;
ReadingStream::ReadingStream(ReadingStream&&) noexcept = default;
ReadingStream& ReadingStream::operator=(ReadingStream&&) noexcept = default;

void ReadingStream::receive(std::span<const uint8_t> bytes, StreamSink& sink) {
  if (decoder_ != nullptr) return decoder_->receive(bytes, sink);
  // Byte by byte: the one that makes a form certain must not be followed by others in the wrong decoder.
  for (size_t i = 0; i < bytes.size(); ++i) {
    recent_.push_back(static_cast<char>(bytes[i]));
    if (recent_.size() > 2 * kSampleBytes) recent_.erase(0, kSampleBytes);
    for (ByteDecoder* each : {frames_.get(), text_.get()}) {
      each->receive(bytes.subspan(i, 1), sink);
      if (!each->locked()) continue;
      decoder_ = each;
      return decoder_->receive(bytes.subspan(i + 1), sink);
    }
  }
}

std::string ReadingStream::sample() const {
  return printable(std::string_view(recent_).substr(recent_.size() > kSampleBytes ? recent_.size() - kSampleBytes : 0));
}

}  // namespace mote
