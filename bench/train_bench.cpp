// Training speed of mote and of libtorch, in turn, in one process.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "bench/contestants.h"
#include "toolchain/base/random.h"
#include "toolchain/base/simd/simd.h"

namespace {

// Three classes that differ in frequency and phase, under noise: enough for the loss to fall as in real use.
bench::Data make_data(int64_t count) {
  mote::Random random(7);
  bench::Data data;
  for (int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<int32_t>(random.below(bench::kClasses));
    const double phase = random.uniform(0, 6.28);
    for (int64_t t = 0; t < bench::kInputs; ++t)
      data.inputs.push_back(
          static_cast<float>(std::sin(0.05 * (1 + label) * static_cast<double>(t) + phase) + random.normal()));
    data.labels.push_back(label);
  }
  return data;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main() {
  constexpr int kRounds = 7;
  constexpr int32_t kEpochs = 6;
  const bench::Data data = make_data(2048);
  const size_t variants = bench::torch_variants().size();
  std::vector<double> mote_speed, peaks;
  std::vector<std::vector<double>> torch_speed(variants);
  double mote_loss = 0, torch_loss = 0;
  for (int round = 0; round <= kRounds; ++round) {  // the first round warms up
    const bench::Run ours = bench::run_mote(data, kEpochs);
    if (round > 0) mote_speed.push_back(static_cast<double>(ours.examples) / ours.seconds);
    mote_loss = ours.loss;
    for (size_t v = 0; v < variants; ++v) {
      const bench::Run theirs = bench::run_torch(data, kEpochs, v);
      if (round > 0) torch_speed[v].push_back(static_cast<double>(theirs.examples) / theirs.seconds);
      torch_loss = theirs.loss;
    }
    peaks.push_back(bench::peak_macs_per_second());
  }
  const double ours = median(mote_speed);
  double theirs = 0;
  std::printf(
      "300-64-32-3, batch 32, Adam, one thread, %d rounds in turn; samples per second of processor time, median\n",
      kRounds);
  std::printf("  mote (%s)%*s %10.0f   loss %.4f\n", mote::simd().name,
              39 - static_cast<int>(std::char_traits<char>::length(mote::simd().name)), "", ours, mote_loss);
  for (size_t v = 0; v < variants; ++v) {
    std::printf("  libtorch, %-36s %10.0f\n", bench::torch_variants()[v].c_str(), median(torch_speed[v]));
    theirs = std::max(theirs, median(torch_speed[v]));
  }
  std::printf("  libtorch's last loss %.4f\n", torch_loss);
  const double macs = ours * static_cast<double>(bench::kMacsPerExample), peak = median(peaks);
  std::printf("ratio to the fastest libtorch loop: %.1f\n", ours / theirs);
  std::printf(
      "%.1f G multiply-accumulates/s in the matrix products, %.0f %% of the %.1f G that one core can do; the whole "
      "step counted\n",
      macs * 1e-9, 100 * macs / peak, peak * 1e-9);
  return 0;
}
