// Small charts as inline SVG. Colours are the CSS variables of the report's page, so they follow light and dark.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace mote {

struct ChartSeries {
  std::string name;
  std::vector<double> values;  // one per step; values that are not finite leave a gap
};
// Lines over steps 1 .. n, with axes and a legend; `marked_step` (from 1; 0 = none) gets a vertical line.
std::string line_chart(const std::string& title, const std::vector<ChartSeries>& series, int64_t marked_step);

// Error rates against each other, in percent: false positives to the right, hits (roc) or misses (detection error
// trade-off, both axes by their normal deviates, from 0.1 % to 50 %) upwards.
struct RateCurve {
  std::string name;
  std::vector<double> false_positives, true_positives;  // parallel, from (0, 0) to (1, 1)
};
std::string roc_chart(const std::vector<RateCurve>& curves);
std::string det_chart(const std::vector<RateCurve>& curves);

// The value that a standard normal number stays below with probability p, in (0, 1); error below 1e-9 (Acklam 2003).
double normal_deviate(double p);

// Rows = truth, columns = prediction; shade = share of the row.
std::string confusion_chart(const std::vector<std::string>& names, const std::vector<std::vector<int64_t>>& counts);

struct ArenaBox {
  std::string name;
  int64_t offset = 0, bytes = 0;
  int32_t first = 0, last = 0;  // nodes between which the tensor lives, both included
};
// Time (nodes) runs to the right, arena bytes upwards; each tensor is a box.
std::string arena_chart(const std::vector<ArenaBox>& boxes, const std::vector<std::string>& nodes, int64_t arena_bytes);

// One horizontal bar: `fraction` of the limit; beyond 1 it is drawn full and in the warning colour.
std::string budget_bar(double fraction);

}  // namespace mote
