// Faults planted in folders of images: named, and nothing that only recordings in time can have.
#include <gmock/gmock.h>

#include <cmath>

#include "toolchain/base/random.h"
#include "toolchain/data/check.h"
#include "toolchain/data/page.h"
#include "toolchain/data/show.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int kImageSide = 24;

// 0 to 255, by place from 0 to 1.
using Painter = std::function<double(double x, double y)>;

// An uncompressed BMP of 24 bits, gray.
std::string bitmap(int width, int height, const Painter& paint) {
  const int row = (3 * width + 3) / 4 * 4, size = 54 + row * height;
  std::string bytes(static_cast<size_t>(size), '\0');
  const auto number = [&](size_t at, int value, int n) {
    for (int i = 0; i < n; ++i) bytes[at + static_cast<size_t>(i)] = static_cast<char>(value >> (8 * i));
  };
  bytes[0] = 'B', bytes[1] = 'M';
  number(2, size, 4), number(10, 54, 4), number(14, 40, 4), number(18, width, 4), number(22, height, 4);
  number(26, 1, 2), number(28, 24, 2), number(34, row * height, 4);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < 3 * width; ++x) {
      double value = 0;  // over the pixel's area, as a lens has it
      for (int part = 0; part < 16; ++part)
        value +=
            paint((static_cast<double>(x / 3) + (part % 4 + 0.5) / 4) / width, (y + (part / 4 + 0.5) / 4) / height) /
            16;
      bytes[static_cast<size_t>(54 + (height - 1 - y) * row + x)] =
          static_cast<char>(static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 255.0))));
    }
  return bytes;
}

// A ring or a cross, somewhere, on a background that no two images share.
Painter shape(const std::string& label, uint64_t seed) {
  Random random(seed);
  const double cx = 0.5 + 0.04 * random.normal(), cy = 0.5 + 0.04 * random.normal();
  double phase[6];
  for (double& one : phase) one = 6.28 * random.uniform();
  return [=](double x, double y) {
    const double r = std::hypot(x - cx, y - cy);
    const bool inside = label == "ring" ? std::abs(r - 0.3) < 0.08 : std::abs(x - cx) < 0.07 || std::abs(y - cy) < 0.07;
    double ground = 60;
    for (int k = 0; k < 6; ++k) ground += 12 * std::sin((3 + k) * (k % 2 == 0 ? x : y) * 3 + phase[k]);
    return inside ? 210 : ground;
  };
}

class ImageCheck : public testing::Test {
 protected:
  void SetUp() override {
    config_.source = {"images/*/*"};
    config_.label = {"folder"};
    config_.image = ImageSize{kImageSide, kImageSide, true};
    config_.split.by = "file";
    config_.split.validation = {0, {}};
    config_.split.test = {0, {"images/*/test_*"}};
    for (int i = 0; i < 40; ++i)
      for (const char* label : {"ring", "cross"})
        write(label, (i < 30 ? "a_" : "test_") + std::to_string(i), kImageSide, kImageSide, painter(label, i));
  }
  static Painter painter(const std::string& label, int i) {
    return shape(label, static_cast<uint64_t>(2 * i + (label == "ring")));
  }
  void write(const std::string& label, const std::string& name, int width, int height, const Painter& paint) {
    project_.write("images/" + label + "/" + name + ".bmp", bitmap(width, height, paint));
  }
  std::vector<Finding> findings(const std::string& kind) {
    const Result<CheckReport> report = check_data(config_, project_.path(), {});
    EXPECT_TRUE(report.ok()) << report.error().message;
    std::vector<Finding> found;
    for (const Finding& finding : report->findings)
      if (finding.kind == kind) found.push_back(finding);
    text_ = to_text(*report);
    return found;
  }
  ProjectFolder project_;
  DataConfig config_;
  std::string text_;
};

