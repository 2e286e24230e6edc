// Measures every row of figures.csv and prints the table. --record writes the figures back. Called by bench/engines.
#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <locale>

#include "tests/figures/figures.h"
#include "tests/parity/test_data.h"

namespace {

int fail(const mote::Error& error) {
  std::fprintf(stderr, "engine_table: %s\n", error.message.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace mote;
  const auto path = source_folder() / "tests/figures/figures.csv";
  auto rows = read_figures(path);
  if (!rows.ok()) return fail(rows.error());
  const auto models = test_data("models");
  if (!models.ok()) return fail(models.error());
  for (FiguresRow& row : *rows) {
    const auto now = measure_row(row, *models, binary_folder() / "engine_table");
    if (!now.ok()) return fail(now.error());
    row.recorded = *now;
  }
  std::fputs(figures_table(*rows).c_str(), stdout);
  if (argc < 2 || std::strcmp(argv[1], "--record") != 0) return 0;
  const auto written = write_figures(path, *rows);
  return written.ok() ? 0 : fail(written.error());
}
