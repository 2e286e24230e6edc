// Images: of another size, blank, copies in two parts, labels that look wrong.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <unordered_map>

#include "toolchain/data/check_rules.h"

namespace mote {
namespace {

constexpr double kMostAlike = 0.8;  // of the images have one size: others stand out
constexpr double kSqueezed = 1.25;  // ratio of the sides against the project's, either way
constexpr int kBlank = 6;           // steps of 256 between the darkest and the brightest pixel, at most
constexpr int32_t kSide = 8;        // of a thumbnail
constexpr int32_t kPixels = kSide * kSide;
constexpr int32_t kBands = 4, kBandBits = kPixels / kBands;  // of its signs
constexpr size_t kMostInBucket = 64;
constexpr double kImageCopy = 0.2;  // rest of an image's variation after brightness and contrast are fitted, as a root
constexpr double kLeastContrast = 4;  // deviation in steps of 256: flatter images are alike by chance
constexpr size_t kMostImages = 5000, kNearImages = 9, kOtherImages = 8;
constexpr double kReliableImages = 0.8;  // as for windows (check_neighbours.cpp)
constexpr double kImagePairUsual = 0.05;

std::string size_text(int32_t width, int32_t height) {
  return fmt::format("{} x {}", width, height);
}

void check_size(const CheckInput& input, std::vector<Finding>& findings) {
  const Scan scan{input, findings};
  std::map<std::pair<int32_t, int32_t>, int64_t> sizes;
  int64_t pictures = 0;
  for (const Series& series : *input.series)
    if (series.width > 0) ++sizes[{series.width, series.height}], ++pictures;
  if (pictures == 0) return;
  const auto usual =
      std::max_element(sizes.begin(), sizes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const bool alike = static_cast<double>(usual->second) >= kMostAlike * static_cast<double>(pictures);
  const double wanted = static_cast<double>(input.config->image->width) / input.config->image->height;
  for (const Series& series : *input.series) {
    if (series.width == 0) continue;
    const double squeeze = static_cast<double>(series.width) / series.height / wanted;
    const bool squeezed = squeeze > kSqueezed || squeeze < 1 / kSqueezed;
    const bool odd = alike && usual->second > 1 && std::pair(series.width, series.height) != usual->first;
    if (!odd && !squeezed) continue;
    scan.add(squeezed ? Severity::warning : Severity::note, "size", series, -1,
             fmt::format("{} pixels{}", size_text(series.width, series.height),
                         odd ? fmt::format(", most images have {}", size_text(usual->first.first, usual->first.second))
                             : fmt::format(", the project's images {}",
                                           size_text(input.config->image->width, input.config->image->height))),
             squeezed ? "it is stretched to the project's size: what is round in others is not here"
                      : "it is brought to the project's size, and is sharper or duller than the others",
             squeezed ? "cut the image to the shape of the others, or choose image = \"...\" of their shape"
                      : "look at where it comes from");
  }
}

// Every image of a file: of a batch each stretch.
void check_blank(const CheckInput& input, std::vector<Finding>& findings) {
  const Scan scan{input, findings};
  for (const Series& series : *input.series)
    for (size_t i = 0; i < series.stretches.size(); ++i) {
      const Stretch& image = series.stretches[i];
      bool blank = image.end > image.begin;
      for (size_t c = 0; c < scan.channels() && blank; ++c) {
        double low = INFINITY, high = -INFINITY;
        for (int64_t row = image.begin; row < image.end; ++row)
          low = std::min(low, scan.value(series, row, c)), high = std::max(high, scan.value(series, row, c));
        blank = high - low <= kBlank;
      }
      if (!blank) continue;
      Finding& finding =
          scan.add(Severity::warning, "blank", series, -1,
                   fmt::format("{}all pixels are nearly alike", series.each_alone ? fmt::format("image {}: ", i) : ""),
                   "a lens that was covered, a frame that was not ready: nothing can be learned from it",
                   "take the image again or away; `mote data clean --fix blank` leaves it out");
      if (!series.each_alone) finding.repair = {{ChangeAction::leave_out, "blank", series.file, 0, 0, "", {}}};
    }
}

// An image in small, in gray, and whether each pixel is above the one to its left.
struct Thumbnail {
  std::array<float, kPixels> values{};  // mean 0, length 1; all 0 for an image without contrast
  uint64_t signs = 0;
};

Thumbnail thumbnail_of(const Dataset& dataset, const DataWindow& window) {
  const std::span<const int16_t> counts = dataset.window(window);
  const int32_t height = dataset.contract.height, width = dataset.contract.window / height;
  const auto channels = static_cast<int32_t>(dataset.contract.channels.size());
  std::array<double, kPixels> sums{}, n{};
  double sum = 0, squares = 0;
  for (int32_t y = 0; y < height; ++y)
    for (int32_t x = 0; x < width; ++x) {
      const auto cell = static_cast<size_t>(y * kSide / height * kSide + x * kSide / width);
      double gray = 0;
      for (int32_t c = 0; c < channels; ++c) gray += counts[static_cast<size_t>((y * width + x) * channels + c)];
      gray /= channels;
      sums[cell] += gray, n[cell] += 1;
      sum += gray, squares += gray * gray;
    }
  Thumbnail small;
  const double pixels = static_cast<double>(dataset.contract.window), mean = sum / pixels;
  if (std::sqrt(std::max(0.0, squares / pixels - mean * mean)) < kLeastContrast) return small;
  double length = 0;
  for (size_t i = 0; i < kPixels; ++i) {
    const double value = n[i] > 0 ? sums[i] / n[i] - mean : 0;
    small.values[i] = static_cast<float>(value), length += value * value;
  }
  for (float& value : small.values) value = length > 0 ? static_cast<float>(value / std::sqrt(length)) : 0;
  for (size_t i = 0; i < kPixels; ++i) {
    const size_t left = i % kSide == 0 ? i + kSide - 1 : i - 1;
    small.signs |= uint64_t{small.values[i] > small.values[left]} << i;
  }
  return small;
}

// What is left of an image when the other one, made as bright and as contrasty, is taken away, over its deviation.
double rest_of(std::span<const int16_t> a, std::span<const int16_t> b) {
  double sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    sum_a += x, sum_b += y, aa += x * x, bb += y * y, ab += x * y;
  }
  const auto n = static_cast<double>(a.size());
  const double va = aa - sum_a * sum_a / n, vb = bb - sum_b * sum_b / n, cov = ab - sum_a * sum_b / n;
  if (va <= 0 || vb <= 0 || cov <= 0) return 1;
  return std::sqrt(std::max(0.0, 1 - cov * cov / (va * vb)));
}

class PictureCheck {
 public:
  PictureCheck(const CheckInput& input, const Dataset& dataset, std::vector<Finding>& findings)
      : scan_{input, findings}, dataset_(dataset) {
    for (const Series& series : *input.series) series_[series.file] = &series;
    const DataPart* const parts[] = {&dataset.train, &dataset.validation, &dataset.test};
    for (int part = 0; part < 3; ++part)
      for (const DataWindow& window : parts[part]->windows)
        images_.push_back({&window, part, thumbnail_of(dataset, window)});
  }
  void find_copies();
  void find_wrong_labels();

