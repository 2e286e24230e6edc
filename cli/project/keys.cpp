#include "cli/project/keys.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "toolchain/base/quantity.h"
#include "toolchain/base/text.h"
#include "toolchain/report/format.h"

namespace mote {
namespace {

// A number in [low, high], or in (low, high] when `open` says that the lower end does not count.
template <class T>
Result<void> put_number(T& target, double value, double low, double high, bool open = false) {
  const bool inside = std::isfinite(value) && value <= high && (open ? value > low : value >= low);
  if (!inside && std::isinf(high))
    return input_error(fmt::format("expected a number {} {}, found {}", open ? "above" : "of at least", low, value));
  if (!inside)
    return input_error(fmt::format("expected a number {} {} {} {}, found {}", open ? "above" : "from", low,
                                   open ? "and at most" : "to", high, value));
  target = static_cast<T>(value);
  return {};
}

template <class T>
Result<void> put_integer(T& target, const Value& value, int64_t low, int64_t high) {
  if (value.integer < low || value.integer > high)
    return input_error(fmt::format("expected a whole number from {} to {}, found {}", low, high, value.integer));
  target = static_cast<T>(value.integer);
  return {};
}

template <class T>
struct Choice {
  const char* name;
  T value;
};

template <class T, size_t N>
Result<void> put_choice(T& target, const Value& value, const Choice<T> (&choices)[N]) {
  std::vector<std::string> names;
  for (const Choice<T>& choice : choices) {
    if (value.text == choice.name) return target = choice.value, Result<void>();
    names.push_back(choice.name);
  }
  return input_error(fmt::format("expected one of {}, found \"{}\"; did you mean \"{}\"?", fmt::join(names, ", "),
                                 value.text, nearest_name(value.text, names)));
}

// A positive quantity with its unit.
Result<void> put_quantity(std::optional<double>& target, const Value& value, Dimension dimension) {
  MOTE_TRY(const double quantity, parse_quantity(value.text, dimension));
  if (quantity <= 0)
    return input_error(fmt::format("expected more than zero, found \"{}\": nothing fits in that", value.text));
  target = quantity;
  return {};
}

Result<void> put_fraction(std::optional<double>& target, const Value& value) {
  if (!(value.number > 0 && value.number <= 1))
    return input_error(
        fmt::format("impossible goal {}: expected a fraction above 0 and at most 1, such as 0.92", value.number));
  target = value.number;
  return {};
}

Result<void> put_error_bound(std::optional<double>& target, const Value& value) {
  if (!(value.number > 0) || !std::isfinite(value.number))
    return input_error(
        fmt::format("impossible goal {}: expected an error above 0, in the target's unit", value.number));
  target = value.number;
  return {};
}

Result<void> put_held_out(HeldOut& target, const Value& value) {
  if (value.form == kNumber) return put_number(target.fraction, value.number, 0, 0.9);
  target = {0, value.texts};
  return {};
}

Result<void> put_class_weights(ClassWeights& target, const Value& value) {
  if (value.form == kNumberTable) {
    for (const auto& [name, weight] : value.numbers)
      if (!(weight > 0))
        return input_error(fmt::format("expected a weight above 0 for class '{}', found {}", name, weight));
    target.by_class = value.numbers;
    return {};
  }
  static constexpr Choice<bool> kChoices[] = {{"balanced", true}, {"none", false}};
  return put_choice(target.balanced, value, kChoices);
}

// A share of errors that is wanted: 0 asks for none on the validation part.
Result<void> put_rate(std::optional<double>& target, const Value& value) {
  if (!(value.number >= 0 && value.number < 1))
    return input_error(fmt::format("expected a share from 0 to below 1, such as 0.01, found {}", value.number));
  target = value.number;
  return {};
}

// Seconds, none too.
Result<void> put_span(double& target, const Value& value) {
  MOTE_TRY(target, parse_quantity(value.text, Dimension::seconds));
  if (target < 0) return input_error(fmt::format("expected a time of 0 or more, found \"{}\"", value.text));
  return {};
}

Result<void> put_task(DataTask& target, const Value& value) {
  static constexpr Choice<DataTask> kChoices[] = {{"classification", DataTask::classification},
                                                  {"regression", DataTask::regression},
                                                  {"anomaly", DataTask::anomaly}};
  return put_choice(target, value, kChoices);
}

constexpr Choice<bool> kMethods[] = {{"ptq", false}, {"qat", true}};
constexpr Choice<WeightRounding> kRoundings[] = {{"nearest", WeightRounding::nearest},
                                                 {"adaptive", WeightRounding::adaptive}};
constexpr Choice<DType> kActivations[] = {{"int8", DType::int8}, {"int16", DType::int16}};
constexpr Choice<Loss> kLosses[] = {
    {"cross_entropy", Loss::cross_entropy}, {"mse", Loss::mse}, {"mae", Loss::mae}, {"huber", Loss::huber}};
constexpr Choice<Optimizer> kOptimizers[] = {
    {"sgd", Optimizer::sgd}, {"adam", Optimizer::adam}, {"adamw", Optimizer::adamw}};
constexpr Choice<Schedule> kSchedules[] = {
    {"constant", Schedule::constant}, {"cosine", Schedule::cosine}, {"step", Schedule::step}};
constexpr Choice<ShortPolicy> kShort[] = {
    {"error", ShortPolicy::error}, {"skip", ShortPolicy::skip}, {"pad", ShortPolicy::pad}};
constexpr Choice<MissingPolicy> kMissing[] = {
    {"error", MissingPolicy::error}, {"drop", MissingPolicy::drop}, {"interpolate", MissingPolicy::interpolate}};
constexpr Choice<GapPolicy> kGaps[] = {
    {"split", GapPolicy::split}, {"fill", GapPolicy::fill}, {"error", GapPolicy::error}};

constexpr double kMany = std::numeric_limits<double>::infinity();

#define MOTE_SET(expression) [](ProjectConfig& p, const Value& v) -> Result<void> { return expression; }
#define MOTE_ASSIGN(statement)                           \
  [](ProjectConfig& p, const Value& v) -> Result<void> { \
    statement;                                           \
    return {};                                           \
  }

const Key kKeys[] = {
    {"project.name", kText, "the folder's name", "Name of the project and of its model.", MOTE_ASSIGN(p.name = v.text)},
    {"project.task", kText, "required", "`classification`, `regression` or `anomaly`.", MOTE_SET(put_task(p.task, v))},

    {"goal.accuracy", kNumber, "", "Classification: share of right answers on the test part, 0 to 1.",
     MOTE_SET(put_fraction(p.goal.accuracy, v))},
    {"goal.mae", kNumber, "", "Regression: largest mean absolute error, in the target's unit.",
     MOTE_SET(put_error_bound(p.goal.mae, v))},
    {"goal.rmse", kNumber, "", "Regression: largest root mean squared error, in the target's unit.",
     MOTE_SET(put_error_bound(p.goal.rmse, v))},
    {"goal.r2", kNumber, "", "Regression: smallest coefficient of determination, up to 1.",
     MOTE_SET(put_fraction(p.goal.r2, v))},
    {"goal.auc", kNumber, "", "Anomaly: area under the ROC curve of anomalous against normal windows, up to 1.",
     MOTE_SET(put_fraction(p.goal.auc, v))},
    {"goal.false_accepts", kNumber, "none: the largest output always counts",
     "Classification: thresholds, chosen on the validation part, let at most this share of the windows of other "
     "classes "
     "be taken for a class.",
     MOTE_SET(put_rate(p.goal.false_accepts, v))},
    {"goal.rejected", kText, "none",
     "With `false_accepts`: the class that means that nothing happened; to be taken for it is no false accept.",
     MOTE_ASSIGN(p.goal.rejected = v.text)},
    {"goal.false_alarms", kNumber, "0.01",
     "Anomaly: the threshold lets this share of the normal validation windows lie above it; a goal where it is stated.",
     MOTE_SET(put_rate(p.goal.false_alarms, v))},
    {"goal.condition.name", kText, "required in a condition",
     "`[[goal.condition]]`, any number of them: what people call it.",
     MOTE_ASSIGN(p.goal.conditions.back().name = v.text)},
    {"goal.condition.noise", kText, "required in a condition",
     "What is mixed into the test windows: recordings such as `noise/*.wav`, or `white`.",
     MOTE_ASSIGN(p.goal.conditions.back().noise = v.text)},
    {"goal.condition.snr_db", kNumber, "required in a condition",
     "Power of the signal over that of the noise in each window and channel, means removed, in dB.",
     MOTE_SET(put_number(p.goal.conditions.back().snr_db, v.number, -100, 100))},
    {"goal.condition.accuracy", kNumber, "", "As `goal.accuracy`, in this condition.",
     MOTE_SET(put_fraction(p.goal.conditions.back().goals.accuracy, v))},
    {"goal.condition.mae", kNumber, "", "As `goal.mae`, in this condition.",
     MOTE_SET(put_error_bound(p.goal.conditions.back().goals.mae, v))},
    {"goal.condition.rmse", kNumber, "", "As `goal.rmse`, in this condition.",
     MOTE_SET(put_error_bound(p.goal.conditions.back().goals.rmse, v))},
    {"goal.condition.r2", kNumber, "", "As `goal.r2`, in this condition.",
     MOTE_SET(put_fraction(p.goal.conditions.back().goals.r2, v))},
    {"goal.condition.auc", kNumber, "", "As `goal.auc`, in this condition.",
     MOTE_SET(put_fraction(p.goal.conditions.back().goals.auc, v))},

    {"budget.board", kText, "required", "The board; `mote boards` lists them.", MOTE_ASSIGN(p.budget.board = v.text)},
    {"budget.flash", kText, "all that the board has",
     "Flash for the model, the engine and its kernels, such as `64 KiB`.",
     MOTE_SET(put_quantity(p.budget.flash, v, Dimension::bytes))},
    {"budget.ram", kText, "all that the board has", "RAM for arena, static data and stack, such as `16 KiB`.",
     MOTE_SET(put_quantity(p.budget.ram, v, Dimension::bytes))},
    {"budget.latency", kText, "no limit", "Time of one inference, such as `10 ms`.",
     MOTE_SET(put_quantity(p.budget.latency, v, Dimension::seconds))},
    {"budget.power", kText, "no limit", "Average power at one inference per stride, such as `1 mW`.",
     MOTE_SET(put_quantity(p.budget.power, v, Dimension::watts))},

    {"data.source", kText | kTextList, "required",
     "Recordings, as one or more patterns such as `recordings/*/*.csv` or `speech/*/*.wav`. Files in "
     "`_background_noise_` are taken only if a pattern names that folder.",
     MOTE_ASSIGN(p.data.source = v.texts)},
    {"data.label", kText | kTextList, "required, but for anomaly: everything is normal",
     "Where the label stands: `folder`, `column:NAME`, `filename:REGEX` (its group 1), `file:labels.csv` (with the "
     "columns `file` and `label`; or Edge Impulse's `info.labels`) or `stored` (CIFAR, IDX); a list for several "
     "regression targets.",
     MOTE_ASSIGN(p.data.label = v.texts)},
    {"data.normal", kText | kTextList, "normal",
     "Anomaly: the label, or labels, of normal recordings. Only these are learned; all others are for the test part.",
     MOTE_ASSIGN(p.data.normal = v.texts)},
    {"data.classes", kText | kTextList, "every label",
     "Classification: the labels to learn; the others are left out, or count as `other`.",
     MOTE_ASSIGN(p.data.classes = v.texts)},
    {"data.other", kText, "none",
     "Classification: the class of all labels that `classes` does not name, such as `unknown`.",
     MOTE_ASSIGN(p.data.other = v.text)},
    {"data.channels", kText | kTextList, "every column that is not time, label or group",
     "Columns to learn from, in this order.", MOTE_ASSIGN(p.data.channels = v.texts)},
    {"data.rate", kText | kNumber, "none: a table, one row is one example", "Readings per second, such as `100 Hz`.",
     [](ProjectConfig& p, const Value& v) -> Result<void> {
       Value rate = v;
       if (v.form == kNumber) rate.text = fmt::format("{} Hz", v.number);
       return put_quantity(p.data.rate, rate, Dimension::hertz);
     }},
    {"data.window", kText, "one row", "Length of one example: `1 s`, `128 samples`.",
     [](ProjectConfig& p, const Value& v) -> Result<void> {
       MOTE_TRY(p.data.window, parse_time_span("window", v.text));
       return {};
     }},
    {"data.stride", kText, "the window", "From the start of one window to the start of the next, as `window`.",
     [](ProjectConfig& p, const Value& v) -> Result<void> {
       MOTE_TRY(p.data.stride, parse_time_span("stride", v.text));
       return {};
     }},
    {"data.baseline", kText, "none",
     "The beginning of every recording, as `window`, that the device has after its start too: `60 s`. All later "
     "readings are expressed by it, and only they make windows.",
     [](ProjectConfig& p, const Value& v) -> Result<void> {
       MOTE_TRY(p.data.baseline, parse_time_span("baseline", v.text));
       return {};
     }},
    {"data.baseline_scale", kBoolean, "true",
     "Whether readings are the distance from the baseline's mean in deviations of the baseline; `false`: in "
     "their unit.",
     MOTE_ASSIGN(p.data.baseline_scale = v.boolean)},
    {"data.annotations", kText, "none",
     "A table, or a pattern of tables such as `*_labels.csv`, that says what recordings are; its columns serve as "
     "`column:NAME` in `label` and `split.by`. Which file: column `file`, or columns that parts of the file's name "
     "begin "
     "with (`exp01_user02.npy`: `experiment` 1, `user` 2), or the table whose name begins as the file's. Which "
     "readings: "
     "`start` and `end`, `offset` and `length`, `index` of a window in an array of windows, or all.",
     MOTE_ASSIGN(p.data.annotations = v.text)},
    {"data.scale", kNumber | kNumberTable, "1",
     "Factor from what stands in a file to the unit of a channel: one number, or one for each channel such as "
     "`{ ax = 0.00138889 }`.",
     MOTE_ASSIGN(v.form == kNumber ? void(p.data.scale[""] = v.number) : void(p.data.scale = v.numbers))},
    {"data.image", kText, "none: no images",
     "Recordings are images; the size that they are brought to, width x height, such as `96x96` or `28x28 gray`.",
     [](ProjectConfig& p, const Value& v) -> Result<void> {
       MOTE_TRY(p.data.image, parse_image_size(v.text));
       return {};
     }},
    {"data.time", kText, "found by its name", "Column with the time stamps, or `none`.",
     MOTE_ASSIGN(p.data.time = v.text)},
    {"data.time_unit", kText, "auto", "Unit of a numeric time column: `s`, `ms`, `us`, `ns` or `auto`.",
     MOTE_ASSIGN(p.data.time_unit = v.text)},
    {"data.split.by", kText, "chosen by the data, and reported",
     "What stays together: `file`, `time`, `random`, `filename:REGEX` (its group 1) or `column:NAME`. No reading is in "
     "two parts.",
     MOTE_ASSIGN(p.data.split.by = v.text)},
    {"data.split.validation", kNumber | kText | kTextList, "0.15",
     "Validation part: a fraction, or names: groups, patterns of files, or a list of files, one path per line, such as "
     "`file:speech/validation_list.txt`.",
     MOTE_SET(put_held_out(p.data.split.validation, v))},
    {"data.split.test", kNumber | kText | kTextList, "0.2", "Test part: as `validation`.",
     MOTE_SET(put_held_out(p.data.split.test, v))},
    {"data.split.folds", kInteger, "0", "Cross-validation: the test part is number `fold` of this many.",
     MOTE_SET(put_integer(p.data.split.folds, v, 0, 1000))},
    {"data.split.fold", kInteger, "0", "Which fold is the test part, from 0.",
     MOTE_SET(put_integer(p.data.split.fold, v, 0, 999))},
    {"data.augment", kText | kTextList, "nothing",
     "Random variations of training windows: `rotate 15`, `warp 0.1`, `shift 0.1`, `scale 0.1`, `gain 6`, `drop 0.1`, "
     "`jitter 0.02`, `noise PATTERN 0 30` (dB), `mask_time 0.2`, `mask_band 0.2`; of images `flip`, `crop 4`.",
     MOTE_ASSIGN(p.data.augment = v.texts)},
    {"data.short", kText, "error",
     "A recording shorter than the window: `error`, `skip` or `pad` (with silence for audio, else with the last "
     "reading).",
     MOTE_SET(put_choice(p.data.short_recordings, v, kShort))},
    {"data.missing", kText, "error", "An empty cell or NaN: `error`, `drop` or `interpolate`.",
     MOTE_SET(put_choice(p.data.missing, v, kMissing))},
    {"data.gaps", kText, "split", "A gap in time: `split` (no window spans it), `fill` (linear) or `error`.",
     MOTE_SET(put_choice(p.data.gaps, v, kGaps))},
    {"data.resample", kBoolean, "false",
     "Recordings of different rates are wanted: bring all to `rate`. Audio is always brought to it.",
     MOTE_ASSIGN(p.data.resample = v.boolean)},
    {"data.full_scale", kNumber | kNumberTable, "from the training part; audio: 1",
     "Range of the sensor, +-value: one number, or one for each channel such as `{ ax = 4 }`.",
     MOTE_ASSIGN(v.form == kNumber ? void(p.data.full_scale[""] = v.number) : void(p.data.full_scale = v.numbers))},
    {"data.units", kTextTable, "from headers such as `ax [g]`", "Unit of each channel, such as `{ ax = \"g\" }`.",
     MOTE_ASSIGN(p.data.units = v.text_table)},

    {"features.block", kText, "raw",
     "What the model sees: `raw`, `statistics`, `spectral`, `spectrogram`, `mfe` or `mfcc`; other keys of the section "
     "go to the block (docs/guide).",
     MOTE_ASSIGN(p.features.block = v.text)},

    {"model.layers", kText | kTextList, "required", "The layers, one text each, such as `Dense(64, relu)`.",
     MOTE_ASSIGN(p.layers = v.texts)},

    {"train.epochs", kInteger, "60", "Times that training sees every example.",
     MOTE_SET(put_integer(p.train.epochs, v, 1, 1000000))},
    {"train.batch", kInteger, "32", "Examples per step.", MOTE_SET(put_integer(p.train.batch, v, 1, 65536))},
    {"train.seed", kInteger, "1", "Seed of the split, the first weights and the order of the examples.",
     MOTE_SET(put_integer(p.seed, v, 0, std::numeric_limits<int64_t>::max()))},
    {"train.loss", kText, "cross_entropy, or mse for regression and anomaly",
     "`cross_entropy`, `mse`, `mae` or `huber`.", MOTE_SET(put_choice(p.train.loss, v, kLosses))},
    {"train.huber_delta", kNumber, "1",
     "Where Huber's loss turns from squared to absolute, in deviations of the target.",
     MOTE_SET(put_number(p.train.huber_delta, v.number, 0, kMany, true))},
    {"train.class_weights", kText | kNumberTable, "none",
     "`balanced`, or a weight for each class such as `{ idle = 0.5 }`.",
     MOTE_SET(put_class_weights(p.class_weights, v))},
    {"train.start_from", kText, "none",
     "A float model (`float.mote` of a run) whose weights training starts from, where layers have its names and "
     "shapes.",
     MOTE_ASSIGN(p.start_from = v.text)},
    {"train.freeze", kTextList, "none", "Layers whose weights stay as they are, such as `dense_1`.",
     MOTE_ASSIGN(p.freeze = v.texts)},
    {"train.optimizer", kText, "adam", "`adam`, `adamw` or `sgd`.",
     MOTE_SET(put_choice(p.train.optimizer, v, kOptimizers))},
    {"train.learning_rate", kNumber, "0.001", "Size of the steps.",
     MOTE_SET(put_number(p.train.learning_rate, v.number, 0, 10, true))},
    {"train.weight_decay", kNumber, "0.01", "Pull of the weights to zero, `adamw` only.",
     MOTE_SET(put_number(p.train.weight_decay, v.number, 0, 1))},
    {"train.momentum", kNumber, "0.9", "Momentum, `sgd` only.",
     MOTE_SET(put_number(p.train.momentum, v.number, 0, 0.9999))},
    {"train.label_smoothing", kNumber, "0", "Share of each target that all classes have equally; `cross_entropy` only.",
     MOTE_SET(put_number(p.train.label_smoothing, v.number, 0, 0.9))},
    {"train.mixup", kNumber, "0",
     "Mixes the examples of a batch with one another, in shares drawn from Beta(mixup, mixup); 0 = not.",
     MOTE_SET(put_number(p.train.mixup, v.number, 0, 4))},
    {"train.clip_norm", kNumber, "0", "Gradients longer than this are shortened to it; 0 = never.",
     MOTE_SET(put_number(p.train.clip_norm, v.number, 0, kMany))},
    {"train.ema_decay", kNumber, "0",
     "Keeps a moving average of the weights, of which each step keeps this share, such as 0.99; 0 = the weights "
     "themselves.",
     MOTE_SET(put_number(p.train.ema_decay, v.number, 0, 0.999999))},
    {"train.schedule", kText, "cosine", "Learning rate over the epochs: `cosine`, `step` or `constant`.",
     MOTE_SET(put_choice(p.train.schedule, v, kSchedules))},
    {"train.warmup_epochs", kInteger, "2", "Epochs over which the learning rate rises from zero.",
     MOTE_SET(put_integer(p.train.warmup_epochs, v, 0, 1000000))},
    {"train.step_epochs", kInteger, "20", "Schedule `step`: epochs between two steps.",
     MOTE_SET(put_integer(p.train.step_epochs, v, 1, 1000000))},
    {"train.step_factor", kNumber, "0.1", "Schedule `step`: the rate is multiplied by this.",
     MOTE_SET(put_number(p.train.step_factor, v.number, 0, 1, true))},
    {"train.patience", kInteger, "0", "Stop after this many epochs without a better validation loss; 0 = never.",
     MOTE_SET(put_integer(p.train.patience, v, 0, 1000000))},

    {"quantize.method", kText, "ptq",
     "`ptq`: to int8 after training; `qat`: training goes on with int8's rounding and clipping (`mote train --qat`).",
     MOTE_SET(put_choice(p.aware.enabled, v, kMethods))},
    {"quantize.epochs", kInteger, "a third of `train.epochs`", "Method `qat`: epochs after those of [train].",
     MOTE_SET(put_integer(p.aware.epochs, v, 1, 1000000))},
    {"quantize.learning_rate", kNumber, "a tenth of `train.learning_rate`", "Method `qat`: size of the steps.",
     MOTE_SET(put_number(p.aware.learning_rate, v.number, 0, 10, true))},
    {"quantize.calibration", kText, "minmax", "How ranges are chosen: `minmax`, `percentile`, `mse` or `entropy`.",
     [](ProjectConfig& p, const Value& v) -> Result<void> {
       MOTE_TRY(p.quantize.method, parse_range_method(v.text));
       return {};
     }},
    {"quantize.percentile", kNumber, "99.99",
     "Calibration `percentile`: the share of values, in %, that a range covers.",
     MOTE_SET(put_number(p.quantize.percentile, v.number, 50, 100, true))},
    {"quantize.margin", kNumber, "0, or 0.1 for regression and anomaly", "Ranges are widened by this share.",
     MOTE_SET(put_number(p.quantize.margin, v.number, 0, 1))},
    {"quantize.per_channel", kBoolean, "false",
     "One weight scale for each output of a Dense, as filters of convolutions have.",
     MOTE_ASSIGN(p.quantize.per_channel_weights = v.boolean)},
    {"quantize.rounding", kText, "adaptive",
     "Method `ptq`: weights of a Dense are rounded so that its outputs change least (`adaptive`), or each to "
     "`nearest`.",
     MOTE_SET(put_choice(p.quantize.rounding, v, kRoundings))},
    {"quantize.equalize", kBoolean, "false",
     "Layers that follow one another share out large and small channels before they are quantized.",
     MOTE_ASSIGN(p.equalize = v.boolean)},
    {"quantize.correct_bias", kBoolean, "false",
     "Method `ptq`: biases take back what rounded weights change the mean of a layer's outputs by.",
     MOTE_ASSIGN(p.quantize.correct_bias = v.boolean)},
    {"quantize.activations", kText, "int8",
     "Numbers between layers: `int8`, or `int16` (weights stay int8): closer to float, in twice the RAM and more time.",
     MOTE_SET(put_choice(p.quantize.activations, v, kActivations))},

    {"decision.false_per_hour", kNumber, "none: nothing is chosen",
     "Thresholds, and `smoothing` and `debounce` where they are not stated, are chosen on the validation part to "
     "detect most events with at most this many false detections per hour.",
     MOTE_SET(put_number(p.decision.false_per_hour, v.number, 0, kMany))},
    {"decision.smoothing", kInteger, "1, or chosen",
     "Classification: the firmware answers by the mean of this many outputs.",
     MOTE_SET(put_integer(p.decision.smoothing, v, 1, 255))},
    {"decision.debounce", kInteger, "1, or chosen", "An answer is an event once it was given this many times in a row.",
     MOTE_SET(put_integer(p.decision.debounce, v, 1, 255))},
    {"decision.refractory", kText, "0 s", "After an event there is none for this time.",
     MOTE_SET(put_span(p.decision.refractory, v))},
    {"decision.ignore", kText | kTextList, "none", "Classes that are no events, such as `noise`.",
     MOTE_ASSIGN(p.decision.ignore = v.texts)},
};

}  // namespace

std::span<const Key> all_keys() {
  return kKeys;
}

std::string describe_forms(unsigned forms) {
  static constexpr Choice<unsigned> kNames[] = {{"a text in quotes", kText},     {"a list of texts", kTextList},
                                                {"a number", kNumber},           {"a whole number", kInteger},
                                                {"true or false", kBoolean},     {"a table of numbers", kNumberTable},
                                                {"a table of texts", kTextTable}};
  std::vector<std::string> names;
  for (const auto& each : kNames)
    if ((forms & each.value) != 0) names.push_back(each.name);
  return fmt::format("{}", fmt::join(names, " or "));
}

}  // namespace mote
