#include "toolchain/data/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "toolchain/data/text.h"
#include "toolchain/data/variations.h"

namespace mote {
namespace {

constexpr double kNoisyShare = 0.8;  // of the windows get noise

// What a specification may say, how much of it makes sense, and which windows it is for.
struct Kind {
  const char* name;
  double most;  // 0: takes no amount
  enum { any, sequence, image } windows;
};
constexpr Kind kKinds[] = {
    {"flip", 0, Kind::image},      {"crop", 64, Kind::image},      {"rotate", 180, Kind::any},
    {"warp", 0.9, Kind::sequence}, {"shift", 0.9, Kind::sequence}, {"scale", 0.9, Kind::any},
    {"gain", 40, Kind::any},       {"drop", 0.9, Kind::any},       {"jitter", 10, Kind::any},
    {"mask_time", 0.9, Kind::any}, {"mask_band", 0.9, Kind::any},
};

std::vector<std::string> kind_names() {
  std::vector<std::string> names = {"noise"};
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

Result<void> check_windows(const std::string& text, const Kind& kind, const RecordingContract& contract) {
  if (kind.windows == Kind::image && contract.height == 0)
    return input_error(fmt::format("mote.toml: augment \"{}\" is for images; the data have none", text));
  if (kind.windows == Kind::sequence && contract.height > 0)
    return input_error(fmt::format("mote.toml: augment \"{}\" is for readings in time, not for images", text));
  if (kind.windows == Kind::sequence && contract.window < 2)
    return input_error(
        fmt::format("mote.toml: augment \"{}\" needs windows; here every row is an example of its own", text));
  return {};
}

}  // namespace

Result<void> Augmenter::add_noise_of(const std::string& text, const DataConfig& config, const Dataset& dataset,
                                     const std::filesystem::path& project_folder) {
  MOTE_TRY(const NoiseAugment augment, parse_noise_augment(text));
  Noise noise = Noise::white();
  if (augment.pattern != kWhiteNoise) {
    Result<Noise> loaded = Noise::load(config, dataset, project_folder, augment.pattern, NoiseUse::training);
    if (!loaded.ok()) return loaded.error();
    noise = std::move(*loaded);
  }
  noises_.push_back(std::make_shared<const NoiseMix>(NoiseMix{std::move(noise), augment.low, augment.high}));
  varies_windows_ = true;
  return {};
}

Result<void> Augmenter::add(const std::string& text, const DataConfig& config, const Dataset& dataset,
                            const std::filesystem::path& project_folder) {
  const size_t space = text.find(' ');
  const std::string name = text.substr(0, space);
  if (is_noise_augment(text)) return add_noise_of(text, config, dataset, project_folder);
  const Kind* const kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return name == k.name; });
  if (kind == std::end(kKinds))
    return input_error(fmt::format("mote.toml: augment \"{}\": expected {}, and an amount{}", text,
                                   listed(kind_names(), 20), did_you_mean(name, kind_names())));
  MOTE_CHECK(check_windows(text, *kind, dataset.contract));
  double amount = 0;
  const bool number = space != std::string::npos && parse_number(std::string_view(text).substr(space), amount);
  if (kind->most == 0 && space != std::string::npos)
    return input_error(fmt::format("mote.toml: augment \"{}\": {} takes no amount", text, name));
  if (kind->most > 0 && (!number || amount < 0 || amount > kind->most))
    return input_error(
        fmt::format("mote.toml: augment \"{}\": expected an amount from 0 to {:g} after {}", text, kind->most, name));
  if (name == "rotate" && sensors_.front().size() != 3)
    return input_error(fmt::format(
        "mote.toml: augment \"{}\": no three channels are the axes of one sensor (such as ax, ay, az)", text));
  if (name == "flip") flip_ = true;
  if (name == "crop") crop_ = std::floor(amount);
  if (name == "rotate") rotate_ = amount * std::numbers::pi / 180;
  if (name == "warp") warp_ = amount;
  if (name == "shift") shift_ = amount;
  if (name == "scale") scale_ = amount;
  if (name == "gain") gain_ = amount;
  if (name == "drop") drop_ = amount;
  if (name == "mask_time") mask_time_ = amount;
  if (name == "mask_band") mask_band_ = amount;
  if (name == "jitter")
    for (const double deviation : dataset.channel_deviation) jitter_.push_back(static_cast<float>(amount * deviation));
  varies_windows_ = varies_windows_ || (!name.starts_with("mask") && (amount > 0 || flip_));
  return {};
}

