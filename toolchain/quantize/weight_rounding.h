// Rounding the weights of a dense layer so that its outputs change least, instead of each weight alone.
//
// With inputs x and second moments H = E[x x'], rounding a row of weights w to q costs (w - q)' H (w - q) at the
// output. Weights are rounded one after the other; the error of each is made up for by those that are still free, by
// the least-squares rule of GPTQ (Frantar et al. 2022, arXiv:2210.17323). It matters where inputs move together
// (neighbouring samples, spectral bands): there plain rounding errors add up.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/quantize/quantize.h"

namespace mote {

// Sums of x_i x_j over calibration examples, columns x columns, row-major.
struct InputMoments {
  int64_t columns = 0;
  std::vector<double> sums;
};

// Moments of every activation that a layer multiplies with a weight matrix [out][in], by tensor index. Long data are
// thinned evenly, so that the work stays around 10^9 multiplications; layers of more than 2048 inputs are left out.
Result<std::map<int32_t, InputMoments>> input_moments(const Graph& graph, const CalibrationData& data);

// Integers in [-127, 127] for `weights` (scales.size() x columns, or one scale for all rows). `moments` of no columns:
// each weight is rounded to nearest.
std::vector<int8_t> round_weights(std::span<const float> weights, int64_t rows, std::span<const float> scales,
                                  const InputMoments& moments);

}  // namespace mote
