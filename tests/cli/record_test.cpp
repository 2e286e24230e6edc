// `mote data record` at pseudo-terminals, and at the UART of the emulated board.
#include <gmock/gmock.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <thread>

#include "tests/cli/command.h"
#include "toolchain/data/record/testing.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr double kPatience = 30;  // seconds, for what takes a fraction of one

bool wait_until(const std::function<bool()>& condition) {
  for (int i = 0; i < kPatience * 100; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

// A port with a board at its other end.
class Board {
 public:
  Board() {
    int slave = -1;
    char name[64] = {};
    EXPECT_EQ(::openpty(&master_, &slave, name, nullptr, nullptr), 0);
    termios raw{};
    ::tcgetattr(slave, &raw);
    ::cfmakeraw(&raw);
    ::tcsetattr(slave, TCSANOW, &raw);
    ::close(slave);
    ::fcntl(master_, F_SETFD, FD_CLOEXEC);
    path_ = name;
  }
  ~Board() { unplug(); }
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;
  const std::string& path() const { return path_; }
  void send(const std::string& text) const {
    EXPECT_EQ(::write(master_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // The program at the other end has opened the port and asked what the board is.
  bool asked() const {
    char got = 0;
    return wait_until([&] {
      pollfd wait{master_, POLLIN, 0};
      return ::poll(&wait, 1, 0) > 0 && ::read(master_, &got, 1) == 1 && got == kFrameRequest;
    });
  }
  // Lines "i,-i" for [from, to), one every 5 ms.
  void send_lines(int from, int to) const {
    for (int i = from; i < to; ++i) {
      send(std::to_string(i) + "," + std::to_string(-i) + "\r\n");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  void unplug() {
    if (master_ >= 0) ::close(std::exchange(master_, -1));
  }

 private:
  int master_ = -1;
  std::string path_;
};

// A program that runs beside the test, killed at the end if it still does.
class Background {
 public:
  // Its output goes to folder/out and folder/err, or all to a terminal of its own.
  Background(const std::vector<std::string>& arguments, const fs::path& folder, bool terminal = false)
      : folder_(folder) {
    std::vector<char*> pointers;
    for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    spew(folder / "out", "");
    spew(folder / "err", "");
    id_ = terminal ? ::forkpty(&terminal_, nullptr, nullptr, nullptr) : ::fork();
    if (id_ != 0) {
      if (terminal) reader_ = std::thread([this] { read_screen(); });
      return;
    }
    if (::chdir(folder.c_str()) != 0) ::_exit(126);
    if (!terminal) {
      ::dup2(::open("/dev/null", O_RDONLY), 0);
      ::dup2(::open("out", O_WRONLY | O_CREAT | O_TRUNC, 0666), 1);
      ::dup2(::open("err", O_WRONLY | O_CREAT | O_TRUNC, 0666), 2);
    }
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
  }
  ~Background() {
    if (id_ > 0) {
      ::kill(id_, SIGKILL);
      ::waitpid(id_, nullptr, 0);
    }
    if (reader_.joinable()) reader_.join();
    if (terminal_ >= 0) ::close(terminal_);
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  pid_t id() const { return id_; }
  std::string output() const { return slurp(folder_ / "out"); }
  std::string errors() const { return slurp(folder_ / "err"); }
  bool says(const std::string& text) const {
    return wait_until([&] { return errors().find(text) != std::string::npos; });
  }
  void signal(int number) const { ::kill(id_, number); }
  void press(char key) const { EXPECT_EQ(::write(terminal_, &key, 1), 1); }
  // What it wrote to its terminal until it ended.
  const std::string& screen() {
    reader_.join();
    return screen_;
  }
  int wait() {  // exit status; 128 + signal
    int status = 0;
    const bool ended = wait_until([&] { return ::waitpid(id_, &status, WNOHANG) == id_; });
    EXPECT_TRUE(ended);
    if (!ended) return -1;
    id_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  void read_screen() {
    char buffer[4096];
    for (ssize_t got; (got = ::read(terminal_, buffer, sizeof buffer)) > 0;)
      screen_.append(buffer, static_cast<size_t>(got));
  }

  pid_t id_ = -1;
  std::thread reader_;  // of the terminal
  std::string screen_;
  int terminal_ = -1;
  fs::path folder_;
};

class Record : public CommandTest {
 protected:
  static std::vector<std::string> command(const std::string& port, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        fs::absolute(mote_program()).string(), "data", "record", "--port", port, "--label", "left", "-o", "r"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::vector<fs::path> files() const {
    const auto found = glob(folder_, "r/left/*.csv");
    EXPECT_TRUE(found.ok());
    return found.ok() ? found.value() : std::vector<fs::path>();
  }
  int64_t rows_of(const fs::path& file) const {
    const std::string text = slurp(file);
    return std::count(text.begin(), text.end(), '\n') - 2;
  }
  // Each line of a file after its head ends with i,-i, in order, without a hole.
  void expect_whole(const fs::path& file) const {
    std::istringstream text(slurp(file));
    std::string line;
    std::getline(text, line);
    std::getline(text, line);
    EXPECT_EQ(line, "timestamp [ms],ax,ay");
    for (double before = NAN; std::getline(text, line);) {
      double time = 0, x = 0, y = 0;
      ASSERT_EQ(std::sscanf(line.c_str(), "%lf,%lf,%lf", &time, &x, &y), 3) << line;
      EXPECT_EQ(x, -y);
      if (!std::isnan(before)) {
        EXPECT_EQ(x, before + 1);
      }
      before = x;
    }
  }
};

TEST_F(Record, LinesUntilCtrlC) {
  Board board;
  Background mote(command(board.path(), {"--json"}), folder_);
  ASSERT_TRUE(board.asked());
  board.send("ax,ay\r\n");
  board.send_lines(0, 150);
  ASSERT_TRUE(mote.says("the board sends lines: ax, ay"));
  board.send_lines(150, 200);
  ASSERT_TRUE(wait_until([&] { return rows_of(files().at(0)) == 200; }));
  mote.signal(SIGINT);
  EXPECT_EQ(mote.wait(), 0);
  const auto json = parse_json("output", mote.output());
  ASSERT_TRUE(json.ok()) << mote.output();
  EXPECT_EQ((*json)["recorded"], 200);
  EXPECT_EQ((*json)["files"].size(), 1u);
  EXPECT_GT((*json)["rate_hz"], 20);
  expect_whole(files().at(0));
}

TEST_F(Record, KillLosesNothing) {
  Board board;
  Background mote(command(board.path(), {"--channels", "ax,ay", "--rate", "200"}), folder_);
  ASSERT_TRUE(board.asked());
  board.send_lines(0, 101);
  ASSERT_TRUE(wait_until([&] { return !files().empty() && rows_of(files()[0]) == 100; }));
  mote.signal(SIGKILL);
  EXPECT_EQ(mote.wait(), 128 + SIGKILL);
  EXPECT_EQ(rows_of(files()[0]), 100);
  expect_whole(files()[0]);
}

TEST_F(Record, CableOutAndInAgain) {
  auto board = std::make_unique<Board>();
  const fs::path port = folder_ / "port";
  fs::create_symlink(board->path(), port);
  Background mote(command(port.string(), {"--channels", "ax,ay", "--rate", "200"}), folder_);
  ASSERT_TRUE(board->asked());
  board->send_lines(0, 51);
  ASSERT_TRUE(wait_until([&] { return !files().empty() && rows_of(files()[0]) == 50; }));
  board->unplug();
  ASSERT_TRUE(mote.says("the port is gone"));
  fs::remove(port);
  board = std::make_unique<Board>();
  fs::create_symlink(board->path(), port);
  ASSERT_TRUE(mote.says("the port is back"));
  ASSERT_TRUE(board->asked());
  board->send_lines(100, 151);
  ASSERT_TRUE(wait_until([&] { return files().size() == 2 && rows_of(files()[1]) == 50; }));
  mote.signal(SIGTERM);
  EXPECT_EQ(mote.wait(), 0);
  EXPECT_THAT(mote.output(), AllOf(HasSubstr("left: 2 recordings, 100 readings"), HasSubstr("cable      out 1 times")));
  for (const fs::path& file : files()) expect_whole(file);
}

TEST_F(Record, TwoProgramsOnOnePortAreRefused) {
  Board board;
  Background first(command(board.path(), {"--channels", "ax,ay", "--rate", "200"}), folder_);
  ASSERT_TRUE(board.asked());
  board.send_lines(0, 20);
  ASSERT_TRUE(first.says("the board sends"));
  const ProcessOutput second = mote({"data", "record", "--port", board.path(), "--label", "x"}, folder_);
  EXPECT_EQ(second.exit_status, 2);
  EXPECT_THAT(second.errors, AllOf(HasSubstr("another program has this port open"),
                                   HasSubstr("process " + std::to_string(first.id()) + " (mote)")));
}

TEST_F(Record, PictureAndKeysOnATerminal) {
  Board board;
  Background mote(command(board.path(), {"--channels", "ax,ay", "--rate", "200"}), folder_, true);
  ASSERT_TRUE(board.asked());
  board.send_lines(0, 60);
  ASSERT_TRUE(wait_until([&] { return files().size() == 1; }));
  mote.press(' ');
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  board.send_lines(100, 120);  // not recorded
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  mote.press(' ');
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  board.send_lines(200, 260);
  ASSERT_TRUE(wait_until([&] { return files().size() == 2; }));
  mote.press('q');
  const std::string screen = mote.screen();
  EXPECT_EQ(mote.wait(), 0);
  EXPECT_THAT(screen, AllOf(HasSubstr("\xE2\xA0"), HasSubstr("space: begin or end"), HasSubstr("not recording"),
                            HasSubstr("\033[J"), HasSubstr("2 recordings")));
  for (const fs::path& file : files()) expect_whole(file);
  EXPECT_THAT(slurp(files()[1]), HasSubstr("\n0.000,200,-200\n"));
}

TEST_F(Record, WrongInputIsNamed) {
  const auto refused = [&](std::vector<std::string> arguments, const std::string& message) {
    arguments.insert(arguments.begin(), {"data", "record"});
    const ProcessOutput done = mote(arguments, folder_);
    EXPECT_EQ(done.exit_status, 2);
    EXPECT_THAT(done.errors, HasSubstr(message));
  };
  refused({}, "--port /dev/ttyACM0 --label idle");
  refused({"--port", "/dev/ttyNONE", "--label", "a"}, "there is no such port");
  refused({"--port", "/dev/null", "--label", "a"}, "this is no serial port");
  refused({"--port", "/dev/null", "--label", "../a"}, "--label '../a'");
  refused({"--port", "/dev/null", "--label", "a", "--trigger", "ax"}, "--trigger \"ax\"");
  refused({"--port", "/dev/null", "--label", "a", "--baud", "7"}, "--baud");
  refused({"--sender", "esp", "-o", "s"}, "--sender esp");
  EXPECT_EQ(mote({"data", "record", "--list", "--json"}, folder_).exit_status, 0);
}

class RecordSender : public Record, public ::testing::WithParamInterface<bool> {};

// The values that toolchain/compile/template/sender/main.cpp sends.
int expected_count(int index, int channel) {
  const auto saw = static_cast<int16_t>(index * 256 * (channel + 1));
  return (saw < 0 ? -(saw + 1) : saw) / 2 - 8192;
}

TEST_P(RecordSender, EmulatedBoard) {
  if (!find_program("qemu-system-arm") || !find_program("arm-none-eabi-g++"))
    GTEST_SKIP() << "qemu-system-arm or arm-none-eabi-g++ is not installed";
  ASSERT_EQ(mote({"data", "record", "--sender", "emulated", "-o", "s"}, folder_).exit_status, 0);
  const std::string frames = GetParam() ? "FRAMES=1" : "FRAMES=0";
  const auto built = run_process({"make", frames}, kCommandSeconds, folder_ / "s");
  ASSERT_TRUE(built.ok() && built->exit_status == 0) << built->errors;
  fs::create_directories(folder_ / "q");
  Background qemu({"qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "pty", "-kernel",
                   "../s/sender.elf"},
                  folder_ / "q");
  std::string port;
  ASSERT_TRUE(wait_until([&] {
    const std::string said = qemu.output() + qemu.errors();
    const size_t at = said.find("/dev/pts/");
    port = at == std::string::npos ? "" : said.substr(at, said.find(' ', at) - at);
    return !port.empty();
  })) << qemu.errors();
  Background mote(command(port, {"--json"}), folder_);
  // On a slow machine the names may come late: then they begin a file of their own.
  ASSERT_TRUE(wait_until([&] { return !files().empty() && rows_of(files().back()) >= 100; })) << mote.errors();
  qemu.signal(SIGKILL);  // the cable, as it were
  ASSERT_TRUE(mote.says("the port is gone"));
  mote.signal(SIGINT);
  EXPECT_EQ(mote.wait(), 0);
  const auto json = parse_json("output", mote.output());
  ASSERT_TRUE(json.ok());
  EXPECT_EQ((*json)["format"], GetParam() ? "frames" : "lines");
  EXPECT_EQ((*json)["bad"], 0);
  EXPECT_EQ((*json)["lost_frames"], 0);
  if (GetParam()) {
    EXPECT_NEAR((*json)["rate_hz"].get<double>(), 100, 1e-6);  // by the board's own clock
  }
  std::istringstream text(slurp(files().back()));
  std::string line;
  std::getline(text, line);
  std::getline(text, line);
  EXPECT_EQ(line, "timestamp [ms],ax [g],ay [g],az [g]");
  int start = -1, row = 0;
  for (; std::getline(text, line); ++row) {
    double time = 0, value[3];
    ASSERT_EQ(std::sscanf(line.c_str(), "%lf,%lf,%lf,%lf", &time, &value[0], &value[1], &value[2]), 4) << line;
    const auto matches = [&](int index) {
      for (int c = 0; c < 3; ++c)
        if (std::abs(value[c] - expected_count(index, c) / 8192.0) > 1.1e-4) return false;
      return true;
    };
    for (int i = 0; start < 0 && i < 256; ++i)
      if (matches(i)) start = i;
    ASSERT_TRUE(matches(start + row)) << "row " << row << " from " << start << ": " << line;
  }
  EXPECT_GE(row, 100);
}

INSTANTIATE_TEST_SUITE_P(Forms, RecordSender, ::testing::Bool(),
                         [](const auto& form) { return form.param ? "Frames" : "Lines"; });

// The sketch, built with an Arduino of a few lines whose serial port is standard output.
TEST_P(RecordSender, ArduinoSketch) {
  ASSERT_EQ(mote({"data", "record", "--sender", "arduino", "-o", "."}, folder_).exit_status, 0);
  spew(folder_ / "program.cpp", R"cpp(#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
                                      uint32_t now = 4294900000u;  // micros() begins again soon
                                      uint32_t micros() {
                                        return now += 50;
                                      }
                                      enum { A0, A1, A2 };
                                      int reads = 0;
                                      int analogRead(int pin) {
                                        return pin == A0 ? reads++ : pin * 100;
                                      }
                                      struct SerialPort {
                                        int asked = 2;
                                        void begin(long) {}
                                        int available() { return asked; }
                                        int read() {
                                          --asked;
                                          return '?';
                                        }
                                        void write(const uint8_t* bytes, size_t n) { fwrite(bytes, 1, n, stdout); }
                                        void print(char c) { putchar(c); }
                                        void print(float value, int decimals) { printf("%.*f", decimals, value); }
                                        void println(const char* text = "") { printf("%s\r\n", text); }
                                      } Serial;
#include "mote_sender/mote_sender.ino"
                                      int main() {
                                        setup();
                                        while (reads < 100) loop();
                                      }
  )cpp");
  const std::string form = GetParam() ? "-DSEND_FRAMES=1" : "-DSEND_FRAMES=0";
  const auto built =
      run_process({"g++", "-std=gnu++11", "-Wall", "-Wextra", form, "-o", "sketch", "program.cpp"}, 60, folder_);
  ASSERT_TRUE(built.ok() && built->exit_status == 0) << built->errors;
  EXPECT_EQ(built->errors, "");
  const auto sent = run_process({"./sketch"}, 60, folder_);
  ASSERT_TRUE(sent.ok());
  StreamLog log;
  ReadingStream stream({});
  stream.receive(bytes_of(sent->output), log);
  EXPECT_THAT(log.formats, ::testing::ElementsAre(GetParam() ? "frames a0[] a1[] a2[]" : "lines a0[] a1[] a2[]"));
  ASSERT_EQ(log.values.size(), 100u);
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(log.values[i], (std::vector<double>{static_cast<double>(i), 100, 200}));
  EXPECT_EQ(log.lost_frames, 0);
  EXPECT_EQ(log.bads.size(), 0u);
  if (GetParam()) {
    EXPECT_NEAR(std::fmod(log.ticks[99] - log.ticks[0] + 4294967296.0, 4294967296.0), 990000, 200);
  }
}

}  // namespace
}  // namespace mote
