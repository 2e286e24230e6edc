// Every case in TensorFlow's own runtimes: the integer form byte for byte, the float form within rounding.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "tests/conformance/host_run.h"
#include "tests/conformance/model_folder.h"
#include "tests/parity/peers.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/tflite/writer.h"

namespace mote::conformance {
namespace {

constexpr uint64_t kSeed = 20261124;
constexpr int32_t kRandomCases = 20;

// Where a peer cannot run a case, or gives other bytes than the other peer, whose bytes are ours.
struct KnownDifference {
  const char* peer;
  const char* case_prefix;
  const char* reason;
  int32_t steps;          // the most by which its integers differ; kCannotRun: it has no answer; kUndefined: any
  const char* form = "";  // ".integer": not in float32
};
constexpr int32_t kCannotRun = -1, kUndefined = INT32_MAX;
constexpr KnownDifference kKnownDifferences[] = {
    {"tflm", "quantize.to_uint8", "its QUANTIZE has no float32 to uint8", kCannotRun},
    {"tflm", "quantize.uint8_to_uint8", "its QUANTIZE has no uint8 to uint8", kCannotRun},
    {"litert", "quantize.int8_to_int16", "its QUANTIZE has no int8 to int16", kCannotRun},
    {"litert", "quantize.int8_to_int32", "its QUANTIZE has no int8 to int32", kCannotRun},
    {"litert", "svdf.plain_batch", "its int8 SVDF wants relu", kCannotRun, ".integer"},
    {"litert", "svdf.int8_state", "its SVDF takes an int8 state for int16 and writes beyond it", kCannotRun,
     ".integer"},
    {"litert", "unidirectional_sequence_lstm.", "its int8 LSTM wants tensors that nothing reads", kCannotRun,
     ".integer"},
    {"litert", "conv_2d.int16_bias_int32", "its int16 CONV_2D takes any bias for one of 64 bits", kUndefined},
    {"litert", "fully_connected.int16_bias_int32", "its int16 FULLY_CONNECTED takes any bias for one of 64 bits",
     kUndefined},
    {"litert", "batch_matmul.random", "it leaves outputs unset where an input repeats its batches", kUndefined},
    {"tflm", "reduce_prod.", "it has no REDUCE_PROD", kCannotRun},
    {"tflm", "tile.", "it has no TILE", kCannotRun},
    {"tflm", "mirror_pad.int16", "its MIRROR_PAD has no int16", kCannotRun, ".integer"},
    {"tflm", "cast.uint8", "its CAST has no uint8", kCannotRun},
    {"litert", "relu.random", "it rounds the ratio of the scales to a float", 1},
    {"litert", "abs.random", "it rounds the ratio of the scales to a float", 1},
    {"litert", "leaky_relu.random", "it rounds the ratio of the scales to a float", 1},
    {"tflm", "strided_slice.ellipsis", "its STRIDED_SLICE has no ellipsis", kCannotRun},
    {"tflm", "strided_slice.new_axis", "its STRIDED_SLICE has no new axes", kCannotRun},
    {"tflm", "strided_slice.offset", "its STRIDED_SLICE has no ends that count from the beginning", kCannotRun},
    {"litert", "my_op.random", "it rounds the ratio of the scales to a float", 1},
    {"litert", "hard_swish.random", "it rounds the ratio of the scales to a float", 1},
    {"litert", "sub.random", "it rounds the ratio of the scales to a float", 1},
    {"tflm", "space_to_batch_nd.", "what it puts around the image comes from memory that it never sets", kUndefined},
    {"litert", "sum.", "its int8 SUM gives -1 everywhere", 255},
};

const KnownDifference* known_difference(const std::string& peer, const std::string& stem) {
  for (const KnownDifference& known : kKnownDifferences)
    if (peer == known.peer && stem.starts_with(known.case_prefix) && stem.ends_with(known.form)) return &known;
  return nullptr;
}

void compare(const CaseModel& model, const std::vector<uint8_t>& ours, const std::vector<uint8_t>& theirs,
             int32_t steps) {
  TensorType type = output_type(model.graph);
  if (type.dtype != DType::float32) {
    ASSERT_EQ(ours.size(), theirs.size());
    if (steps == 0) {
      EXPECT_EQ(ours, theirs);
    }
    type.quant = {};
    const auto a = to_real(type, ours), b = to_real(type, theirs);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], steps) << "element " << i;
    return;
  }
  const TensorType plain{DType::float32, {}, {}};
  const auto a = to_real(plain, ours), b = to_real(plain, theirs);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5 * (1 + std::fabs(b[i]))) << "element " << i;
}

TEST(Peers, LiteRtAndTflmGiveTheSameBytes) {
  const fs::path source = std::getenv("MOTE_SOURCE_DIR"), build = std::getenv("MOTE_BINARY_DIR");
  const fs::path folder = build / "conformance" / all_ops()[0]->name / "peers";
  const auto python = peer_python();
  if (!python.ok()) GTEST_SKIP() << python.error().message;

  RecordProperty("seed", std::to_string(kSeed));
  std::vector<CaseModel> models = all_case_models();
  for (bool integer : {false, true})
    for (CaseModel& model : random_case_models(kSeed, kRandomCases, integer)) models.push_back(std::move(model));
  fs::remove_all(folder);
  const auto written = write_models(folder, models);
  ASSERT_TRUE(written.ok()) << written.error().message;
  const auto ran =
      run_process({python->string(), (source / "tests/conformance/peers.py").string(), "run", folder.string()}, 600);
  ASSERT_TRUE(ran.ok()) << ran.error().message;
  ASSERT_EQ(ran->exit_status, 0) << ran->errors;

  for (const CaseModel& model : models) {
    const auto file = write_tflite(model.graph);
    ASSERT_TRUE(file.ok());
    const HostRun run = run_on_host(*file, model.inputs, invokes_of(model));
    ASSERT_EQ(run.status, Status::ok) << stem_of(model);
    for (const std::string peer : {"litert", "tflm"}) {
      SCOPED_TRACE(stem_of(model) + " in " + peer);
      const KnownDifference* known = known_difference(peer, stem_of(model));
      if (known != nullptr) RecordProperty(stem_of(model) + "." + peer, known->reason);
      const auto theirs = read_file(folder / (stem_of(model) + "." + peer));
      const auto refusal = read_text(folder / (stem_of(model) + "." + peer + ".error"));
      if (known != nullptr && known->steps == kCannotRun) {
        EXPECT_FALSE(theirs.ok()) << "it runs now: " << known->reason;
        continue;
      }
      EXPECT_TRUE(theirs.ok()) << (refusal.ok() ? *refusal : "no answer");
      if (known != nullptr && known->steps == kUndefined) {
        EXPECT_EQ(theirs->size(), in_a_row(run.outputs).size());
        continue;
      }
      if (theirs.ok()) compare(model, in_a_row(run.outputs), *theirs, known != nullptr ? known->steps : 0);
    }
  }
}

}  // namespace
}  // namespace mote::conformance
