// What a firmware image is made of, whichever engine runs the model. model.cpp (written for one model) and engine.cpp
// or interface.cpp define it, main.cpp uses it.
#pragma once
#include "device/status.h"
#include "device/tensor_view.h"

namespace mote {

// The feature block, fed slices of readings, channels interleaved (features/stream.h). No block: 0 and nothing, and the
// application writes the model's input itself. (Functions, because an AVR keeps constants in RAM.)
uint32_t firmware_window();  // readings from a reset to a complete window
uint32_t firmware_channels();
uint32_t firmware_slice();             // readings that the application gathers before it pushes them
int16_t* firmware_readings();          // room for a slice
void firmware_reset();                 // forgets all readings
int32_t firmware_push(int32_t count);  // from firmware_readings(); gives how many were taken
bool firmware_ready();                 // a window is complete
void firmware_features(void* input);   // of that window, to the model's input

Status firmware_init();
Status firmware_invoke();
int32_t firmware_input_count();
int32_t firmware_output_count();
TensorView firmware_input(int32_t i);
TensorView firmware_output(int32_t i);
uint32_t firmware_arena_used();
int32_t firmware_failed_operator();

}  // namespace mote
