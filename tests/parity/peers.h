// TensorFlow's own runtimes, in a virtual environment that is made on first use: what mote's int8 bytes must equal.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "toolchain/base/npy.h"
#include "toolchain/base/result.h"

namespace mote {

// Path of <build>/venv/bin/python with the packages of requirements.txt. The error says why this machine cannot have it
// (no python3-venv, no package index); tests then skip with that reason.
Result<std::filesystem::path> peer_python();

struct PeerOutputs {
  NpyArray litert;  // LiteRT, reference kernels
  NpyArray tflm;    // TensorFlow Lite for Microcontrollers
};

// Runs the model on every row of `inputs` (dtype of the model's input). Files are kept in `folder` for debugging.
Result<PeerOutputs> run_peers(const std::filesystem::path& model, const NpyArray& inputs,
                              const std::filesystem::path& folder);

// Empty when equal, else which row and element differs first, with both values, and how many rows differ.
std::string first_difference(const std::string& left_name, const std::vector<uint8_t>& left,
                             const std::string& right_name, const std::vector<uint8_t>& right, int64_t rows);

}  // namespace mote
