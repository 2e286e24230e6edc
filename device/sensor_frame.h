// The binary frames in which a board sends its readings over a serial port to `mote data record`. One header for both
// ends, without any other, so that it can be copied into a sketch. Integers are little endian.
//
//   byte  content
//   0     0xa5, 0x5a
//   2     kind: 1 = description, 2 = readings
//   3     n, the bytes of payload: 0 to 250
//   4     number of the frame of readings, from 0, modulo 65536; a description has that of the next one
//   6     payload
//   6+n   CRC-16 of bytes 2 to 5+n: polynomial 0x1021, first value 0xffff, most significant bit first, not inverted
//         (CRC-16/IBM-3740, "CCITT-FALSE")
//
// Description: uint32 microseconds between two readings (0 = not known); uint8 channels; for each a float32 of counts
// per unit; then the names as text, "ax [g],ay [g],az [g]". Sent at the start, when the host sends a '?', and now and
// then.
// Readings: uint32 microseconds of the board's clock, modulo 2^32, at the first reading; uint8 channels; then one or
// more readings of an int16 count for each channel, one period apart.
#pragma once
#include <stdint.h>

namespace mote {

constexpr uint8_t kFrameSync[2] = {0xa5, 0x5a};
enum SensorFrameKind : uint8_t { kFrameDescription = 1, kFrameReadings = 2 };
constexpr uint8_t kMostFramePayload = 250;
constexpr uint8_t kFrameHeaderBytes = 6;
constexpr uint8_t kFrameCrcBytes = 2;
constexpr uint8_t kReadingsHeaderBytes = 5;     // of the payload
constexpr uint8_t kDescriptionHeaderBytes = 5;  // of the payload
constexpr char kFrameRequest = '?';             // the host's wish for a description

inline uint16_t frame_crc(uint16_t crc, uint8_t byte) {
  crc = static_cast<uint16_t>(crc ^ (static_cast<uint16_t>(byte) << 8));
  for (uint8_t bit = 0; bit < 8; ++bit)
    crc = static_cast<uint16_t>((crc & 0x8000u) != 0 ? (crc << 1) ^ 0x1021u : crc << 1);
  return crc;
}
constexpr uint16_t kFrameCrcStart = 0xffff;

// One frame that is filled piece by piece. Begin, put, finish; then bytes() are to be sent. What would not fit is left
// out and makes finish() answer 0.
class SensorFrame {
 public:
  void begin(SensorFrameKind kind, uint16_t number) {
    bytes_[0] = kFrameSync[0];
    bytes_[1] = kFrameSync[1];
    bytes_[2] = kind;
    size_ = 4;
    overflow_ = false;
    put16(number);
  }
  void begin_readings(uint16_t number, uint32_t microseconds, uint8_t channels) {
    begin(kFrameReadings, number);
    put32(microseconds);
    put8(channels);
  }
  // `counts_per_unit` of every channel; `names` ends with a zero.
  void begin_description(uint16_t number, uint32_t period_microseconds, uint8_t channels, const float* counts_per_unit,
                         const char* names) {
    begin(kFrameDescription, number);
    put32(period_microseconds);
    put8(channels);
    for (uint8_t i = 0; i < channels; ++i) put_float(counts_per_unit[i]);
    for (; *names != 0; ++names) put8(static_cast<uint8_t>(*names));
  }
  void put_count(int16_t count) { put16(static_cast<uint16_t>(count)); }
  // Whether one more reading would fit.
  bool has_room(uint8_t channels) const {
    return size_ + 2u * channels <= static_cast<unsigned>(kFrameHeaderBytes) + kMostFramePayload;
  }

  // The bytes to send, header and CRC included.
  uint16_t finish() {
    if (overflow_) return 0;
    bytes_[3] = static_cast<uint8_t>(size_ - kFrameHeaderBytes);
    uint16_t crc = kFrameCrcStart;
    for (uint16_t i = 2; i < size_; ++i) crc = frame_crc(crc, bytes_[i]);
    bytes_[size_] = static_cast<uint8_t>(crc);
    bytes_[size_ + 1] = static_cast<uint8_t>(crc >> 8);
    return static_cast<uint16_t>(size_ + kFrameCrcBytes);
  }
  const uint8_t* bytes() const { return bytes_; }

 private:
  void put8(uint8_t value) {
    if (size_ < kFrameHeaderBytes + kMostFramePayload)
      bytes_[size_++] = value;
    else
      overflow_ = true;
  }
  void put16(uint16_t value) {
    put8(static_cast<uint8_t>(value));
    put8(static_cast<uint8_t>(value >> 8));
  }
  void put32(uint32_t value) {
    put16(static_cast<uint16_t>(value));
    put16(static_cast<uint16_t>(value >> 16));
  }
  void put_float(float value) {
    union {
      float number;
      uint32_t bits;
    } both;
    both.number = value;
    put32(both.bits);
  }

  uint8_t bytes_[kFrameHeaderBytes + kMostFramePayload + kFrameCrcBytes] = {};
  uint16_t size_ = 0;
  bool overflow_ = false;
};

}  // namespace mote
