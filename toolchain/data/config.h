// The [data] section of a project as plain values, and the readers of its small texts ("1 s", "100 Hz").
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

// From this rate on readings are taken for a microphone's, not a movement's: what is usual differs.
inline constexpr double kSoundRate = 3000;  // Hz

enum class DataTask { classification, regression, anomaly };

// A length of time, in seconds or in readings.
struct TimeSpan {
  double value = 0;
  bool in_samples = false;
};
Result<TimeSpan> parse_time_span(const std::string& key,
                                 const std::string& text);                   // "1 s", "250 ms", "128 samples", "1 row"
Result<double> parse_rate(const std::string& key, const std::string& text);  // "100 Hz", "2 kHz", "10 mHz" -> Hz

// One held-out part: a fraction of the data, or names (groups of the split, or globs of files). `fraction` counts only
// while `names` is empty; 0 = no such part. Files that a glob names are read even if `source` does not match them.
struct HeldOut {
  double fraction = 0;
  std::vector<std::string> names;
};

struct SplitConfig {
  std::string by = "auto";  // file | time | random | filename:REGEX (group 1) | column:NAME | auto (split.h)
  HeldOut validation{0.15, {}};
  HeldOut test{0.2, {}};
  int32_t folds = 0;  // > 0: the test part is number `fold` of `folds`; validation.fraction is then of the rest
  int32_t fold = 0;   // from 0
  bool overlaps =
      false;  // by random: windows that share readings may lie in two parts. Only to show what that flatters
};

enum class ShortPolicy { error, skip, pad };            // key `short`: a recording shorter than the window
enum class MissingPolicy { error, drop, interpolate };  // key `missing`: an empty cell or NaN in a channel that is used
enum class GapPolicy { split, fill, error };            // key `gaps`: split = no window spans a gap; fill = linear

// Key `image`: the size that images are brought to.
struct ImageSize {
  int32_t width = 0, height = 0;
  bool gray = false;
};
Result<ImageSize> parse_image_size(const std::string& text);  // "96x96", "28x28 gray"

struct DataConfig {
  DataTask task = DataTask::classification;
  std::vector<std::string> source;  // globs, relative to the project
  std::vector<std::string> label;   // folder | column:NAME | filename:REGEX (group 1) | file:labels.csv | stored; one
                                    // rule, except for regression, which takes one per target. Empty: anomaly detection
  std::vector<std::string> normal{"normal"};  // anomaly detection: labels of what is learned; all others are anomalous
  std::vector<std::string> classes;           // key `classes`: of classification, the labels learned; empty = all
  std::string other;                          // key `other`: the class of all other labels; "" = they are left out
  std::vector<std::string> channels;          // empty: every column that is not time, label or group
  std::optional<double> rate;                 // Hz
  std::optional<TimeSpan> window;             // none, or one row, without a rate = a table: one row is one example
  std::optional<TimeSpan> stride;             // default: the window
  std::optional<TimeSpan> baseline;           // key `baseline`: the beginning that readings are expressed by; none
  bool baseline_scale = true;                 // key `baseline_scale`: by its deviation, not only by its mean
  std::string annotations;              // key `annotations`: a table, or a pattern of tables (annotations.h); "" = none
  std::map<std::string, double> scale;  // key `scale`: a channel is this x what stands in the file; "" = every channel
  std::optional<ImageSize> image;       // the recordings are images; without rate, window and stride
  std::optional<std::string> time;      // key `time`: column with the time stamps; default: found by its name; "none"
  std::string time_unit = "auto";       // key `time_unit`: auto | s | ms | us | ns, of a numeric time column
  SplitConfig split;
  std::vector<std::string> augment;       // "jitter 0.02", ... (augment.h)
  std::vector<std::string> judged_noise;  // globs of the recordings that [[goal.condition]] mixes in
  ShortPolicy short_recordings = ShortPolicy::error;
  MissingPolicy missing = MissingPolicy::error;
  GapPolicy gaps = GapPolicy::split;
  bool resample = false;  // key `resample`: recordings of different rates are wanted, not a mistake
  std::map<std::string, double>
      full_scale;  // key `full_scale`: the sensor's range, +-value = +-32768 counts. By channel;
                   // "" = every channel. Channels not named get a range from the training part
  std::map<std::string, std::string> units;  // key `units`: by channel; default: from a header such as "ax [g]"
  uint64_t seed = 1;

  bool timed() const { return !image && !table(); }  // readings follow one another in time
  bool table() const { return !image && !rate && (!window || (window->in_samples && window->value == 1)); }
};

// What can be judged without reading a file: ranges, rules, regular expressions, combinations. load_dataset calls it.
Result<void> validate(const DataConfig& config);

}  // namespace mote
