// Where every activation lies in the tensor arena: lifetimes, the smallest arena that holds them, and the proof.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "toolchain/graph/graph.h"
#include "toolchain/plan/row_stream.h"

namespace mote {

// Nodes between which a tensor needs its memory, both included. A graph input lives from node 0, a graph output to the
// last node, a variable from the one to the other.
struct Lifetime {
  int32_t first = 0;
  int32_t last = -1;  // last < first: not in the arena (constant, or unused)

  bool overlaps(const Lifetime& other) const { return first <= other.last && other.first <= last; }
  bool operator==(const Lifetime&) const = default;
};

struct MemoryPlan {
  std::vector<int32_t>
      offsets;  // bytes from the arena's start, per tensor, multiples of kAlignment; -1 = not in the arena
  std::vector<int64_t> tensor_bytes;     // in memory, per tensor: of a streamed one some of its rows
  std::vector<int32_t> scratch_offsets;  // per node; -1 = the kernel wants none
  std::vector<int64_t> scratch_bytes;    // per node
  std::vector<int64_t> alive_bytes;  // per node: what activations and scratch need while it runs, overlaps taken off
  std::vector<Lifetime> lifetimes;   // per tensor
  std::vector<int32_t> shares_with;  // per tensor: the input whose memory an in-place output takes over, else kAbsent
  std::vector<int64_t> leads;  // per node: bytes by which output 0 starts before input 0, which it overlaps; else -1
  std::vector<RowStream> streams;     // in order; the tensors that a stream uses live while any of its nodes runs
  int64_t arena_bytes = 0;            // activations and scratch, without the interpreter's own bookkeeping
  int64_t lower_bound = 0;            // largest need of one node: no plan can be smaller
  bool optimal = false;               // proven: arena_bytes == lower_bound, or every other placement was excluded
  int32_t peak_node = -1;             // where lower_bound is reached; -1 = nothing in the arena
  std::vector<int32_t> peak_tensors;  // alive there, largest first
};

// What an operator's output may do with the memory of an input that dies there.
enum class Sharing : uint8_t {
  in_place,  // take it over as it is: also right for the interpreter, and for others that run the file
  overlap,   // and begin a little before it (OpDef::overlap): right for the kernels that the compiled engine calls
  rows,      // and where that lowers the peak, runs of nodes go by rows: what the compiled engine does
};

// The smallest arena for the nodes' order as it is. Works on tensors and indices alone, so foreign operators are
// welcome (with no scratch and never sharing). An input's memory is reused after its last reader, so a caller fills
// the inputs before every inference. Errors: indices out of range, unfixed tensor sizes, an arena beyond 2 GiB.
// `core`: for whose kernels outputs that begin before an input are.
Result<MemoryPlan> plan_memory(const Graph& graph, Sharing sharing = Sharing::in_place,
                               PackedFor core = PackedFor::arm_dsp);

// TFLite Micro's metadata entry for offsets fixed in advance: int32 little endian {version 1, subgraphs 1, tensors n,
// offset 0 .. n-1}, -1 = not planned. Both mote's engine and TFLM honour it.
inline constexpr const char* kOfflinePlanMetadata = "OfflineMemoryAllocation";
void add_offline_plan(Graph& graph, const MemoryPlan& plan);
// The offsets that a file carries; nullopt when it has no such entry; an error when the entry is malformed.
Result<std::optional<std::vector<int32_t>>> offline_plan(const Graph& graph);

}  // namespace mote