TEST_F(ImageCheck, NothingInGoodOnes) {
  const Result<CheckReport> report = check_data(config_, project_.path(), {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  for (const Finding& finding : report->findings) EXPECT_EQ(finding.kind, "few") << to_text(*report);
  config_.split.by = "random";  // images have no neighbours in time
  config_.split.test = {0.2, {}};
  EXPECT_THAT(findings("leak"), IsEmpty());
}

TEST_F(ImageCheck, WhatIsNoImageIsNamedAndTheRestGoesOn) {
  project_.write("images/ring/broken.png", "\x89PNG\r\n\x1A\n and then nothing");
  const std::vector<Finding> found = findings("unreadable");
  ASSERT_EQ(found.size(), 1u) << text_;
  EXPECT_EQ(found[0].file, "images/ring/broken.png");
  EXPECT_EQ(found[0].repair.size(), 1u);
}

TEST_F(ImageCheck, AnotherSizeAndAnotherShape) {
  write("ring", "large", 2 * kImageSide, 2 * kImageSide, painter("ring", 90));
  write("ring", "wide", 3 * kImageSide, kImageSide, painter("ring", 91));
  const std::vector<Finding> found = findings("size");
  ASSERT_EQ(found.size(), 2u) << text_;
  EXPECT_EQ(found[0].file, "images/ring/wide.bmp");  // warnings first
  EXPECT_EQ(found[0].severity, Severity::warning);
  EXPECT_THAT(found[1].what, HasSubstr("48 x 48 pixels, most images have 24 x 24"));
  EXPECT_EQ(found[1].severity, Severity::note);
}

TEST_F(ImageCheck, BlankOnes) {
  write("cross", "dark", kImageSide, kImageSide, [](double x, double) { return 3 * x; });
  const std::vector<Finding> found = findings("blank");
  ASSERT_EQ(found.size(), 1u) << text_;
  EXPECT_EQ(found[0].file, "images/cross/dark.bmp");
  ASSERT_EQ(found[0].repair.size(), 1u);
  EXPECT_EQ(found[0].repair[0].action, ChangeAction::leave_out);
}

TEST_F(ImageCheck, CopiesAcrossTheSplit) {
  write("ring", "test_same", kImageSide, kImageSide, painter("ring", 3));
  EXPECT_EQ(findings("duplicate").size(), 1u) << text_;
  EXPECT_THAT(text_, HasSubstr("an image of the test part is also in the training part"));
  // Brighter, with less contrast, and in another size.
  write("ring", "test_bright", kImageSide, kImageSide,
        [paint = painter("ring", 5)](double x, double y) { return 40 + 0.8 * paint(x, y); });
  write("cross", "test_large", 2 * kImageSide, 2 * kImageSide, painter("cross", 7));
  const std::vector<Finding> found = findings("near_duplicate");
  ASSERT_EQ(found.size(), 2u) << text_;
  EXPECT_EQ(found[0].file, "images/cross/test_large.bmp");
  EXPECT_THAT(found[0].what, HasSubstr("images/cross/a_7.bmp"));
  EXPECT_EQ(found[1].file, "images/ring/test_bright.bmp");
  ASSERT_EQ(found[1].repair.size(), 1u);
  EXPECT_EQ(found[1].repair[0].file, "images/ring/a_5.bmp");  // the training copy goes
}

TEST_F(ImageCheck, WrongLabels) {
  write("ring", "wrong", kImageSide, kImageSide, painter("cross", 95));
  std::vector<Finding> found = findings("mislabelled");
  ASSERT_EQ(found.size(), 1u) << text_;
  EXPECT_EQ(found[0].file, "images/ring/wrong.bmp");
  EXPECT_THAT(found[0].what, HasSubstr("labelled 'ring', but the images most like it are 'cross'"));
  // One picture in two folders, saved twice.
  write("cross", "again", kImageSide, kImageSide,
        [paint = painter("ring", 8)](double x, double y) { return 10 + 0.9 * paint(x, y); });
  EXPECT_EQ(findings("conflict").size(), 1u) << text_;
}

TEST_F(ImageCheck, ThePageShowsPicturesAndNoCurves) {
  const Dataset dataset = load(config_, project_);
  const std::string page = data_page("images", dataset, nullptr, CheckReport{});
  EXPECT_THAT(page, HasSubstr("src=\"data:image/bmp;base64,Qk"));  // BM
  EXPECT_THAT(page, Not(HasSubstr("Waveforms")));
  EXPECT_THAT(show_data(dataset, 100), Not(HasSubstr("readings from line")));
}

}  // namespace
}  // namespace mote
