#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "toolchain/data/show.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

using Pixels = std::vector<uint8_t>;  // rows x columns x 3

// Vertical stripes, or horizontal ones, in the colour of `seed`.
Pixels picture(int width, int height, bool vertical, int seed) {
  Pixels pixels;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        pixels.push_back(static_cast<uint8_t>((vertical ? x : y) / 2 % 2 == 0 ? 20 * (seed % 10) + 10 * c : 200));
  return pixels;
}

void put(void* text, void* data, int size) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(data), static_cast<size_t>(size));
}
std::string encoded(const std::string& format, int width, int height, const Pixels& pixels) {
  std::string text;
  if (format == "png") stbi_write_png_to_func(put, &text, width, height, 3, pixels.data(), 0);
  if (format == "bmp") stbi_write_bmp_to_func(put, &text, width, height, 3, pixels.data());
  if (format == "jpg") stbi_write_jpg_to_func(put, &text, width, height, 3, pixels.data(), 100);
  return text;
}

DataConfig image_config() {
  DataConfig config;
  config.source = {"images/*/*"};
  config.label = {"folder"};
  config.image = ImageSize{8, 6, false};
  config.split.by = "file";
  config.split.test.fraction = config.split.validation.fraction = 0;
  return config;
}

TEST(Images, FoldersOfFiles) {
  ProjectFolder project;
  const Pixels upright = picture(8, 6, true, 3), lying = picture(8, 6, false, 4);
  project.write("images/upright/a.png", encoded("png", 8, 6, upright));
  project.write("images/upright/b.bmp", encoded("bmp", 8, 6, upright));
  project.write("images/lying/\xE5\x9B\xBE.JPG", encoded("jpg", 8, 6, lying));
  project.write("images/lying/large.png", encoded("png", 64, 48, Pixels(64 * 48 * 3, 77)));
  const Dataset dataset = load(image_config(), project);
  EXPECT_THAT(show_data(dataset, 100), HasSubstr("4 images of 8x6 pixels"));
  EXPECT_THAT(dataset.classes, ElementsAre("lying", "upright"));
  EXPECT_EQ(dataset.contract.window, 48);
  EXPECT_EQ(dataset.contract.height, 6);
  EXPECT_EQ(dataset.contract.rate_hz, 0);
  EXPECT_EQ(dataset.contract.channels[2].name, "b");
  ASSERT_EQ(dataset.recordings.size(), 4u);
  for (const Recording& recording : dataset.recordings) {
    const auto counts = std::span(dataset.counts).subspan(static_cast<size_t>(recording.offset) * 3, 48 * 3);
    if (recording.file.ends_with("large.png")) {
      EXPECT_THAT(counts, Each(77));
    } else {
      const Pixels& expected = recording.file.find("upright") != std::string::npos ? upright : lying;
      for (size_t i = 0; i < counts.size(); ++i)
        EXPECT_NEAR(counts[i], expected[i], recording.file.ends_with("JPG") ? 40 : 0);
    }
  }
  DataConfig gray = image_config();
  gray.image->gray = true;
  const Dataset one = load(gray, project);
  EXPECT_EQ(one.counts.size(), 4u * 48);
  EXPECT_EQ(one.contract.channels[0].name, "gray");
}

TEST(Images, WhatIsWrongIsNamed) {
  ProjectFolder project;
  const std::string png = encoded("png", 8, 6, picture(8, 6, true, 3)),
                    jpg = encoded("jpg", 64, 64, picture(64, 64, true, 3));
  project.write("images/a/a.png", png);
  project.write("images/b/b.png", encoded("png", 8, 6, picture(8, 6, false, 3)));
  const auto error = [&](const std::string& bytes) {
    project.write("images/b/x.png", bytes);
    return load_error(image_config(), project);
  };
  EXPECT_THAT(error("<html><body>404</body>"),
              AllOf(HasSubstr("images/b/x.png: the name says a PNG image, but it is an HTML page")));
  EXPECT_THAT(error(png.substr(0, png.size() / 2)), HasSubstr("images/b/x.png: the image cannot be read"));
  EXPECT_THAT(error(png.substr(0, 20)), HasSubstr("images/b/x.png: the image cannot be read"));
  EXPECT_THAT(error(jpg.substr(0, jpg.size() - 9)), HasSubstr("the file is cut off or damaged"));
  project.write("images/b/x.png", jpg);
  EXPECT_THAT(load(image_config(), project).notes,
              Contains("images/b/x.png: the name says a PNG image, but it is a JPEG image; read as that"));
  DataConfig config = image_config();
  config.image.reset();
  EXPECT_THAT(load_error(config, project), HasSubstr("image = \"96x96\""));
  config = image_config();
  config.rate = 100;
  EXPECT_THAT(load_error(config, project), HasSubstr("take out rate, window and stride"));
  config = image_config();
  config.label = {"stored"};
  EXPECT_THAT(load_error(config, project), HasSubstr("label = \"stored\", but this format has no labels"));
}

