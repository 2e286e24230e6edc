// The libtorch loop. In its favour: batches are views of contiguous memory made before the clock starts (mote shuffles
// and gathers), reductions of the loss are not read back, channels come in the order that each variant likes.
#include <torch/torch.h>

#include "bench/contestants.h"

namespace bench {

namespace {

namespace nn = torch::nn;

struct Variant {
  bool channels_last;      // memory format of images
  bool gradients_to_none;  // drop gradients instead of zeroing them
};
constexpr Variant kVariants[] = {{false, false}, {false, true}, {true, true}};

nn::ReLU relu() {
  return nn::ReLU(nn::ReLUOptions().inplace(true));
}

struct Conv {
  int64_t in, out, kernel, stride = 1, groups = 1;
};
void add_conv(nn::Sequential& net, const Conv& c) {
  net->push_back(nn::Conv2d(
      nn::Conv2dOptions(c.in, c.out, c.kernel).stride(c.stride).padding(c.kernel / 2).groups(c.groups).bias(false)));
  net->push_back(nn::BatchNorm2d(c.out));
}

nn::Sequential conv1d() {
  const auto conv = [](int64_t in, int64_t out) {
    return nn::Conv1d(nn::Conv1dOptions(in, out, 5).padding(2).bias(false));
  };
  return nn::Sequential(conv(6, 16), nn::BatchNorm1d(16), relu(), nn::MaxPool1d(2), conv(16, 32), nn::BatchNorm1d(32),
                        relu(), nn::MaxPool1d(2), nn::AdaptiveAvgPool1d(1), nn::Flatten(), nn::Linear(32, 6));
}

void add_separable(nn::Sequential& net, int64_t in, int64_t out, int64_t stride) {
  add_conv(net, {in, in, 3, stride, in});
  net->push_back(relu());
  add_conv(net, {in, out, 1});
  net->push_back(relu());
}
void add_head(nn::Sequential& net, int64_t in, int64_t classes) {
  net->push_back(nn::AdaptiveAvgPool2d(1));
  net->push_back(nn::Flatten());
  net->push_back(nn::Linear(in, classes));
}

nn::Sequential ds_cnn() {
  nn::Sequential net(nn::Conv2d(nn::Conv2dOptions(1, 64, {10, 4}).stride(2).padding({5, 1}).bias(false)),
                     nn::BatchNorm2d(64), relu());
  for (int block = 0; block < 4; ++block) add_separable(net, 64, 64, 1);
  add_head(net, 64, 12);
  return net;
}

nn::Sequential mobilenet() {
  nn::Sequential net;
  add_conv(net, {3, 8, 3, 2});
  net->push_back(relu());
  const int64_t widths[] = {8, 16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256};
  for (int i = 0; i < 13; ++i)
    add_separable(net, widths[i], widths[i + 1], i == 1 || i == 3 || i == 5 || i == 11 ? 2 : 1);
  add_head(net, 256, 2);
  return net;
}

struct BlockImpl : nn::Module {
  BlockImpl(int64_t in, int64_t out, int64_t stride) {
    add_conv(body, {in, out, 3, stride});
    body->push_back(relu());
    add_conv(body, {out, out, 3});
    register_module("body", body);
    if (in != out)
      shortcut = register_module("shortcut", nn::Conv2d(nn::Conv2dOptions(in, out, 1).stride(stride).bias(false)));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    torch::Tensor sum = body->forward(x);
    sum += shortcut.is_empty() ? x : shortcut->forward(x);
    return sum.relu_();
  }
  nn::Sequential body;
  nn::Conv2d shortcut{nullptr};
};
TORCH_MODULE(Block);

nn::Sequential resnet8() {
  nn::Sequential net;
  add_conv(net, {3, 16, 3});
  net->push_back(relu());
  net->push_back(Block(16, 16, 1));
  net->push_back(Block(16, 32, 2));
  net->push_back(Block(32, 64, 2));
  add_head(net, 64, 10);
  return net;
}

nn::Sequential perceptron(const std::vector<int64_t>& widths) {
  nn::Sequential net;
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    if (i > 0) net->push_back(relu());
    net->push_back(nn::Linear(widths[i], widths[i + 1]));
  }
  return net;
}

nn::Sequential build(Net net) {
  switch (net) {
    case Net::perceptron:
      return perceptron({300, 64, 32, 3});
    case Net::conv1d:
      return conv1d();
    case Net::ds_cnn:
      return ds_cnn();
    case Net::resnet8:
      return resnet8();
    case Net::mobilenet:
      return mobilenet();
    case Net::autoencoder:
      return perceptron({640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640});
  }
  return {};
}

// Channels first.
torch::Tensor examples(const Network& network, const Data& data, bool channels_last) {
  std::vector<int64_t> shape = {static_cast<int64_t>(data.labels.size())};
  shape.insert(shape.end(), network.input.begin(), network.input.end());
  const torch::Tensor all = torch::from_blob(const_cast<float*>(data.inputs.data()), shape).clone();
  if (network.input.size() == 1) return all;
  const torch::Tensor first = all.movedim(-1, 1);
  return channels_last && network.input.size() == 3 ? first.contiguous(torch::MemoryFormat::ChannelsLast)
                                                    : first.contiguous();
}

}  // namespace

const std::vector<std::string>& torch_variants() {
  static const std::vector<std::string> names = {"gradients zeroed", "gradients set to none",
                                                 "gradients set to none, channels last"};
  return names;
}

Run run_torch(const Network& network, const Data& data, int threads, size_t variant) {
  torch::set_num_threads(threads);
  torch::manual_seed(1);
  const Variant how = kVariants[variant];
  const torch::Tensor inputs = examples(network, data, how.channels_last);
  const torch::Tensor labels = torch::tensor(std::vector<int64_t>(data.labels.begin(), data.labels.end()));
  std::vector<torch::Tensor> x, y;
  for (int64_t first = 0; first + kBatch <= inputs.size(0); first += kBatch) {
    x.push_back(inputs.narrow(0, first, kBatch));
    y.push_back(network.classes > 0 ? labels.narrow(0, first, kBatch) : x.back());
  }
  nn::Sequential net = build(network.net);
  if (how.channels_last)
    for (torch::Tensor& parameter : net->parameters())
      if (parameter.dim() == 4) parameter.set_data(parameter.data().contiguous(torch::MemoryFormat::ChannelsLast));
  net->train();
  std::vector<torch::Tensor> parameters = net->parameters();
  torch::optim::Adam optimizer(parameters, torch::optim::AdamOptions(1e-3));
  torch::Tensor loss;
  double loss_sum = 0;
  const double start = seconds_now(threads);
  for (int32_t epoch = 0; epoch < network.epochs; ++epoch)
    for (size_t b = 0; b < x.size(); ++b) {
      if (how.gradients_to_none)
        for (torch::Tensor& parameter : parameters) parameter.mutable_grad() = torch::Tensor();
      else
        optimizer.zero_grad();
      const torch::Tensor out = net->forward(x[b]);
      loss = network.classes > 0 ? torch::nll_loss(torch::log_softmax(out, 1), y[b]) : torch::mse_loss(out, y[b]);
      loss.backward();
      optimizer.step();
      if (epoch == network.epochs - 1) loss_sum += loss.item<double>();
    }
  const double seconds = seconds_now(threads) - start;
  const auto batches = static_cast<int64_t>(x.size());
  return {seconds, batches * kBatch * network.epochs, loss_sum / static_cast<double>(batches)};
}

}  // namespace bench
