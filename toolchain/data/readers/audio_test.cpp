#include <gmock/gmock.h>
#include <sndfile.h>

#include <cmath>
#include <numbers>

#include "toolchain/base/files.h"
#include "toolchain/data/noise.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Sound {
  int rate = 16000, channels = 1;
  int format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  int frames = 4000;
  double hertz = 440;
  double gain = 0.5;
};

double tone(const Sound& sound, int frame, int channel) {
  return (channel == 0 ? 1 : 0.25) * sound.gain * std::sin(2 * std::numbers::pi * sound.hertz * frame / sound.rate);
}

void write_sound(const ProjectFolder& project, const std::string& file, const Sound& sound) {
  std::filesystem::create_directories((project.path() / file).parent_path());
  SF_INFO info{};
  info.samplerate = sound.rate, info.channels = sound.channels, info.format = sound.format;
  SNDFILE* const out = sf_open((project.path() / file).c_str(), SFM_WRITE, &info);
  ASSERT_NE(out, nullptr) << sf_strerror(nullptr);
  std::vector<double> frame(static_cast<size_t>(sound.channels));
  for (int i = 0; i < sound.frames; ++i) {
    for (int c = 0; c < sound.channels; ++c) frame[static_cast<size_t>(c)] = tone(sound, i, c);
    sf_writef_double(out, frame.data(), 1);
  }
  sf_close(out);
}

DataConfig sound_config() {
  DataConfig config;
  config.task = DataTask::anomaly;  // no label is needed
  config.source = {"*/*"};
  config.rate = 16000;
  config.window = TimeSpan{1000, true};
  config.split.by = "file";
  config.split.test.fraction = config.split.validation.fraction = 0;
  return config;
}

// Largest difference from the tone, in full scale, edges left out.
double error_of(const Dataset& dataset, const Sound& sound, int channel, double share = 1) {
  const size_t channels = dataset.contract.channels.size();
  const size_t readings = dataset.counts.size() / channels;
  Sound at_rate = sound;
  at_rate.rate = static_cast<int>(dataset.contract.rate_hz);
  double largest = 0;
  for (size_t i = 300; i + 300 < readings; ++i)
    largest = std::max(largest, std::abs(dataset.counts[i * channels] / 32768.0 -
                                         share * tone(at_rate, static_cast<int>(i), channel)));
  return largest;
}

TEST(Audio, SixteenBitsStayAsTheyAre) {
  ProjectFolder project;
  write_sound(project, "a/x.wav", {});
  std::vector<short> expected(4000);
  SF_INFO info{};
  SNDFILE* const file = sf_open((project.path() / "a/x.wav").c_str(), SFM_READ, &info);
  ASSERT_EQ(sf_read_short(file, expected.data(), 4000), 4000);
  sf_close(file);
  const Dataset dataset = load(sound_config(), project);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), dataset.counts.begin(), dataset.counts.end()));
  EXPECT_EQ(dataset.contract.channels[0].name, "audio");
  EXPECT_EQ(dataset.contract.channels[0].counts_per_unit, 32768);
  EXPECT_THAT(dataset.notes, Not(Contains(HasSubstr("resampled"))));
}

TEST(Audio, FormatsDepthsAndRates) {
  struct Case {
    const char* file;
    Sound sound;
    double tolerance;
  };
  const Case cases[] = {
      {"a/u8.wav", {16000, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_U8}, 0.009},
      {"a/24.wav", {16000, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_24}, 2e-5},
      {"a/32.wav", {16000, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_32}, 2e-5},
      {"a/float.wav", {16000, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT}, 2e-5},
      {"a/64.wav", {16000, 1, SF_FORMAT_RF64 | SF_FORMAT_PCM_16}, 5e-5},
      {"a/x.flac", {16000, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16}, 5e-5},
      {"a/x.ogg", {16000, 1, SF_FORMAT_OGG | SF_FORMAT_VORBIS}, 0.05},
      {"a/8k.wav", {8000, 1}, 2e-4},
      {"a/11k.flac", {11025, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_24}, 2e-4},
      {"a/44k.WAV", {44100, 1}, 2e-4},
      {"a/48k.wav", {48000, 2}, 2e-4},
  };
  for (const Case& one : cases) {
    ProjectFolder project;
    Sound sound = one.sound;
    sound.frames = sound.rate / 4;
    write_sound(project, one.file, sound);
    DataConfig config = sound_config();
    if (sound.channels == 2) config.channels = {"audio_1"};
    const Dataset dataset = load(config, project);
    EXPECT_EQ(dataset.counts.size(), 4000u) << one.file;
    EXPECT_LT(error_of(dataset, sound, 0), one.tolerance) << one.file;
    if (sound.rate == 16000) continue;
    EXPECT_THAT(dataset.notes, Contains(HasSubstr("resampled from " + std::to_string(sound.rate) + " Hz to 16000 Hz")));
  }
}