 private:
  struct Image {
    const DataWindow* window;
    int part;
    Thumbnail small;
    bool flat() const { return small.signs == 0; }
  };
  const Recording& recording(const Image& image) const {
    return dataset_.recordings[static_cast<size_t>(image.window->recording)];
  }
  // "batch.bin, image 17" for one of several of a file.
  std::string name_of(const Image& image) const {
    const Recording& where = recording(image);
    if (!series_.at(where.file)->each_alone) return where.file;
    return fmt::format("{}, image {}", where.file, where.first_reading / dataset_.contract.window);
  }
  const std::string& label_of(const Image& image) const {
    return dataset_.classes[static_cast<size_t>(image.window->label)];
  }
  Finding& add(const char* kind, const Image& image, std::string what, const char* why, const char* todo) {
    const Series& series = *series_.at(recording(image).file);
    if (series.each_alone)
      what = fmt::format("image {}: {}", recording(image).first_reading / dataset_.contract.window, what);
    return scan_.add(Severity::warning, kind, series, -1, std::move(what), why, todo);
  }
  void leave_out(Finding& finding, const Image& image) const {
    const Series& series = *series_.at(recording(image).file);
    if (!series.each_alone) finding.repair = {{ChangeAction::leave_out, finding.kind, series.file, 0, 0, "", {}}};
  }
  void report_copy(const Image& image, const Image& other, double rest);

