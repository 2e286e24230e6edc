// Frames of device/sensor_frame.h.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "device/sensor_frame.h"
#include "toolchain/data/record/byte_decoder.h"

namespace mote {
namespace {

constexpr double kMicrosecond = 1e-6;
constexpr double kClockModulus = 4294967296.0;
constexpr size_t kFramesWithoutDescription = 64;
constexpr size_t kLeastFrame = kFrameHeaderBytes + kFrameCrcBytes;

uint16_t get16(const uint8_t* p) {
  return static_cast<uint16_t>(p[0] | p[1] << 8);
}
uint32_t get32(const uint8_t* p) {
  return get16(p) | static_cast<uint32_t>(get16(p + 2)) << 16;
}

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    names.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

struct Frame {
  uint8_t kind = 0;
  uint16_t number = 0;
  std::vector<uint8_t> payload;
};

class FrameDecoder final : public ByteDecoder {
 public:
  explicit FrameDecoder(std::vector<std::string> names) : given_(std::move(names)) {}

  bool locked() const override { return locked_; }

  void receive(std::span<const uint8_t> bytes, StreamSink& sink) override {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    size_t at = 0;
    for (size_t taken = 0; (taken = step(at, sink)) > 0;) at += taken;
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<int64_t>(at));
  }

 private:
  // Bytes done with at `at`; 0: more have to come first.
  size_t step(size_t at, StreamSink& sink) {
    const size_t left = buffer_.size() - at;
    const uint8_t* const p = buffer_.data() + at;
    if (left == 0) return 0;
    if (p[0] != kFrameSync[0]) return skip(1);
    if (left == 1) return 0;
    if (p[1] != kFrameSync[1]) return skip(1);
    if (left < kFrameHeaderBytes) return 0;
    const size_t size = kLeastFrame + p[3];
    if (p[3] > kMostFramePayload) return skip(1);
    if (left < size) return 0;
    uint16_t crc = kFrameCrcStart;
    for (size_t i = 2; i < size - kFrameCrcBytes; ++i) crc = frame_crc(crc, p[i]);
    if (crc != get16(p + size - kFrameCrcBytes)) return skip(1);
    const Frame frame{p[2], get16(p + 4), {p + kFrameHeaderBytes, p + kFrameHeaderBytes + p[3]}};
    if (locked_) {
      report_skipped(sink);
      take(frame, sink);
    } else {
      skipped_ = 0;
      lock(frame, sink);
    }
    return size;
  }

  // Readings wait for the description that says what they are.
  void lock(const Frame& frame, StreamSink& sink) {
    waiting_.push_back(frame);
    locked_ = frame.kind == kFrameDescription || waiting_.size() >= kFramesWithoutDescription;
    if (!locked_) return;
    if (frame.kind == kFrameDescription) std::rotate(waiting_.begin(), waiting_.end() - 1, waiting_.end());
    for (const Frame& each : waiting_) take(each, sink);
    waiting_.clear();
  }

  size_t skip(size_t bytes) {
    skipped_ += bytes;
    return bytes;
  }

  void report_skipped(StreamSink& sink) {
    if (skipped_ > 0) sink.bad(fmt::format("{} bytes outside frames", skipped_));
    skipped_ = 0;
  }

  void take(const Frame& frame, StreamSink& sink) {
    if (frame.kind == kFrameDescription && describe(frame.payload, sink)) return;
    if (frame.kind == kFrameReadings && read(frame.number, frame.payload, sink)) return;
    sink.bad(fmt::format("a frame of kind {} with {} bytes that make no sense", frame.kind, frame.payload.size()));
  }

