// Every fixed-point block against double precision, and its limits.
#include <gtest/gtest.h>

#include <cmath>

#include <fmt/format.h>

#include "features/feature.h"
#include "features/fixed_point.h"
#include "features/reference_test.h"
#include "toolchain/base/random.h"

namespace mote {
namespace {

constexpr double kCountsPerUnit = 32768;

RecordingContract audio(double rate, int32_t window) {
  return {rate, window, window, {{"audio", "", 0, kCountsPerUnit}}};
}

// Sines that slide over the band, noise, and silence at the end, at a level in dB of full scale.
std::vector<int16_t> sweep(int32_t count, double level_db, uint64_t seed) {
  Random random(seed);
  std::vector<int16_t> counts;
  double phase = 0;
  for (int32_t i = 0; i < count; ++i) {
    phase += 0.01 + 2.5 * i / count;
    const double envelope = i < count * 3 / 4 ? 1 : 0.001;
    const double value = envelope * (0.6 * std::sin(phase) + 0.2 * std::sin(0.31 * phase) + 0.05 * random.normal());
    counts.push_back(to_count(std::pow(10, level_db / 20) * value, {"", "", 0, kCountsPerUnit}));
  }
  return counts;
}

FeaturePtr make(const std::string& kind, const RecordingContract& contract, const Json& options,
                const std::vector<int16_t>& window) {
  const Result<FeaturePtr> block = fit_features(kind, contract, options, {window});
  EXPECT_TRUE(block.ok()) << (block.ok() ? "" : block.error().message);
  return block.ok() ? *block : nullptr;
}

// The block's numbers in their units.
reference::Reals values_of(const FeatureBlock& block, const std::vector<int16_t>& window) {
  std::vector<int16_t> numbers(static_cast<size_t>(block.output_shape().elements()));
  block.compute(window, numbers);
  reference::Reals values;
  for (size_t i = 0; i < numbers.size(); ++i)
    values.push_back(to_value(numbers[i], block.columns()[i % block.columns().size()]));
  return values;
}

double rms_difference(const reference::Reals& a, const reference::Reals& b) {
  EXPECT_EQ(a.size(), b.size());
  double sum = 0;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum / static_cast<double>(a.size()));
}

reference::Reals frame_of(const std::vector<int16_t>& window, int32_t start, int32_t count, int32_t stride = 1) {
  reference::Reals values;
  for (int32_t i = 0; i < count; ++i)
    values.push_back(window[static_cast<size_t>(start + i * stride)] / kCountsPerUnit);
  return values;
}

TEST(FixedPoint, LogarithmAndRootAreAsExactAsTheySay) {
  double worst = 0;
  for (uint64_t x = 1; x < (uint64_t{1} << 62); x += x / 700 + 1)
    worst = std::max(worst, std::abs(log2_q10(x) - 1024 * std::log2(static_cast<double>(x))));
  EXPECT_LT(worst, 0.7);
  for (const uint64_t x : {uint64_t{0}, uint64_t{1}, uint64_t{3}, uint64_t{4}, uint64_t{99980001}, ~uint64_t{0}}) {
    const uint64_t root = integer_sqrt(x);
    EXPECT_LE(root * root, x);
    EXPECT_TRUE(root == 0xffffffffu || (root + 1) * (root + 1) > x) << x;
  }
}

// Full scale of a logarithm: from the floor to 0 dB. Frames from loud to near silence, every FFT length.
TEST(Spectrogram, IsWithinOnePercentOfDoublePrecision) {
  for (const int32_t fft : {16, 32, 64, 128, 256, 512, 1024})
    for (const double level_db : {0.0, -30.0, -60.0}) {
      const std::vector<int16_t> window = sweep(2 * fft, level_db, 7);
      const Json options = {{"frame", fmt::format("{} samples", fft)}, {"hop", fmt::format("{} samples", fft / 2)}};
      const FeaturePtr block = make("spectrogram", audio(16000, 2 * fft), options, window);
      ASSERT_NE(block, nullptr);
      ASSERT_EQ(block->output_shape(), make_shape({3, fft / 2 + 1}));
      reference::Reals expected;
      for (int32_t row = 0; row < 3; ++row)
        for (const double power : reference::powers(frame_of(window, row * fft / 2, fft), fft))
          expected.push_back(reference::decibels(power, -60));
      EXPECT_LT(rms_difference(values_of(*block, window), expected), 0.6 / 10) << fft << " at " << level_db << " dB";
    }
}

TEST(Spectrogram, AFullScaleSineIsAtNoDecibels) {
  std::vector<int16_t> window;
  for (int i = 0; i < 256; ++i)
    window.push_back(static_cast<int16_t>(std::lround(32767 * std::sin(2 * std::numbers::pi * 20 * i / 256))));
  const FeaturePtr block = make("spectrogram", audio(16000, 256), {{"frame", "16 ms"}, {"hop", "16 ms"}}, window);
  const reference::Reals values = values_of(*block, window);
  EXPECT_NEAR(values[20], 0, 0.02);
  EXPECT_NEAR(values[19], -6.02, 0.02);
  EXPECT_NEAR(values[60], -60, 0.02);
  EXPECT_EQ(block->columns()[20].name, "audio at 1250 Hz");
}

TEST(Spectrogram, WorstReadingsOverflowNothing) {
  for (const int32_t fft : {16, 1024}) {
    std::vector<int16_t> square, alternating, constant(static_cast<size_t>(fft), -32768);
    for (int32_t i = 0; i < fft; ++i) {
      square.push_back(i % (fft / 4) < fft / 8 ? 32767 : -32768);
      alternating.push_back(i % 2 == 0 ? 32767 : -32768);
    }
    for (const double emphasis : {0.0, 1.0})
      for (const std::vector<int16_t>& window : {square, alternating, constant}) {
        const Json options = {{"frame", fmt::format("{} samples", fft)}, {"hop", "1 ms"}, {"emphasis", emphasis}};
        const FeaturePtr block = make("spectrogram", audio(16000, fft), options, window);
        reference::Reals readings = frame_of(window, 0, fft);
        for (size_t i = readings.size(); i-- > 0;) readings[i] -= emphasis * readings[i > 0 ? i - 1 : 0];
        reference::Reals expected;
        for (const double power : reference::powers(readings, fft)) expected.push_back(reference::decibels(power, -60));
        EXPECT_LT(rms_difference(values_of(*block, window), expected), 0.6) << fft << " " << emphasis;
      }
  }
}

TEST(Mel, LogMelAndCepstrumAreWithinOnePercentOfDoublePrecision) {
  for (const double level_db : {0.0, -20.0, -50.0}) {
    const std::vector<int16_t> window = sweep(4000, level_db, 11);
    const RecordingContract contract = audio(16000, 4000);
    const FeaturePtr mel = make("mfe", contract, Json::object(), window);
    const FeaturePtr cepstrum = make("mfcc", contract, {{"coefficients", 13}}, window);
    ASSERT_EQ(mel->output_shape(), make_shape({11, 40}));
    ASSERT_EQ(cepstrum->output_shape(), make_shape({11, 13}));
    reference::Reals expected_mel, expected_cepstrum;
    for (int32_t row = 0; row < 11; ++row) {
      const reference::Reals bands =
          reference::log_mel(frame_of(window, row * 320, 640), 1024, 16000, 40, 20, 8000, -60);
      expected_mel.insert(expected_mel.end(), bands.begin(), bands.end());
      const reference::Reals c = reference::cosine_transform(bands, 13);
      expected_cepstrum.insert(expected_cepstrum.end(), c.begin(), c.end());
    }
    EXPECT_LT(rms_difference(values_of(*mel, window), expected_mel), 0.1) << level_db;            // of 60 dB
    EXPECT_LT(rms_difference(values_of(*cepstrum, window), expected_cepstrum), 0.3) << level_db;  // of 60 sqrt(40) dB
  }
}

TEST(Mel, MoreBandsThanBinsAreRefusedByName) {
  const std::vector<int16_t> window(1600, 1);
  const Result<FeaturePtr> block =
      fit_features("mfe", audio(16000, 1600), {{"bands", 128}, {"frame", "30 ms"}}, {window});
  ASSERT_FALSE(block.ok());
  EXPECT_NE(block.error().message.find("no bin of the FFT (31.2 Hz apart) lies in band"), std::string::npos)
      << block.error().message;
}

TEST(Mel, BandsWiderThanTheirCountsHoldAreRefusedByName) {
  const std::vector<int16_t> window(1600, 1);
  const Result<FeaturePtr> block =
      fit_features("mfe", audio(16000, 1600), {{"bands", 2}, {"frame", "40 ms"}, {"fft", 1024}}, {window});
  ASSERT_FALSE(block.ok());
  EXPECT_NE(block.error().message.find("expected more bands"), std::string::npos) << block.error().message;
}

TEST(Statistics, EqualDoublePrecisionWithinAStep) {
  Random random(3);
  for (const double spread : {20000.0, 900.0, 3.0}) {
    std::vector<int16_t> window;
    for (int i = 0; i < 300; ++i)
      window.push_back(static_cast<int16_t>(std::lround(
          std::clamp(i % 3 * 1000 + spread * std::pow(random.normal(), i % 3 == 1 ? 3 : 1), -32768.0, 32767.0))));
    const RecordingContract contract{100, 100, 50, {{"x", "g", 0, 4096}, {"y", "", 0, 1}, {"z", "C", 20, 256}}};
    const FeaturePtr block = make("statistics", contract, Json::object(), window);
    ASSERT_EQ(block->output_shape(), make_shape({24}));
    std::vector<int16_t> numbers(24);
    block->compute(window, numbers);
    for (int c = 0; c < 3; ++c) {
      reference::Reals x;
      for (int i = c; i < 300; i += 3) x.push_back(window[static_cast<size_t>(i)]);
      const reference::Reals expected = reference::statistics(x);
      const double step[] = {
          0.51, 0.6, 0.6, 0, 0, 1024 * 0.004 * (1 + std::abs(expected[5])), 1024 * 0.004 * (1 + expected[6]), 0.51};
      const double scale[] = {1, 1, 1, 1, 1, 1024, 1024, 32768};
      for (size_t i = 0; i < 8; ++i)
        EXPECT_NEAR(numbers[static_cast<size_t>(c) * 8 + i], expected[i] * scale[i], step[i])
            << block->columns()[static_cast<size_t>(c) * 8 + i].name << " " << spread;
    }
  }
}

TEST(Statistics, AChannelThatStandsStillHasNoMoments) {
  const RecordingContract contract{100, 50, 50, {{"x", "", 0, 1}}};
  const std::vector<int16_t> window(50, 1234);
  const FeaturePtr block =
      make("statistics", contract, {{"statistics", {"mean", "skew", "kurtosis", "crossings"}}}, window);
  std::vector<int16_t> numbers(4);
  block->compute(window, numbers);
  EXPECT_EQ(numbers, (std::vector<int16_t>{1234, 0, 0, 0}));
}

TEST(Spectral, BandsRmsAndPeaksOfKnownSines) {
  std::vector<int16_t> window;
  for (int i = 0; i < 256; ++i) {
    const double t = i / 100.0;
    window.push_back(static_cast<int16_t>(std::lround(3000 + 8192 * std::sin(2 * std::numbers::pi * 6.25 * t) +
                                                      2048 * std::sin(2 * std::numbers::pi * 25 * t))));
    window.push_back(-77);
  }
  const RecordingContract contract{100, 256, 128, {{"x", "g", 0, 8192}, {"still", "", 0, 1}}};
  for (const int fft : {128, 256}) {  // averaged segments; the whole window
    const FeaturePtr block = make("spectral", contract, {{"bands", 4}, {"peaks", 2}, {"fft", fft}}, window);
    const reference::Reals values = values_of(*block, window);
    ASSERT_EQ(values.size(), 2u * (1 + 4 + 4));
    EXPECT_NEAR(values[0], std::sqrt((1 + 1 / 16.0) / 2), 0.002);  // g
    EXPECT_NEAR(values[1], 10 * std::log10(1.5 / 16), 0.05);       // a Hann window spreads a sine's power by 1.5
    EXPECT_NEAR(values[5], 6.25, 1e-6);
    EXPECT_NEAR(values[6], -12.04, 0.05);
    EXPECT_NEAR(values[7], 25, 1e-6);
    EXPECT_NEAR(values[8], -24.08, 0.05);
    for (size_t i = 10; i < 14; ++i) EXPECT_NEAR(values[i], -60, 0.02);  // nothing but the floor
    EXPECT_EQ(values[14], 0);
  }
}

// The response to a sine, once it has settled, and to what stands still.
TEST(Filter, PassesAndStopsWhatItSays) {
  const auto amplitude = [](const char* filter, double hertz, double offset) {
    std::vector<int16_t> window;
    for (int i = 0; i < 800; ++i)
      window.push_back(
          static_cast<int16_t>(std::lround(offset + 8000 * std::sin(2 * std::numbers::pi * hertz * i / 100))));
    const RecordingContract contract{100, 800, 800, {{"x", "", 0, 1}}};
    const FeaturePtr block = make("raw", contract, {{"filter", {filter}}}, window);
    std::vector<int16_t> out(800);
    block->compute(window, out);
    EXPECT_EQ(block->output_shape(), make_shape({800, 1}));
    double low = 1e9, high = -1e9;
    for (size_t i = 400; i < 800; ++i) low = std::min<double>(low, out[i]), high = std::max<double>(high, out[i]);
    return std::pair((high - low) / 16000, (high + low) / 2);
  };
  EXPECT_NEAR(amplitude("lowpass 10 Hz", 1, 5000).first, 1, 0.01);
  EXPECT_NEAR(amplitude("lowpass 10 Hz", 1, 5000).second, 5000, 30);
  EXPECT_NEAR(amplitude("lowpass 10 Hz", 10, 0).first, std::sqrt(0.5), 0.02);
  EXPECT_LT(amplitude("lowpass 10 Hz order 8", 20, 0).first, 0.005);
  EXPECT_NEAR(amplitude("highpass 0.5 Hz", 9.7, 5000).first, 1, 0.02);
  EXPECT_NEAR(amplitude("highpass 0.5 Hz", 10, 5000).second, 0, 30);
  EXPECT_LT(amplitude("notch 20 Hz", 20, 0).first, 0.01);
  EXPECT_NEAR(amplitude("notch 20 Hz", 5, 0).first, 1, 0.02);
  // A tenth of its frequency wide between the points of half the power; near half the rate they lie lower.
  for (const double hertz : {10.0, 30.0})
    EXPECT_NEAR(amplitude(fmt::format("notch {} Hz", hertz).c_str(), hertz * 0.95, 0).first, std::sqrt(0.5), 0.03);
  EXPECT_LT(amplitude("notch 48 Hz", 48 * 0.95, 0).first, std::sqrt(0.5));
  EXPECT_LT(amplitude("bandpass 5 Hz 8 Hz order 4", 1, 9000).first, 0.01);
}

TEST(Filter, AWindowBeginsWithoutATransient) {
  const std::vector<int16_t> window(100, 9000);
  for (const char* filter : {"highpass 0.2 Hz order 4", "lowpass 3 Hz order 4", "notch 30 Hz"}) {
    const FeaturePtr block = make("raw", {100, 100, 100, {{"x", "", 0, 1}}}, {{"filter", {filter}}}, window);
    std::vector<int16_t> out(100);
    block->compute(window, out);
    const int expected = filter[0] == 'h' ? 0 : 9000;
    for (const int16_t value : out) ASSERT_NEAR(value, expected, 1) << filter;
  }
}

TEST(Delta, IsTheSlopeOfARamp) {
  const std::vector<int16_t> window = sweep(16000, -10, 5);
  const FeaturePtr plain = make("mfcc", audio(16000, 16000), Json::object(), window);
  const FeaturePtr both = make("mfcc", audio(16000, 16000), {{"delta", 1}}, window);
  ASSERT_EQ(both->output_shape(), make_shape({49, 20}));
  std::vector<int16_t> rows(490), more(980);
  plain->compute(window, rows);
  both->compute(window, more);
  const auto at = [&](int t, size_t c) {
    return static_cast<double>(rows[static_cast<size_t>(std::clamp(t, 0, 48)) * 10 + c]);
  };
  for (int t = 0; t < 49; ++t)
    for (size_t c = 0; c < 10; ++c) {
      const size_t row = static_cast<size_t>(t) * 20;
      EXPECT_EQ(more[row + c], at(t, c));
      const double slope = (at(t + 1, c) - at(t - 1, c) + 2 * (at(t + 2, c) - at(t - 2, c))) / 10;
      EXPECT_NEAR(more[row + 10 + c], 4 * slope, 0.5001);
    }
}

TEST(Features, TravelInTheModel) {
  const std::vector<int16_t> window = sweep(16000, -6, 9);
  for (const auto& [kind, options] : {std::pair<std::string, Json>{"mfcc", {{"delta", 2}, {"emphasis", 0.97}}},
                                      {"mfe", {{"bands", 20}, {"low", "100 Hz"}, {"high", "4 kHz"}}},
                                      {"statistics", {{"filter", {"highpass 100 Hz", "lowpass 4 kHz order 4"}}}},
                                      {"raw", {{"filter", "notch 50 Hz"}}},
                                      {"spectral", {{"bands", 16}, {"fft", 256}}},
                                      {"spectrogram", {{"frame", "64 ms"}, {"hop", "100 ms"}}}}) {
    const FeaturePtr block = make(kind, audio(16000, 16000), options, window);
    ASSERT_NE(block, nullptr) << kind;
    const Result<FeaturePtr> again = features_from_json(Json::parse(to_json(*block).dump()));
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(to_json(**again), to_json(*block));
    const size_t elements = static_cast<size_t>(block->output_shape().elements());
    std::vector<int8_t> a(elements), b(elements);
    ASSERT_TRUE(block->transform_int8(window, 0.03f, 2, a).ok());
    ASSERT_TRUE((*again)->transform_int8(window, 0.03f, 2, b).ok());
    EXPECT_EQ(a, b) << kind;
  }
}

TEST(Features, WrongKeysAreNamed) {
  const std::vector<int16_t> window(16000, 100);
  const auto says = [&](const std::string& kind, const Json& options, const std::string& part) {
    const Result<FeaturePtr> block = fit_features(kind, audio(16000, 16000), options, {window});
    ASSERT_FALSE(block.ok()) << options;
    EXPECT_NE(block.error().message.find(part), std::string::npos) << block.error().message;
  };
  says("mfc", Json::object(), "did you mean \"mfe\"?");
  says("mfcc", {{"coeficients", 3}},
       "features.coeficients: block \"mfcc\" has no such key; did you mean \"coefficients\"?");
  says("mfcc", {{"coefficients", 41}}, "features.coefficients = 41: expected a whole number from 1 to 40");
  says("mfcc", {{"frame", "fast"}}, "features.frame = \"fast\": expected a time such as \"40 ms\"");
  says("mfcc", {{"frame", "100 ms"}}, "1600 readings are more than the FFT's 1024");
  says("mfcc", {{"fft", 600}}, "expected a power of two");
  says("mfe", {{"high", "9 kHz"}}, "expected a frequency such as");
  says("statistics", {{"statistics", {"mean", "median"}}}, "did you mean");
  RecordingContract overlapping = audio(16000, 16000);
  overlapping.stride = 4000;
  const Result<FeaturePtr> block = fit_features("mfcc", overlapping, {{"hop", "30 ms"}}, {window});
  ASSERT_FALSE(block.ok());
  EXPECT_NE(block.error().message.find("frames begin every 480 readings, but windows every 4000"), std::string::npos);
  RecordingContract table = audio(0, 1);
  EXPECT_NE(fit_features("mfe", table, {{"frame", "16 samples"}}, {std::span(window).first(1)})
                .error()
                .message.find("give [data] a rate"),
            std::string::npos);
  says("statistics", {{"delta", 1}}, "slopes need a block with three frames");
  says("spectral", {{"filter", "lowpass 9 kHz"}}, "below 8000 Hz");
  says("spectral", {{"filter", "lowpas 2 kHz"}}, "'lowpas' is no filter");
  says("spectral", {{"filter", "bandpass 300 Hz"}}, "1 frequencies where 2 belong");
  says("spectral", {{"bands", 200}, {"fft", 64}}, "as many bands at most");
}

}  // namespace
}  // namespace mote
