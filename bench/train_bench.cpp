// Training speed of mote and of libtorch, in turn, in one process. Arguments: the number of threads, names of networks
// (none = all).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/contestants.h"
#include "toolchain/base/random.h"
#include "toolchain/base/simd/simd.h"

namespace {

constexpr int kRounds = 7;

// Classes that differ in frequency and phase, under noise: enough for the loss to fall as in real use.
bench::Data make_data(const bench::Network& network) {
  mote::Random random(7);
  bench::Data data;
  for (int64_t i = 0; i < network.count; ++i) {
    const auto label = static_cast<int32_t>(random.below(static_cast<uint64_t>(std::max(network.classes, 1))));
    const double phase = random.uniform(0, 6.28);
    for (int64_t t = 0; t < network.elements(); ++t)
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

double rate(const bench::Run& run) {
  return static_cast<double>(run.examples) / run.seconds;
}

struct Rates {
  std::vector<double> mote, peak;
  std::vector<std::vector<double>> torch;
  double mote_loss = 0, torch_loss = 0;
};

// The first round warms up.
Rates measure(const bench::Network& network, const bench::Data& data, int threads) {
  const size_t variants = network.input.size() == 3 ? bench::torch_variants().size() : 2;
  Rates rates;
  rates.torch.resize(variants);
  for (int round = 0; round <= kRounds; ++round) {
    const bench::Run ours = bench::run_mote(network, data, threads);
    if (round > 0) rates.mote.push_back(rate(ours));
    rates.mote_loss = ours.loss;
    for (size_t v = 0; v < variants; ++v) {
      const bench::Run theirs = bench::run_torch(network, data, threads, v);
      if (round > 0) rates.torch[v].push_back(rate(theirs));
      rates.torch_loss = theirs.loss;
    }
    rates.peak.push_back(bench::peak_macs_per_second());
  }
  return rates;
}

void compare(const bench::Network& network, const bench::Data& data, int threads) {
  const Rates rates = measure(network, data, threads);
  size_t best = 0;
  for (size_t v = 1; v < rates.torch.size(); ++v)
    if (median(rates.torch[v]) > median(rates.torch[best])) best = v;
  const double ours = median(rates.mote), theirs = median(rates.torch[best]);
  const double macs = ours * static_cast<double>(bench::training_macs(network));
  const double peak = threads * *std::max_element(rates.peak.begin(), rates.peak.end());
  std::printf("%-36s %10.0f %10.0f %7.2f %7.1f %6.1f %5.0f %%   %.3f / %.3f  %s\n", network.title, ours, theirs,
              ours / theirs, network.asked[threads - 1], macs * 1e-9, 100 * macs / peak, rates.mote_loss,
              rates.torch_loss, bench::torch_variants()[best].c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 0;
  if (threads != 1 && threads != 2) {
    std::fprintf(stderr, "usage: train_bench 1|2 [NETWORK...]\n");
    return 2;
  }
  std::printf(
      "batch 32, Adam, mote's kernels: %s, threads: %d, %d rounds in turn; samples per second of %s, median; "
      "multiply-accumulates of all products (G/s) and their share of what the cores can do\n%-36s %10s %10s %7s %7s "
      "%6s %7s   %s\n",
      mote::simd().name, threads, kRounds, threads == 1 ? "processor time" : "time on the wall", "", "mote", "libtorch",
      "ratio", "asked", "G/s", "share", "losses; libtorch's way");
  for (const bench::Network& network : bench::networks()) {
    const auto named = [&](const char* argument) { return argument == std::string(network.name); };
    if (argc > 2 && std::none_of(argv + 2, argv + argc, named)) continue;
    compare(network, make_data(network), threads);
  }
  return 0;
}
