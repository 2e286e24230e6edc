// Fully connected of the compiled engine with weights in program memory (device/flash_rows.h). The same bytes as
// fully_connected_run().
#pragma once
#include "device/flash_rows.h"

namespace mote {

struct FullyConnectedFlash {
  FlashRows rows;
  uint16_t batches;
};

template <class Dot = FlashDot>
void fully_connected_flash_run(const FullyConnectedFlash& p, FlashAddress weights, FlashAddress records,
                               const int8_t* input, int8_t* output) {
  for (uint16_t b = 0; b < p.batches; ++b, input += p.rows.n, output += p.rows.outputs)
    flash_rows_run<Dot>(p.rows, weights, records, input, output);
}

}  // namespace mote
