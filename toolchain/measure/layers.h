// Who pays: flash and RAM by part of the image, instructions by operator.
//
// The firmware that is measured is the one that is deployed, without marks inside. An operator begins where its
// function is entered: in compiled firmware it has one of its own, in interpreted firmware it is the kernel's invoke,
// which the interpreter enters once per operator in order; by rows, a compiled one is entered many times. What runs
// from there to the next operator counts for it, except code of the engine and of the feature block, which have rows of
// their own; all rows together are the whole window.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "toolchain/measure/build.h"
#include "toolchain/measure/counts.h"
#include "toolchain/measure/emulate.h"
#include "toolchain/measure/measure.h"

namespace mote {

// "engine", "kernels", "features", "model", "libc", "other", or "harness".
std::string category_of(const LinkedPiece& piece, const Firmware& firmware);

// Flash and RAM of everything but the harness, which an image without a model has too.
void add_sizes(const BuiltImage& image, const Firmware& firmware, Measurement& measurement);

// The functions in which operators begin.
std::vector<StepFunction> step_functions(const Firmware& firmware, const ElfFile& elf);

// Fills Measurement::layers and outside. Error: defect when the operators seen are not those of the firmware.
Result<void> add_layers(const ExecutedCode& executed, std::span<const StepFunction> steps, const BuiltImage& image,
                        const Firmware& firmware, const Board& board, Measurement& measurement);

}  // namespace mote
