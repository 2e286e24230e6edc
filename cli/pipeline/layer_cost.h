// What int8 costs each layer by itself: the float model with that one layer in int8 numbers.
#pragma once
#include "cli/pipeline/windows.h"
#include "toolchain/base/json.h"
#include "toolchain/graph/graph.h"

namespace mote {

// `int8_graph` was made from `float_graph`; its scales are taken. On up to 500 windows of `part` (fewer for large
// networks, at least 50), for each layer that int8 changes: [{"layer", "metric": "accuracy" or "mae", "change",
// "output_error"}]. change: of the metric, against float; output_error: root mean square difference of the model's
// outputs, in their deviation. The layer that costs most comes first.
Result<Json> layer_costs(const Graph& float_graph, const Graph& int8_graph, const Loaded& loaded, const DataPart& part,
                         int threads);

}  // namespace mote