TEST(Audio, Channels) {
  ProjectFolder project;
  const Sound stereo{16000, 2};
  write_sound(project, "a/x.wav", stereo);
  DataConfig config = sound_config();
  const Dataset both = load(config, project);
  ASSERT_EQ(both.contract.channels.size(), 2u);
  EXPECT_EQ(both.contract.channels[1].name, "audio_2");
  config.channels = {"audio_2"};
  EXPECT_LT(error_of(load(config, project), stereo, 1), 5e-5);
  config.channels = {"audio"};
  const Dataset mean = load(config, project);
  EXPECT_LT(error_of(mean, stereo, 0, 0.625), 5e-5);
  EXPECT_THAT(mean.notes, Contains(HasSubstr("a/x.wav: the mean of its 2 channels")));
  config.channels = {"audio_3"};
  EXPECT_THAT(load_error(config, project), AllOf(HasSubstr("no channel 'audio_3'"), HasSubstr("audio_1, audio_2")));
}

TEST(Audio, CutOffFilesAreReadWithAWarning) {
  ProjectFolder project;
  write_sound(project, "a/x.wav", {});
  std::filesystem::resize_file(project.path() / "a/x.wav", 44 + 2 * 3001 + 1);
  const Dataset dataset = load(sound_config(), project);
  EXPECT_EQ(dataset.counts.size(), 3001u);
  EXPECT_THAT(dataset.notes, Contains(AllOf(HasSubstr("a/x.wav: the file is cut off"), HasSubstr("promises 0.250 s"),
                                            HasSubstr("(3001 readings)"))));
  write_sound(project, "a/x.flac", {16000, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 40000});
  std::filesystem::resize_file(project.path() / "a/x.flac",
                               std::filesystem::file_size(project.path() / "a/x.flac") / 2);
  EXPECT_THAT(load(sound_config(), project).notes, Contains(HasSubstr("a/x.flac: the file is cut off")));
  std::filesystem::remove(project.path() / "a/x.flac");
  std::filesystem::resize_file(project.path() / "a/x.wav", 44);
  EXPECT_THAT(load_error(sound_config(), project), HasSubstr("a/x.wav: no readings"));
}

// A recorder that lost its power has not gone back to write how much there is.
TEST(Audio, WavWithoutALengthIsReadWithAWarning) {
  for (const int format : {SF_FORMAT_PCM_U8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24, SF_FORMAT_FLOAT}) {
    ProjectFolder project;
    const Sound sound{16000, 2, SF_FORMAT_WAV | format};
    write_sound(project, "a/x.wav", sound);
    DataConfig config = sound_config();
    const Dataset whole = load(config, project);
    std::string bytes;
    {
      std::ifstream file(project.path() / "a/x.wav", std::ios::binary);
      bytes.assign(std::istreambuf_iterator<char>(file), {});
    }
    bytes.replace(bytes.find("data") + 4, 4, 4, '\0');
    for (const bool whole_riff : {true, false}) {
      if (!whole_riff) bytes.replace(4, 4, 4, '\0');
      project.write("a/x.wav", bytes + (whole_riff ? "" : "x"));  // half a frame at the end
      const Dataset dataset = load(config, project);
      EXPECT_EQ(dataset.counts, whole.counts) << format;
      EXPECT_THAT(dataset.notes, Contains(AllOf(HasSubstr("a/x.wav: the header says that no readings follow"),
                                                HasSubstr("0.250 s are there (4000 readings)"))));
    }
  }
}

TEST(Audio, AnEmptyWavWithNotesBehindItHasNoReadings) {
  ProjectFolder project;
  Sound none;
  none.frames = 0;
  write_sound(project, "a/x.wav", none);
  std::ofstream(project.path() / "a/x.wav", std::ios::binary | std::ios::app)
      << std::string("LIST\x0C\x00\x00\x00INFOISFT\x00\x00\x00\x00", 20);
  EXPECT_THAT(load_error(sound_config(), project), HasSubstr("a/x.wav: no readings"));
}

