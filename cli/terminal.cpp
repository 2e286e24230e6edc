#include "cli/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace mote {

int terminal_columns(int descriptor) {
  constexpr int kColumnsWithoutTerminal = 100;
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kColumnsWithoutTerminal;
  return std::clamp<int>(size.ws_col, 40, 200);
}

KeyReader::KeyReader() {
  termios settings{};
  if (isatty(STDIN_FILENO) == 0 || tcgetpgrp(STDIN_FILENO) != getpgrp() || tcgetattr(STDIN_FILENO, &settings) != 0)
    return;  // a program in the background that touched the terminal would be stopped
  before_ = settings;
  settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  settings.c_cc[VMIN] = 0;
  settings.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

KeyReader::~KeyReader() {
  if (before_) tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
}

std::optional<char> KeyReader::key() {
  pollfd wait{STDIN_FILENO, POLLIN, 0};
  char key = 0;
  if (!before_ || ::poll(&wait, 1, 0) <= 0 || ::read(STDIN_FILENO, &key, 1) != 1) return std::nullopt;
  return key;
}

}  // namespace mote
