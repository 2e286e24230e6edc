// The libtorch loop. In its favour: batches are views of contiguous memory made before the clock starts (mote shuffles
// and gathers), reductions of the loss are not read back, one thread without a pool.
#include <torch/torch.h>

#include "bench/contestants.h"

namespace bench {

namespace {

struct Variant {
  bool functional;         // torch::linear and relu_ on tensors instead of nn::Sequential
  bool gradients_to_none;  // drop gradients instead of zeroing them
};
constexpr Variant kVariants[] = {{false, false}, {false, true}, {true, false}, {true, true}};

torch::Tensor functional_forward(const std::vector<torch::Tensor>& p, const torch::Tensor& x) {
  const torch::Tensor first = torch::linear(x, p[0], p[1]).relu_();
  const torch::Tensor second = torch::linear(first, p[2], p[3]).relu_();
  return torch::linear(second, p[4], p[5]);
}

}  // namespace

const std::vector<std::string>& torch_variants() {
  static const std::vector<std::string> names = {"nn::Sequential, gradients zeroed",
                                                 "nn::Sequential, gradients set to none",
                                                 "functional, gradients zeroed", "functional, gradients set to none"};
  return names;
}

Run run_torch(const Data& data, int32_t epochs, size_t variant) {
  torch::set_num_threads(1);
  torch::manual_seed(1);
  const Variant how = kVariants[variant];
  const int64_t count = data.count();
  const torch::Tensor inputs = torch::from_blob(const_cast<float*>(data.inputs.data()), {count, kInputs}).clone();
  const torch::Tensor labels = torch::tensor(std::vector<int64_t>(data.labels.begin(), data.labels.end()));
  std::vector<torch::Tensor> x, y;
  for (int64_t first = 0; first + kBatch <= count; first += kBatch) {
    x.push_back(inputs.narrow(0, first, kBatch));
    y.push_back(labels.narrow(0, first, kBatch));
  }
  torch::nn::Sequential net(torch::nn::Linear(kInputs, kHidden1), torch::nn::ReLU(),
                            torch::nn::Linear(kHidden1, kHidden2), torch::nn::ReLU(),
                            torch::nn::Linear(kHidden2, kClasses));
  std::vector<torch::Tensor> parameters = net->parameters();
  torch::optim::Adam optimizer(parameters, torch::optim::AdamOptions(1e-3));
  torch::Tensor loss;
  double loss_sum = 0;
  const double start = processor_seconds();
  for (int32_t epoch = 0; epoch < epochs; ++epoch)
    for (size_t b = 0; b < x.size(); ++b) {
      if (how.gradients_to_none)
        for (torch::Tensor& parameter : parameters) parameter.mutable_grad() = torch::Tensor();
      else
        optimizer.zero_grad();
      const torch::Tensor logits = how.functional ? functional_forward(parameters, x[b]) : net->forward(x[b]);
      loss = torch::nll_loss(torch::log_softmax(logits, 1), y[b]);
      loss.backward();
      optimizer.step();
      if (epoch == epochs - 1) loss_sum += loss.item<double>();
    }
  const double seconds = processor_seconds() - start;
  const auto batches = static_cast<int64_t>(x.size());
  return {seconds, batches * kBatch * epochs, loss_sum / static_cast<double>(batches)};
}

}  // namespace bench
