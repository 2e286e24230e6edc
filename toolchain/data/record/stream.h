// The bytes of a serial port as readings: lines of numbers, or the frames of device/sensor_frame.h. No input or output:
// bytes in, calls of a sink out.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

struct StreamChannel {
  std::string name, unit;  // "ax", "g"; the unit is empty when the board does not say
  bool operator==(const StreamChannel&) const = default;
};

// How the board counts time.
struct DeviceClock {
  std::string name;    // of its column; empty: binary frames
  double unit = 0;     // seconds of one tick; 0 = the board does not say
  double modulus = 0;  // ticks after which it begins again; 0 = never
  double period = 0;   // seconds between readings that the board states; 0 = none
  bool operator==(const DeviceClock&) const = default;
};

struct StreamFormat {
  bool binary = false;
  bool named = false;   // the board names its channels; else they are ch1, ch2, ...
  size_t misnamed = 0;  // columns that the board sends, where the names given are of another number; 0 = they fit
  std::vector<StreamChannel> channels;
  std::optional<DeviceClock> clock;
  bool operator==(const StreamFormat&) const = default;
};

class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // Before the first reading, and when the board goes on in another form.
  virtual void format(const StreamFormat& format) = 0;
  // One value for each channel; `ticks` of the board's clock when the format has one. NaN: the board said so.
  virtual void reading(std::span<const double> values, double ticks) = 0;
  virtual void bad(std::string_view what) = 0;  // a line, or what stands where a frame should
  virtual void lost(int64_t frames) = 0;        // by the numbers of binary frames
};

class ByteDecoder;

// Says of itself whether the board sends lines or frames: from the first frame with a right CRC, or from two lines
// with the same number of numbers. Until then nothing reaches the sink.
class ReadingStream {
 public:
  // `names` for the channels, units in brackets; a time column among them is taken for the board's clock. Empty: as
  // the board says.
  explicit ReadingStream(std::vector<std::string> names);
  ~ReadingStream();
  ReadingStream(ReadingStream&&) noexcept;
  ReadingStream& operator=(ReadingStream&&) noexcept;

  void receive(std::span<const uint8_t> bytes, StreamSink& sink);
  bool understood() const { return decoder_ != nullptr; }
  // What the port said last while it is not understood, for a message; control characters as dots.
  std::string sample() const;

 private:
  std::vector<std::string> names_;
  std::unique_ptr<ByteDecoder> text_, frames_;
  ByteDecoder* decoder_ = nullptr;  // one of the two, once it is known which
  std::string recent_;
};

}  // namespace mote
