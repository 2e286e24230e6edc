// The options and arguments of a verb. Only command_line.cpp and main.cpp see the library behind them (CLI11), which
// takes a compiler ten seconds to include.
#pragma once
#include <deque>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mote {

// One option or argument. Each call says more of it and returns the same one.
class CommandOption {
 public:
  explicit CommandOption(CLI::Option* option) : option_(option) {}

  CommandOption* type_name(const char* name);  // what --help puts for the value
  CommandOption* required();
  CommandOption* expected(int least, int most);   // how many values
  CommandOption* allow_extra_args(bool allowed);  // false: one value each time it is given
  CommandOption* delimiter(char between);         // of several values in one word
  CommandOption* capture_default_str();           // --help shows the value that it has
  CommandOption* excludes(const CommandOption* other);
  CommandOption* excludes(const char* other);

  // What values it takes.
  CommandOption* range(int low, int high);
  CommandOption* positive();
  CommandOption* not_negative();
  CommandOption* one_of(std::vector<std::string> values);

 private:
  CLI::Option* option_;
};

// What a verb adds its options to. A CommandOption lives as long as this; `value` must live until the verb has run.
class CommandLine {
 public:
  explicit CommandLine(CLI::App& app) : app_(app) {}

  // name: "-o,--output", or without a dash for an argument. Instances for what verbs take are in command_line.cpp.
  template <class T>
  CommandOption* add_option(const char* name, T& value, const std::string& help);
  CommandOption* add_flag(const char* name, bool& value, const std::string& help);

 private:
  CommandOption* keep(CLI::Option* option) { return &options_.emplace_back(option); }

  CLI::App& app_;
  std::deque<CommandOption> options_;  // stay where they are
};

}  // namespace mote