TEST(Audio, WhatIsNoWavIsNamedByWhatItIs) {
  ProjectFolder project;
  const auto error = [&](const std::string& bytes) {
    project.write("a/x.wav", bytes);
    return load_error(sound_config(), project);
  };
  EXPECT_THAT(error("\x89PNG\r\n\x1A\n0000"), HasSubstr("a/x.wav: the name says WAV audio, but it is"));
  EXPECT_THAT(error("timestamp,ax\n1,2\n"), HasSubstr("but it is text that begins with 'timestamp,ax'"));
  EXPECT_THAT(error("ID3\x03"), HasSubstr("but it is MP3 audio"));
  EXPECT_THAT(error("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("Git LFS pointer"));
  EXPECT_THAT(error(""), HasSubstr("but the file is empty"));
  EXPECT_THAT(error("\x01\x02\x03\xFF"), HasSubstr("begins with the bytes 01 02 03 FF"));
  EXPECT_THAT(error(std::string("RIFF\x24\x00\x00\x00WAVEfmt ", 16)), HasSubstr("a/x.wav: the audio cannot be read"));
  write_sound(project, "a/x.wav", {16000, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16});
  EXPECT_THAT(load(sound_config(), project).notes,
              Contains("a/x.wav: the name says WAV audio, but it is FLAC audio; read as that"));
  DataConfig config = sound_config();
  config.rate.reset(), config.window.reset();
  EXPECT_THAT(load_error(config, project), HasSubstr("say in mote.toml rate and window"));
}

// <label>/<speaker>_nohash_<n>.wav, noise in a folder of its own, parts in lists.
TEST(Audio, FoldersOfSpeechCommands) {
  ProjectFolder project;
  std::string test_list;
  for (const char* word : {"yes", "n\xC3\xB3"})
    for (int speaker = 0; speaker < 5; ++speaker) {
      const std::string file = std::string(word) + "/0000000" + std::to_string(speaker) + "_nohash_0.wav";
      write_sound(project, "speech/" + file, {16000, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 900, 200.0 + 50 * speaker});
      if (speaker == 3) test_list += file + "\r\n";
    }
  write_sound(project, "speech/_background_noise_/hum.wav", {16000, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 50});
  project.write("speech/testing_list.txt", test_list);
  project.write("speech/validation_list.txt", "# one speaker\nyes/00000001_nohash_0.wav\nother/x.wav\n");
  DataConfig config = sound_config();
  config.task = DataTask::classification;
  config.source = {"speech/*/*.wav"};
  config.label = {"folder"};
  config.split.by = "filename:([0-9a-f]{8})_nohash";
  config.split.test.names = {"file:speech/testing_list.txt"};
  config.split.validation.names = {"file:speech/validation_list.txt"};
  config.short_recordings = ShortPolicy::pad;
  const Dataset dataset = load(config, project);
  EXPECT_THAT(dataset.classes, ElementsAre("n\xC3\xB3", "yes"));
  EXPECT_EQ(dataset.test.size(), 2);
  EXPECT_EQ(dataset.validation.size(), 1);
  EXPECT_THAT(dataset.notes, AllOf(Contains(HasSubstr("1 file in _background_noise_ left out")),
                                   Contains(HasSubstr("padded with silence"))));
  const std::span<const int16_t> window = dataset.window(dataset.train.windows[0]);
  EXPECT_TRUE(std::all_of(window.begin() + 900, window.end(), [](int16_t count) { return count == 0; }));
  EXPECT_NE(window[899], 0);

  const Result<Noise> noise =
      Noise::load(config, dataset, project.path(), "speech/_background_noise_/*.wav", NoiseUse::judging);
  ASSERT_TRUE(noise.ok()) << noise.error().message;
  EXPECT_EQ(with_noise(dataset, dataset.test, *noise, 5, 1).test.size(), 2);

  project.write("speech/testing_list.txt", "yes/none.wav\n");
  EXPECT_THAT(load_error(config, project), HasSubstr("none of the 10 files with a window is in the list"));
  project.write("speech/testing_list.txt", "\n");
  EXPECT_THAT(load_error(config, project), HasSubstr("the list names no file"));
}

}  // namespace
}  // namespace mote
