#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>

#include "cli/interrupt.h"
#include "cli/latest_run.h"
#include "cli/project/project.h"
#include "cli/record_view.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "toolchain/compile/sender.h"
#include "toolchain/data/record/session.h"
#include "toolchain/report/format.h"

namespace mote {
namespace {
namespace data_record_command {

constexpr int32_t kLeastBaud = 300, kMostBaud = 4'000'000;
constexpr double kRateTolerance = 0.05;
constexpr size_t kFilesShown = 10;

struct Options {
  std::string port, label, trigger, output, sender;
  std::vector<std::string> channels;
  int32_t baud = 115200;
  double seconds = 0, before = 0.1, length = 1, rate = 0;
  int64_t count = 0;
  bool wait = false, list = false;
};

Result<Outcome> list(Session& session) {
  MOTE_TRY(const std::vector<PortDescription> ports, list_ports());
  Json json = Json::array();
  std::string text;
  for (const PortDescription& port : ports) {
    text += fmt::format("{}  {}\n", port.path, port.description);
    json.push_back({{"port", port.path},
                    {"description", port.description},
                    {"usb_vendor", port.vendor},
                    {"usb_product", port.product}});
  }
  session.console.text(ports.empty() ? "no serial port is there: is the board plugged in?\n" : text);
  session.console.object({{"ports", json}});
  return Outcome::done;
}

Result<Outcome> write_source(Session& session, const Options& options) {
  if (options.output.empty()) return input_error("--sender: say where the source goes: -o DIR");
  MOTE_TRY(const std::vector<fs::path> files, write_sender(options.sender, options.output));
  Json json = Json::array();
  for (const fs::path& file : files) {
    session.console.text(file.string() + "\n");
    json.push_back(file.string());
  }
  session.console.object({{"sender", options.sender}, {"files", json}});
  return Outcome::done;
}

std::string utc_time(const char* format) {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

// What the project, if there is one, expects of a recording.
struct Expectation {
  fs::path folder = "recordings";
  double rate = 0;
  std::vector<std::string> channels;
};

Result<Expectation> expectation(const Session& session) {
  const Result<fs::path> folder = project_folder(session);
  if (!folder.ok() && !session.project_folder.empty()) return folder.error();
  if (!folder.ok()) return Expectation{};  // recordings may come before the project
  MOTE_TRY(const ProjectConfig project, load_project(*folder));
  return Expectation{*folder / "recordings", project.data.rate.value_or(0), project.data.channels};
}

Result<RecordOptions> record_options(const Options& options, const Expectation& expected) {
  if (options.port.empty() || options.label.empty())
    return input_error(
        "name the port and what is recorded: mote data record --port /dev/ttyACM0 --label idle (`--list` lists ports)");
  RecordOptions record;
  record.label = options.label;
  record.folder = options.output.empty() ? expected.folder : fs::path(options.output);
  record.stamp = utc_time("%Y%m%d-%H%M%S");
  record.origin = fmt::format("from {} at {} baud, {}", options.port, options.baud, utc_time("%FT%TZ"));
  record.channels = options.channels;
  record.rate = options.rate > 0 ? options.rate : expected.rate;
  record.before = options.before;
  record.length = options.length;
  record.count = options.count;
  record.wait = options.wait;
  if (!options.trigger.empty()) {
    MOTE_TRY(record.trigger, Trigger::parse(options.trigger));
  }
  MOTE_CHECK(validate(record));
  return record;
}

RecordCommand next_command(KeyReader& keys) {
  if (InterruptGuard::interrupted()) return RecordCommand::quit;
  const std::optional<char> key = keys.key();
  if (key == 'q' || key == 'Q') return RecordCommand::quit;
  return key == ' ' ? RecordCommand::toggle : RecordCommand::none;
}

// In what the recordings differ from what the project asks for.
std::vector<std::string> remarks(const Recorder& recorder, const RecordStatistics& statistics, double rate,
                                 const Expectation& expected) {
  std::vector<std::string> texts;
  if (rate > 0 && statistics.rate > 0 && std::abs(statistics.rate / rate - 1) > kRateTolerance)
    texts.push_back(fmt::format("the board sends {} readings a second, {} are expected ({})",
                                format_number(statistics.rate), format_number(rate),
                                expected.rate == rate ? "rate in mote.toml" : "--rate"));
  std::string missing;
  for (const std::string& wanted : expected.channels) {
    const auto& sent = recorder.format().channels;
    const bool there =
        std::any_of(sent.begin(), sent.end(), [&](const auto& channel) { return channel.name == wanted; });
    if (!there) missing += (missing.empty() ? "" : ", ") + wanted;
  }
  if (!missing.empty())
    texts.push_back(fmt::format(
        "mote.toml uses channels that the recordings do not have: {}; give names with --channels", missing));
  if (const double pace = statistics.device_pace; pace > 0 && std::abs(pace - 1) > kRateTolerance)
    texts.push_back(
        fmt::format("the board's clock makes {} s of a second; name its unit in the header, such as \"timestamp [us]\"",
                    format_number(pace)));
  return texts;
}

std::string summary(const Recorder& recorder, const RecordStatistics& statistics, const std::string& label) {
  double seconds = 0;
  for (const RecordedFile& file : statistics.files) seconds += file.seconds;
  std::string text =
      fmt::format("{}: {} recording{}, {} readings, {} s\n", label, statistics.files.size(),
                  statistics.files.size() == 1 ? "" : "s", format_count(statistics.recorded), format_number(seconds));
  const auto line = [&](const char* name, const std::string& value) {
    text += fmt::format("  {:<10} {}\n", name, value);
  };
  if (statistics.rate > 0) line("rate", fmt::format("{:.4g} Hz", statistics.rate));
  line("gaps",
       statistics.gaps == 0 ? "none" : fmt::format("{}, {} readings missing", statistics.gaps, statistics.missing));
  if (statistics.lost_frames > 0) line("lost", fmt::format("{} frames, by their numbers", statistics.lost_frames));
  if (statistics.bad > 0)
    line("bad", fmt::format("{} {}, the last: \"{}\"", statistics.bad, recorder.format().binary ? "places" : "lines",
                            statistics.last_bad));
  if (statistics.repeated > 0) line("repeated", fmt::format("{} readings, left out", statistics.repeated));
  if (statistics.jumps > 0)
    line("clock", fmt::format("jumped {} times; each time a new file begins", statistics.jumps));
  if (statistics.interruptions > 0) line("cable", fmt::format("out {} times", statistics.interruptions));
  const size_t shown = std::min(statistics.files.size(), kFilesShown);
  for (size_t i = 0; i < shown; ++i) {
    const RecordedFile& file = statistics.files[i];
    line(i == 0 ? "files" : "", fmt::format("{}  {} readings, {} s", file.path.string(), format_count(file.readings),
                                            format_number(file.seconds)));
  }
  if (shown < statistics.files.size()) line("", fmt::format("... {} in all", statistics.files.size()));
  return text;
}

Result<Outcome> record(Session& session, const Options& options) {
  MOTE_TRY(const Expectation expected, expectation(session));
  MOTE_TRY(const RecordOptions record_with, record_options(options, expected));
  const std::unique_ptr<ReadingPort> port = make_serial_port(options.port, options.baud);
  Recorder recorder(record_with);
  Result<void> recorded;
  {
    const InterruptGuard guard;
    KeyReader keys;
    RecordView view(session.console, keys.attached());
    recorded = run_recording(*port, recorder, options.seconds,
                             {[&] { return next_command(keys); }, [&](const std::string& text) { view.notice(text); },
                              [&](const Recorder& now) { view.show(now); }});
  }
  const RecordStatistics statistics = recorder.statistics();
  if (!recorded.ok() && statistics.files.empty()) return recorded.error();
  session.console.text(summary(recorder, statistics, options.label));
  if (!recorded.ok()) return recorded.error();
  const std::vector<std::string> said = remarks(recorder, statistics, record_with.rate, expected);
  for (const std::string& text : said) session.console.note("note: " + text + "\n");
  if (const Trigger* trigger = recorder.trigger();
      statistics.files.empty() && trigger && trigger->low() <= trigger->high())
    session.console.note(fmt::format("nothing was recorded: {} never came true; the level went from {} to {}\n",
                                     trigger->text(), format_number(trigger->low()), format_number(trigger->high())));
  Json json = {{"label", options.label}, {"port", options.port}, {"baud", options.baud}};
  json.update(to_json(statistics, recorder.format()));
  json["notes"] = said;
  session.console.object(json);
  return statistics.recorded > 0 ? Outcome::done : Outcome::falls_short;
}

Result<Outcome> run(Session& session, const Options& options) {
  if (options.list) return list(session);
  if (!options.sender.empty()) return write_source(session, options);
  return record(session, options);
}

Run configure(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command.add_option("--port", options->port, "The board's serial port, such as /dev/ttyACM0")->type_name("PORT");
  command.add_option("--label", options->label, "What is recorded; the name of the folder")->type_name("LABEL");
  command.add_option("--baud", options->baud, "Speed of the port [115200]")
      ->range(kLeastBaud, kMostBaud)
      ->type_name("N");
  command.add_option("--seconds", options->seconds, "End so long after the first reading [at q or Ctrl-C]")
      ->positive()
      ->type_name("S");
  command.add_option("--channels", options->channels, "Names of the columns, units in brackets: \"ax [g],ay [g]\"")
      ->delimiter(',')
      ->type_name("NAMES");
  command.add_option("--rate", options->rate, "Readings a second that the board should send [rate in mote.toml]")
      ->positive()
      ->type_name("HZ");
  command.add_option("-o,--output", options->output, "Recordings go to DIR/LABEL/ [the project's recordings/]")
      ->type_name("DIR");
  command.add_flag("--wait", options->wait, "Begin only when space is pressed");
  command.add_option("--trigger", options->trigger, "Begin by itself: \"ax > 1.5\", \"abs(ax) > 1.5\", \"norm > 2\"")
      ->type_name("LEVEL");
  command.add_option("--before", options->before, "With --trigger: seconds kept from before it [0.1]")
      ->not_negative()
      ->type_name("S");
  command.add_option("--length", options->length, "With --trigger: seconds recorded from it on [1]")
      ->positive()
      ->type_name("S");
  command.add_option("--count", options->count, "With --trigger: end after so many recordings")
      ->positive()
      ->type_name("N");
  command.add_flag("--list", options->list, "List the serial ports and end");
  command.add_option("--sender", options->sender, "Write the source of a sender into -o DIR: arduino or emulated")
      ->type_name("KIND");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace data_record_command
}  // namespace

extern const Verb data_record_verb;
const Verb data_record_verb{
    "data record", "Record labelled readings from a board over a serial port",
    "The board sends one reading a line, numbers separated by commas, tabs or spaces, with or without a line of names; "
    "or the frames of docs/formats.md. Space begins and ends a recording, q ends. Nothing is ever overwritten.",
    data_record_command::configure};

}  // namespace mote
