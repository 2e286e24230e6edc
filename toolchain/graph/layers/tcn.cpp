// TCN(filters, kernel_size, blocks): residual blocks of causal convolutions whose reach doubles from one to the next
// (Bai et al. 2018).
#include "toolchain/graph/layers/architecture.h"

namespace mote {

namespace {
namespace tcn_form {

constexpr const char* kNames[] = {"TCN"};
constexpr LayerParameter kParameters[] = {
    {"filters", LayerParameter::Kind::count, nullptr},
    {"kernel_size", LayerParameter::Kind::count, "3"},
    {"blocks", LayerParameter::Kind::count, "4"},
    {"dropout", LayerParameter::Kind::share, "0"},
};

Result<LayerLines> expand(const GraphBuilder& builder, const LayerArguments& arguments) {
  const int32_t filters = arguments.count(0), blocks = arguments.count(2);
  if (blocks > 14) return layer_error(arguments.value(2).column, "at most 14 blocks are possible");
  LayerLines lines;
  std::string from = "start";
  for (int32_t block = 0; block < blocks; ++block) {
    const std::string convolution = fmt::format("Conv1D({}, {}, padding=causal, dilation_rate={}, use_bias=false)",
                                                filters, arguments.count(1), 1 << block);
    add_rectified(lines, convolution);
    if (arguments.number(3) > 0) lines.push_back(fmt::format("Dropout({})", arguments.number(3)));
    lines.push_back(convolution);
    lines.push_back(fmt::format("y{} = BatchNorm", block));
    const std::string to = fmt::format("x{}", block);
    if (block == 0 && builder.shape().last() != filters) {
      lines.push_back(fmt::format("Conv1D({}, 1, from={})", filters, from));
      from = "y0";
    }
    lines.push_back(fmt::format("{} = Add({}, activation=relu)", to, from));
    from = to;
  }
  return lines;
}

constexpr LayerForm kForm = {kNames,
                             {},
                             "residual blocks of dilated causal convolutions on [steps, channels]; all steps come out",
                             kParameters,
                             FirstInput::sequence,
                             nullptr,
                             expand};

}  // namespace tcn_form
}  // namespace

extern const LayerForm tcn_layer;
const LayerForm tcn_layer = tcn_form::kForm;

}  // namespace mote
