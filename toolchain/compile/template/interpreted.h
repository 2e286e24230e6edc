// The parts of one interpreted model: model.cpp defines them, engine.cpp runs them.
#pragma once
#include "device/interpreter.h"

namespace mote {

extern "C" const unsigned char mote_model[];  // model_data.S: the .tflite file, read in place
extern const uint32_t firmware_model_bytes;

extern "C" unsigned char firmware_arena[];
extern const uint32_t firmware_arena_bytes;
extern const Resolver firmware_resolver;

}  // namespace mote
