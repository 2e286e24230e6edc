// Prepared data for other tools: what training sees, at one rate, cut, labelled and split.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "toolchain/base/result.h"
#include "toolchain/data/dataset.h"

namespace mote {

enum class ExportFormat {
  // training/ and testing/ (validation is training there), one CSV per unbroken stretch of windows of one part:
  // timestamp in milliseconds, then a column per channel. <label>.<file>.<number>.csv: the label is what stands before
  // the first dot. For regression the label is the mean of the stretch's first target.
  edge_impulse,
  // <part>_x.npy, float32 (windows, readings, channels), of images (images, height, width, channels), of a table (rows,
  // channels); <part>_labels.csv with index, label or targets, group, file.
  npy,
};

struct Exported {
  int64_t files = 0, windows = 0;
};

// Into a folder that must not exist yet, whole or not at all. Errors: it exists; images or tables as Edge Impulse CSV.
Result<Exported> export_dataset(const Dataset& dataset, ExportFormat format, const std::filesystem::path& folder);

}  // namespace mote
