// Small text helpers of the data stage.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "toolchain/base/text.h"

namespace mote {

std::string_view trimmed(std::string_view text);
// "a, b, c"; at most `limit` names, then "... (12 in all)".
std::string listed(const std::vector<std::string>& names, size_t limit = 12);
// ". Did you mean 'ax'?" when a candidate is near (edit distance at most a third of its length), else "".
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates);
// Digits compare as numbers: "rec_2" before "rec_10".
bool natural_less(std::string_view a, std::string_view b);
// * and ? within a path component, ** across components.
bool glob_matches(std::string_view pattern, std::string_view path);
// The whole text is one finite number with a decimal point.
bool parse_number(std::string_view text, double& value);

}  // namespace mote
