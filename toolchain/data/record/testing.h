// Help for the tests of recording.
#pragma once
#include <cstring>
#include <string>
#include <vector>

#include "device/sensor_frame.h"
#include "toolchain/data/record/stream.h"

namespace mote {

inline std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Everything that a stream says, as text.
struct StreamLog final : StreamSink {
  std::vector<std::string> formats, readings, bads;
  std::vector<std::vector<double>> values;
  std::vector<double> ticks;
  StreamFormat last;
  int64_t lost_frames = 0;

  void format(const StreamFormat& format) override {
    std::string text = format.binary ? "frames" : "lines";
    for (const StreamChannel& channel : format.channels) text += " " + channel.name + "[" + channel.unit + "]";
    formats.push_back(text);
    last = format;
  }
  void reading(std::span<const double> reading, double tick) override {
    values.emplace_back(reading.begin(), reading.end());
    ticks.push_back(tick);
  }
  void bad(std::string_view what) override { bads.emplace_back(what); }
  void lost(int64_t frames) override { lost_frames += frames; }
};

// What a board with device/sensor_frame.h sends.
inline std::string description_frame(uint16_t number, const char* names, float scale = 100, uint32_t period = 10000) {
  SensorFrame frame;
  const float scales[] = {scale, scale};
  frame.begin_description(number, period, 2, scales, names);
  const uint16_t size = frame.finish();
  return {reinterpret_cast<const char*>(frame.bytes()), size};
}
// `readings` of two channels: index and -index, from `first` on, 100 a second.
inline std::string readings_frame(uint16_t number, int first, int readings, uint32_t offset = 0) {
  SensorFrame frame;
  frame.begin_readings(number, offset + static_cast<uint32_t>(first) * 10000u, 2);
  for (int i = first; i < first + readings; ++i) {
    frame.put_count(static_cast<int16_t>(i));
    frame.put_count(static_cast<int16_t>(-i));
  }
  const uint16_t size = frame.finish();
  return {reinterpret_cast<const char*>(frame.bytes()), size};
}

}  // namespace mote
