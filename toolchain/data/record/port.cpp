#include "toolchain/data/record/port.h"

#include <asm/termbits.h>  // not <termios.h>: only termios2 takes any speed
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

namespace mote {
namespace {

namespace fs = std::filesystem;

// "4711 (screen)": a process that has the file open, other than this one. Only what may be seen is seen.
std::optional<std::string> holder(const fs::path& path) {
  std::error_code code;
  const fs::path target = fs::canonical(path, code);
  for (const auto& process : fs::directory_iterator("/proc", code)) {
    const std::string id = process.path().filename().string();
    if (id.find_first_not_of("0123456789") != std::string::npos || id == std::to_string(getpid())) continue;
    std::error_code unreadable;
    for (const auto& descriptor : fs::directory_iterator(process.path() / "fd", unreadable)) {
      std::error_code gone;
      if (fs::read_symlink(descriptor.path(), gone) != target || gone) continue;
      std::string name;
      std::getline(std::ifstream(process.path() / "comm"), name);
      return fmt::format("{} ({})", id, name);
    }
  }
  return std::nullopt;
}

class SerialPort final : public ReadingPort {
 public:
  SerialPort(std::string path, int32_t baud) : path_(std::move(path)), baud_(baud) {}
  ~SerialPort() override { close(); }
  SerialPort(const SerialPort&) = delete;
  SerialPort& operator=(const SerialPort&) = delete;

  Result<void> open() override {
    close();
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor_ < 0) return refused(errno);
    if (const Result<void> ready = configure(); !ready.ok()) {
      close();
      return ready;
    }
    return {};
  }

  void close() override {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

  Got read(std::span<uint8_t> to, double seconds) override {
    pollfd wait{descriptor_, POLLIN, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(seconds * 1000));
    if (ready <= 0) return {};
    const ssize_t got = ::read(descriptor_, to.data(), to.size());
    if (got > 0) return {Event::bytes, static_cast<size_t>(got)};
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    return {Event::gone, 0};  // the end of the stream, EIO, ENXIO: the device went away
  }

  void send(std::string_view bytes) override {
    // A wish that the board may not even understand: nothing depends on it.
    [[maybe_unused]] const ssize_t ignored = ::write(descriptor_, bytes.data(), bytes.size());
  }

  void pause(double seconds) override { ::poll(nullptr, 0, static_cast<int>(seconds * 1000)); }

  double now() const override {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

 private:
  Error taken() const {
    const std::optional<std::string> who = holder(path_);
    return input_error(fmt::format(
        "{}: another program has this port open{}{}. Two programs would each get a part of the readings: close the "
        "other one (a serial monitor, another recording) and run the command again",
        path_, who ? ", process " : "", who.value_or("")));
  }

  Error refused(int code) const {
    if (code == EBUSY) return taken();
    if (code == EACCES)
      return input_error(fmt::format(
          "{}: you may not use this port; add yourself to its group (`sudo usermod -aG dialout $USER`, then log in "
          "again)",
          path_));
    if (code == ENOENT || code == ENXIO || code == ENODEV)
      return input_error(
          fmt::format("{}: there is no such port; `mote data record --list` lists those that are there", path_));
    return input_error(fmt::format("{}: cannot open the port: {}", path_, std::strerror(code)));
  }

  Result<void> configure() {
    termios2 settings;
    if (::ioctl(descriptor_, TCGETS2, &settings) != 0)
      return input_error(
          fmt::format("{}: this is no serial port; `mote data record --list` lists those that are there", path_));
    // The lock holds against programs that lock, TIOCEXCL against those that do not come as root, and a look at who has
    // the file against those that were here before.
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 || holder(path_)) return taken();
    ::ioctl(descriptor_, TIOCEXCL);
    settings.c_iflag = IGNBRK | IGNPAR;
    settings.c_oflag = 0;
    settings.c_lflag = 0;
    settings.c_cflag = CS8 | CREAD | CLOCAL | BOTHER;
    settings.c_ispeed = settings.c_ospeed = static_cast<speed_t>(baud_);
    settings.c_cc[VMIN] = 0;
    settings.c_cc[VTIME] = 0;
    if (::ioctl(descriptor_, TCSETS2, &settings) != 0)
      return input_error(fmt::format("{}: the port does not take {} baud: {}", path_, baud_, std::strerror(errno)));
    ::ioctl(descriptor_, TCFLSH, TCIFLUSH);  // what was sent before anybody listened
    return {};
  }

  std::string path_;
  int32_t baud_;
  int descriptor_ = -1;
};

}  // namespace

std::unique_ptr<ReadingPort> make_serial_port(const std::string& path, int32_t baud) {
  return std::make_unique<SerialPort>(path, baud);
}

}  // namespace mote
