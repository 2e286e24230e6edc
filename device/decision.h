// From one model output after the other to what an application acts on: the answer that stands out, has lasted, and was
// not just given.
#pragma once
#include <stdint.h>

namespace mote {

// Answers become events: an answer counts once it was given `debounce` times in a row, and after an event there is none
// for `refractory` answers. Starts empty in static storage; elsewhere reset() comes first.
class EventFilter {
 public:
  void reset() { run_ = quiet_ = candidate_ = 0; }

  // answer: a label, or -1 for none. Gives the label, or -1 when there is no event. debounce >= 1, refractory >= 0.
  int32_t push(int32_t answer, int32_t debounce, int32_t refractory) {
    if (answer != candidate_) candidate_ = answer, run_ = 0;
    if (run_ < debounce) ++run_;
    if (quiet_ > 0) {
      --quiet_;
      return -1;
    }
    if (answer < 0 || run_ < debounce) return -1;
    quiet_ = refractory;
    return answer;
  }

 private:
  int32_t run_, quiet_, candidate_;
};

// The mean of the last kSmoothing outputs of a classifier, against a threshold for each label. Starts empty as
// EventFilter does.
template <int32_t kLabels, int32_t kSmoothing>
class SmoothedAnswer {
 public:
  void reset() { held_ = next_ = 0; }

  // output: kLabels values as the model stores them. thresholds: the lowest mean, so stored, that a label needs; 128:
  // never. Gives the label with the largest mean, the first of equal ones, or -1 if it is below its threshold.
  int32_t push(const int8_t* output, const int16_t* thresholds) {
    for (int32_t i = 0; i < kLabels; ++i) history_[next_][i] = output[i];
    next_ = next_ + 1 < kSmoothing ? next_ + 1 : 0;
    held_ = held_ < kSmoothing ? held_ + 1 : kSmoothing;
    best_ = 0;
    for (int32_t i = 0; i < kLabels; ++i) {
      sums_[i] = 0;
      for (int32_t k = 0; k < held_; ++k) sums_[i] = static_cast<int16_t>(sums_[i] + history_[k][i]);
      if (sums_[i] > sums_[best_]) best_ = i;
    }
    return sums_[best_] >= thresholds[best_] * held_ ? best_ : -1;
  }
  int32_t best() const { return best_; }
  // The mean of the last outputs for label i, as the model stores it, times `held`.
  int32_t sum(int32_t i) const { return sums_[i]; }
  int32_t held() const { return held_; }

 private:
  static_assert(kSmoothing >= 1 && kSmoothing <= 255, "sums of int8 fit 16 bits");
  int8_t history_[kSmoothing][kLabels];
  int16_t sums_[kLabels];
  int32_t held_, next_, best_;
};

}  // namespace mote