  bool describe(std::span<const uint8_t> payload, StreamSink& sink) {
    if (payload.size() < kDescriptionHeaderBytes) return false;
    const size_t channels = payload[4], header = kDescriptionHeaderBytes + 4 * channels;
    if (channels == 0 || payload.size() < header) return false;
    std::vector<double> scales;
    for (size_t i = 0; i < channels; ++i) {
      const auto scale = std::bit_cast<float>(get32(payload.data() + kDescriptionHeaderBytes + 4 * i));
      if (!std::isfinite(scale) || scale <= 0) return false;
      scales.push_back(scale);
    }
    const std::string text(payload.begin() + static_cast<int64_t>(header), payload.end());
    std::vector<std::string> names = split_names(text);
    if (names.size() != channels || !std::all_of(names.begin(), names.end(), is_channel_name)) {
      if (!text.empty()) return false;
      names.clear();
    }
    announce(channels, names, std::move(scales), get32(payload.data()) * kMicrosecond, sink);
    return true;
  }

  void announce(size_t channels, const std::vector<std::string>& said, std::vector<double> scales, double period,
                StreamSink& sink) {
    StreamFormat format;
    format.binary = true;
    const std::vector<std::string>& names = given_.size() == channels ? given_ : said;
    format.named = !names.empty();
    format.misnamed = given_.empty() || given_.size() == channels ? 0 : channels;
    name_channels(names.empty() ? numbered_channels(channels) : names, false, format);
    format.clock = DeviceClock{"", kMicrosecond, kClockModulus, period};
    if (format == format_ && scales == scales_) return;
    format_ = format;
    scales_ = std::move(scales);
    sink.format(format_);
  }

  bool read(uint16_t number, std::span<const uint8_t> payload, StreamSink& sink) {
    if (payload.size() <= kReadingsHeaderBytes) return false;
    const size_t channels = payload[4], bytes = payload.size() - kReadingsHeaderBytes;
    if (channels == 0 || bytes % (2 * channels) != 0) return false;
    if (channels != format_.channels.size()) announce(channels, {}, std::vector<double>(channels, 1.0), 0, sink);
    count_lost(number, sink);
    const size_t readings = bytes / (2 * channels);
    const double start = get32(payload.data());
    const double step = reading_ticks(start, readings);
    std::vector<double> values(channels);
    const uint8_t* p = payload.data() + kReadingsHeaderBytes;
    for (size_t i = 0; i < readings; ++i) {
      for (size_t c = 0; c < channels; ++c, p += 2) values[c] = static_cast<int16_t>(get16(p)) / scales_[c];
      sink.reading(values, std::fmod(start + static_cast<double>(i) * step, kClockModulus));
    }
    return true;
  }

  // The stated period, or that between the starts of the last two frames, in ticks.
  double reading_ticks(double start, size_t readings) {
    const double between = last_readings_ > 0 ? std::fmod(start - last_start_ + kClockModulus, kClockModulus) /
                                                    static_cast<double>(last_readings_)
                                              : 0;
    last_start_ = start;
    last_readings_ = readings;
    const double stated = format_.clock->period / kMicrosecond;
    return stated > 0 ? stated : between;
  }

  void count_lost(uint16_t number, StreamSink& sink) {
    // A number that went back by up to half of all is that of a board that began anew, not of 65,000 lost frames.
    const auto lost = static_cast<uint16_t>(number - next_number_);
    if (numbered_ && lost > 0 && lost < 0x8000u && number != 0) sink.lost(lost);
    next_number_ = static_cast<uint16_t>(number + 1);
    numbered_ = true;
  }

  std::vector<std::string> given_;
  std::vector<uint8_t> buffer_;
  size_t skipped_ = 0;
  bool locked_ = false, numbered_ = false;
  std::vector<Frame> waiting_;
  uint16_t next_number_ = 0;
  StreamFormat format_;
  std::vector<double> scales_;
  double last_start_ = 0;
  size_t last_readings_ = 0;
};

}  // namespace

std::unique_ptr<ByteDecoder> make_frame_decoder(std::vector<std::string> names) {
  return std::make_unique<FrameDecoder>(std::move(names));
}

}  // namespace mote