  Scan scan_;
  const Dataset& dataset_;
  std::map<std::string, const Series*> series_;
  std::vector<Image> images_;
};

void PictureCheck::report_copy(const Image& image, const Image& other, double rest) {
  if (!dataset_.classes.empty() && image.window->label != other.window->label)
    add("conflict", image,
        fmt::format("labelled '{}', and nearly the same image is '{}' in {} ({:.0f} % apart)", label_of(image),
                    label_of(other), name_of(other), 100 * rest),
        "nothing can tell the two apart", "find out which label is right and delete the other copy");
  if (image.part == other.part) return;
  Finding& finding =
      add("near_duplicate", image,
          fmt::format("an image of the {} part is nearly the same as one of the {} part ({}): {:.0f} % apart",
                      kPartNames[image.part], kPartNames[other.part], name_of(other), 100 * rest),
          "the test would ask what was learned by heart: a copy, another size or quality of one picture",
          "delete one of the two, put both in one group, or let `mote data clean --fix near_duplicate` take the other "
          "copy out");
  leave_out(finding, other);
}

// Copies share the signs of a band of their thumbnails at least, whatever was done to brightness and quality.
void PictureCheck::find_copies() {
  std::unordered_map<uint64_t, std::vector<size_t>> buckets;
  for (size_t i = 0; i < images_.size(); ++i) {
    const Image& image = images_[i];
    if (image.flat()) continue;
    size_t found = i;
    double nearest = kImageCopy;
    for (int32_t band = 0; band < kBands; ++band) {
      const uint64_t key = (image.small.signs >> (band * kBandBits) & 0xFFFF) | uint64_t{1} << (20 + band);
      std::vector<size_t>& bucket = buckets[key];
      for (const size_t k : bucket) {
        float product = 0;
        for (size_t p = 0; p < kPixels; ++p) product += image.small.values[p] * images_[k].small.values[p];
        if (product < 0.97f || k == found) continue;
        const std::span<const int16_t> a = dataset_.window(*image.window), b = dataset_.window(*images_[k].window);
        if (std::equal(a.begin(), a.end(), b.begin())) continue;  // check_split names equal ones
        if (const double rest = rest_of(a, b); rest < nearest) nearest = rest, found = k;
      }
      if (bucket.size() < kMostInBucket) bucket.push_back(i);
    }
    if (found != i) report_copy(image, images_[found], nearest);
  }
}

// Where images of a class are alike as a whole (digits, parts on a belt), nine neighbours tell a wrong label; where
// they are not, nothing is said.
void PictureCheck::find_wrong_labels() {
  if (dataset_.task != DataTask::classification || dataset_.classes.size() < 2) return;
  const size_t classes = dataset_.classes.size(), step = images_.size() / kMostImages + 1;
  std::vector<size_t> sample;
  for (size_t i = 0; i < images_.size(); i += step)
    if (!images_[i].flat()) sample.push_back(i);
  std::vector<double> judged(classes, 0), right(classes, 0), pairs(classes * classes, 0);
  std::vector<std::pair<size_t, size_t>> wrong;  // image, the label that it looks like
  for (const size_t i : sample) {
    std::vector<std::pair<float, size_t>> near;
    for (const size_t k : sample) {
      if (k == i) continue;
      float product = 0;
      for (size_t p = 0; p < kPixels; ++p) product += images_[i].small.values[p] * images_[k].small.values[p];
      near.emplace_back(-product, k);
    }
    if (near.size() < kNearImages) return;
    std::nth_element(near.begin(), near.begin() + kNearImages, near.end());
    std::vector<size_t> votes(classes, 0);
    for (size_t n = 0; n < kNearImages; ++n) ++votes[static_cast<size_t>(images_[near[n].second].window->label)];
    const auto own = static_cast<size_t>(images_[i].window->label);
    judged[own] += 1, right[own] += votes[own] * 2 > kNearImages;
    const auto most = std::max_element(votes.begin(), votes.end());
    if (votes[own] > 0 || *most < kOtherImages) continue;
    wrong.emplace_back(i, static_cast<size_t>(most - votes.begin()));
    pairs[own * classes + wrong.back().second] += 1;
  }
  for (const auto& [i, other] : wrong) {
    const auto own = static_cast<size_t>(images_[i].window->label);
    if (right[own] < kReliableImages * judged[own] || right[other] < kReliableImages * judged[other]) continue;
    if (pairs[own * classes + other] > std::max(1.0, kImagePairUsual * judged[own])) continue;
    Finding& finding =
        add("mislabelled", images_[i],
            fmt::format("labelled '{}', but the images most like it are '{}'", label_of(images_[i]),
                        dataset_.classes[other]),
            "a wrong label teaches the wrong thing and makes the test lie",
            "look at the image; correct its label, or let `mote data clean --fix mislabelled` take it out");
    leave_out(finding, images_[i]);
  }
}

}  // namespace

void check_pictures(const CheckInput& input, std::vector<Finding>& findings) {
  if (!input.config->image) return;
  check_size(input, findings);
  check_blank(input, findings);
}

void check_alike_pictures(const CheckInput& input, const Dataset& dataset, std::vector<Finding>& findings) {
  if (!input.config->image) return;
  PictureCheck check(input, dataset, findings);
  check.find_copies();
  check.find_wrong_labels();
}

}  // namespace mote
