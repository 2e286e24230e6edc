#include "toolchain/measure/measure.h"

namespace mote {
namespace {

Json range(const Range<double>& values) {
  return {{"low", values.low}, {"typical", values.typical}, {"high", values.high}};
}

Json counts_json(const InstructionCounts& counts) {
  Json json = Json::object();
#define MOTE_ENTRY(name) \
  if (counts[InstructionCount::name] != 0) json[#name] = counts[InstructionCount::name];
  MOTE_INSTRUCTION_COUNTS(MOTE_ENTRY)
#undef MOTE_ENTRY
  return json;
}

Json functions_json(const std::vector<FunctionCost>& functions) {
  Json json = Json::array();
  for (const FunctionCost& function : functions) {
    json.push_back({{"name", function.name}, {"instructions", function.instructions}, {"cycles", function.cycles}});
  }
  return json;
}

Json layers_json(const std::vector<LayerCost>& layers) {
  Json json = Json::array();
  for (const LayerCost& layer : layers)
    json.push_back({{"operator", layer.op},
                    {"name", layer.name},
                    {"instructions", layer.cost.instructions},
                    {"cycles", layer.cost.cycles},
                    {"flash_bytes", layer.flash_bytes},
                    {"ram_bytes", layer.ram_bytes}});
  return json;
}

Json cost_json(const Cost& cost) {
  return {{"instructions", cost.instructions}, {"cycles", cost.cycles}};
}

Json flash_json(const FlashBytes& flash) {
  return {{"code", flash.code()},     {"model", flash.model},       {"total", flash.total()}, {"engine", flash.engine},
          {"kernels", flash.kernels}, {"features", flash.features}, {"libc", flash.libc},     {"other", flash.other}};
}

Json latency_json(const Latency& latency) {
  return {{"instructions", latency.instructions},
          {"cycles", latency.cycles.typical},
          {"ms", latency.milliseconds.typical},
          {"cycles_range", range(latency.cycles)},
          {"ms_range", range(latency.milliseconds)}};
}

Json power_json(const Measurement& m) {
  return {{"active_mw", m.power.active_milliwatts},
          {"sleep_mw", m.power.sleep_milliwatts},
          {"average_mw", m.power.average_milliwatts},
          {"energy_uj", m.power.energy_microjoules},
          {"period_s", m.period_seconds}};
}

}  // namespace

Json to_json(const Measurement& m) {
  const bool ran = m.latency.instructions > 0;
  return {
      {"board", m.board},
      {"engine", m.engine},
      {"optimization", m.optimization},
      {"fits", m.fits},
      {"misfits", m.misfits},
      {"model_bytes", m.model_bytes},
      {"flash_bytes", flash_json(m.flash)},
      {"ram_bytes",
       {{"arena", m.ram.arena}, {"static", m.ram.statics}, {"stack", m.ram.stack}, {"total", m.ram.total()}}},
      {"setup", ran ? cost_json(m.setup) : Json()},
      {"latency", ran ? latency_json(m.latency) : Json()},
      {"power", ran ? power_json(m) : Json()},
      {"instruction_classes", counts_json(m.counts)},
      {"functions", functions_json(m.functions)},
      {"layers", layers_json(m.layers)},
      {"outside_layers", {{"engine", cost_json(m.outside.engine)}, {"features", cost_json(m.outside.features)}}},
      {"firmware", m.firmware.string()},
      {"emulator_command", m.emulator_command},
      {"notes", m.notes},
  };
}

}  // namespace mote
