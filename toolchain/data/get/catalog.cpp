#include "toolchain/data/get/catalog.h"

#include <vector>

#include <fmt/format.h>

#include "toolchain/data/text.h"

namespace mote {
namespace {

const char* const kGitHubArchive =
    "no checksum is published for the archive that GitHub packs; its address names the commit, the connection is "
    "encrypted, and the archive's own check values are compared while unpacking";
const char* const kMeasured =
    "the publisher gives no checksum; this one was measured by several projects that published theirs independently";

std::vector<PublicDataSet> make_catalog() {
  return {
      {.name = "uci-har",
       .title = "UCI HAR: a phone at the waist, 30 people, 6 activities, windows of 2.56 s at 50 Hz",
       .licence = "CC BY 4.0 by the UCI page; the readme inside says that any commercial use is prohibited",
       .citation = "Anguita, Ghio, Oneto, Parra, Reyes-Ortiz, A Public Domain Dataset for Human Activity Recognition "
                   "Using Smartphones, ESANN 2013",
       .home = "https://archive.ics.uci.edu/dataset/240/human+activity+recognition+using+smartphones",
       .address = "https://archive.ics.uci.edu/static/public/240/human+activity+recognition+using+smartphones.zip",
       .file = "uci-har.zip",
       .bytes = 61'005'872,
       .sha256 = "c00b803081a5c797cd5e4b83700a9810b38d53d9d84e01917e090e1fdbc81031",
       .checked = kMeasured,
       .inner = "UCI HAR Dataset.zip",
       .mirror = "uci_har"},
      {.name = "nano-gestures",
       .title = "Gestures on an Arduino Nano 33 BLE Sense: 5 gestures, accelerometer and gyroscope at 119 Hz",
       .licence = "MIT",
       .citation = "Martin Lindholdt, nano-gestures, 2020",
       .home = "https://github.com/martinlindholdt/nano-gestures",
       .address = "https://github.com/martinlindholdt/nano-gestures/archive/"
                  "a96777d7b2bb5a0de056f21433f12cba1772aca0.tar.gz",
       .file = "nano-gestures-a96777d7.tar.gz",
       .checked = kGitHubArchive,
       .strip = 1,
       .mirror = "nano_gestures"},
      {.name = "magic-wand",
       .title = "Magic wand of TensorFlow Lite: wing, ring, slope and other movement, accelerometer at 25 Hz",
       .licence = "Apache 2.0 (the TensorFlow project; the archive carries no licence file)",
       .citation = "The TensorFlow Authors; Warden and Situnayake, TinyML, O'Reilly 2019",
       .home = "https://github.com/tensorflow/tflite-micro",
       .address = "https://storage.googleapis.com/download.tensorflow.org/models/tflite/magic_wand/data.tar.gz",
       .file = "magic-wand.tar.gz",
       .checked = "the publisher gives no checksum; the connection is encrypted, and the archive's own check values "
                  "are compared while unpacking",
       .mirror = "magic_wand"},
      {.name = "free-spoken-digits",
       .title = "Free Spoken Digit Dataset 1.0.9: digits by 5 speakers, 8 kHz",
       .licence = "CC BY-SA 4.0",
       .citation = "Jackson, Souza, Flaks, Pan, Hereman, Thite, free-spoken-digit-dataset, Zenodo",
       .home = "https://github.com/Jakobovski/free-spoken-digit-dataset",
       .address = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz",
       .file = "free-spoken-digit-dataset-1.0.9.tar.gz",
       .bytes = 11'975'353,
       .sha256 = "8bc44cde129d505cbbb6b365c09f80c663f2aa77578afc634e6141a2f87100c0",
       .checked = "the checksum is that of TensorFlow Datasets; the publisher gives none",
       .strip = 1,
       .mirror = "fsdd"},
      {.name = "speech-commands",
       .title = "Speech Commands 0.02: 35 words by 2,618 speakers, and background noise, 16 kHz",
       .licence = "CC BY 4.0",
       .citation = "Warden, Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, arXiv:1804.03209",
       .home = "https://arxiv.org/abs/1804.03209",
       .address = "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
       .file = "speech_commands_v0.02.tar.gz",
       .bytes = 2'428'923'189,
       .sha256 = "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
       .checked = "the checksum is that of TensorFlow Datasets and torchaudio",
       .mirror = "speech_commands"},
      {.name = "cifar-10",
       .title = "CIFAR-10, binary version: 60,000 colour images of 32 x 32, 10 classes",
       .licence = "none stated; the author asks for the citation",
       .citation = "Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
       .home = "https://www.cs.toronto.edu/~kriz/cifar.html",
       .address = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
       .file = "cifar-10-binary.tar.gz",
       .bytes = 170'052'171,
       .sha256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
       .checked = "the author publishes an MD5; this checksum is what several projects publish for the same file",
       .strip = 1,
       .mirror = "images_cifar10"},
      {.name = "skab",
       .title = "Skoltech Anomaly Benchmark: a pump's test bench, 8 sensors once a second, faults labelled",
       .licence = "GPL-3.0",
       .citation = "Katser, Kozitsin, Skoltech Anomaly Benchmark (SKAB), Kaggle 2020, doi:10.34740/KAGGLE/DSV/1693952",
       .home = "https://github.com/waico/SKAB",
       .address = "https://github.com/waico/SKAB/archive/b2c0d46c2971dcbfe71e26087b6d231998bb91c2.tar.gz",
       .file = "skab-b2c0d46c.tar.gz",
       .checked = kGitHubArchive,
       .strip = 1,
       .mirror = "skab"},
      {.name = "occupancy",
       .title = "Occupancy detection: temperature, humidity, light and CO2 of an office, one row a minute",
       .licence = "CC BY 4.0",
       .citation = "Candanedo, Feldheim, Accurate occupancy detection of an office room from light, temperature, "
                   "humidity and CO2 measurements, Energy and Buildings 112, 2016",
       .home = "https://archive.ics.uci.edu/dataset/357/occupancy+detection",
       .address = "https://archive.ics.uci.edu/static/public/357/occupancy+detection.zip",
       .file = "occupancy.zip",
       .bytes = 335'713,
       .sha256 = "4ae3f46aa98eedff564a9f6924d1635173e2fd2c816004342a9be93076d3a81a",
       .checked = kMeasured,
       .mirror = "occupancy"},
  };
}

}  // namespace

std::span<const PublicDataSet> public_data_sets() {
  static const std::vector<PublicDataSet> catalog = make_catalog();
  return catalog;
}

Result<const PublicDataSet*> find_data_set(const std::string& name) {
  std::vector<std::string> names;
  for (const PublicDataSet& set : public_data_sets()) {
    if (set.name == name) return &set;
    names.push_back(set.name);
  }
  return input_error(
      fmt::format("there is no data set '{}'{}; there are {}", name, did_you_mean(name, names), listed(names)));
}

}  // namespace mote
