// Rewrites of a graph that leave what it computes unchanged. One file each.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "toolchain/graph/graph.h"

namespace mote {

// output' = output * scale + offset, per element of the last axis, folded into the weights and bias of the dense layer
// that produces the graph's only output. With scale = deviation and offset = mean of the training targets this undoes
// their standardisation. Fails when the output is not a fully_connected without activation, or the lengths differ from
// its units.
Result<void> fold_output_affine(Graph& graph, std::span<const float> scale, std::span<const float> offset);

// Runs one node whose inputs are all constants: the bytes of each output.
using EvaluateNode = std::function<Result<std::vector<std::vector<uint8_t>>>(const Graph&, const Node&)>;
// Nodes that read constants only become constants, unless a graph output is theirs. Returns how many were folded.
Result<int32_t> fold_constants(Graph& graph, const EvaluateNode& evaluate);

// A quantize that gives back the bytes of an earlier tensor is removed: one between equal parameters, and one behind a
// dequantize of them. Graph outputs stay. Returns how many went.
int32_t remove_requantization(Graph& graph);

// A pad or padv2 of an int8 image's height and width goes into the windows that read it: into a convolution when it
// puts zeros around the image, into a max_pool_2d when it puts the least number there. It stays when something else
// reads it, when a window would see nothing of the image, or when a reader already has a border. Not into
// average_pool_2d, which counts what it sees. Returns how many went.
int32_t merge_padding(Graph& graph);

// Channels that hold one number in every pixel - their filter is zeros, or scaled to nothing - are taken out between an
// int8 conv_2d and those that read it, through depthwise convolutions; what they give goes into the biases of the
// readers. Where a window leaves the image, only a channel that holds the zero point can go. What is left is a multiple
// of four. Returns how many channels went.
int32_t remove_constant_channels(Graph& graph);

// The graph without the operators that only training has, computing what they do outside it: dropout goes; batch_norm,
// with its running statistics, goes into the weights and bias of the convolution or dense layer before it, when nothing
// else reads that, and becomes a depthwise convolution of one pixel, or a product and a sum, otherwise; a gru is
// unrolled; a convolution without a bias gets one of zeros. Activations behind them are then fused.
void to_inference_form(Graph& graph);

// Every gru becomes the operators that compute it, step by step.
void unroll_grus(Graph& graph);

// A relu or relu6 that is the only reader of a fully_connected without activation becomes that node's fused activation.
// Returns how many were fused.
int32_t fuse_activations(Graph& graph);

// Brings the largest weights of each channel in two layers that follow one another (convolutions, depthwise
// convolutions, dense layers; relu, pools and reshapes between them) to one size, so that rounding costs each channel
// about the same. Returns in how many pairs.
int32_t equalize_layers(Graph& graph);

// Removes nodes and tensors from which no graph output can be reached, keeping order. Graph inputs stay.
// Returns how many nodes went.
int32_t remove_unused(Graph& graph);

}  // namespace mote
