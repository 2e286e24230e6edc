// The serial port that readings come from: behind an interface, so that a recording can be tested without one.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

class ReadingPort {
 public:
  enum class Event { bytes, silence, gone };
  struct Got {
    Event event = Event::silence;
    size_t bytes = 0;
  };

  virtual ~ReadingPort() = default;
  // Errors: it is not there, may not be used, or another program has it.
  virtual Result<void> open() = 0;
  virtual void close() = 0;
  // Waits up to `seconds`. A signal ends the wait as silence.
  virtual Got read(std::span<uint8_t> to, double seconds) = 0;
  virtual void send(std::string_view bytes) = 0;
  virtual void pause(double seconds) = 0;
  virtual double now() const = 0;  // seconds of a steady clock
};

// A device file: a serial port, or any other terminal, in raw mode, 8 bits, no parity; exclusively (TIOCEXCL and a
// lock), because two programs on one port would each get half of the bytes.
std::unique_ptr<ReadingPort> make_serial_port(const std::string& path, int32_t baud);

struct PortDescription {
  std::string path;             // "/dev/ttyACM0"
  std::string description;      // "Nano 33 BLE"; may be empty
  int vendor = 0, product = 0;  // of USB; 0 = none
};
// The serial ports of this machine, by path.
Result<std::vector<PortDescription>> list_ports();

}  // namespace mote
