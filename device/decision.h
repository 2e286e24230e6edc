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

// The mean of the last outputs of a classifier, against a threshold for each label. The outputs are kept by whoever
// knows how many there are (SmoothedAnswer). Starts empty as EventFilter does.
class AnswerMean {
 public:
  void reset() { held_ = next_ = 0; }

  // output: `labels` values as the model stores them. thresholds: the lowest mean, so stored, that a label needs; 128:
  // never. history: smoothing x labels values, sums: labels, both kept from call to call. Gives the label with the
  // largest mean, the first of equal ones, or -1 if it is below its threshold. 1 <= smoothing <= 255: sums fit 16 bits.
  int32_t push(const int8_t* output, const int16_t* thresholds, int8_t* history, int16_t* sums, int32_t labels,
               int32_t smoothing) {
    for (int32_t i = 0; i < labels; ++i) history[next_ * labels + i] = output[i];
    next_ = next_ + 1 < smoothing ? next_ + 1 : 0;
    held_ = held_ < smoothing ? held_ + 1 : smoothing;
    best_ = 0;
    for (int32_t i = 0; i < labels; ++i) {
      sums[i] = 0;
      for (int32_t k = 0; k < held_; ++k) sums[i] = static_cast<int16_t>(sums[i] + history[k * labels + i]);
      if (sums[i] > sums[best_]) best_ = i;
    }
    return reaches(sums[best_], held_, thresholds[best_]) ? best_ : -1;
  }
  static bool reaches(int32_t sum, int32_t held, int32_t threshold) { return sum >= threshold * held; }
  int32_t best() const { return best_; }
  int32_t held() const { return held_; }

 private:
  int32_t held_, next_, best_;
};

// AnswerMean with room for the outputs.
template <int32_t kLabels, int32_t kSmoothing>
class SmoothedAnswer {
 public:
  void reset() { mean_.reset(); }
  int32_t push(const int8_t* output, const int16_t* thresholds) {
    return mean_.push(output, thresholds, history_, sums_, kLabels, kSmoothing);
  }
  int32_t best() const { return mean_.best(); }
  // The mean of the last outputs for label i, as the model stores it, times `held`.
  int32_t sum(int32_t i) const { return sums_[i]; }
  int32_t held() const { return mean_.held(); }

 private:
  static_assert(kSmoothing >= 1 && kSmoothing <= 255, "sums of int8 fit 16 bits");
  AnswerMean mean_;
  int8_t history_[kSmoothing * kLabels];
  int16_t sums_[kLabels];
};

}  // namespace mote