Result<Augmenter> Augmenter::create(const DataConfig& config, const Dataset& dataset,
                                    const std::filesystem::path& project_folder) {
  Augmenter augmenter;
  augmenter.contract_ = dataset.contract;
  augmenter.channels_ = static_cast<int32_t>(dataset.contract.channels.size());
  augmenter.sensors_ = find_sensors(dataset.contract.channels);
  augmenter.mean_.assign(dataset.channel_mean.begin(), dataset.channel_mean.end());
  for (const std::string& text : config.augment) MOTE_CHECK(augmenter.add(text, config, dataset, project_folder));
  return augmenter;
}

void Augmenter::scale_sensors(std::span<float> window, Random& random) const {
  const size_t width = static_cast<size_t>(channels_);
  const double all = gain_ > 0 ? std::pow(10, random.uniform(-gain_, gain_) / 20) : 1;
  for (const std::vector<int32_t>& sensor : sensors_) {
    const float factor = static_cast<float>(all * (scale_ > 0 ? random.uniform(1 - scale_, 1 + scale_) : 1));
    for (const int32_t c : sensor)
      for (size_t i = static_cast<size_t>(c); i < window.size(); i += width) window[i] *= factor;
  }
}

void Augmenter::apply(std::span<float> window, std::span<float> scratch, Random& random) const {
  const size_t width = static_cast<size_t>(channels_);
  if (flip_ && random.uniform(0, 1) < 0.5) flip_columns(window, contract_.height, channels_);
  if (crop_ > 0) {
    const auto pixels = [&] { return static_cast<int32_t>(std::lround(random.uniform(-crop_, crop_))); };
    const int32_t down = pixels();
    move_image(window, scratch, contract_.height, channels_, down, pixels());
  }
  if (rotate_ > 0) rotate_sensors(window, channels_, sensors_, rotate_, random);
  if (warp_ > 0 || shift_ > 0) {
    const double first = random.uniform(1 - warp_, 1 + warp_), last = random.uniform(1 - warp_, 1 + warp_);
    retime(window, scratch, channels_, first, last, random.uniform(-shift_, shift_) * contract_.window);
  }
  if (scale_ > 0 || gain_ > 0) scale_sensors(window, random);
  for (const std::shared_ptr<const NoiseMix>& mix : noises_) {
    if (random.uniform(0, 1) >= kNoisyShare) continue;
    mix->noise.draw(contract_, random, scratch);
    add_noise(window, scratch, width, random.uniform(mix->low_db, mix->high_db));
  }
  if (drop_ > 0)
    for (const std::vector<int32_t>& sensor : sensors_) {
      if (random.uniform(0, 1) >= drop_) continue;
      for (const int32_t c : sensor)
        for (size_t i = static_cast<size_t>(c); i < window.size(); i += width)
          window[i] = mean_[static_cast<size_t>(c)];
    }
  if (jitter_.empty()) return;
  random.fill_normal(scratch.first(window.size()));
  for (size_t row = 0; row < window.size(); row += width)
    for (size_t c = 0; c < width; ++c) window[row + c] += jitter_[c] * scratch[row + c];
}

void Augmenter::apply_to_features(std::span<float> features, int32_t columns, Random& random) const {
  if (mask_time_ > 0) mask_rows(features, columns, mask_time_, random);
  if (mask_band_ > 0) mask_columns(features, columns, mask_band_, random);
}

}  // namespace mote
