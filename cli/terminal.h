// The terminal that a person sits at.
#pragma once
#include <optional>

#include <termios.h>

namespace mote {

// Of the terminal behind a descriptor; 100 where there is none.
int terminal_columns(int descriptor);

// Single keys from standard input, without echo, while it lives; none where standard input is no terminal.
class KeyReader {
 public:
  KeyReader();
  ~KeyReader();
  KeyReader(const KeyReader&) = delete;
  KeyReader& operator=(const KeyReader&) = delete;
  bool attached() const { return before_.has_value(); }
  std::optional<char> key();  // never waits

 private:
  std::optional<termios> before_;
};

}  // namespace mote
