#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>

namespace mote {

CommandOption* CommandOption::type_name(const char* name) {
  option_->type_name(name);
  return this;
}
CommandOption* CommandOption::required() {
  option_->required();
  return this;
}
CommandOption* CommandOption::expected(int least, int most) {
  option_->expected(least, most);
  return this;
}
CommandOption* CommandOption::allow_extra_args(bool allowed) {
  option_->allow_extra_args(allowed);
  return this;
}
CommandOption* CommandOption::delimiter(char between) {
  option_->delimiter(between);
  return this;
}
CommandOption* CommandOption::capture_default_str() {
  option_->capture_default_str();
  return this;
}
CommandOption* CommandOption::excludes(const CommandOption* other) {
  option_->excludes(other->option_);
  return this;
}
CommandOption* CommandOption::excludes(const char* other) {
  option_->excludes(std::string(other));
  return this;
}
CommandOption* CommandOption::range(int low, int high) {
  option_->check(CLI::Range(low, high));
  return this;
}
CommandOption* CommandOption::positive() {
  option_->check(CLI::PositiveNumber);
  return this;
}
CommandOption* CommandOption::not_negative() {
  option_->check(CLI::NonNegativeNumber);
  return this;
}
CommandOption* CommandOption::one_of(std::vector<std::string> values) {
  option_->check(CLI::IsMember(std::move(values)));
  return this;
}

template <class T>
CommandOption* CommandLine::add_option(const char* name, T& value, const std::string& help) {
  return keep(app_.add_option(name, value, help));
}
template CommandOption* CommandLine::add_option(const char*, int32_t&, const std::string&);
template CommandOption* CommandLine::add_option(const char*, int64_t&, const std::string&);
template CommandOption* CommandLine::add_option(const char*, double&, const std::string&);
template CommandOption* CommandLine::add_option(const char*, std::optional<int64_t>&, const std::string&);
template CommandOption* CommandLine::add_option(const char*, std::optional<double>&, const std::string&);
template CommandOption* CommandLine::add_option(const char*, std::string&, const std::string&);
template CommandOption* CommandLine::add_option(const char*, std::vector<int64_t>&, const std::string&);
template CommandOption* CommandLine::add_option(const char*, std::vector<std::string>&, const std::string&);

CommandOption* CommandLine::add_flag(const char* name, bool& value, const std::string& help) {
  return keep(app_.add_flag(name, value, help));
}

}  // namespace mote
