#include "toolchain/base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace mote {

namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  std::array<int, 2> ends = {-1, -1};
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  bool open() { return ::pipe2(ends.data(), O_CLOEXEC) == 0; }
  void close_end(int i) {
    if (ends[i] >= 0) ::close(ends[i]);
    ends[i] = -1;
  }
};

// In the child, after fork: only async-signal-safe calls. Reports the reason of a failed exec through `failure`.
[[noreturn]] void become(const std::vector<char*>& arguments, const std::string& folder, const Pipe& output,
                         const Pipe& errors, const Pipe& failure) {
  ::setpgid(0, 0);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0) ::dup2(null, 0);
  ::dup2(output.ends[1], 1);
  ::dup2(errors.ends[1], 2);
  if (folder.empty() || ::chdir(folder.c_str()) == 0) ::execvp(arguments[0], arguments.data());
  const int reason = errno;
  [[maybe_unused]] const ssize_t ignored = ::write(failure.ends[1], &reason, sizeof reason);
  ::_exit(127);
}

// Reads what is there into `text`; false at the end of the stream.
bool drain(int descriptor, std::string& text) {
  char buffer[65536];
  const ssize_t got = ::read(descriptor, buffer, sizeof buffer);
  if (got > 0) text.append(buffer, static_cast<size_t>(got));
  return got > 0 || (got < 0 && errno == EINTR);
}

// Collects both streams until they close or the deadline passes; false at the deadline.
bool collect(Pipe& output, Pipe& errors, Clock::time_point deadline, ProcessOutput& result) {
  while (output.ends[0] >= 0 || errors.ends[0] >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    std::array<pollfd, 2> polls = {{{output.ends[0], POLLIN, 0}, {errors.ends[0], POLLIN, 0}}};
    if (::poll(polls.data(), polls.size(), static_cast<int>(std::min<long long>(left, 1000))) < 0 && errno != EINTR)
      return false;
    if (polls[0].revents != 0 && !drain(output.ends[0], result.output)) output.close_end(0);
    if (polls[1].revents != 0 && !drain(errors.ends[0], result.errors)) errors.close_end(0);
  }
  return true;
}

}  // namespace

Result<ProcessOutput> run_process(const std::vector<std::string>& arguments, double timeout_seconds,
                                  const std::filesystem::path& folder) {
  if (arguments.empty()) return defect("run_process: no program named");
  const std::string& program = arguments[0];
  Pipe output, errors, failure;
  if (!output.open() || !errors.open() || !failure.open())
    return defect(fmt::format("{}: no pipe: {}", program, std::strerror(errno)));
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  const std::string where = folder.string();
  const auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout_seconds));

  const pid_t child = ::fork();
  if (child < 0) return defect(fmt::format("{}: cannot fork: {}", program, std::strerror(errno)));
  if (child == 0) become(pointers, where, output, errors, failure);
  ::setpgid(child, child);
  output.close_end(1);
  errors.close_end(1);
  failure.close_end(1);

  ProcessOutput result;
  int reason = 0;
  const bool failed = ::read(failure.ends[0], &reason, sizeof reason) == static_cast<ssize_t>(sizeof reason);
  if (!failed && !collect(output, errors, deadline, result)) {
    result.timed_out = true;
    ::kill(-child, SIGKILL);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (failed) return input_error(fmt::format("{}: cannot be started: {}", program, std::strerror(reason)));
  result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::optional<std::filesystem::path> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return ::access(name.c_str(), X_OK) == 0 ? std::optional<std::filesystem::path>(name) : std::nullopt;
  const char* variable = std::getenv("PATH");
  std::string path = variable ? variable : "/usr/bin:/bin";
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find(':', begin), path.size());
    const std::filesystem::path candidate = std::filesystem::path(path.substr(begin, end - begin)) / name;
    if (::access(candidate.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(candidate)) return candidate;
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace mote
