// Writes one small model per operator and form into the folder given: valid starting points for the fuzz targets.
#include <cstdio>

#include "toolchain/base/files.h"
#include "toolchain/plan/plan.h"
#include "toolchain/tflite/test_graphs.h"
#include "toolchain/tflite/writer.h"

int main(int count, char** arguments) {
  using namespace mote;
  if (count != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  for (const OpDef* op : all_ops())
    for (bool integer : {false, true}) {
      Random random(1);
      Graph graph = one_operator(*op, op->random_case(random), integer, 1);
      if (const auto plan = plan_memory(graph); plan.ok() && integer) add_offline_plan(graph, *plan);
      const auto bytes = write_tflite(graph);
      if (!bytes.ok()) {
        std::fprintf(stderr, "%s: %s\n", op->name, bytes.error().message.c_str());
        return 1;
      }
      const auto written = write_file(
          fs::path(arguments[1]) / (std::string(op->name) + (integer ? "_int8" : "_float") + ".tflite"), *bytes);
      if (!written.ok()) {
        std::fprintf(stderr, "%s\n", written.error().message.c_str());
        return 1;
      }
    }
  return 0;
}
