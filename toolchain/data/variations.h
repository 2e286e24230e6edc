// The variations themselves, on windows of `channels` interleaved values.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "features/feature.h"
#include "toolchain/base/random.h"

namespace mote {

// Channel indices by sensor: triples xx, xy, xz, and single channels.
std::vector<std::vector<int32_t>> find_sensors(const std::vector<ChannelContract>& channels);

// Every triple turned by one rotation: axis uniform on the sphere, angle uniform in +-`most` radians.
void rotate_sensors(std::span<float> window, int32_t channels, const std::vector<std::vector<int32_t>>& sensors,
                    double most, Random& random);

// Reading i becomes what the window holds at centre + speed-weighted distance + shift; linear between readings. The
// speed goes linearly from `first` to `last` along the window. scratch: as long as the window.
void retime(std::span<float> window, std::span<float> scratch, int32_t channels, double first, double last,
            double shift);

// An image of `height` rows: its columns in reverse.
void flip_columns(std::span<float> image, int32_t height, int32_t channels);
// An image moved by rows and columns; its edges are repeated. scratch: as long as the image.
void move_image(std::span<float> image, std::span<float> scratch, int32_t height, int32_t channels, int32_t down,
                int32_t right);

// A stretch of the rows, or of the columns, of features [rows, columns] becomes 0: up to `most` of them, its length and
// place uniform (SpecAugment: Park et al., Interspeech 2019).
void mask_rows(std::span<float> features, int32_t columns, double most, Random& random);
void mask_columns(std::span<float> features, int32_t columns, double most, Random& random);

}  // namespace mote
