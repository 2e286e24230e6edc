// Letter case, and "did you mean": the nearest known name to a misspelt one.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace mote {

// ASCII letters only.
std::string lower_case(std::string_view text);

// Fewest insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`, letter case aside
// (optimal string alignment).
int edit_distance(std::string_view a, std::string_view b);

// The candidate with the smallest distance, the first of equals; empty when there is no candidate.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

}  // namespace mote
