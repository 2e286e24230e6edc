// When a recording begins by itself: "ax > 1.5", "abs(ax) >= 1.5", "norm > 2" (root of the sum of squares of all
// channels); also < and <=.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/data/record/stream.h"

namespace mote {

class Trigger {
 public:
  static Result<Trigger> parse(const std::string& text);

  // Finds the channel. Error: there is none of that name.
  Result<void> bind(const std::vector<StreamChannel>& channels);
  // REQUIRES: bound. The level is passed by this reading, and was not by the one before (edge).
  bool fires(std::span<const double> values);
  void rearm() { before_ = true; }  // it has to be left before it can be passed again
  const std::string& text() const { return text_; }
  double low() const { return low_; }  // of what is compared, so far; low > high: nothing yet
  double high() const { return high_; }

 private:
  double level(std::span<const double> values) const;

  enum class Form { channel, magnitude, norm };
  std::string text_, name_;
  Form form_ = Form::channel;
  bool above_ = true, or_equal_ = false;
  double threshold_ = 0;
  size_t index_ = 0;
  bool before_ = true;
  double low_ = 1, high_ = -1;
};

}  // namespace mote
