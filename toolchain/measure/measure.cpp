#include "toolchain/measure/measure.h"

#include <fmt/format.h>

#include <algorithm>

#include "toolchain/base/files.h"
#include "toolchain/measure/build.h"
#include "toolchain/measure/counts.h"
#include "toolchain/measure/emulate.h"
#include "toolchain/measure/layers.h"

namespace mote {
namespace {

constexpr const char* kInputFile = "mote-input.bin";  // names that template/main.cpp opens
constexpr const char* kOutputFile = "mote-output.bin";

std::string kibibytes(double bytes) {
  return fmt::format("{:.1f} KiB", bytes / 1024);
}

// Adds a misfit when `needed` does not fit in `available`.
void check_memory(const char* memory, const char* parts, int64_t needed, double available, const char* advice,
                  Measurement& measurement) {
  if (static_cast<double>(needed) <= available) return;
  measurement.fits = false;
  measurement.misfits.push_back(fmt::format("needs {} of {} ({}), {} has {}: {}",
                                            kibibytes(static_cast<double>(needed)), memory, parts, measurement.board,
                                            kibibytes(available), advice));
}

void check_fit(const Board& board, Measurement& m) {
  check_memory("flash", "model and code", m.flash.total(), board.flash_bytes.value,
               "take a smaller model or a board with more flash", m);
  check_memory("RAM", m.ram.stack > 0 ? "arena, static and stack" : "arena and static, before any stack", m.ram.total(),
               board.ram_bytes.value, "take smaller layers or a shorter window, or a board with more RAM", m);
}

// Little-endian header and rows: see InputHeader in template/main.cpp.
Result<void> write_rows(const fs::path& path, const MeasureOptions& options, uint32_t rows) {
  std::vector<uint8_t> file;
  for (const uint32_t field : {options.row_kind == RowKind::readings ? 1u : 0u, rows}) {
    for (int byte = 0; byte < 4; ++byte) file.push_back(static_cast<uint8_t>(field >> (8 * byte)));
  }
  file.insert(file.end(), options.rows.begin(), options.rows.end());
  return write_file(path, std::span<const uint8_t>(file));
}

Result<uint32_t> row_count(const std::string& name, const Firmware& firmware, const MeasureOptions& options) {
  const bool readings = options.row_kind == RowKind::readings;
  const int64_t row_bytes = readings ? firmware.window_readings * 2 : firmware.input_bytes;
  if (options.rows.empty()) return 0u;
  if (row_bytes == 0)
    return input_error(name + ": it has no feature block, so it cannot be fed readings; feed model inputs");
  const auto bytes = static_cast<int64_t>(options.rows.size());
  if (bytes % row_bytes != 0) {
    return input_error(
        fmt::format("{}: {} bytes were given to feed, which is not a multiple of the {} bytes that one {} takes", name,
                    bytes, row_bytes, readings ? "window of readings" : "set of model inputs"));
  }
  return static_cast<uint32_t>(bytes / row_bytes);
}

Result<void> check_report(const EmulatedRun& run, const Firmware& firmware, uint32_t rows, const std::string& name) {
  const auto value = [&](const char* key) {
    const auto found = run.report.find(key);
    return found == run.report.end() ? int64_t{-1} : found->second;
  };
  if (value("status") != 0) {
    return defect(fmt::format("{}: the firmware stopped with status {} at operator {}", name, value("status"),
                              value("failed_operator")));
  }
  if (value("arena") != firmware.arena_bytes) {
    return defect(fmt::format("{}: the board uses {} bytes of arena, this machine found {}", name, value("arena"),
                              firmware.arena_bytes));
  }
  if (rows > 0 && value("rows") != rows) {
    return defect(fmt::format("{}: the firmware did {} of {} rows", name, value("rows"), rows));
  }
  return {};
}

void add_latency(const ExecutedCode& executed, const Board& board, Measurement& m) {
  const double to_milliseconds = 1e3 / board.clock_hz.value;
  m.counts = executed.total;
  m.latency.instructions = executed.total.instructions();
  m.latency.cycles = modelled_cycles(*board.cycle_model, executed.total);
  m.latency.milliseconds = {m.latency.cycles.low * to_milliseconds, m.latency.cycles.typical * to_milliseconds,
                            m.latency.cycles.high * to_milliseconds};
  m.power = power_figures(board, m.latency.milliseconds.typical * 1e-3, m.period_seconds);
  for (const FunctionCounts& function : executed.functions) {
    m.functions.push_back(
        {function.name, function.counts.instructions(), modelled_cycles(*board.cycle_model, function.counts).typical});
  }
  std::stable_sort(m.functions.begin(), m.functions.end(),
                   [](const FunctionCost& a, const FunctionCost& b) { return a.cycles > b.cycles; });
}

Result<void> run_on_board(const std::string& name, const Firmware& firmware, const BuiltImage& image,
                          const Board& board, const MeasureOptions& options, Measurement& m) {
  MOTE_TRY(const uint32_t rows, row_count(name, firmware, options));
  const fs::path folder = firmware.folder / "run";
  std::error_code error;
  fs::create_directories(folder, error);
  if (rows > 0) MOTE_CHECK(write_rows(folder / kInputFile, options, rows));
  MOTE_TRY(const ElfFile elf, ElfFile::read(m.firmware));
  const std::vector<StepFunction> steps = step_functions(firmware, elf);
  MOTE_TRY(const EmulatedRun run,
           emulate(m.firmware, elf, board.emulator,
                   {folder, options.counter, options.timeout_seconds, steps, {kSetupWindow, kInferenceWindow}}));
  if (run.report.contains(kStackOverrun)) {
    m.fits = false;
    m.misfits.push_back(
        fmt::format("the stack reaches the variables in the {} of RAM of {}: take smaller layers or a "
                    "shorter window, or a board with more RAM",
                    kibibytes(board.ram_bytes.value), m.board));
    return {};
  }
  MOTE_CHECK(check_report(run, firmware, rows, name));
  m.emulator_command = run.command;
  m.ram.stack = run.report.at("stack");
  MOTE_TRY(const ExecutedCode setup, classify_counts(run.counts[0], elf));
  m.setup = {setup.total.instructions(), modelled_cycles(*board.cycle_model, setup.total).typical};
  MOTE_TRY(const ExecutedCode executed, classify_counts(run.counts[1], elf));
  add_latency(executed, board, m);
  MOTE_CHECK(add_layers(executed, steps, image, firmware, board, m));
  if (rows == 0) return {};
  MOTE_TRY(m.outputs, read_file(folder / kOutputFile));
  if (static_cast<int64_t>(m.outputs.size()) != m.output_row_bytes * rows) {
    return defect(fmt::format("{}: the firmware wrote {} bytes for {} rows of {}", name, m.outputs.size(), rows,
                              m.output_row_bytes));
  }
  return {};
}

// Two measurements into one folder would mix their sources. The lock lies in the cache: nothing of it is left in the
// folder, which is replaced as a whole, or beside the user's model.
Result<FileLock> lock_folder(const fs::path& folder, const fs::path& cache) {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(folder, error);
  return FileLock::acquire(cache / (fingerprint((error ? folder : whole).string()) + ".lock"),
                           fmt::format("a measurement into {}", folder.string()));
}

}  // namespace

Result<Measurement> measure(const std::string& name, const std::vector<uint8_t>& model, const Board& board,
                            const MeasureOptions& options, const Progress& progress) {
  const auto tell = [&](int step, const char* what) {
    if (progress) progress({"measure", step, 3, what});
  };
  const fs::path cache = options.cache.empty() ? options.folder.parent_path() / "cache" : options.cache;
  MOTE_TRY(const FileLock lock, lock_folder(options.folder, cache));
  tell(0, "writing firmware");
  MOTE_TRY(const Firmware firmware, write_firmware(name, model, board, options.firmware, options.folder));
  Measurement m;
  m.board = board.name;
  m.engine = to_string(options.firmware.engine);
  m.optimization = to_string(options.firmware.optimization);
  m.model_bytes = firmware.model_bytes;
  m.output_row_bytes = firmware.output_bytes;
  m.period_seconds = options.period_seconds > 0 ? options.period_seconds : firmware.period_seconds;
  if (!board.emulator.note.empty()) m.notes.push_back(board.emulator.note);
  m.notes.push_back(board.memory_note);
  m.flash.model = firmware.model_bytes;  // before it is linked; compiled weights are as many
  m.ram.arena = firmware.arena_bytes;
  m.ram.statics = firmware.stream_bytes;
  check_fit(board, m);
  if (!m.fits) return m;  // hopeless: need not even be linked
  m.flash.model = m.ram.arena = m.ram.statics = 0;

  tell(1, "building");
  MOTE_TRY(const BuiltImage image, build_firmware(firmware, board, cache));
  m.firmware = fs::absolute(image.elf);
  add_sizes(image, firmware, m);
  check_fit(board, m);
  if (!m.fits) return m;

  tell(2, "emulating");
  MOTE_CHECK(run_on_board(name, firmware, image, board, options, m));
  check_fit(board, m);
  tell(3, "measured");
  return m;
}

}  // namespace mote