// What stb_image lacks of a BMP image it takes for black.
TEST(Images, ABmpThatIsCutOffIsRefused) {
  ProjectFolder project;
  const std::string bmp = encoded("bmp", 7, 6, picture(7, 6, true, 3));  // rows of 21 bytes, filled up to 24
  project.write("images/b/b.bmp", encoded("bmp", 8, 6, picture(8, 6, false, 3)));
  for (const size_t cut : {size_t{4}, bmp.size() / 2, bmp.size() - 54}) {
    project.write("images/a/a.bmp", bmp.substr(0, bmp.size() - cut));
    EXPECT_THAT(load_error(image_config(), project),
                AllOf(HasSubstr("images/a/a.bmp: the file is cut off"), HasSubstr("Get the file again")));
  }
  project.write("images/a/a.bmp", bmp.substr(0, bmp.size() - 3));  // some writers leave out the last filling
  EXPECT_EQ(load(image_config(), project).recordings.size(), 2u);
}

TEST(Images, SizesInMoteToml) {
  const Result<ImageSize> size = parse_image_size("96x64 gray");
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(size->width, 96);
  EXPECT_EQ(size->height, 64);
  EXPECT_TRUE(size->gray);
  EXPECT_FALSE(parse_image_size("28x28")->gray);
  for (const char* wrong : {"", "96", "x", "96x", "x96", "0x4", "-1x4", "96x96 blue", "2000x4", "1.5x2", "96x96gray"})
    EXPECT_FALSE(parse_image_size(wrong).ok()) << wrong;
}

DataConfig stored_config(const char* source) {
  DataConfig config = image_config();
  config.source = {source};
  config.label = {"stored"};
  return config;
}

TEST(Images, CifarBatches) {
  ProjectFolder project;
  std::string batch;
  for (int i = 0; i < 12; ++i) {
    batch += static_cast<char>(i % 3);
    for (int c = 0; c < 3; ++c)
      for (int k = 0; k < 1024; ++k) batch += static_cast<char>((i * 7 + c * 50 + k % 32) & 127);
  }
  project.write("cifar/data_batch_1.bin", batch);
  project.write("cifar/batches.meta.txt", "airplane\nautomobile\nbird\n\n");
  DataConfig config = stored_config("cifar/*.bin");
  config.image = ImageSize{32, 32, false};
  config.split.test.fraction = 0.25;
  const Dataset dataset = load(config, project);
  EXPECT_THAT(dataset.classes, ElementsAre("airplane", "automobile", "bird"));
  EXPECT_EQ(dataset.train.size(), 9);
  EXPECT_EQ(dataset.test.size(), 3);  // each image is a recording of its own
  EXPECT_EQ(dataset.counts[1024 * 3 * 5 + 3 * 40 + 1], (5 * 7 + 50 + 8) & 127);
  config.image->gray = true;
  EXPECT_EQ(load(config, project).counts.size(), 12u * 1024);
  project.write("cifar/batches.meta.txt", "airplane\nautomobile\n");
  EXPECT_THAT(load_error(config, project), HasSubstr("image 2 has the label 2, but there are 2 names"));
  project.write("cifar/data_batch_1.bin", batch.substr(1));
  EXPECT_THAT(load_error(config, project), HasSubstr("no whole number of CIFAR images"));
}

std::string idx(std::initializer_list<int> shape, const std::string& data) {
  std::string text{'\0', '\0', '\x08', static_cast<char>(shape.size())};
  for (const int size : shape) text += {'\0', '\0', static_cast<char>(size >> 8), static_cast<char>(size & 255)};
  return text + data;
}

TEST(Images, IdxWithLabelsBeside) {
  ProjectFolder project;
  std::string pixels, labels;
  for (int i = 0; i < 10; ++i) {
    labels += static_cast<char>(i % 2 ? 7 : 10);
    for (int k = 0; k < 48; ++k) pixels += static_cast<char>((i * 20 + k) & 255);
  }
  project.write("mnist/train-images-idx3-ubyte", idx({10, 6, 8}, pixels));
  project.write("mnist/train-labels-idx1-ubyte", idx({10}, labels));
  DataConfig config = stored_config("mnist/*images*");
  config.image->gray = true;
  const Dataset dataset = load(config, project);
  EXPECT_THAT(dataset.classes, ElementsAre("7", "10"));
  ASSERT_EQ(dataset.counts.size(), pixels.size());
  for (size_t i = 0; i < pixels.size(); ++i) EXPECT_EQ(dataset.counts[i], static_cast<uint8_t>(pixels[i]));
  project.write("mnist/train-labels-idx1-ubyte", idx({9}, labels.substr(1)));
  EXPECT_THAT(load_error(config, project), HasSubstr("9 labels for the 10 images"));
  project.write("mnist/train-images-idx3-ubyte", idx({10, 6, 8}, pixels.substr(3)));
  EXPECT_THAT(load_error(config, project), HasSubstr("477 bytes of data, its header promises 480"));
  project.write("mnist/train-images-idx3-ubyte", idx({10, 6, 8}, pixels));
  project.write("mnist/train-labels-idx1-ubyte", idx({10}, labels));
  config.source = {"mnist/*"};
  EXPECT_THAT(load_error(config, project), HasSubstr("let source name the files with images only"));
}

TEST(Images, CifarOfTheDataSet) {
  const std::filesystem::path folder = shared_data() / "images_cifar10";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "needs " << folder;
  DataConfig config = stored_config("test_batch.bin");
  config.image = ImageSize{32, 32, true};
  Result<Dataset> loaded = load_dataset(config, folder, {});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const Dataset& dataset = *loaded;
  EXPECT_EQ(dataset.train.size(), 2000);
  EXPECT_EQ(dataset.classes.size(), 10u);
  EXPECT_THAT(dataset.class_counts(dataset.train), Each(200));
}

}  // namespace
}  // namespace mote
