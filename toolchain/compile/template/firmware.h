// What a firmware image is made of, whichever engine runs the model. model.cpp (written for one model) and engine.cpp
// or interface.cpp define it, main.cpp uses it.
#pragma once
#include "device/status.h"
#include "device/tensor_view.h"

namespace mote {

// Readings of one window, channels interleaved; the application fills it. No feature block: nullptr and 0, and the
// application writes the model's input itself.
extern int16_t* const firmware_window;
extern const uint32_t firmware_window_readings;
void firmware_features(const int16_t* window, void* input);

Status firmware_init();
Status firmware_invoke();
int32_t firmware_input_count();
int32_t firmware_output_count();
TensorView firmware_input(int32_t i);
TensorView firmware_output(int32_t i);
uint32_t firmware_arena_used();
int32_t firmware_failed_operator();

}  // namespace mote
