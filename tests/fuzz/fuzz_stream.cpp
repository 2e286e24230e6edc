// Any bytes as what a serial port says: every reading has the channels that were announced, and however the bytes are
// cut, the same comes out.
#include <cmath>

#include "tests/fuzz/fuzz.h"
#include "toolchain/data/record/byte_decoder.h"
#include "toolchain/data/record/stream.h"

namespace mote {
namespace {

// All that a stream says as one text.
struct Transcript final : StreamSink {
  std::string text;
  size_t channels = 0;

  void format(const StreamFormat& format) override {
    FUZZ_CHECK(!format.channels.empty());
    channels = format.channels.size();
    for (const StreamChannel& channel : format.channels) {
      FUZZ_CHECK(is_channel_name(channel.name));
      text += "f" + channel.name + "/" + channel.unit;
    }
  }
  void reading(std::span<const double> values, double ticks) override {
    FUZZ_CHECK(values.size() == channels && std::isfinite(ticks));
    for (const double value : values) text.append(reinterpret_cast<const char*>(&value), sizeof value);
    text.append(reinterpret_cast<const char*>(&ticks), sizeof ticks);
  }
  void bad(std::string_view what) override { text += "b" + printable(what); }
  void lost(int64_t frames) override {
    FUZZ_CHECK(frames > 0);
    text += "l" + std::to_string(frames);
  }
};

}  // namespace
}  // namespace mote

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mote;
  if (size == 0) return 0;
  const std::span<const uint8_t> bytes(data + 1, size - 1);
  Transcript whole, pieces;
  ReadingStream at_once({}), cut({});
  at_once.receive(bytes, whole);
  const size_t step = 1 + data[0] % 40;
  for (size_t at = 0; at < bytes.size(); at += step)
    cut.receive(bytes.subspan(at, std::min(step, bytes.size() - at)), pieces);
  FUZZ_CHECK(whole.text == pieces.text);
  FUZZ_CHECK(at_once.understood() == cut.understood());
  return 0;
}
