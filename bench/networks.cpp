#include "bench/contestants.h"

namespace bench {

namespace {

using Layers = std::vector<std::string>;

void append(Layers& layers, Layers more) {
  layers.insert(layers.end(), more.begin(), more.end());
}

std::string conv(int filters, const std::string& rest) {
  return "Conv2D(" + std::to_string(filters) + ", " + rest + ", padding=same, use_bias=false)";
}

Layers conv1d() {
  return {"Conv1D(16, 5, padding=same, use_bias=false)",
          "BatchNorm",
          "ReLU",
          "MaxPool(2)",
          "Conv1D(32, 5, padding=same, use_bias=false)",
          "BatchNorm",
          "ReLU",
          "MaxPool(2)",
          "GlobalAvgPool",
          "Dense(6, softmax)"};
}

// Zhang et al. 2017, as MLPerf Tiny has it.
Layers ds_cnn() {
  Layers layers = {conv(64, "(10, 4), strides=2"), "BatchNorm", "ReLU"};
  for (int block = 0; block < 4; ++block)
    append(layers, {"DepthwiseConv2D(3, padding=same, use_bias=false)", "BatchNorm", "ReLU", conv(64, "1"), "BatchNorm",
                    "ReLU"});
  append(layers, {"GlobalAvgPool", "Dense(12, softmax)"});
  return layers;
}

// He et al. 2016 with one block for each of three widths, as MLPerf Tiny has it.
Layers resnet8() {
  Layers layers = {conv(16, "3"), "BatchNorm", "x0 = ReLU"};
  for (int block = 0; block < 3; ++block) {
    const std::string n = std::to_string(block), stride = block == 0 ? "1" : "2";
    const int width = 16 << block;
    append(layers,
           {conv(width, "3, strides=" + stride), "BatchNorm", "ReLU", conv(width, "3"), "y" + n + " = BatchNorm"});
    std::string shortcut = "x" + n;
    if (block > 0) {
      shortcut = "s" + n;
      std::string projection = conv(width, "1, strides=" + stride);
      projection.insert(projection.size() - 1, ", from=x" + n);
      append(layers, {shortcut + " = " + projection});
    }
    const std::string sum = block > 0 ? "Add(y" + n + ")" : "Add(" + shortcut + ")";
    append(layers, {sum, "x" + std::to_string(block + 1) + " = ReLU"});
  }
  append(layers, {"GlobalAvgPool", "Dense(10, softmax)"});
  return layers;
}

// Howard et al. 2017, a quarter of the channels, as MLPerf Tiny has it.
Layers mobilenet() {
  Layers layers = {conv(8, "3, strides=2"), "BatchNorm", "ReLU"};
  const int widths[] = {16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256};
  for (int i = 0; i < 13; ++i) {
    const bool halves = i == 1 || i == 3 || i == 5 || i == 11;
    append(layers,
           {std::string("DepthwiseConv2D(3, strides=") + (halves ? "2" : "1") + ", padding=same, use_bias=false)",
            "BatchNorm", "ReLU", conv(widths[i], "1"), "BatchNorm", "ReLU"});
  }
  append(layers, {"GlobalAvgPool", "Dense(2, softmax)"});
  return layers;
}

Layers autoencoder() {
  Layers layers(4, "Dense(128, relu)");
  layers.push_back("Dense(8, relu)");
  append(layers, Layers(4, "Dense(128, relu)"));
  layers.push_back("Dense(640)");
  return layers;
}

}  // namespace

const std::vector<Network>& networks() {
  static const std::vector<Network> all = {
      {Net::perceptron,
       "perceptron",
       "perceptron 300-64-32-3",
       {300},
       3,
       {"Dense(64, relu)", "Dense(32, relu)", "Dense(3, softmax)"},
       2048,
       6,
       {10, 10}},
      {Net::conv1d, "conv1d", "Conv1D 16-32 on 128x6", {128, 6}, 6, conv1d(), 2048, 2, {7, 10}},
      {Net::ds_cnn, "ds_cnn", "DS-CNN 64 on 49x10", {49, 10, 1}, 12, ds_cnn(), 512, 2, {3, 4}},
      {Net::resnet8, "resnet8", "ResNet-8 on 32x32x3", {32, 32, 3}, 10, resnet8(), 192, 4, {1.6, 1.6}},
      {Net::mobilenet, "mobilenet", "MobileNetV1 0.25 on 96x96x3", {96, 96, 3}, 2, mobilenet(), 160, 6, {2.2, 3}},
      {Net::autoencoder, "autoencoder", "auto-encoder 640-128x4-8-128x4-640", {640}, 0, autoencoder(), 2048, 2, {4, 5}},
  };
  return all;
}

}  // namespace bench
