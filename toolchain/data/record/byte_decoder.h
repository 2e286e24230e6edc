// What the two forms of a stream have in common. (stream.h)
#pragma once
#include "toolchain/data/record/stream.h"

namespace mote {

class ByteDecoder {
 public:
  virtual ~ByteDecoder() = default;
  // Calls the sink only when locked, then also for the readings that made it so.
  virtual void receive(std::span<const uint8_t> bytes, StreamSink& sink) = 0;
  // Enough was seen to be sure that the board sends this form.
  virtual bool locked() const = 0;
};

std::unique_ptr<ByteDecoder> make_text_decoder(std::vector<std::string> names);
std::unique_ptr<ByteDecoder> make_frame_decoder(std::vector<std::string> names);

// `names` as the channels of a format, a time column taken out when `with_time`: its index, or -1.
int32_t name_channels(const std::vector<std::string>& names, bool with_time, StreamFormat& format);
std::vector<std::string> numbered_channels(size_t count);  // ch1, ch2, ...
// A name that can stand in the header of a CSV file.
bool is_channel_name(std::string_view name);
// For messages: control characters and broken UTF-8 as dots, at most 60 bytes.
std::string printable(std::string_view bytes);

}  // namespace mote
