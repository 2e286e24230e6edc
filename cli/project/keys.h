// The keys of mote.toml. From this one list come parsing, the help for unknown keys and the reference in docs/guide.
#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "cli/project/project.h"

namespace mote {

// Forms of a value, as a set: a key may take several.
enum Form : unsigned {
  kText = 1,
  kTextList = 2,
  kNumber = 4,  // integers too
  kInteger = 8,
  kBoolean = 16,
  kNumberTable = 32,  // { a = 1, b = 2 }
  kTextTable = 64,    // { a = "x" }
};
std::string describe_forms(unsigned forms);  // "text or a list of texts"

// A value that has been checked to have one of its key's forms.
struct Value {
  Form form = kText;
  std::string text;
  std::vector<std::string> texts;  // one text is a list of one
  double number = 0;
  int64_t integer = 0;
  bool boolean = false;
  std::map<std::string, double> numbers;
  std::map<std::string, std::string> text_table;
};

struct Key {
  const char* path;  // "train.epochs"
  unsigned forms;
  const char* fallback;  // as people read it; "required" when it must be given
  const char* doc;
  // The error says what was expected and found; the caller puts file, line, column and key in front.
  Result<void> (*set)(ProjectConfig& project, const Value& value);
};

std::span<const Key> all_keys();

}  // namespace mote
