// The inner primitives of the host's int8 kernels: one source compiled for each instruction set, chosen once at run
// time. Every level gives the bytes of the portable kernels; levels differ in speed only.
//
// A vector has `lanes` sums of 32 bits, one for each of as many outputs. A product adds to each sum the products of one
// group: 4 bytes of inputs with 4 bytes of weights, which are 4 int8 weights or 2 int16 ones. Inputs are stored as
// input + offset, so that they fit their type; what that adds to a sum is taken off the bias.
#pragma once
#include <cstdint>

namespace mote {

// What becomes of a sum: requantize(), zero point, activation range.
struct Int8Finish {
  int32_t zero_point, low, high;
  bool down;  // every shift is below -1
};

// Constants of `outputs` outputs, packed in vectors of lanes * 4 bytes, aligned to 64 bytes. The last vector may be
// partly used; what its other lanes hold does not matter, except that their weights may be read.
struct PackedLayer {
  const uint8_t* constants;  // for each vector: bias, multiplier, left shift, right shift - 1 (not below 0)
  const uint8_t* weights;    // for each vector: its groups
  const int32_t* offsets;    // of each group: bytes from what the output's first tap reads
  int32_t groups, outputs;
  Int8Finish finish;
};

// Places of inputs and outputs of `rows` x `columns` pixels. Steps are in bytes.
struct PixelGrid {
  int32_t rows, columns;
  const uint8_t* input;
  int64_t row_step, column_step;
  int8_t* output;
  int64_t output_step;  // from a pixel to the next, in rows and columns alike
};

// finish(larger / 2 + smaller * scale), both inputs and the sum with 20 bits below the point (device/scaled_sum.h).
struct Int8Sum {
  int32_t zero_larger, zero_smaller;
  int32_t multiplier, shift;                // of the smaller
  int32_t output_multiplier, output_shift;  // shift below -1
  Int8Finish finish;
};

struct Int8Primitives {
  const char* name;
  int32_t lanes;
  int32_t group;   // inputs of a group: 4 or 2
  int32_t offset;  // of stored inputs of one byte; those of two have minus the zero point

  // out[i] = input[i] + offset
  void (*widen)(const int8_t* input, int64_t count, int32_t offset, uint8_t* out);
  // Group i of `out` = element i of each of `group` rows, + offset.
  void (*interleave)(const int8_t* const* rows, int64_t count, int32_t offset, uint8_t* out);
  // All outputs of every pixel: what its groups hold goes to every output.
  void (*product)(const PackedLayer& layer, const PixelGrid& grid);
  // The same, but output o has its own groups, 4 * o bytes behind those of output 0. `grid.rows` is 1. Outputs from
  // `total` elements on are not written: the last pixel may be a part of one.
  void (*depthwise)(const PackedLayer& layer, const PixelGrid& grid, int64_t total);
  void (*sum)(const Int8Sum& p, const int8_t* larger, const int8_t* smaller, int64_t count, int8_t* output);
  // totals[i] += input[i]
  void (*accumulate)(const int8_t* input, int32_t count, int32_t* totals);

  // What is faster for one pixel, where reading the weights takes the time, and wants weights above -128; or null.
  const Int8Primitives* bytes;
};

}  // namespace mote
